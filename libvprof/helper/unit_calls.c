#include "helper/unit_calls.h"
#include "base/amount.h"

#define US 1000u

void vp_unit_calls_preempted(struct vp_unit_note *note, uint32_t thread, vp_off_between *between)
{
	for (uint32_t i = 0; i < note->calls; i++) {
		struct vp_unit_note_call *call = &note->call[i];
		uint64_t off[VPROF_CLASS_COUNT] = {0};
		uint64_t from_ns = note->begin_ns + (uint64_t)call->from_us * US;
		uint64_t to_ns = note->begin_ns + (uint64_t)call->to_us * US;

		if (to_ns > from_ns && between(thread, from_ns, vp_least(to_ns, note->end_ns), off))
			call->ns = vp_less(call->ns, off[VPROF_CLASS_PREEMPTED]);
	}
}
