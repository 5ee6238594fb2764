/* Verdicts on unfreed blocks from files whose content is known, and what the
 * reader makes of LEAKS rows that are damaged. */
#include <unistd.h>

#include "model/baseline.h"
#include "model/budget.h"
#include "model/identity.h"
#include "model/leaks.h"
#include "model/suppress.h"
#include "ring_file.h"

static struct vr_profile *profile;
static struct vr_heap *heap;
static struct vr_leaks *leaks;

static void forget(void)
{
	vr_leaks_free(leaks);
	vr_heap_free(heap);
	vr_profile_close(profile);
	leaks = NULL;
	heap = NULL;
	profile = NULL;
}

static void forget_file(void)
{
	forget();
	remove_path();
}

static void load(struct mkprof *mk)
{
	static const struct vr_select all = {.until_ns = UINT64_MAX, .inlines = 1};
	struct vr_err err;

	forget();
	ck_assert_int_eq(mk_write(mk, path, 0), 0);
	ck_assert_int_eq(vr_profile_open(path, &all, NULL, &profile, &err), 0);
	heap = vr_heap_new(profile);
	leaks = vr_leaks_new(profile, heap);
}

static void sum_is(enum vr_verdict verdict, uint64_t sites, uint64_t blocks, uint64_t bytes)
{
	ck_assert_uint_eq(leaks->sum[verdict].sites, sites);
	ck_assert_uint_eq(leaks->sum[verdict].blocks, blocks);
	ck_assert_uint_eq(leaks->sum[verdict].bytes, bytes);
}

static struct vprof_leak *rows(struct mkprof *mk)
{
	const struct vprof_extent *table = (void *)(mk->bytes + VPROF_EXTENT_TABLE_OFFSET);

	for (uint32_t i = 1; i < mk_header(mk)->extents_used; i++)
		if (table[i].kind == VPROF_SEC_LEAKS)
			return (void *)(mk->bytes + (uint64_t)i * MK_EXTENT);
	ck_abort_msg("no LEAKS rows");
	return NULL;
}

START_TEST(rows_are_joined)
{
	const struct vr_leak *worst;
	struct mkprof mk;

	ck_assert_int_eq(mk_shape("leaks", &mk), 0);
	load(&mk);
	ck_assert_uint_eq(profile->file->n_damages, 0);
	sum_is(VR_LOST, 1, 3, 300); /* the row of the older search is void */
	sum_is(VR_INDIRECT, 1, 5, 500);
	sum_is(VR_POSSIBLE, 1, 20, 2000);
	sum_is(VR_REACHABLE, 3, 16, 1600);
	sum_is(VR_RUNTIME, 1, 6, 600);
	sum_is(VR_UNEXAMINED, 1, 3, 300); /* allocated since */
	sum_is(VR_GROWING, 0, 0, 0);
	worst = &leaks->leak[0];
	ck_assert_int_eq(worst->verdict, VR_LOST);
	ck_assert_uint_eq(worst->node, 6);
	ck_assert_uint_eq(worst->allocs, 10);
	ck_assert(worst->confidence > 0.97 && worst->confidence < 0.99);
	ck_assert_uint_eq(leaks->leak[1].owner, 6);
	ck_assert_int_eq(vr_leaks_answer(leaks, 0), VR_ANSWER_LEAK);
	for (size_t i = 0; i < leaks->n_leaks; i++) {
		if (leaks->leak[i].node != 3 || leaks->leak[i].verdict != VR_REACHABLE)
			continue;
		ck_assert_uint_eq(leaks->leak[i].oldest_ns, 5 * MK_MS);
		ck_assert_uint_eq(leaks->leak[i].newest_ns, 800 * MK_MS);
	}
	mk_free(&mk);
}
END_TEST

START_TEST(answers)
{
	struct mkprof mk;

	ck_assert_int_eq(mk_shape("leaks-clean", &mk), 0);
	load(&mk);
	ck_assert_int_eq(vr_leaks_answer(leaks, 0), VR_ANSWER_CLEAN);
	ck_assert_int_eq(vr_leaks_answer(leaks, 1), VR_ANSWER_LEAK);
	ck_assert_ptr_null(vr_leaks_no_search(profile->file));
	/* A search that was cut short says nothing. */
	mk_header(&mk)->scan_state = VPROF_SCAN_RUNNING;
	load(&mk);
	ck_assert_int_eq(vr_leaks_answer(leaks, 1), VR_ANSWER_UNEXAMINED);
	ck_assert_ptr_nonnull(vr_leaks_no_search(profile->file));
	sum_is(VR_UNEXAMINED, 2, 15, 1500);
	sum_is(VR_REACHABLE, 0, 0, 0);
	mk_free(&mk);
	ck_assert_int_eq(mk_shape("empty", &mk), 0);
	load(&mk);
	ck_assert_int_eq(vr_leaks_answer(leaks, 0), VR_ANSWER_UNEXAMINED);
	mk_free(&mk);
}
END_TEST

/* No leak and not everything looked at: the answer is not clean. */
static void gap_is(struct mkprof *mk, enum vr_leak_gap gap)
{
	load(mk);
	ck_assert_int_eq(vr_leaks_gap(leaks), gap);
	ck_assert_int_eq(vr_leaks_answer(leaks, 0),
			 gap == VR_GAP_NONE ? VR_ANSWER_CLEAN : VR_ANSWER_UNEXAMINED);
}

START_TEST(gaps)
{
	struct vprof_header *h;
	struct mkprof mk;

	ck_assert_int_eq(mk_shape("leaks-clean", &mk), 0);
	h = mk_header(&mk);
	gap_is(&mk, VR_GAP_NONE);
	h->scan_trigger = VPROF_SCAN_AT_TERM;
	gap_is(&mk, VR_GAP_NONE);
	for (uint32_t by = VPROF_SCAN_BY_CTL; by <= VPROF_SCAN_BY_TIME; by++) {
		h->scan_trigger = by == VPROF_SCAN_AT_TERM ? VPROF_SCAN_BY_API : by;
		gap_is(&mk, VR_GAP_EARLIER);
	}
	h->scan_trigger = VPROF_SCAN_AT_EXIT;
	h->lost[VPROF_LOST_BLOCKS] = 1;
	gap_is(&mk, VR_GAP_BLOCKS);
	h->lost[VPROF_LOST_BLOCKS] = 0;
	h->flags |= VPROF_F_OPERATOR_NEW_BYPASS;
	gap_is(&mk, VR_GAP_OPERATORS);
	h->flags &= ~(uint32_t)VPROF_F_OPERATOR_NEW_BYPASS;
	/* What was allocated in a pause nobody knows, whatever was freed of the rest. */
	h->pauses = 1;
	gap_is(&mk, VR_GAP_PAUSED);
	h->pauses = 0;
	/* Memory that was not searched matters where a block may hang on it. */
	h->scan_rules = 1;
	h->scan_unsearched[VPROF_UNSEARCHED_DEVICE] = 4096;
	gap_is(&mk, VR_GAP_NONE);
	for (struct vprof_leak *row = rows(&mk); row->scan; row++)
		if (row->verdict == VPROF_LEAK_POSSIBLE)
			row->because = VPROF_UNSEARCHED_DEVICE;
	gap_is(&mk, VR_GAP_HANGING);
	ck_assert_int_eq(vr_leaks_answer(leaks, 1), VR_ANSWER_UNEXAMINED);
	ck_assert_uint_eq(vr_leaks_hanging(leaks).blocks, leaks->sum[VR_POSSIBLE].blocks);
	h->scan_state = VPROF_SCAN_FAILED;
	gap_is(&mk, VR_GAP_NO_SEARCH);
	mk_free(&mk);
}
END_TEST

/* One bad row is left out, and said. */
static void one_bad(struct mkprof *mk, const char *reason, uint64_t kept)
{
	load(mk);
	ck_assert_uint_eq(profile->file->n_damages, 1);
	ck_assert_str_eq(profile->file->damage[0].reason, reason);
	ck_assert_uint_eq(profile->file->damage[0].kept, kept);
	sum_is(VR_LOST, 0, 0, 0);
}

START_TEST(damaged_rows)
{
	struct mkprof mk;
	struct vprof_leak *lost;

	ck_assert_int_eq(mk_shape("leaks", &mk), 0);
	lost = rows(&mk) + 1;
	lost->node = 8;
	one_bad(&mk, "leaks: node id out of range", 8);
	lost->node = 6;
	lost->verdict = VPROF_LEAK_RUNTIME + 1;
	one_bad(&mk, "leaks: unknown verdict", 8);
	lost->verdict = VPROF_LEAK_LOST;
	lost->scan = 3;
	one_bad(&mk, "leaks: of a search that never was", 8);
	lost->scan = 0; /* handed out, not filled in */
	load(&mk);
	ck_assert_uint_eq(profile->file->n_damages, 0);
	lost->scan = 2;
	lost[2].owner = 999; /* of the indirect row */
	load(&mk);
	ck_assert_uint_eq(profile->file->n_damages, 0);
	ck_assert_uint_eq(leaks->leak[1].owner, 0);
	mk_free(&mk);
}
END_TEST

START_TEST(verdict_names)
{
	for (int i = 0; i < VR_VERDICTS; i++) {
		const char *name = vr_verdict_name((enum vr_verdict)i);

		ck_assert_int_eq(vr_verdict_of(name, strlen(name)), i);
	}
	ck_assert_int_eq(vr_verdict_of("los", 3), -1);
	ck_assert_uint_eq(vr_verdicts_leak(0),
			  1u << VR_LOST | 1u << VR_INDIRECT | 1u << VR_GROWING);
	ck_assert_uint_eq(vr_verdicts_leak(1) & ~vr_verdicts_leak(0), 1u << VR_POSSIBLE);
}
END_TEST

START_TEST(patterns_match_as_in_lsan)
{
	static const struct {
		const char *pattern, *text;
		int matches;
	} one[] = {
	    {"load", "book_load_all", 1},
	    {"^load", "book_load", 0},
	    {"^book", "book_load", 1},
	    {"load$", "book_load", 1},
	    {"load$", "book_load_all", 0},
	    {"^book_load$", "book_load", 1},
	    {"^book$", "book_load", 0},
	    {"book*all", "book_load_all", 1},
	    {"^book*all$", "book_load_all", 1},
	    {"all*book", "book_load_all", 0},
	    {"*", "x", 1},
	    {"*", "", 0},
	    {"a*", "ba", 1},
	    {"^*a$", "bba", 1},
	    {"aa$", "aaa", 1},
	    {"load$more", "book_load", 1},
	    {"$", "x", 1},
	    {"^$", "x", 0},
	};

	for (size_t i = 0; i < sizeof(one) / sizeof(one[0]); i++)
		ck_assert_msg(vr_suppress_matches(one[i].pattern, one[i].text) == one[i].matches,
			      "'%s' and '%s'", one[i].pattern, one[i].text);
}
END_TEST

START_TEST(suppressions_are_parsed)
{
	struct vr_suppressions list = {0};
	struct vr_err err;

	ck_assert_int_eq(
	    vr_suppressions_parse(&list, "# why\n\n  leak:foo \r\nleak:^a*b$\nleak:x", "f", &err),
	    0);
	ck_assert_uint_eq(list.count, 3);
	ck_assert_str_eq(list.one[0].pattern, "foo");
	ck_assert_str_eq(list.one[1].pattern, "^a*b$");
	ck_assert_str_eq(list.one[2].pattern, "x");
	ck_assert_int_lt(vr_suppressions_parse(&list, "leak:a\nleaks:b\n", "f", &err), 0);
	ck_assert_str_eq(err.text, "f, line 2: no 'leak:PATTERN': leaks:b");
	vr_suppressions_free(&list);
}
END_TEST

static struct vr_identity identity_of(const char *const (*frame)[2], size_t count)
{
	struct vr_identity identity = {0};

	for (size_t i = 0; i < count; i++)
		vr_identity_add(&identity, frame[i][0], frame[i][1]);
	vr_identity_end(&identity);
	return identity;
}

START_TEST(identity_survives_a_rebuild)
{
	static const char *const before[][2] = {
	    {"load.constprop.0", "/v1/lib/libbook.so.1.2"},
	    {"run(int) [clone .isra.0]", "/v1/app"},
	    {"app+0x1234", "/v1/app"},
	    {"main::{lambda:12}::{lambda:14}::operator()", "/v1/app"},
	    {"main", "/v1/app"},
	    {"__libc_start_call_main", "/lib/libc.so.6"},
	    {"_start", "/v1/app"},
	};
	static const char *const after[][2] = {
	    {"load", "/v2/libbook.so.2"}, {"run(int)", "/v2/app"},
	    {"app+0x9999", "/v2/app"},	  {"main::{lambda:13}::{lambda:15}::operator()", "/v2/app"},
	    {"main", "/v2/app"},
	};
	struct vr_identity a = identity_of(before, 7), b = identity_of(after, 5);
	struct vr_identity c = identity_of(after + 1, 4);

	ck_assert_uint_eq(a.path, b.path);
	ck_assert_uint_eq(a.shape, b.shape);
	ck_assert_uint_ne(a.path, c.path);
	ck_assert_int_eq(b.unnamed, 1);
	ck_assert_uint_eq(b.frames, 5);
	ck_assert_str_eq(b.frame[0].object, "libbook.so");
	ck_assert_str_eq(b.frame[1].function, "run(int)");
	ck_assert_ptr_null(b.frame[2].function);
	/* Of ordinary names the fingerprint is what it always was. */
	ck_assert_uint_eq(b.path, vr_identity_hash("libbook.so!load\napp!run(int)\napp!?\n"
						   "app!main::{lambda}::{lambda}::operator()\n"
						   "app!main\n"));
	ck_assert_uint_eq(b.shape, vr_identity_hash("libbook.so!app!"));
	ck_assert_uint_eq(vr_identity_hash("a"), 0xaf63dc4c8601ec8cull); /* FNV-1a's own */
	vr_identity_free(&a);
	vr_identity_free(&b);
	vr_identity_free(&c);
}
END_TEST

/* Whatever is in the names, two paths are the same when their names are. */
START_TEST(identity_of_hostile_names)
{
	static const char *const paths[][2][2] = {
	    {{"f", "/x/nl\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n.so"}, {"main", "app"}},
	    {{"f", "/x/nl"}, {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "app"}},
	    {{"f\napp!g", "app"}, {"main", "app"}},
	    {{"f", "app"}, {"g", "app"}},
	    {{"f\\", "app"}, {"main", "app"}},
	    {{"a!b", "app"}, {"main", "app"}},
	    {{"b", "app!a"}, {"main", "app"}},
	    {{"b", "app\\!a"}, {"main", "app"}},
	    {{"b\n", "\n"}, {"", ""}},
	    {{"b", "\n!\n"}, {"?", ""}},
	    {{"app+0xyz", "app"}, {"main", "app"}},
	    {{"\xff\xfe", "app"}, {"main", "app"}},
	};
	size_t count = sizeof(paths) / sizeof(paths[0]);
	uint64_t seen[sizeof(paths) / sizeof(paths[0])];

	for (size_t i = 0; i < count; i++) {
		struct vr_identity identity = identity_of(paths[i], 2);

		ck_assert_uint_eq(identity.frames, 2);
		seen[i] = identity.path;
		for (size_t k = 0; k < i; k++)
			ck_assert_msg(seen[k] != seen[i], "%zu and %zu", k, i);
		vr_identity_free(&identity);
	}
}
END_TEST

/* A name of 64 KiB, and the name that JSON gives back for one that is not UTF-8. */
START_TEST(identity_of_long_and_foreign_names)
{
	char *big = malloc(65537);
	struct vr_identity one = {0}, two = {0};

	memset(big, '\n', 65536);
	big[65536] = '\0';
	vr_identity_add(&one, big, big);
	vr_identity_add(&one, "caf\xe9", "lib\xff.so");
	vr_identity_end(&one);
	vr_identity_add(&two, big, big);
	vr_identity_add(&two, "caf\xef\xbf\xbd", "lib\xef\xbf\xbd.so");
	vr_identity_end(&two);
	ck_assert_uint_eq(one.path, two.path);
	ck_assert_uint_eq(one.shape, two.shape);
	vr_identity_free(&one);
	vr_identity_free(&two);
	free(big);
}
END_TEST

static double judged;

static enum vr_budget_state judge(const char *text)
{
	enum vr_budget_state state;
	struct vr_budget budget;
	struct vr_answer answer;
	struct vr_err err;

	ck_assert_int_eq(vr_budget_parse(text, &budget, &err), 0);
	answer = vr_budget_judge(&budget, profile, heap, leaks);
	judged = answer.found[0].low;
	state = answer.state;
	vr_answer_free(&answer);
	vr_budget_free(&budget);
	return state;
}

START_TEST(budgets)
{
	static const struct {
		const char *text;
		double limit; /* negative: not valid */
	} one[] = {
	    {"peak_heap>24MiB", 24 << 20},
	    {"peak_heap >= 1.5 KB", 1500},
	    {"lost_blocks=3", 3},
	    {"allocs_per_s>1e3/s", 1000},
	    {"lost_bytes<1G", 1 << 30},
	    {"lost_blocks>3K", -1},
	    {"peak_heap>", -1},
	    {"peak_heap!3", -1},
	    {"rss>3", -1},
	    {"peak_heap>3 bananas", -1},
	    {"peak_heap>-3", -1},
	    {"peak_heap>nan", -1},
	};
	struct vr_budget budget;
	struct mkprof mk;
	struct vr_err err;

	for (size_t i = 0; i < sizeof(one) / sizeof(one[0]); i++) {
		int ret = vr_budget_parse(one[i].text, &budget, &err);

		ck_assert_msg(one[i].limit < 0
				  ? ret < 0
				  : ret == 0 && budget.condition[0].low == one[i].limit,
			      "%s", one[i].text);
		vr_budget_free(&budget);
	}
	ck_assert_int_eq(mk_shape("leaks", &mk), 0);
	load(&mk);
	ck_assert(judge("leak_bytes>=800") == VR_BUDGET_BROKEN);
	ck_assert(judged == 800);
	ck_assert(judge("leak_bytes>800") == VR_BUDGET_KEPT);
	ck_assert(judge("growing_sites>0") == VR_BUDGET_UNKNOWN);
	mk_free(&mk);
}
END_TEST

START_TEST(suppressed_leaks_are_not_counted)
{
	struct vr_suppressions list = {0};
	struct mkprof mk;

	ck_assert_int_eq(mk_shape("leaks", &mk), 0);
	load(&mk);
	vr_suppressions_add(&list, "^app+0x3000$", 12, "test");
	vr_leaks_suppress(leaks, profile->stacks, &list);
	sum_is(VR_LOST, 0, 0, 0);
	sum_is(VR_INDIRECT, 0, 0, 0); /* held by what is suppressed */
	sum_is(VR_POSSIBLE, 1, 20, 2000);
	sum_is(VR_REACHABLE, 3, 16, 1600);
	ck_assert_uint_eq(list.one[0].sites, 2);
	ck_assert_uint_eq(list.one[0].bytes, 800);
	ck_assert_int_eq(vr_leaks_answer(leaks, 0), VR_ANSWER_CLEAN);
	vr_suppressions_free(&list);
	mk_free(&mk);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_checked_fixture(tests, make_path, forget_file);
	tcase_add_test(tests, rows_are_joined);
	tcase_add_test(tests, answers);
	tcase_add_test(tests, gaps);
	tcase_add_test(tests, damaged_rows);
	tcase_add_test(tests, verdict_names);
	tcase_add_test(tests, patterns_match_as_in_lsan);
	tcase_add_test(tests, suppressions_are_parsed);
	tcase_add_test(tests, identity_survives_a_rebuild);
	tcase_add_test(tests, identity_of_hostile_names);
	tcase_add_test(tests, identity_of_long_and_foreign_names);
	tcase_add_test(tests, budgets);
	tcase_add_test(tests, suppressed_leaks_are_not_counted);
}

int main(void)
{
	return check_main("leaks", cases);
}
