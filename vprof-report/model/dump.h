/* What all threads did at one moment, and who waited for whom: the last dump of a record. */
#ifndef VR_DUMP_MODEL_H
#define VR_DUMP_MODEL_H

#include "model/locks.h"
#include "model/profile.h"

struct vr_dump_thread {
	const struct vprof_dump *row;
	uint32_t waits_for; /* of vr_dumped.thread; VPROF_NONE: nobody that is known, or shown */
};

struct vr_dumped {
	uint32_t number; /* of the dump; 0: there is none */
	uint64_t t_ns;
	enum vprof_dump_why why;
	/* Those that wait for each other first, then those at work, then those that wait for
	 * something to do. */
	struct vr_dump_thread *thread;
	size_t count;
	size_t in_cycles;
};

/* Of the selected threads; vr_dumped_free() it. */
struct vr_dumped *vr_dumped_new(const struct vr_profile *profile);
void vr_dumped_free(struct vr_dumped *dumped);

/* 1: its object is a lock, or a condition, which *lock then tells all that is known of. */
int vr_dump_lock(const struct vr_profile *profile, const struct vprof_dump *row,
		 struct vr_lock *lock);
/* The same of one of row->held. */
struct vr_lock vr_dump_held(const struct vr_profile *profile, const struct vprof_dump *row,
			    uint64_t address);

/* The name of the innermost span it was in, and how long it had been; "": in none. */
const char *vr_dump_span(const struct vr_profile *profile, const struct vprof_dump *row);
uint64_t vr_dump_span_ns(const struct vprof_dump *row);

/* How long it had been in its call; 0: not known. */
uint64_t vr_dump_waited_ns(const struct vprof_dump *row);

#endif
