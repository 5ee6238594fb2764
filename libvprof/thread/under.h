/* What a thread waited for while it held a lock, the last few times: the reason why others
 * had to wait for that lock so long. */
#ifndef VP_THREAD_UNDER_H
#define VP_THREAD_UNDER_H

#include <stdint.h>

#define VP_UNDER_KEPT 16u /* power of two */

struct vp_under_call {
	uint64_t begin_ns, end_ns, object;
	uint32_t node; /* the caller's stack */
	uint32_t kind; /* enum vp_call_kind */
};

/* Of one thread, which alone reads and writes it. */
struct vp_under {
	uint32_t count; /* number n lies in call[n % VP_UNDER_KEPT] */
	struct vp_under_call call[VP_UNDER_KEPT];
};

static inline void vp_under_put(struct vp_under *under, struct vp_under_call call)
{
	under->call[under->count++ % VP_UNDER_KEPT] = call;
}

#endif
