/* stack/capture: the stack captured by what is left of the last one is the stack that a
 * walk of every frame finds.  track/wait: what is summed up of a wait. */
#include "library_thread.h"

#include "stack/learn.h"
#include "stack/modules.h"
#include "stack/rows.h"
#include "stack/unwind.h"
#include "track/give.h"
#include "track/wait.h"

#include <errno.h>

static const struct vp_tracker table[] = {
    THREAD_TRACKERS,
    {.name = "waits",
     .init = vp_waits_init,
     .thread_end = vp_waits_thread_end,
     .section = {SECTION_OF(LOCKS, vprof_lock, 2, 0)}},
};

static volatile unsigned side; /* keeps calls from being made jumps */

static void setup(void)
{
	ck_assert_int_eq(vp_rows_init(), 0);
	library_thread(table, COUNT_OF(table));
	vp_modules_init();
	ck_assert_int_eq(vp_learn_init(), 0);
}

/* The caller's frame, as a hook finds it. */
static __attribute__((noinline)) struct vp_regs caller(void)
{
	const uint64_t *frame = __builtin_frame_address(0);

	return (struct vp_regs){frame[1], (uint64_t)(uintptr_t)(frame + 2), frame[0]};
}

static uint32_t walked(const struct vp_regs *regs)
{
	uint64_t where[VP_STACK_DEPTH_MAX];
	size_t depth = vp_unwind_live(&self->stack, regs, 0, where, VP_STACK_DEPTH_MAX);

	return vp_trie_path(where, depth);
}

/* Captures here, at a place that differs with `from`, and compares. */
static __attribute__((noinline)) uint32_t capture(int from)
{
	struct vp_regs regs = caller();
	uint32_t node = vp_capture_stack(&self->stack, &regs);

	ck_assert_uint_eq(node, walked(&regs));
	side += (unsigned)from;
	return node;
}

static uint32_t down(int frames, int way);

/* Another function on the way, with a frame of its own. */
static __attribute__((noinline)) uint32_t aside(int frames, int way)
{
	uint32_t node = down(frames, way);

	side += 2;
	return node;
}

static __attribute__((noinline)) uint32_t down(int frames, int way)
{
	uint32_t node;

	if (frames == 0)
		node = way & 1 ? capture(1) : capture(2);
	else if (way & 2)
		node = aside(frames - 1, way);
	else
		node = down(frames - 1, way);
	side++;
	return node;
}

START_TEST(the_same_place_is_the_same_node)
{
	static const struct {
		int frames, way;
	} from[] = {{5, 1}, {5, 1}, {6, 1}, {5, 0}, {5, 1}};
	uint32_t node[5];

	setup();
	for (int i = 0; i < 5; i++)
		node[i] = down(from[i].frames, from[i].way);
	ck_assert_uint_gt(node[0], VPROF_NODE_OVERFLOW);
	ck_assert_uint_eq(node[1], node[0]);
	ck_assert_uint_ne(node[2], node[0]);
	ck_assert_uint_ne(node[3], node[0]);
	ck_assert_uint_eq(node[4], node[0]);
}
END_TEST

/* Deeper, shallower, other ways: what is left of the last stack is right each time. */
START_TEST(any_sequence_of_stacks_is_what_a_walk_finds)
{
	unsigned seed = 11;

	setup();
	for (int i = 0; i < 20000; i++)
		down(rand_r(&seed) % 30, rand_r(&seed) % 4);
}
END_TEST

/* From where the stack is deeper than what is kept of one. */
static __attribute__((noinline)) uint32_t capture_deep(void)
{
	struct vp_regs regs = caller();

	return vp_capture_stack(&self->stack, &regs);
}

static __attribute__((noinline)) uint32_t deep(int frames)
{
	uint32_t node = frames ? deep(frames - 1) : capture_deep();

	side++;
	return node;
}

static uint32_t depth_of(uint32_t node)
{
	uint32_t depth = 0;

	for (; node != VPROF_NODE_ROOT; depth++) {
		const struct vprof_node *row = vp_table_row(VPROF_SEC_NODES, node);

		node = row->parent;
	}
	return depth;
}

START_TEST(of_a_deep_stack_the_innermost_frames_are_kept)
{
	setup();
	/* one place of as many is for how the first frame beyond them was reached */
	ck_assert_uint_eq(depth_of(deep(400)), VP_STACK_DEPTH_MAX - 1);
	ck_assert_uint_ge(vp_file.header->lost[VPROF_CUT_DEPTH], 1);
	ck_assert_uint_lt(depth_of(deep(10)), 100);
}
END_TEST

static const struct vprof_lock *row_of_lock(uint64_t address)
{
	for (uint32_t i = 1; i < vp_table_used(VPROF_SEC_LOCKS); i++) {
		const struct vprof_lock *row = vp_table_row(VPROF_SEC_LOCKS, i);

		if (row->address == address)
			return row;
	}
	return NULL;
}

static __attribute__((noinline)) void wait_for(uint64_t address, enum vprof_lock_kind kind, int ret)
{
	struct vp_regs regs = caller();
	struct vp_wait wait;

	vp_tls.busy = 0; /* as in the program's code */
	vp_wait_begin(&wait, address, kind, 0, &regs);
	usleep(2000);
	vp_wait_end(&wait, ret);
	vp_tls.busy = 1;
}

/* The lock is given back. */
static __attribute__((noinline)) void record(uint64_t address)
{
	struct vp_regs regs = caller();
	struct vp_give give;

	vp_tls.busy = 0;
	vp_give_begin(&give, address, VPROF_LOCK_MUTEX, VP_GIVING_ALONE);
	vp_give_end(&give, 0, &regs);
	vp_tls.busy = 1;
}

START_TEST(a_wait_is_recorded_after_the_unlock)
{
	const struct vprof_lock *row;

	setup();
	vp_control.lock_kinds = VP_LOCK_KINDS;
	for (int i = 0; i < 2; i++) {
		wait_for(0x1000, VPROF_LOCK_MUTEX, 0);
		ck_assert_uint_eq(vp_tls.waits_noted, 1);
		ck_assert(i > 0 || !row_of_lock(0x1000)); /* it holds the lock */
		record(0x1000);
		ck_assert_uint_eq(vp_tls.waits_noted, 0);
	}
	row = row_of_lock(0x1000);
	ck_assert_ptr_nonnull(row);
	ck_assert_uint_eq(row->waits, 2);
	ck_assert_uint_ge(row->wait_ns, 4000000);
	ck_assert_uint_ge(row->max_ns, row->wait_ns / 2);
	ck_assert_uint_gt(row->node, VPROF_NODE_OVERFLOW);
	ck_assert_uint_eq(row->kind, VPROF_LOCK_MUTEX);
	ck_assert_uint_eq(self->row->lock_waits, 2);
	ck_assert_uint_eq(self->row->lock_wait_ns, row->wait_ns);
}
END_TEST

/* A lock that nobody else can have meanwhile: its wait is told of when it is given back, or when
 * the thread waits for something else, or the process ends, and once. */
START_TEST(a_wait_that_is_not_told_of_yet)
{
	const struct vprof_lock *row;

	setup();
	vp_control.lock_kinds = VP_LOCK_KINDS;
	wait_for(0x5000, VPROF_LOCK_MUTEX, 0);
	ck_assert_int_eq(vp_holders_knows(0x5000), 1); /* it stands there as a waiter */
	usleep(20000);
	wait_for(0x6000, VPROF_LOCK_MUTEX, 0); /* under the other one */
	ck_assert_int_eq(vp_holders_knows(0x5000), 0);
	record(0x6000);
	record(0x5000);
	ck_assert_int_eq(vp_holders_knows(0x6000), 0);
	ck_assert_uint_eq(vp_tls.waits_noted, 0);
	row = row_of_lock(0x5000);
	ck_assert_ptr_nonnull(row);
	ck_assert_uint_eq(row->waits, 1);
	ck_assert_uint_lt(row->wait_ns, 20000000); /* the time that it was held is no wait */
	ck_assert_uint_eq(row_of_lock(0x6000)->waits, 1);
	wait_for(0x7000, VPROF_LOCK_MUTEX, 0);
	usleep(20000);
	vp_waits_finish(1);
	ck_assert_uint_eq(row_of_lock(0x7000)->waits, 1);
	ck_assert_uint_lt(row_of_lock(0x7000)->wait_ns, 20000000);
	record(0x7000);
	ck_assert_uint_eq(row_of_lock(0x7000)->waits, 1);
	ck_assert_int_eq(vp_holders_knows(0x7000), 0);
}
END_TEST

START_TEST(a_timeout_counts_and_a_failure_does_not)
{
	setup();
	vp_control.lock_kinds = VP_LOCK_KINDS;
	wait_for(0x1000, VPROF_LOCK_MUTEX, EINVAL);
	record(0x1000);
	ck_assert_ptr_null(row_of_lock(0x1000));
	wait_for(0x2000, VPROF_LOCK_MUTEX, ETIMEDOUT); /* it holds nothing: at once */
	ck_assert_ptr_nonnull(row_of_lock(0x2000));
	ck_assert_uint_eq(row_of_lock(0x2000)->timeouts, 1);
	wait_for(0x3000, VPROF_LOCK_JOIN, 0);
	ck_assert_ptr_nonnull(row_of_lock(0x3000));
	ck_assert_uint_eq(self->row->lock_waits, 1); /* a join is no lock */
}
END_TEST

START_TEST(with_locks_off_nothing_is_kept)
{
	setup();
	vp_control.lock_kinds = 0;
	wait_for(0x1000, VPROF_LOCK_MUTEX, 0);
	ck_assert_uint_eq(vp_tls.waits_noted, 0);
	record(0x1000);
	ck_assert_ptr_null(row_of_lock(0x1000));
}
END_TEST

/* At the end of the process also the wait that still lasts. */
START_TEST(the_end_counts_what_lasts)
{
	struct vp_regs regs = caller();
	struct vp_wait wait;

	setup();
	vp_control.lock_kinds = VP_LOCK_KINDS;
	vp_tls.busy = 0;
	vp_wait_begin(&wait, 0x4000, VPROF_LOCK_COND, 0, &regs);
	vp_tls.busy = 1;
	usleep(1000);
	vp_waits_finish(1);
	ck_assert_ptr_nonnull(row_of_lock(0x4000));
	ck_assert_uint_ge(row_of_lock(0x4000)->wait_ns, 1000000);
	vp_tls.busy = 0;
	vp_wait_end(&wait, 0); /* not once more */
	record(0x4000);
	ck_assert_uint_eq(row_of_lock(0x4000)->waits, 1);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, the_same_place_is_the_same_node);
	tcase_add_test(tests, any_sequence_of_stacks_is_what_a_walk_finds);
	tcase_add_test(tests, of_a_deep_stack_the_innermost_frames_are_kept);
	tcase_add_test(tests, a_wait_is_recorded_after_the_unlock);
	tcase_add_test(tests, a_wait_that_is_not_told_of_yet);
	tcase_add_test(tests, a_timeout_counts_and_a_failure_does_not);
	tcase_add_test(tests, with_locks_off_nothing_is_kept);
	tcase_add_test(tests, the_end_counts_what_lasts);
}

int main(void)
{
	return check_main("vp_capture", cases);
}
