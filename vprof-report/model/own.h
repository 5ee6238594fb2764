/* Which frames are the profiler's, not the program's.
 *
 * A hook stands between the program and the function it called.  Its frames
 * are hidden from every stack, so that stacks look as they do without the
 * profiler; CPU time spent in the hooks' own work is left out of the program's
 * total and reported as overhead. */
#ifndef VR_OWN_H
#define VR_OWN_H

#include <stdint.h>

#include "input/file.h"

enum {
	VR_OWN_HIDDEN = 1, /* the frame of this node belongs to the profiler */
	VR_OWN_WORK = 2,   /* time at this node was spent on profiling */
};

/* One byte of flags for each node of the file; free() it. */
uint8_t *vr_own_nodes(const struct vr_file *file);

#endif
