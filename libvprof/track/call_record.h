/* What calls are counted in: the sites of a thread, and the row of CALLS behind each. */
#ifndef VP_TRACK_CALL_RECORD_H
#define VP_TRACK_CALL_RECORD_H

#include "base/held.h"
#include "track/call.h"

/* Where a call of this kind from there, under the label in force, is looked for. */
static inline struct vp_call_site *vp_call_site_of(struct vp_thread *thread, uint64_t pc,
						   uint64_t sp, enum vp_call_kind kind)
{
	uint64_t h = (pc ^ sp >> 4 ^ (uint64_t)kind << 20 ^ (uint64_t)thread->label << 32) *
		     0x9e3779b97f4a7c15u;

	return &thread->calls.site[h >> 57];
}
_Static_assert(VP_CALL_SITES == 128, "7 bits of a hash");

/* A kind under a label, called so often at once. */
static inline uint64_t vp_call_site_what(uint32_t label, enum vp_call_kind kind, uint16_t quick)
{
	return label | (uint64_t)kind << 32 | (uint64_t)quick << 48;
}

/* ... and whether the one that is there is its. */
static inline int vp_call_is_of(const struct vp_call_site *site, const struct vp_call *call)
{
	return site->pc == call->caller->pc && site->sp == call->caller->sp &&
	       site->kind == call->kind && site->label == call->thread->label;
}

/* What its time is. */
enum vprof_class vp_call_class(const struct vp_call *call);

static inline void vp_call_count_one(struct vprof_call *row, const struct vp_call *call,
				     uint64_t amount, int failed)
{
	row->calls++;
	if (failed)
		row->failed++;
	if (call->where == VP_LOOP_INSIDE)
		row->on_loop++;
	else if (call->where == VP_LOOP_OWN)
		row->idle++;
	if (!(call->traits & VP_CALL_EVENTS))
		row->bytes += amount;
	if (__builtin_expect(vp_holds_any(), 0))
		row->under_lock++;
}

static inline void vp_call_count_time(struct vprof_call *row, const struct vp_call *call,
				      uint64_t now_ns)
{
	uint64_t ns = now_ns - call->since_ns;
	uint32_t bucket = vprof_histogram_bucket(ns, VPROF_CALL_UNIT_BITS, VPROF_CALL_SUB_BITS,
						 VPROF_CALL_BUCKETS);

	row->time_ns += ns;
	if (call->where == VP_LOOP_OWN)
		row->idle_ns += ns;
	else if (call->where == VP_LOOP_INSIDE)
		row->on_loop_ns += ns;
	if (__builtin_expect(vp_holds_any(), 0))
		row->under_lock_ns += ns;
	if (__builtin_expect(++row->histogram[bucket] == 0, 0)) {
		row->histogram[bucket]--;
		row->flags |= VPROF_CALL_SATURATED;
	}
	row->last_ns = now_ns;
}

/* The wait of a loop slept: its stack is that of the loop, and it has no event, or there would
 * be room for few others. */
void vp_call_count_own(struct vprof_call *row, const struct vp_call *call, uint64_t now_ns);

/* At a site that is new, or after a call that lasted.  Context: busy guard held. */
void vp_call_record(const struct vp_call *call, const struct vp_call_outcome *outcome,
		    uint64_t now_ns);

#endif
