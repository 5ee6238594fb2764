/* The times off the CPU that a thread had last, by class: what an iteration of its loop that
 * took too long went into.  Kept of threads with a loop only.
 * Context: helper thread. */
#ifndef VP_HELPER_RECENT_H
#define VP_HELPER_RECENT_H

#include "vprof_format.h"

#include <stdint.h>

#define VP_RECENT 2048u /* power of two */

struct vp_recent {
	uint64_t head;	  /* so many were put; number n lies in off[n % VP_RECENT] */
	uint64_t from_ns; /* kept since then */
	struct {
		uint64_t begin_ns;
		uint64_t end; /* nanoseconds << 4 | enum vprof_class */
	} off[VP_RECENT];
};

void vp_recent_put(struct vp_recent *recent, uint64_t begin_ns, uint64_t end_ns, uint32_t class);

/* The last ones, that nothing was known of, since that time: they were page faults. */
void vp_recent_faults(struct vp_recent *recent, uint64_t since_ns);

/* Adds the parts within [from, to) to ns[], by class.  Returns 0 where some are not kept. */
int vp_recent_between(const struct vp_recent *recent, uint64_t from_ns, uint64_t to_ns,
		      uint64_t ns[VPROF_CLASS_COUNT]);

#endif
