/* The timeline: one row a tick; when its share of the file is full,
 * neighbours are merged and the step doubles, so that any run fits. */
#ifndef VP_RING_TIMELINE_H
#define VP_RING_TIMELINE_H

#include "vprof_format.h"

/* Adds a reading.  Context: helper thread only. */
void vp_timeline_add(const struct vprof_point *point, uint64_t tick_ns);
void vp_timeline_reset(void);

#endif
