/* Calls of which the end is told, too: how long they lasted. */
#include "base/clock.h"
#include "base/sys.h"
#include "track/count.h"

/* 1: its own stack, which is the one whose frames tell what is over. */
static int on_own_stack(const struct vp_counts *counts, uint64_t sp)
{
	return sp >= counts->lo && sp <= counts->hi;
}

static struct vp_count_frame *newest(struct vp_counts *counts)
{
	return &counts->frame[counts->depth - 1];
}

/* The newest call of the function that is under way; 0: none is. */
static uint32_t under_way(const struct vp_counts *counts, const struct vp_counted *of)
{
	uint32_t at = of->newest;

	return at && at <= counts->depth && counts->frame[at - 1].of == of ? at : 0;
}

/* It will never end: it was jumped out of. */
static void abandon(struct vp_counts *counts)
{
	struct vp_count_frame *frame = newest(counts);

	frame->of->newest = frame->before;
	counts->depth--;
}

static void note_duration(struct vprof_duration *row, uint64_t ns)
{
	row->calls++;
	row->time_ns += ns;
	if (ns > row->max_ns)
		row->max_ns = ns;
	row->histogram[vprof_histogram_bucket(ns, VPROF_DURATION_UNIT_BITS, VPROF_DURATION_SUB_BITS,
					      VPROF_DURATION_BUCKETS)]++;
}

static void end_newest(struct vp_counts *counts, uint64_t now_ns)
{
	struct vp_count_frame frame = *newest(counts);
	uint64_t ns = now_ns > frame.begin_ns ? now_ns - frame.begin_ns : 0;

	counts->depth--;
	frame.of->newest = frame.before;
	if (counts->depth)
		newest(counts)->inner_ns += ns;
	frame.row->self_ns += ns > frame.inner_ns ? ns - frame.inner_ns : 0;
	if (!under_way(counts, frame.of))
		frame.row->time_ns += ns;
	if (frame.of->row)
		note_duration(frame.of->row, ns);
}

/* Calls whose frames cannot be there any more, as a newer one lies where they lay.  What is
 * inlined shares the frame of its caller, and calls us from another place. */
static void drop_dead(struct vp_counts *counts, const struct vp_told *told)
{
	while (counts->depth) {
		const struct vp_count_frame *frame = newest(counts);

		if (frame->sp > told->sp ||
		    (frame->sp == told->sp && frame->pc != (uint32_t)told->pc &&
		     frame->caller == told->caller))
			return;
		abandon(counts);
	}
}

/* 1: the call is one of those too deep for us. */
static int is_deep(struct vp_counts *counts, uint64_t sp)
{
	if (counts->deep && sp > counts->deep_sp)
		counts->deep = 0;
	return counts->deep != 0;
}

/* A handler of a signal that comes between finds a stack that is whole, and leaves it as it
 * was; what it may have written into the frame above is written again. */
static void push(struct vp_counts *counts, const struct vp_count_slot *slot,
		 const struct vp_told *told)
{
	struct vp_count_frame *frame = &counts->frame[counts->depth];
	const struct vp_count_frame fresh = {
	    .sp = told->sp,
	    .function = told->function,
	    .caller = told->caller,
	    .row = slot->row,
	    .of = slot->of,
	    .pc = (uint32_t)told->pc,
	    .before = under_way(counts, slot->of),
	};

	*frame = fresh;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	counts->depth++;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	*frame = fresh;
	slot->of->newest = (uint32_t)(frame - counts->frame) + 1;
	if (fresh.before)
		slot->row->recursive++;
	frame->begin_ns = vp_clock_now();
}

static int have_frames(struct vp_counts *counts)
{
	if (!counts->frame)
		counts->frame = vp_sys_map(VP_COUNT_FRAMES * sizeof(*counts->frame));
	return counts->frame != NULL;
}

void vp_count_begin(const struct vp_told *told)
{
	struct vp_counts *counts = vp_count_mine();
	const struct vp_count_slot *slot;

	slot = counts ? vp_count_find(counts->table, told->function, told->caller) : NULL;
	if (__builtin_expect(!slot, 0)) {
		slot = vp_count_slow(told->function, told->caller, VPROF_COUNT_INSTRUMENT);
		if (!slot)
			return;
		counts = vp_count_mine();
	}
	vp_count_add(&slot->row->calls);
	if (!slot->of || !counts)
		return;
	if (!on_own_stack(counts, told->sp) || !have_frames(counts))
		return;
	drop_dead(counts, told);
	if (is_deep(counts, told->sp) || counts->depth == VP_COUNT_FRAMES) {
		if (!counts->deep++)
			counts->deep_sp = told->sp;
		if (under_way(counts, slot->of))
			slot->row->recursive++;
		return;
	}
	push(counts, slot, told);
}

/* Where there is no such call, its begin was not seen. */
#define LOOK_BACK 64u

static uint32_t find_frame(const struct vp_counts *counts, const struct vp_told *told,
			   uint32_t least)
{
	for (uint32_t at = counts->depth; at > least; at--) {
		const struct vp_count_frame *frame = &counts->frame[at - 1];

		if (frame->function == told->function && frame->caller == told->caller)
			return at;
	}
	return 0;
}

/* The call of ours was the function's last deed, a jump: its frame is gone, and all that lie
 * deeper than its caller's stack pointer belong to it. */
static uint32_t find_left(const struct vp_counts *counts, const struct vp_told *told)
{
	uint32_t at = counts->depth, found = 0;

	for (; at && counts->frame[at - 1].sp < told->sp; at--)
		if (counts->frame[at - 1].function == told->function)
			found = at;
	return found;
}

void vp_count_end(const struct vp_told *told)
{
	struct vp_counts *counts = vp_count_mine();
	uint32_t at;

	if (!counts || !counts->frame || !on_own_stack(counts, told->sp))
		return;
	if (is_deep(counts, told->sp)) {
		counts->deep--;
		return;
	}
	if (told->pc == told->caller) {
		at = find_left(counts, told);
	} else {
		while (counts->depth && newest(counts)->sp < told->sp)
			abandon(counts);
		at = find_frame(counts, told,
				counts->depth > LOOK_BACK ? counts->depth - LOOK_BACK : 0);
	}
	if (!at)
		return;
	while (counts->depth > at)
		abandon(counts);
	end_newest(counts, vp_clock_now());
}

void vp_count_leave_all(struct vp_counts *counts, uint64_t now_ns)
{
	while (counts->depth)
		end_newest(counts, now_ns);
}
