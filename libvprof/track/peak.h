/* L3  Live bytes of the process and their highest point.
 *
 * A new maximum starts a new epoch.  A site stores what it held at the peak
 * only when it changes for the first time in a new epoch, so the heap at the
 * peak is known exactly, by site, without a log. */
#ifndef VP_PEAK_H
#define VP_PEAK_H

#include "vprof_format.h"

#include <stdint.h>

/* Before any change of the site's counters. */
void vp_peak_note(struct vprof_site *site);
/* After the site's counters were changed by an allocation or free. */
void vp_peak_grow(uint64_t bytes);
void vp_peak_shrink(uint64_t bytes);

#endif
