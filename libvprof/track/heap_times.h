/* Heap over time: what each site allocated and freed, reading by reading.
 *
 * The helper reads the counters that the sites have anyway and notes what they rose by, for
 * those that did: allocating costs nothing more.  When there is no room left, readings are
 * merged and the step doubles, as the timeline's does. */
#ifndef VP_TRACK_HEAP_TIMES_H
#define VP_TRACK_HEAP_TIMES_H

/* Forgets all: fresh file.  Context: constructor or fork handler. */
int vp_heap_times_init(void);

/* A reading when one is due, and the `last` one in any case.  Context: helper thread. */
void vp_heap_times_tick(int last);

#endif
