/* The event ring: history.  A writer fills a block of its own and takes
 * the next one from the ring, which overwrites the oldest when it is full. */
#ifndef VP_RING_EVENTS_H
#define VP_RING_EVENTS_H

#include "vprof_format.h"

struct vp_event_writer {
	struct vprof_event_block *block; /* NULL: none taken yet */
	uint64_t seq;			 /* of our block: another writer may have taken it over */
	uint32_t used;			 /* events in it; the block's own count is for readers */
};

/* Appends one event.  Lost events are counted.
 * Context: the writer's one thread (or its signal handler, guard held). */
void vp_event_put(struct vp_event_writer *writer, const struct vprof_event *event);
int vp_events_init(void); /* a fresh file */
void vp_events_fork_child(void);

#endif
