/* sample/standing: when the helper is to look again after a sample whose stack was cut. */
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/sys.h"
#include "check_main.h"
#include "sample/standing.h"

#define PERIOD_NS 1000000ull
#define NEVER	  (~0ull)

/* A sample of the calling thread now, cut at a word of its own. */
static void take_cut_sample(void)
{
	static uint64_t stack[256];
	static struct vp_cut cut;
	struct vp_standing_sample sample = {.tid = vp_sys_tid(),
					    .mono_ns = vp_clock_mono(),
					    .stack_lo = (uintptr_t)stack,
					    .stack_hi = (uintptr_t)(stack + 256),
					    .cut = &cut};
	uint64_t where[4];

	cut.slot = (uintptr_t)(stack + 128);
	ck_assert_uint_eq(vp_standing_frames(&sample, where, 4), 0);
	vp_standing_watch();
}

/* Does this machine let us watch a word?  Else there is nothing to hurry for. */
static int can_watch(void)
{
	static uint64_t word;
	struct perf_event_attr attr = {.size = sizeof(attr),
				       .type = PERF_TYPE_BREAKPOINT,
				       .bp_type = HW_BREAKPOINT_W,
				       .bp_addr = (uintptr_t)&word,
				       .bp_len = HW_BREAKPOINT_LEN_8,
				       .exclude_kernel = 1,
				       .exclude_hv = 1};
	long fd = syscall(SYS_perf_event_open, &attr, vp_sys_tid(), -1, -1, 0);

	if (fd >= 0)
		close((int)fd);
	return fd >= 0;
}

static void pass_ns(long ns)
{
	nanosleep(&(struct timespec){.tv_nsec = ns}, NULL);
}

START_TEST(nothing_is_due_before_a_stack_was_cut)
{
	vp_standing_open(PERIOD_NS);
	vp_standing_watch();
	ck_assert_uint_eq(vp_standing_due(), NEVER);
	vp_standing_close();
}
END_TEST

/* A time that moves on with the clock is one that never comes. */
START_TEST(a_look_that_is_due_becomes_due)
{
	uint64_t due = NEVER;

	if (!can_watch())
		return;
	vp_standing_open(PERIOD_NS);
	/* Once more where the machine stood still between sample and look. */
	for (int i = 0; i < 20 && due == NEVER; i++) {
		take_cut_sample();
		due = vp_standing_due();
	}
	ck_assert_uint_ne(due, NEVER);
	ck_assert_uint_le(due, vp_clock_mono() + 2 * PERIOD_NS);
	pass_ns(3 * PERIOD_NS);
	ck_assert_uint_eq(vp_standing_due(), due);
	ck_assert_uint_le(due, vp_clock_mono());
	vp_standing_watch(); /* it has looked: the next one is later */
	ck_assert_uint_gt(vp_standing_due(), due);
	vp_standing_close();
}
END_TEST

START_TEST(long_after_the_last_cut_there_is_no_hurry)
{
	vp_standing_open(PERIOD_NS);
	take_cut_sample();
	pass_ns(250000000);
	vp_standing_watch();
	ck_assert_uint_eq(vp_standing_due(), NEVER);
	vp_standing_close();
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, nothing_is_due_before_a_stack_was_cut);
	tcase_add_test(tests, a_look_that_is_due_becomes_due);
	tcase_add_test(tests, long_after_the_last_cut_there_is_no_hurry);
}

int main(void)
{
	return check_main("vp_standing", cases);
}
