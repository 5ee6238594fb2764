/* What a verb is about, and that what it says so gets it. */
#include <stdlib.h>
#include <unistd.h>

#include "../golden/mkprof.h"
#include "check_main.h"
#include "model/cpu.h"
#include "text/json.h"
#include "verbs/drive.h"

static char path[2][64];

static void make_files(void)
{
	static const char *const shape[] = {"normal", "leaks"};

	for (int i = 0; i < 2; i++) {
		struct mkprof mk;

		strcpy(path[i], "/tmp/vr-drive-XXXXXX");
		close(mkstemp(path[i]));
		ck_assert_int_eq(mk_shape(shape[i], &mk), 0);
		ck_assert_int_eq(mk_write(&mk, path[i], 0), 0);
		mk_free(&mk);
	}
}

static void remove_files(void)
{
	unlink(path[0]);
	unlink(path[1]);
}

/* What the made-up verbs below saw. */
static struct {
	int runs;
	char before[64], after[64];
} seen;

static int look(struct vr_context *ctx)
{
	seen.runs++;
	snprintf(seen.before, sizeof(seen.before), "%s",
		 ctx->before ? ctx->before->file->path : "");
	snprintf(seen.after, sizeof(seen.after), "%s",
		 ctx->profile ? ctx->profile->file->path : "");
	return VR_EXIT_OK;
}

static int drive(enum vr_verb_kind kind, size_t files)
{
	const struct vr_verb verb = {.name = "look", .kind = kind, .run = look};
	const char *operand[3] = {path[0], path[1]};
	struct vr_opts opts = {.select = {.until_ns = UINT64_MAX, .inlines = 1},
			       .operand = operand,
			       .operands = files};

	memset(&seen, 0, sizeof(seen));
	return vr_drive(&verb, 0, &opts);
}

START_TEST(each_file_by_itself)
{
	ck_assert_int_eq(drive(VR_KIND_ONE, 2), VR_EXIT_OK);
	ck_assert_int_eq(seen.runs, 2);
	ck_assert_str_eq(seen.before, "");
	ck_assert_str_eq(seen.after, path[1]);
}
END_TEST

START_TEST(two_profiles_side_by_side)
{
	ck_assert_int_eq(drive(VR_KIND_TWO, 2), VR_EXIT_OK);
	ck_assert_int_eq(seen.runs, 1);
	ck_assert_str_eq(seen.before, path[0]);
	ck_assert_str_eq(seen.after, path[1]);
	ck_assert_int_eq(drive(VR_KIND_TWO, 1), VR_EXIT_USAGE);
	ck_assert_int_eq(seen.runs, 0);
	ck_assert_int_eq(truncate(path[1], 10), 0);
	ck_assert_int_eq(drive(VR_KIND_TWO, 2), VR_EXIT_INPUT);
	ck_assert_int_eq(seen.runs, 0);
}
END_TEST

START_TEST(no_profile)
{
	ck_assert_int_eq(drive(VR_KIND_NONE, 0), VR_EXIT_OK);
	ck_assert_int_eq(drive(VR_KIND_LIVE, 1), VR_EXIT_OK);
	ck_assert_int_eq(seen.runs, 1);
	ck_assert_str_eq(seen.after, "");
}
END_TEST

START_TEST(options_of_a_verb)
{
	const struct vr_verb verb = {
	    .name = "look", .options = VR_TAKES(VR_OPT_LIMIT, VR_OPT_SVG), .run = look};
	struct vr_opts opts = {.given = vr_option_bit(VR_OPT_DEPTH)};

	ck_assert_uint_eq(vr_verb_options(&verb),
			  vr_option_bit(VR_OPT_LIMIT) | vr_option_bit(VR_OPT_SVG));
	ck_assert_int_eq(vr_drive(&verb, 0, &opts), VR_EXIT_USAGE);
}
END_TEST

static struct vr_profile *open_in(struct vr_symcache *symbols, const char *file)
{
	static const struct vr_select all = {.until_ns = UINT64_MAX, .inlines = 1};
	struct vr_profile *profile;
	struct vr_err err;

	ck_assert_int_eq(vr_profile_open(file, &all, symbols, &profile, &err), 0);
	return profile;
}

/* The name of a node's innermost frame. */
static const char *name_of(struct vr_profile *profile, uint32_t node)
{
	struct vr_places places = vr_stacks_at(profile->stacks, node);

	ck_assert_uint_gt(places.count, 0);
	return vr_place_function(profile->stacks, &profile->stacks->place[places.first])->name;
}

/* A later look at the same record takes the names that are known. */
START_TEST(one_symbol_cache_for_several_records)
{
	struct vr_symcache *symbols = vr_symcache_new(1);
	struct vr_profile *first = open_in(symbols, path[0]);
	struct vr_profile *again = open_in(symbols, path[0]);
	struct vr_profile *other = open_in(symbols, path[1]);
	const char *name = name_of(first, 4);

	ck_assert_ptr_eq(name_of(again, 4), name);
	name_of(other, 4);
	vr_profile_close(first);
	ck_assert_ptr_eq(name_of(again, 4), name);
	ck_assert_uint_gt(strlen(name), 0);
	vr_profile_close(again);
	vr_profile_close(other);
	vr_symcache_free(symbols);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_checked_fixture(tests, make_files, remove_files);
	tcase_add_test(tests, each_file_by_itself);
	tcase_add_test(tests, two_profiles_side_by_side);
	tcase_add_test(tests, no_profile);
	tcase_add_test(tests, options_of_a_verb);
	tcase_add_test(tests, one_symbol_cache_for_several_records);
}

int main(void)
{
	unsetenv("DEBUGINFOD_URLS");
	return check_main("drive", cases);
}
