/* When descriptors were closed last: who looks later at what a descriptor is, as the helper
 * does to say what a call waited for, must not take one for another that has its number now. */
#ifndef VP_TRACK_DESCRIPTOR_H
#define VP_TRACK_DESCRIPTOR_H

#include "base/clock.h"

#include <stdint.h>

/* Descriptors with higher numbers are not followed. */
#define VP_DESCRIPTORS 65536u

extern uint64_t *vp_descriptor_closed_ns __attribute__((visibility("hidden")));
extern uint64_t vp_descriptors_closed_ns __attribute__((visibility("hidden")));

/* This one, or any, is about to be closed.  Context: any thread, any handler, a vfork child. */
static inline void vp_descriptor_closes(int fd)
{
	if (vp_descriptor_closed_ns && (unsigned)fd < VP_DESCRIPTORS)
		__atomic_store_n(&vp_descriptor_closed_ns[fd], vp_clock_now(), __ATOMIC_RELEASE);
}

static inline void vp_descriptors_close(void)
{
	__atomic_store_n(&vp_descriptors_closed_ns, vp_clock_now(), __ATOMIC_RELEASE);
}

/* 1: what the descriptor was at that time it still is.  Asked before and after a look. */
static inline int vp_descriptor_is_same(uint64_t fd, uint64_t since_ns)
{
	return vp_descriptor_closed_ns && fd < VP_DESCRIPTORS &&
	       __atomic_load_n(&vp_descriptor_closed_ns[fd], __ATOMIC_ACQUIRE) < since_ns &&
	       __atomic_load_n(&vp_descriptors_closed_ns, __ATOMIC_ACQUIRE) < since_ns;
}

int vp_descriptors_init(void); /* a fresh file: times begin anew; 0 or -ENOMEM */

#endif
