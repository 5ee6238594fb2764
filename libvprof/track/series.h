/* Live bytes of single sites over time, for the growth verdict.
 *
 * The helper thread reads the counters that the sites have anyway: allocating
 * and freeing cost nothing more.  All sites share VPROF_SERIES_POINTS points;
 * when they are used up neighbours are merged, so that any run fits.  A merged
 * point keeps the lowest reading: leaks show in what a site never went below
 * (docs/decisions/growth.md). */
#ifndef VP_TRACK_SERIES_H
#define VP_TRACK_SERIES_H

#include <stdint.h>

/* Forgets all: fresh file.  Context: constructor or fork handler. */
int vp_series_init(void);

/* A reading when one is due.  At the `last` one the ages of the live blocks are
 * counted too.  Context: helper thread. */
void vp_series_tick(int last);

/* A mark named "iteration" was made: from the first one on readings are taken
 * at these marks instead of in time.
 * Context: any thread of the host, busy guard held, not in a signal handler. */
void vp_series_iteration(void);

#endif
