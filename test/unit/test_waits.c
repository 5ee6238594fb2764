/* Calls that may block: what their time was, by site, in a window, of several processes. */
#include "base/err.h"
#include "model/calls.h"
#include "model/profile_tree.h"
#include "ring_file.h"

static struct vr_profile *profile;
static struct vr_calls *calls;

static void forget(void)
{
	vr_calls_free(calls);
	vr_profile_close(profile);
	calls = NULL;
	profile = NULL;
	remove_path();
}

static void load(struct mkprof *mk, const struct vr_select *select)
{
	static const struct vr_select all = {.until_ns = UINT64_MAX, .inlines = 1};
	struct vr_err err;

	ck_assert_int_eq(mk_write(mk, path, 0), 0);
	ck_assert_int_eq(vr_profile_open(path, select ? select : &all, NULL, &profile, &err), 0);
	ck_assert_uint_eq(profile->file->n_damages, 0);
	calls = vr_calls_new(profile);
	mk_free(mk);
}

static const struct vr_call_site *find(const char *name)
{
	for (size_t i = 0; i < calls->n_sites; i++)
		if (strcmp(calls->site[i].name, name) == 0)
			return &calls->site[i];
	ck_abort_msg("no site of %s", name);
	return NULL;
}

START_TEST(what_the_time_was)
{
	struct mkprof mk = mk_waits();
	const struct vr_call_site *site;

	load(&mk, NULL);
	ck_assert_uint_eq(calls->n_sites, 9);
	ck_assert_uint_eq(calls->sum.calls, 6523);
	ck_assert_uint_eq(vr_calls_wait_ns(&calls->sum), 985 * MK_MS);
	ck_assert_uint_eq(vr_calls_idle_ns(&calls->sum), 1700 * MK_MS);
	/* main 1 to 2000, worker 2 to 1500, few from 3, far from 4 */
	ck_assert_uint_eq(calls->thread_ns, (1999 + 1498 + 1997 + 1996) * MK_MS);
	ck_assert_uint_eq(calls->wall_ns, 2000 * MK_MS);
	ck_assert_str_eq(profile->file->thread[calls->kept_thread].name, "worker");
	ck_assert_uint_eq(calls->kept_ns, 750 * MK_MS);
	ck_assert_uint_eq(calls->kept_life_ns, 1498 * MK_MS);
	/* main 190 of 190, worker 750 of 750; few and far have no books */
	ck_assert_uint_eq(calls->booked_ns, (190 + 750) * MK_MS);
	ck_assert_uint_eq(calls->off_cpu_ns, (190 + 750) * MK_MS);

	site = find("fsync"); /* of two threads */
	ck_assert_uint_eq(site->threads, 2);
	ck_assert_uint_eq(site->sum.calls, 4);
	ck_assert_uint_eq(site->sum.class_ns[VPROF_CLASS_BLOCKED], 700 * MK_MS);
	ck_assert_uint_eq(site->sum.under_lock, 2);
	ck_assert_uint_eq(site->sum.on_loop_ns, 100 * MK_MS);
	ck_assert_int_eq(site->targets_differ, 1);
	ck_assert_str_eq(vr_file_string(profile->file, site->target),
			 "/data/journal/2026-11-30.log");
	site = find("epoll_wait");
	ck_assert_uint_eq(site->sum.class_ns[VPROF_CLASS_IDLE], 1400 * MK_MS);
	ck_assert_uint_eq(vr_calls_wait_ns(&site->sum), 0);
	ck_assert_int_eq(site->at_loop, 1);
	/* An idle call keeps a loop from its work when it is within an iteration. */
	site = find("poll");
	ck_assert_uint_eq(site->sum.class_ns[VPROF_CLASS_BLOCKED], 40 * MK_MS);
	site = find("nanosleep");
	ck_assert_uint_eq(site->sum.class_ns[VPROF_CLASS_PACED], 300 * MK_MS);
	ck_assert_uint_eq(find("flock")->sum.class_ns[VPROF_CLASS_LOCK], 20 * MK_MS);
	ck_assert_uint_eq(find("write")->node,
			  vr_stacks_pseudo(profile->stacks, VR_PSEUDO_NO_STACK));
}
END_TEST

/* Of every class of row, with the waits of its loop and within iterations. */
START_TEST(every_part_is_of_one_class)
{
	for (uint32_t class = 0; class < VPROF_CLASS_COUNT; class ++) {
		struct vprof_call row = {
		    .class = class, .blocked_ns = 100, .idle_ns = 30, .on_loop_ns = 50};
		uint64_t ns[VPROF_CLASS_COUNT], sum = 0;
		int pauses = class == VPROF_CLASS_IDLE || class == VPROF_CLASS_PACED;

		vr_call_row_classes(&row, ns);
		for (size_t i = 0; i < VPROF_CLASS_COUNT; i++)
			sum += ns[i];
		ck_assert_uint_eq(sum, 100);
		ck_assert_uint_eq(ns[class], pauses ? 50 : 70);
		ck_assert_uint_eq(ns[VPROF_CLASS_BLOCKED], pauses			  ? 50
							   : class == VPROF_CLASS_BLOCKED ? 70
											  : 0);
		row.idle_ns = row.on_loop_ns =
		    UINT64_MAX; /* of calls besides that returned at once */
		vr_call_row_classes(&row, ns);
		ck_assert_uint_eq(ns[class == VPROF_CLASS_PACED ? class : VPROF_CLASS_IDLE], 100);
	}
}
END_TEST

START_TEST(percentiles)
{
	struct mkprof mk = mk_waits();
	const struct vr_call_site *site;

	load(&mk, NULL);
	site = find("getaddrinfo"); /* one call */
	ck_assert_uint_eq(vr_call_percentile(site, 50), 150 * MK_MS);
	ck_assert_uint_eq(vr_call_percentile(site, 99), 150 * MK_MS);
	site = find("read"); /* 995 of 1 us, four of 7.5 ms, one of 20 */
	ck_assert_uint_ge(vr_call_percentile(site, 50), 768);
	ck_assert_uint_le(vr_call_percentile(site, 50), 1024);
	ck_assert_uint_ge(vr_call_percentile(site, 99.7), 6291456);
	ck_assert_uint_le(vr_call_percentile(site, 99.7), 8388608);
	ck_assert_uint_eq(vr_call_max_ns(site), 20 * MK_MS);
	site = find("write"); /* none lasted, and of none is known how long it took exactly */
	ck_assert_uint_eq(site->sum.max_ns, 0);
	ck_assert_uint_ge(vr_call_max_ns(site), 768);
	ck_assert_uint_le(vr_call_max_ns(site), 1024);
}
END_TEST

START_TEST(orders)
{
	struct mkprof mk = mk_waits();
	static const struct {
		enum vr_calls_key key;
		const char *first, *second;
	} expected[] = {{VR_CALLS_WAIT, "fsync", "getaddrinfo"},
			{VR_CALLS_CALLS, "write", "read"},
			{VR_CALLS_MAX, "fsync", "getaddrinfo"},
			{VR_CALLS_BYTES, "read", "write"},
			{VR_CALLS_IDLE, "epoll_wait", "nanosleep"}};

	load(&mk, NULL);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		size_t *order = vr_calls_order(calls, expected[i].key);

		ck_assert_str_eq(calls->site[order[0]].name, expected[i].first);
		ck_assert_str_eq(calls->site[order[1]].name, expected[i].second);
		free(order);
	}
}
END_TEST

START_TEST(books_know_what_was_off_the_cpu)
{
	struct mkprof mk = mk_waits_busy();

	load(&mk, NULL);
	ck_assert_uint_eq(calls->booked_ns, (190 + 750) * MK_MS);
	ck_assert_uint_eq(calls->off_cpu_ns, (20 + 100) * MK_MS);
}
END_TEST

START_TEST(a_window_counts_what_ended_in_it)
{
	const struct vr_select select = {
	    .windowed = 1, .since_ns = 600 * MK_MS, .until_ns = 1000 * MK_MS, .inlines = 1};
	struct mkprof mk = mk_waits();

	load(&mk, &select);
	ck_assert_int_eq(calls->windowed, 1);
	ck_assert_uint_eq(calls->n_sites, 2);
	ck_assert_uint_eq(calls->sum.calls, 2);
	ck_assert_uint_eq(vr_calls_wait_ns(&calls->sum), 420 * MK_MS);
	ck_assert_uint_eq(find("fsync")->sum.max_ns, 400 * MK_MS);
	ck_assert_uint_eq(calls->wall_ns, 400 * MK_MS);
	ck_assert_uint_eq(calls->thread_ns, 4 * 400 * MK_MS);
}
END_TEST

START_TEST(selections)
{
	const struct vr_select worker = {.until_ns = UINT64_MAX, .inlines = 1, .thread = "worker"};
	const struct vr_select book = {.until_ns = UINT64_MAX, .inlines = 1, .module = "libbook*"};
	struct mkprof mk = mk_waits();

	load(&mk, &worker);
	ck_assert_uint_eq(calls->n_sites, 3);
	ck_assert_uint_eq(find("fsync")->sum.calls, 3);
	ck_assert_uint_eq(calls->thread_ns, 1498 * MK_MS);
	vr_calls_free(calls);
	vr_profile_close(profile);
	mk = mk_waits();
	load(&mk, &book);
	ck_assert_uint_eq(calls->n_sites, 2); /* nodes 4 and 7 end in it */
}
END_TEST

static void add_up(struct mkprof *a, struct mkprof *b, const struct vr_select *select)
{
	static const struct vr_select all = {.until_ns = UINT64_MAX, .inlines = 1};
	char second[] = "/tmp/vr-test-XXXXXX";
	const char *const paths[] = {path, second};
	struct vr_file *head;
	struct vr_err err;

	close(mkstemp(second));
	ck_assert_int_eq(mk_write(a, path, 0), 0);
	ck_assert_int_eq(mk_write(b, second, 0), 0);
	ck_assert_int_eq(vr_file_open_head(path, &head, &err), 0);
	ck_assert_int_eq(
	    vr_profile_open_tree(head, paths, 2, select ? select : &all, NULL, &profile, &err), 0);
	vr_file_close(head);
	unlink(second);
	calls = vr_calls_new(profile);
	mk_free(a);
	mk_free(b);
}

/* The second process has its objects elsewhere, and began 500 ms later. */
START_TEST(several_processes)
{
	struct mkprof a = mk_waits(), b = mk_waits_second();
	const struct vr_file *sum;

	add_up(&a, &b, NULL);
	ck_assert_uint_eq(calls->n_sites, 9);
	ck_assert_uint_eq(calls->sum.calls, 2 * 6523);
	ck_assert_uint_eq(find("fsync")->sum.last_ns, 2300 * MK_MS);
	ck_assert_uint_eq(find("fsync")->threads, 4);
	sum = profile->file;
	ck_assert_uint_eq(sum->n_loops, 2);
	ck_assert_uint_eq(sum->call[11 + 3].loop, 1);
	ck_assert_uint_eq(sum->call[10].loop, 0); /* void */
	ck_assert_uint_eq(sum->n_books, 4);
	ck_assert_uint_eq(sum->book[3].until_ns, 2000 * MK_MS);
	ck_assert_uint_eq(sum->book[3].thread, 7); /* 6 is main of the second */
	ck_assert_uint_eq(sum->stall[1].begin_ns, 1000 * MK_MS);
	ck_assert_uint_eq(sum->stall[1].loop, 1);
	ck_assert_uint_eq(sum->stall[1].holder, VPROF_NONE);
	ck_assert_str_eq(vr_file_string(sum, sum->stall[1].target), "/data/snapshot");
	ck_assert_uint_eq(sum->n_dumps, 4);
	ck_assert_uint_eq(sum->dump[3].number, 2);
	ck_assert_uint_eq(sum->dump[3].since_ns, 1490 * MK_MS);
	ck_assert_uint_eq(sum->header.dumps, 2);
	ck_assert_uint_eq(sum->header.stalls, 2);
	ck_assert_uint_eq(sum->header.stall_ns, 10 * MK_MS);
}
END_TEST

/* History is read where a window is asked for. */
START_TEST(a_window_of_several)
{
	static const struct vr_select late = {
	    .windowed = 1, .since_ns = 1300 * MK_MS, .until_ns = UINT64_MAX, .inlines = 1};
	struct mkprof a = mk_waits(), b = mk_waits_second();

	add_up(&a, &b, &late);
	ck_assert_uint_eq(calls->n_sites, 1);
	ck_assert_str_eq(calls->site[0].name, "fsync");
	ck_assert_uint_eq(calls->sum.last_ns, 1400 * MK_MS);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_checked_fixture(tests, make_path, forget);
	tcase_add_test(tests, what_the_time_was);
	tcase_add_test(tests, every_part_is_of_one_class);
	tcase_add_test(tests, percentiles);
	tcase_add_test(tests, orders);
	tcase_add_test(tests, books_know_what_was_off_the_cpu);
	tcase_add_test(tests, a_window_counts_what_ended_in_it);
	tcase_add_test(tests, selections);
	tcase_add_test(tests, several_processes);
	tcase_add_test(tests, a_window_of_several);
}

int main(void)
{
	return check_main("waits", cases);
}
