/* Calls that lasted while the thread held a lock. */
#ifndef VP_TRACK_UNDER_H
#define VP_TRACK_UNDER_H

#include "base/held.h"
#include "thread/threads.h"
#include "track/call.h"

/* The call is over, and lasted; its caller's stack is `node`.  A wait for a condition is no
 * reason for others to wait for the one lock that it lets go. */
static inline void vp_under_call(const struct vp_call *call, uint32_t node, uint64_t now_ns)
{
	if (__builtin_expect(call->kind == VP_CALL_COND ? vp_holds_others() : vp_holds_any(), 0))
		vp_under_put(&call->thread->under,
			     (struct vp_under_call){.begin_ns = call->since_ns,
						    .end_ns = now_ns,
						    .object = call->object,
						    .node = node,
						    .kind = call->kind});
}

#endif
