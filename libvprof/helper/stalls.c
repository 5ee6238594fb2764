#include "helper/stalls.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/doing.h"
#include "base/filters.h"
#include "base/sys.h"
#include "helper/dump.h"
#include "helper/hangs.h"
#include "helper/look.h"
#include "helper/loopers.h"
#include "helper/outside.h"
#include "ring/file.h"
#include "sample/engines.h"
#include "thread/stall.h"

#define MS     1000000ull
#define SECOND (1000 * MS)
#define NEVER  (~0ull)

/* Nothing is looked at more often: more would cost too much of a CPU. */
#define STEP_LEAST_NS MS
/* Loops that did nothing for so long wake the helper when they do something again. */
#define QUIET_NS      SECOND
#define LATE_NS	      (10 * MS)
#define STUCK_STEP_NS (100 * MS)

static uint64_t due_ns = NEVER; /* CLOCK_MONOTONIC, as what follows */
static uint64_t active_ns;	/* a loop was last seen to do something */
static uint64_t looks;		/* in this file */
static int main_is_kept;
static int all_is_known; /* no switch is still to come: the books of the end are closed */

int vp_stalls_init(void)
{
	active_ns = looks = 0;
	main_is_kept = all_is_known = 0;
	vp_doing_open();
	vp_dump_init();
	vp_outside_init();
	vp_loopers_init();
	vp_stall_rows_init();
	vp_hangs_init();
	vp_stalls_set();
	return 0;
}

void vp_stalls_close(void)
{
	vp_loopers_close();
	vp_doing_close();
	vp_outside_close();
	vp_look_close();
	vp_dump_close();
}

void vp_stalls_set(void)
{
	struct vprof_header *header = vp_file.header;

	vp_control.stall_ns = vp_config.stall_ns ? vp_config.stall_ns : VP_STALL_NEVER;
	header->stall_ns = vp_config.stall_ns;
	header->stall_auto = vp_config.stall_auto != 0;
	header->hang_ns = vp_config.hang_ns;
	/* Where nothing is a stall, no loop is to wake the helper. */
	due_ns = NEVER;
	vp_control.stall_asleep = vp_config.stall_ns != 0;
	vp_loopers_unlearn();
}

/* ---- one of them ------------------------------------------------------------ */

/* Returns 0 where one ended just now: its last switch may not be known yet, without which its
 * time would count as run. */
static int take_notes(struct vp_looper *one, const struct vp_seen_thread *who, uint64_t now_ns)
{
	const struct vp_stalls *stalls = &one->thread->stalls;
	uint64_t noted = __atomic_load_n(&stalls->noted, __ATOMIC_ACQUIRE);

	if (noted - one->taken > VP_STALL_NOTES)
		one->taken = noted - VP_STALL_NOTES;
	while (one->taken < noted) {
		struct vp_stall_note note = stalls->note[one->taken % VP_STALL_NOTES];

		if (!all_is_known && note.end_ns + VP_PERF_LATE_NS > now_ns)
			return 0;
		one->taken++;
		vp_stall_row_end(&one->open, who, vp_looper_limit(one), &note);
	}
	return 1;
}

/* Context: SIGBUS may be blocked, as in vp_stalls_glance(). */
static void begin(struct vp_looper *one, uint64_t begin_ns, uint64_t now_ns)
{
	struct vp_stall_open *open = &one->open;

	*open = (struct vp_stall_open){.begin_ns = begin_ns, .loop = VPROF_NONE};
	open->next_ns = begin_ns + vp_looper_limit(one);
	open->base_ns = now_ns;
	open->base_cpu_ns = open->cpu_ns = vp_stall_counts(one->tid, NULL);
	/* As of the last tick: what it waited for a CPU since then is more. */
	open->base_delay_ns = open->delay_ns = one->delay_ns;
}

/* At 1, 2, 4, ... times the limit. */
static void look_at_stall(struct vp_looper *one, const struct vp_seen_thread *who, uint64_t now_ns)
{
	struct vp_stall_open *open = &one->open;
	uint64_t ns = now_ns - open->begin_ns;

	if (vp_filters_came())
		return;
	if (open->loop == VPROF_NONE)
		open->loop = vp_looper_loop(one);
	vp_stall_row_look(open, who, vp_looper_limit(one), now_ns);
	if (vp_config.hang_ns && ns >= vp_config.hang_ns)
		vp_stall_row_hang(open, one->row);
	ns += ns < SECOND ? ns : SECOND;
	if (vp_config.hang_ns && !open->hung && ns > vp_config.hang_ns)
		ns = vp_config.hang_ns;
	open->next_ns = open->begin_ns + ns;
}

/* Looks at two cache lines of the thread, and makes no row.  Returns 0 where that is not
 * enough; else sets in *next when it is to be looked at, by vp_clock_now(); NEVER: it is in no
 * iteration.
 * Context: as begin(). */
static int glance(struct vp_looper *one, uint64_t now_ns, uint64_t *next)
{
	const struct vp_call_line *line = &one->thread->line;
	uint64_t begin_ns = __atomic_load_n(&line->iteration_ns, __ATOMIC_ACQUIRE);

	if (one->open.has_row ||
	    __atomic_load_n(&one->thread->stalls.noted, __ATOMIC_ACQUIRE) != one->taken)
		return 0;
	if (vp_looper_limit(one) == VP_STALL_NEVER || !begin_ns || begin_ns > now_ns) {
		one->open.begin_ns = 0;
		*next = NEVER;
		return 1;
	}
	if (one->open.begin_ns != begin_ns)
		begin(one, begin_ns, now_ns);
	*next = one->open.next_ns;
	return now_ns < one->open.next_ns;
}

/* As *next of glance(). */
static uint64_t look_at(struct vp_looper *one, uint64_t now_ns)
{
	struct vp_seen_thread who;
	uint64_t begin_ns;

	vp_seen_thread(one->thread, &who);
	begin_ns = who.line.iteration_ns;
	if (!take_notes(one, &who, now_ns))
		return now_ns + STEP_LEAST_NS;
	if (vp_looper_limit(one) == VP_STALL_NEVER || !begin_ns || begin_ns > now_ns) {
		vp_stall_row_drop(&one->open);
		return NEVER;
	}
	if (one->open.begin_ns != begin_ns) {
		vp_stall_row_drop(&one->open);
		begin(one, begin_ns, now_ns);
	}
	if (now_ns >= one->open.next_ns)
		look_at_stall(one, &who, now_ns);
	return one->open.next_ns > now_ns ? one->open.next_ns : now_ns;
}

/* ---- all of them ------------------------------------------------------------ */

static uint64_t step_of(uint64_t limit)
{
	return limit > STEP_LEAST_NS ? limit : STEP_LEAST_NS;
}

/* Sleep that is longer by so much than it should have been is worth a look why. */
static uint64_t late_from(void)
{
	uint64_t half = step_of(vp_control.stall_ns) / 2;

	return due_ns == NEVER || half > LATE_NS ? LATE_NS : half;
}

/* One that is stuck is looked at less often. */
static uint64_t step_for(const struct vp_looper *one, uint64_t now_ns)
{
	const struct vp_stall_open *open = &one->open;

	if (open->has_row && now_ns - open->begin_ns > SECOND)
		return STUCK_STEP_NS;
	return step_of(vp_looper_limit(one));
}

/* One of them.  Returns how long it may be until the next time, and in *active whether it did
 * something since. */
static uint64_t wait_of(struct vp_looper *one, uint64_t next, uint64_t now_ns, int *active)
{
	uint32_t sequence = __atomic_load_n(&one->thread->line.sequence, __ATOMIC_RELAXED);
	uint64_t step = step_for(one, now_ns);

	*active |= next != NEVER || one->sequence != sequence;
	one->sequence = sequence;
	return next == NEVER || next - now_ns > step ? step : next - now_ns;
}

static uint64_t least_step(uint64_t wait)
{
	return wait == NEVER ? NEVER : step_of(wait);
}

/* At every thread that has a loop.  Returns how long it may be until the next time, and in
 * *active whether any did something since.  Not `closely`: returns 0 where a glance at one is
 * not enough. */
static uint64_t see_all(uint64_t now_ns, int closely, int *active)
{
	uint64_t wait = NEVER, next;
	struct vp_looper *one;
	uint32_t count;

	one = vp_loopers(&count);
	for (; count; count--, one++) {
		if (!vp_looper_lives(one))
			continue;
		if (!glance(one, now_ns, &next)) {
			if (!closely)
				return 0;
			next = look_at(one, now_ns);
		}
		next = wait_of(one, next, now_ns, active);
		wait = next < wait ? next : wait;
	}
	looks++;
	return least_step(wait);
}

static uint64_t look_at_all(int *active)
{
	uint64_t now = vp_clock_now(), wait;

	vp_loopers_update(now);
	wait = see_all(now, 1, active);
	vp_file.header->loop_looks = looks;
	return wait;
}

static uint64_t glance_at_all(int *active)
{
	uint64_t now = vp_clock_now();

	return vp_loopers_due(now) ? 0 : see_all(now, 0, active);
}

/* Loops that begin an iteration after this wake the helper; of those that did before it is seen
 * here, or they see the word. */
static void go_to_sleep(void)
{
	int active = 0;

	due_ns = NEVER;
	__atomic_store_n(&vp_control.stall_asleep, 1, __ATOMIC_SEQ_CST);
	look_at_all(&active);
	if (active)
		__atomic_store_n(&vp_control.stall_asleep, 0, __ATOMIC_RELEASE);
}

int vp_stalls_glance(uint64_t now_ns)
{
	int active = 0;
	uint64_t wait;

	if (due_ns == NEVER || now_ns >= due_ns + late_from())
		return 0;
	if (now_ns < due_ns)
		return 1;
	wait = glance_at_all(&active);
	if (!wait || wait == NEVER || (!active && now_ns >= active_ns + QUIET_NS))
		return 0;
	if (active)
		active_ns = now_ns;
	due_ns = now_ns + wait;
	return 1;
}

void vp_stalls_look(uint64_t now_ns)
{
	int woken = due_ns == NEVER && !__atomic_load_n(&vp_control.stall_asleep, __ATOMIC_ACQUIRE);
	int active = 0;
	uint64_t wait;

	if (!main_is_kept) {
		/* Before the process gives up rights, after which it could not be opened. */
		vp_doing_keep(vp_sys_pid());
		main_is_kept = 1;
	}
	if ((now_ns < due_ns && !woken) || vp_control.stall_ns == VP_STALL_NEVER)
		return;
	wait = look_at_all(&active);
	now_ns = vp_clock_mono();
	if (active || woken)
		active_ns = now_ns;
	if (now_ns >= active_ns + QUIET_NS || wait == NEVER)
		go_to_sleep();
	else
		due_ns = now_ns + wait;
}

uint64_t vp_stalls_due(void)
{
	if (due_ns == NEVER && vp_control.stall_ns != VP_STALL_NEVER &&
	    !__atomic_load_n(&vp_control.stall_asleep, __ATOMIC_ACQUIRE))
		return 0;
	return due_ns;
}

void vp_stalls_woke(uint64_t until_ns, uint64_t now_ns)
{
	if (vp_outside_woke(until_ns, now_ns, late_from()) && due_ns != NEVER)
		vp_file.header->late_looks++;
}

/* A process at its end is looked at once more, for what is under way and what has ended. */
void vp_stalls_tick(int last)
{
	uint64_t now = vp_clock_now();
	uint32_t count;
	int active = 0;

	if (vp_control.stall_ns == VP_STALL_NEVER)
		vp_loopers_update(now); /* for their pages */
	vp_file.header->loop_looks = looks;
	vp_loopers_tick();
	vp_loopers(&count);
	if (vp_control.stall_ns != VP_STALL_NEVER)
		vp_stall_rows_tick(now, count > 0);
	if (count && vp_config.stall_auto)
		vp_loopers_learn(now);
	all_is_known = last;
	if (last)
		look_at_all(&active);
	vp_hangs_tick(now);
}
