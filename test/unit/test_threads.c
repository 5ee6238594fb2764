/* What threads did with their time, where they began, and what locks lie in. */
#include "model/locks.h"
#include "model/threads.h"
#include "ring_file.h"
#include "text/lock_names.h"
#include "text/threads.h"

static struct vr_profile *profile;
static struct vr_thread *threads;

static void load(struct mkprof *mk)
{
	static const struct vr_select all = {.until_ns = UINT64_MAX};
	struct vr_err err;

	ck_assert_int_eq(mk_write(mk, path, 0), 0);
	mk_free(mk);
	ck_assert_int_eq(vr_profile_open(path, &all, NULL, &profile, &err), 0);
	threads = vr_threads_new(profile);
}

static void load_shape(const char *name)
{
	struct mkprof mk;

	ck_assert_int_eq(mk_shape(name, &mk), 0);
	load(&mk);
}

static void unload(void)
{
	free(threads);
	threads = NULL;
	vr_profile_close(profile);
	profile = NULL;
	remove_path();
}

static void split(uint32_t row, uint64_t cpu_ms, uint64_t delay_ms, uint64_t waited_ms,
		  uint64_t unsplit_ms, enum vr_mostly mostly)
{
	const struct vr_thread *t = &threads[row];

	ck_assert_uint_eq(t->cpu_ns, cpu_ms * MK_MS);
	ck_assert_uint_eq(t->run_delay_ns, delay_ms * MK_MS);
	ck_assert_uint_eq(t->waited_ns, waited_ms * MK_MS);
	ck_assert_uint_eq(t->unsplit_ns, unsplit_ms * MK_MS);
	ck_assert_int_eq(t->mostly, mostly);
	if (t->split)
		ck_assert_uint_eq(t->cpu_ns + t->run_delay_ns + t->waited_ns + t->unsplit_ns,
				  t->wall_ns);
}

START_TEST(time_is_split_in_three)
{
	uint32_t row;

	load_shape("threads");
	split(1, 20, 5, 1975, 0, VR_MOSTLY_WAITED);
	split(2, 480, 1450, 70, 0, VR_MOSTLY_RUNNABLE);
	split(3, 1980, 6, 14, 0, VR_MOSTLY_BUSY);
	split(4, 1, 0, 0, 3, VR_MOSTLY_UNKNOWN);
	split(5, 900, 0, 0, 0, VR_MOSTLY_UNKNOWN);
	split(6, 10, 10, 1980, 0, VR_MOSTLY_WAITED);
	ck_assert_int_eq(threads[5].split, 0);
	ck_assert_int_eq(threads[6].switches, 0);
	ck_assert_ptr_eq(vr_threads_longest(profile, threads, VR_MOSTLY_RUNNABLE, &row),
			 &threads[2]);
	ck_assert_uint_eq(row, 2);
	ck_assert_ptr_null(vr_threads_longest(profile, threads, VR_MOSTLY_SPINS, &row));
	ck_assert_ptr_nonnull(strstr(vr_thread_why_unsplit(&profile->file->thread[5]), "zeros"));
}
END_TEST

START_TEST(an_older_record_knows_no_run_delay)
{
	char *text;

	load_shape("normal");
	for (uint32_t i = 1; i < profile->file->n_threads; i++) {
		ck_assert_int_eq(threads[i].split, 0);
		ck_assert_int_eq(threads[i].mostly, VR_MOSTLY_UNKNOWN);
	}
	text = vr_threads_text(profile, threads);
	ck_assert_ptr_null(strstr(text, "runnable"));
	free(text);
}
END_TEST

START_TEST(start_functions)
{
	load_shape("threads");
	ck_assert_str_eq(threads[1].start.name, "main");
	ck_assert_str_eq(threads[2].start.name, "app+0x2000");
	ck_assert_str_eq(threads[2].routine.name, "app+0x2000");
	ck_assert_ptr_null(threads[4].start.name);
}
END_TEST

/* What no row may claim is read as what it can be. */
START_TEST(numbers_that_make_no_sense)
{
	struct mkprof mk;
	struct vprof_extent *table;

	ck_assert_int_eq(mk_shape("threads", &mk), 0);
	table = (void *)(mk.bytes + VPROF_EXTENT_TABLE_OFFSET);
	for (uint32_t i = 1; i < mk_header(&mk)->extents_used; i++) {
		struct vprof_thread *t = (void *)(mk.bytes + (uint64_t)i * MK_EXTENT);

		if (table[i].kind != VPROF_SEC_THREADS)
			continue;
		t[1].run_delay_ns = t[1].unsplit_ns = UINT64_MAX;
		t[2].start_ns = UINT64_MAX;
		t[3].cpu_ns = UINT64_MAX;
		t[4].end_ns = 0;
		t[2].start_module = 12345;
		t[1].stack_start = UINT64_MAX;
	}
	load(&mk);
	ck_assert_uint_eq(threads[1].run_delay_ns, 1980 * MK_MS);
	ck_assert_uint_eq(threads[1].waited_ns, 0);
	ck_assert_uint_eq(threads[2].wall_ns, 0);
	ck_assert_uint_eq(threads[3].run_delay_ns, 0);
	ck_assert_uint_eq(threads[4].wall_ns, 0);
	ck_assert_uint_eq(profile->file->thread[1].stack_end, 0);
}
END_TEST

static void is_called(const struct vr_locks *locks, const char *wanted)
{
	for (size_t i = 0; i < locks->n_locks; i++) {
		char *text = vr_lock_text(profile, &locks->lock[i]);
		int same = strcmp(text, wanted) == 0;

		free(text);
		if (same)
			return;
	}
	ck_abort_msg("no lock is called %s", wanted);
}

START_TEST(locks_are_called_by_their_places)
{
	struct vr_locks *locks;

	load_shape("threads");
	locks = vr_locks_new(profile);
	ck_assert_uint_eq(locks->n_locks, 5);
	is_called(locks, "app+0x1010");
	is_called(locks, "app+0x3000 (2 blocks+0x18)");
	is_called(locks, "stack of main (0x7ffc7ffff0)");
	is_called(locks, "block from before the fork (0x6000)");
	is_called(locks, "0x9000");
	vr_locks_free(locks);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_checked_fixture(tests, make_path, unload);
	tcase_add_test(tests, time_is_split_in_three);
	tcase_add_test(tests, an_older_record_knows_no_run_delay);
	tcase_add_test(tests, start_functions);
	tcase_add_test(tests, numbers_that_make_no_sense);
	tcase_add_test(tests, locks_are_called_by_their_places);
}

int main(void)
{
	return check_main("threads", cases);
}
