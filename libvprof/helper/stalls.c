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
#include "thread/stall.h"

#define MS     1000000ull
#define SECOND (1000 * MS)
#define NEVER  (~0ull)

/* Nothing is looked at more often: more would cost too much of a CPU. */
#define STEP_LEAST_NS MS
/* Loops that did nothing for so long wake the helper when they do something again. */
#define QUIET_NS SECOND
/* Sleep that was longer than it should have been by so much is worth a look why. */
#define LATE_NS	      (10 * MS)
#define STUCK_STEP_NS (100 * MS)

static uint64_t due_ns = NEVER; /* CLOCK_MONOTONIC, as what follows */
static uint64_t active_ns;	/* a loop was last seen to do something */
static int main_is_kept;

int vp_stalls_init(void)
{
	active_ns = 0;
	main_is_kept = 0;
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

	vp_stall_limit_ns = vp_config.stall_ns ? vp_config.stall_ns : VP_STALL_NEVER;
	header->stall_ns = vp_config.stall_ns;
	header->stall_auto = vp_config.stall_auto != 0;
	header->hang_ns = vp_config.hang_ns;
	/* Where nothing is a stall, no loop is to wake the helper. */
	due_ns = NEVER;
	vp_stall_asleep = vp_config.stall_ns != 0;
	vp_loopers_unlearn();
}

/* ---- one of them ------------------------------------------------------------ */

static void take_notes(struct vp_looper *one, const struct vp_seen_thread *who)
{
	const struct vp_stalls *stalls = &one->thread->stalls;
	uint64_t noted = __atomic_load_n(&stalls->noted, __ATOMIC_ACQUIRE);

	if (noted - one->taken > VP_STALL_NOTES)
		one->taken = noted - VP_STALL_NOTES;
	while (one->taken < noted) {
		struct vp_stall_note note = stalls->note[one->taken++ % VP_STALL_NOTES];

		vp_stall_row_end(&one->open, who, vp_looper_limit(one), &note);
	}
}

static void begin(struct vp_looper *one, uint64_t begin_ns, uint64_t now_ns)
{
	struct vp_stall_open *open = &one->open;

	vp_stall_row_drop(open);
	*open = (struct vp_stall_open){.begin_ns = begin_ns, .loop = VPROF_NONE};
	open->next_ns = begin_ns + vp_looper_limit(one);
	open->base_ns = now_ns;
	open->base_cpu_ns = open->cpu_ns = vp_stall_counts(one->tid, NULL);
	/* As of the last tick: what it waited for a CPU since then is more. */
	open->base_delay_ns = open->delay_ns = one->thread->row->run_delay_ns;
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

/* Returns when it is to be looked at next, by vp_clock_now(); NEVER: it is in no iteration. */
static uint64_t look_at(struct vp_looper *one, const struct vp_seen_thread *who, uint64_t now_ns)
{
	uint64_t begin_ns = who->line.iteration_ns;

	take_notes(one, who);
	if (vp_looper_limit(one) == VP_STALL_NEVER || !begin_ns || begin_ns > now_ns) {
		vp_stall_row_drop(&one->open);
		return NEVER;
	}
	if (one->open.begin_ns != begin_ns)
		begin(one, begin_ns, now_ns);
	if (now_ns >= one->open.next_ns)
		look_at_stall(one, who, now_ns);
	return one->open.next_ns > now_ns ? one->open.next_ns : now_ns;
}

/* ---- all of them ------------------------------------------------------------ */

static uint64_t step_of(uint64_t limit)
{
	return limit > STEP_LEAST_NS ? limit : STEP_LEAST_NS;
}

/* One that is stuck is looked at less often. */
static uint64_t step_for(const struct vp_looper *one, uint64_t now_ns)
{
	const struct vp_stall_open *open = &one->open;

	if (open->has_row && now_ns - open->begin_ns > SECOND)
		return STUCK_STEP_NS;
	return step_of(vp_looper_limit(one));
}

/* Looks at every thread that has a loop.  Returns how long it may be until the next time, and
 * in *active whether any did something since. */
static uint64_t look_at_all(int *active)
{
	uint64_t now = vp_clock_now(), wait = NEVER, next, step;
	struct vp_seen_thread who;
	struct vp_looper *one;
	uint32_t count;

	vp_loopers_update(now);
	one = vp_loopers(&count);
	for (; count; count--, one++) {
		if (!vp_looper_lives(one))
			continue;
		vp_seen_thread(one->thread, &who);
		next = look_at(one, &who, now);
		*active |= next != NEVER || one->sequence != who.line.sequence;
		one->sequence = who.line.sequence;
		step = step_for(one, now);
		next = next == NEVER || next - now > step ? step : next - now;
		wait = next < wait ? next : wait;
	}
	vp_file.header->loop_looks++;
	return wait == NEVER ? NEVER : step_of(wait);
}

/* Loops that begin an iteration after this wake the helper; of those that did before it is seen
 * here, or they see the word. */
static void go_to_sleep(void)
{
	int active = 0;

	due_ns = NEVER;
	__atomic_store_n(&vp_stall_asleep, 1, __ATOMIC_SEQ_CST);
	look_at_all(&active);
	if (active)
		__atomic_store_n(&vp_stall_asleep, 0, __ATOMIC_RELEASE);
}

void vp_stalls_look(uint64_t now_ns)
{
	int woken = due_ns == NEVER && !__atomic_load_n(&vp_stall_asleep, __ATOMIC_ACQUIRE);
	int active = 0;
	uint64_t wait;

	if (!main_is_kept) {
		/* Before the process gives up rights, after which it could not be opened. */
		vp_doing_keep(vp_sys_pid());
		main_is_kept = 1;
	}
	if ((now_ns < due_ns && !woken) || vp_stall_limit_ns == VP_STALL_NEVER)
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
	if (due_ns == NEVER && vp_stall_limit_ns != VP_STALL_NEVER &&
	    !__atomic_load_n(&vp_stall_asleep, __ATOMIC_ACQUIRE))
		return 0;
	return due_ns;
}

void vp_stalls_woke(uint64_t until_ns, uint64_t now_ns)
{
	uint64_t least = due_ns == NEVER ? LATE_NS : step_of(vp_stall_limit_ns) / 2;

	if (vp_outside_woke(until_ns, now_ns, least < LATE_NS ? least : LATE_NS) && due_ns != NEVER)
		vp_file.header->late_looks++;
}

/* A process at its end is looked at once more, for what is under way and what has ended. */
void vp_stalls_tick(int last)
{
	uint64_t now = vp_clock_now();
	uint32_t count;
	int active = 0;

	if (vp_stall_limit_ns == VP_STALL_NEVER)
		vp_loopers_update(now); /* for their pages */
	vp_loopers(&count);
	if (count) {
		vp_stall_rows_tick(now);
		if (vp_config.stall_auto)
			vp_loopers_learn(now);
	}
	if (last)
		look_at_all(&active);
	vp_hangs_tick(now);
}
