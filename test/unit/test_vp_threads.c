/* thread/: rows of threads, shards, notices for the helper; track/peak, labels, waits and
 * marks, which are kept by thread. */
#include "library_thread.h"

#include "helper/sched.h"
#include "thread/arrivals.h"
#include "track/label.h"
#include "track/mark.h"
#include "track/peak.h"

#include <pthread.h>

static int peak_init(void)
{
	vp_peak_init();
	return 0;
}

static const struct vp_tracker table[] = {
    THREAD_TRACKERS,
    {.name = "peak", .init = peak_init},
    {.name = "labels", .init = vp_labels_init},
    {.name = "marks", .init = vp_marks_init, .section = {SECTION_OF(MARKS, vprof_mark, 16, 1)}},
};

static void setup(void)
{
	library_thread(table, COUNT_OF(table));
}

static void *in_thread(void *fn)
{
	struct vp_thread *thread;

	vp_tls.busy = 1;
	thread = vp_thread_self();
	ck_assert_ptr_nonnull(thread);
	((void (*)(struct vp_thread *))(uintptr_t)fn)(thread);
	vp_thread_end(thread);
	return NULL;
}

static void run(void (*fn)(struct vp_thread *thread))
{
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, in_thread, (void *)(uintptr_t)fn), 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
}

static void nothing(struct vp_thread *thread)
{
	(void)thread;
}

START_TEST(every_thread_has_a_row)
{
	const struct vprof_thread *row;
	uint32_t before;

	setup();
	ck_assert_int_eq(self->tid, getpid());
	ck_assert_uint_ge(self->row_id, 1); /* row 0 is that of the others */
	ck_assert_uint_eq(vp_threads_live(), 1);
	before = vp_table_used(VPROF_SEC_THREADS);
	for (int i = 0; i < 100; i++)
		run(nothing);
	ck_assert_uint_eq(vp_table_used(VPROF_SEC_THREADS), before + 100);
	ck_assert_uint_eq(vp_threads_live(), 1);
	row = vp_table_row(VPROF_SEC_THREADS, before);
	ck_assert_int_eq(row->state, VPROF_THREAD_ENDED);
	ck_assert_uint_ge(row->end_ns, row->start_ns);
	ck_assert_uint_eq(vp_threads_row_of_tid(getpid(), vp_clock_now()), self->row_id);
}
END_TEST

static struct vprof_thread *slept_row;

static void sleep_twice(struct vp_thread *thread)
{
	slept_row = thread->row;
	usleep(1000);
	usleep(1000);
}

START_TEST(a_thread_tells_its_switches_and_its_stack)
{
	int here = 0;

	setup();
	ck_assert_uint_le(self->row->stack_start, (uintptr_t)&here);
	ck_assert_uint_gt(self->row->stack_end, (uintptr_t)&here);
	run(sleep_twice);
	ck_assert_uint_ne(slept_row->flags & VPROF_THREAD_SWITCHES, 0);
	ck_assert_uint_ge(slept_row->voluntary, 2);
	ck_assert_uint_le(slept_row->voluntary, 6);
	/* What it was off the CPU the helper has to settle. */
	ck_assert_uint_eq(slept_row->flags & VPROF_THREAD_RUN_DELAY, 0);
}
END_TEST

static void settle(struct vprof_thread row, const struct vp_sched_seen *seen, uint64_t delay_ms,
		   uint64_t unsplit_ms)
{
	row.start_ns = 1000 * 1000000ull;
	row.end_ns = 1100 * 1000000ull;
	row.cpu_ns = 30 * 1000000ull;
	row.state = VPROF_THREAD_ENDED;
	vp_sched_settle(&row, seen);
	ck_assert_uint_eq(row.run_delay_ns, delay_ms * 1000000ull);
	ck_assert_uint_eq(row.unsplit_ns, unsplit_ms * 1000000ull);
}

START_TEST(who_never_waited_was_runnable_and_the_rest_is_not_split)
{
	const struct vp_sched_seen none = {0};
	const struct vp_sched_seen at_60 = {.t_ns = 1060 * 1000000ull, .cpu_ns = 20 * 1000000ull};
	const struct vp_sched_seen silent = {
	    .t_ns = 1060 * 1000000ull, .cpu_ns = 20 * 1000000ull, .silent = 1};
	const struct vprof_thread waited = {
	    .flags = VPROF_THREAD_SWITCHES, .voluntary = 2, .involuntary = 1};
	struct vprof_thread row = waited;

	/* 100 ms of life, 30 on a CPU */
	settle((struct vprof_thread){.flags = VPROF_THREAD_SWITCHES, .involuntary = 9}, &none, 70,
	       0);
	settle((struct vprof_thread){.flags = VPROF_THREAD_SWITCHES}, &none, 0, 0);
	settle(waited, &none, 0, 70);
	/* of the last 40 ms it ran 10; what the reading said of the time before stays */
	row.run_delay_ns = 25 * 1000000ull;
	settle(row, &at_60, 25, 30);
	row.voluntary = 0; /* as the helper saw it last, which is not the end */
	settle(row, &silent, 25, 30);
}
END_TEST

static const struct vp_site_label none = {0, 0};
static uint16_t shard[200];
static int shards;

static void note_shard(struct vp_thread *thread)
{
	uint32_t row, again;
	struct vprof_site *site = vp_shard_site(thread->shard, 77, none, &row);

	shard[shards++] = thread->shard->number;
	ck_assert_uint_eq(site->node, 77);
	ck_assert_uint_eq(site->shard, thread->shard->number);
	ck_assert_ptr_eq(vp_shard_site(thread->shard, 77, none, &again), site);
	ck_assert_uint_eq(again, row);
}

/* 64 threads each have one of their own; later ones take over what others have left. */
START_TEST(shards_are_fresh_at_first_and_reused_then)
{
	setup();
	for (int i = 0; i < 100; i++)
		run(note_shard);
	for (int i = 1; i < 63; i++)
		ck_assert_uint_eq(shard[i], shard[i - 1] + 1);
	for (int i = 64; i < 100; i++)
		ck_assert_uint_le(shard[i], 64);
	ck_assert_uint_eq(vp_shard_common()->shared, 1);
}
END_TEST

/* One stack under several labels has a row for each, also after the index has grown. */
START_TEST(labels_have_sites_of_their_own)
{
	static struct vprof_site *of[3][400];
	uint32_t row;

	setup();
	for (uint32_t label = 0; label < 3; label++)
		for (uint32_t node = 1; node < 400; node++)
			of[label][node] = vp_shard_site(
			    self->shard, node, (struct vp_site_label){label * 100, label}, &row);
	for (uint32_t label = 0; label < 3; label++)
		for (uint32_t node = 1; node < 400; node++) {
			struct vp_site_label id = {label * 100, label};

			ck_assert_ptr_eq(vp_shard_site(self->shard, node, id, &row),
					 of[label][node]);
			ck_assert_uint_eq(of[label][node]->node, node);
			ck_assert_uint_eq(of[label][node]->label, label * 100);
		}
	ck_assert_ptr_ne(of[0][7], of[1][7]);
	ck_assert_ptr_ne(of[1][7], of[2][7]);
}
END_TEST

/* Labels take a part of the file's room for sites; beyond, a site is counted without. */
START_TEST(labels_leave_room_for_sites)
{
	struct vprof_site *first, *last, *plain;
	uint32_t row;

	setup();
	plain = vp_shard_site(self->shard, 5, none, &row);
	first = vp_shard_site(self->shard, 5, (struct vp_site_label){100, 1}, &row);
	for (uint32_t number = 1;; number++) {
		last = vp_shard_site(self->shard, 5, (struct vp_site_label){100, number}, &row);
		if (last == plain)
			break;
		ck_assert_uint_lt(number, 60000);
	}
	ck_assert_uint_eq(vp_file.header->lost[VPROF_LOST_LABELS], 1);
	ck_assert_ptr_eq(vp_shard_site(self->shard, 5, (struct vp_site_label){100, 1}, &row),
			 first);
	ck_assert_uint_eq(vp_file.header->lost[VPROF_LOST_SITES], 0);
	ck_assert_uint_ne(vp_shard_site(self->shard, 6, none, &row)->node, 0);
}
END_TEST

START_TEST(a_stack_nobody_knows_has_the_overflow_row)
{
	uint32_t row;

	setup();
	vp_shard_site(self->shard, 0, none, &row);
	ck_assert_uint_eq(row, 0);
	ck_assert_uint_eq(vp_file.header->lost[VPROF_LOST_SITES], 1);
}
END_TEST

static void allocate(uint64_t bytes)
{
	self->row->allocs++;
	self->row->alloc_bytes += bytes;
	vp_peak_grow(self, bytes);
}

static void release(uint64_t bytes)
{
	self->row->frees++;
	self->row->freed_bytes += bytes;
	vp_peak_shrink(self, bytes);
}

START_TEST(with_one_thread_the_peak_is_exact)
{
	uint64_t live = 0, most = 0;
	unsigned seed = 3;

	setup();
	for (int i = 0; i < 20000; i++) {
		uint64_t bytes = 1 + (uint64_t)rand_r(&seed) % 1000;

		if (rand_r(&seed) % 2 || live < bytes) {
			allocate(bytes);
			live += bytes;
		} else {
			release(bytes);
			live -= bytes;
		}
		most = live > most ? live : most;
		ck_assert_uint_eq(vp_file.header->peak_bytes, most);
	}
	ck_assert_uint_gt(vp_file.header->peak_epoch, 10);
}
END_TEST

START_TEST(a_site_keeps_what_it_held_at_the_peak)
{
	struct vprof_site site = {.allocs = 5, .frees = 2, .alloc_bytes = 500, .freed_bytes = 90};

	vp_peak_note_slow(&site, 9);
	ck_assert_uint_eq(site.peak_bytes, 410);
	ck_assert_uint_eq(site.peak_blocks, 3);
	ck_assert_uint_eq(site.peak_epoch, 9);
}
END_TEST

START_TEST(labels_nest)
{
	uint32_t outer, inner;

	setup();
	ck_assert_uint_eq(vp_label_now(self), VP_LABEL_NONE);
	vp_label_begin(self, "symbol", "SOL/USDT");
	outer = vp_label_now(self);
	ck_assert_str_eq(string_of(outer), "symbol=SOL/USDT");
	vp_label_begin(self, "step", "a\nb");
	inner = vp_label_now(self);
	ck_assert_str_eq(string_of(inner), "symbol=SOL/USDT\nstep=a b");
	vp_label_end(self);
	ck_assert_uint_eq(vp_label_now(self), outer);
	vp_label_begin(self, "step", "a\nb"); /* the same again is the same label */
	ck_assert_uint_eq(vp_label_now(self), inner);
	vp_label_end(self);
	vp_label_end(self);
	vp_label_end(self); /* one too many */
	ck_assert_uint_eq(vp_label_now(self), VP_LABEL_NONE);
}
END_TEST

START_TEST(labels_too_deep_are_the_deepest_that_is_kept)
{
	uint32_t deepest;

	setup();
	for (int i = 0; i < 32; i++)
		vp_label_begin(self, "k", "v");
	deepest = vp_label_now(self);
	for (int i = 0; i < 10; i++) {
		vp_label_begin(self, "too", "deep");
		ck_assert_uint_eq(vp_label_now(self), deepest);
	}
	for (int i = 0; i < 10; i++)
		vp_label_end(self);
	ck_assert_uint_eq(vp_label_now(self), deepest);
	for (int i = 0; i < 32; i++)
		vp_label_end(self);
	ck_assert_uint_eq(vp_label_now(self), VP_LABEL_NONE);
}
END_TEST

/* What was taken replaces what a thread has, and is given back by an end like any other. */
START_TEST(labels_are_handed_on)
{
	uint64_t taken;
	uint32_t outer, inner;

	setup();
	ck_assert_uint_eq(vp_label_take(self), 0);
	vp_label_begin(self, "symbol", "SOL");
	outer = vp_label_now(self);
	taken = vp_label_take(self);
	vp_label_end(self);
	vp_label_begin(self, "role", "worker");
	inner = vp_label_now(self);
	vp_label_give(self, taken);
	ck_assert_uint_eq(vp_label_now(self), outer);
	ck_assert_uint_eq(vp_label_take(self), taken);
	vp_label_give(self, 0);
	ck_assert_uint_eq(vp_label_now(self), VP_LABEL_NONE);
	vp_label_end(self);
	vp_label_give(self, taken + 1); /* never taken */
	ck_assert_uint_eq(vp_label_now(self), VP_LABEL_NONE);
	vp_label_end(self);
	vp_label_give(self, UINT64_MAX);
	ck_assert_uint_eq(vp_label_now(self), VP_LABEL_NONE);
	vp_label_end(self);
	ck_assert_uint_eq(vp_label_now(self), outer);
	vp_label_end(self);
	ck_assert_uint_eq(vp_label_now(self), inner);
}
END_TEST

START_TEST(the_label_of_a_moment_is_found)
{
	uint64_t before, first, second, after;
	uint32_t a, b;

	setup();
	vp_file.header->engine = VPROF_ENGINE_PERF; /* who looks back */
	before = vp_clock_now();
	usleep(10);
	vp_label_begin(self, "k", "a");
	a = vp_label_now(self);
	usleep(10);
	first = vp_clock_now();
	usleep(10);
	vp_label_end(self);
	vp_label_begin(self, "k", "b");
	b = vp_label_now(self);
	usleep(10);
	second = vp_clock_now();
	usleep(10);
	vp_label_end(self);
	usleep(10);
	after = vp_clock_now();
	ck_assert_uint_eq(vp_label_at(self->row_id, before), VP_LABEL_NONE);
	ck_assert_uint_eq(vp_label_at(self->row_id, first), a);
	ck_assert_uint_eq(vp_label_at(self->row_id, second), b);
	ck_assert_uint_eq(vp_label_at(self->row_id, after), VP_LABEL_NONE);
	ck_assert_uint_eq(vp_label_at(self->row_id + 1, first), VP_LABEL_NONE);
	/* Once it is overwritten, none is said, and counted. */
	for (int i = 0; i < 20000; i++) {
		vp_label_begin(self, "k", "c");
		vp_label_end(self);
	}
	ck_assert_uint_eq(vp_file.header->lost[VPROF_LOST_LABELS], 0);
	ck_assert_uint_eq(vp_label_at(self->row_id, first), VP_LABEL_NONE);
	ck_assert_uint_eq(vp_file.header->lost[VPROF_LOST_LABELS], 1);
}
END_TEST

START_TEST(marks_are_counted_by_name)
{
	const struct vprof_mark *mark;

	setup();
	for (int i = 0; i < 3; i++)
		vp_mark_add("warm", self->row_id);
	vp_mark_add("done", self->row_id);
	ck_assert_uint_eq(vp_table_used(VPROF_SEC_MARKS), 2);
	mark = vp_table_row(VPROF_SEC_MARKS, 0);
	ck_assert_str_eq(string_of(mark->name), "warm");
	ck_assert_uint_eq(mark->count, 3);
	ck_assert_uint_ge(mark->last_ns, mark->first_ns);
	mark = vp_table_row(VPROF_SEC_MARKS, 1);
	ck_assert_uint_eq(mark->count, 1);
}
END_TEST

START_TEST(who_has_come_and_gone_leaves_no_notice)
{
	static struct vp_arrivals notices;

	setup();
	vp_arrivals_want(1);
	run(nothing);
	vp_arrivals_take(&notices, vp_clock_now() + 1);
	ck_assert_uint_eq(notices.started_count, 0);
	ck_assert_uint_eq(notices.ended_count, 0);
	ck_assert_int_eq(notices.missed, 0);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, every_thread_has_a_row);
	tcase_add_test(tests, a_thread_tells_its_switches_and_its_stack);
	tcase_add_test(tests, who_never_waited_was_runnable_and_the_rest_is_not_split);
	tcase_add_test(tests, shards_are_fresh_at_first_and_reused_then);
	tcase_add_test(tests, labels_have_sites_of_their_own);
	tcase_add_test(tests, labels_leave_room_for_sites);
	tcase_add_test(tests, a_stack_nobody_knows_has_the_overflow_row);
	tcase_add_test(tests, with_one_thread_the_peak_is_exact);
	tcase_add_test(tests, a_site_keeps_what_it_held_at_the_peak);
	tcase_add_test(tests, labels_nest);
	tcase_add_test(tests, labels_too_deep_are_the_deepest_that_is_kept);
	tcase_add_test(tests, labels_are_handed_on);
	tcase_add_test(tests, the_label_of_a_moment_is_found);
	tcase_add_test(tests, marks_are_counted_by_name);
	tcase_add_test(tests, who_has_come_and_gone_leaves_no_notice);
}

int main(void)
{
	return check_main("vp_threads", cases);
}
