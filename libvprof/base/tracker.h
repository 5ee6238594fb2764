/* What a tracker is: something that follows one matter (the heap, waits, labels, ...)
 * through the life of a process, and has its own sections in the file.
 *
 * control/trackers.c has the one table of them.  The folders below it, where the moments
 * of a process's life are noticed, go through that table by the functions here, so that
 * none of them names a tracker. */
#ifndef VP_BASE_TRACKER_H
#define VP_BASE_TRACKER_H

#include "vprof_format.h"

#include <stddef.h>
#include <stdint.h>

struct vp_thread;

/* A section of the file, and how much of the file it may take. */
struct vp_tracker_section {
	enum vprof_section_kind kind;
	uint32_t row_bytes;    /* 0: no section */
	uint32_t sixteenths;   /* of the file's extents; at least one extent */
	uint32_t extents_most; /* 0: as many as that */
};

#define VP_TRACKER_SECTIONS 3

/* Everything may be left out. */
struct vp_tracker {
	const char *name;
	struct vp_tracker_section section[VP_TRACKER_SECTIONS];
	/* A fresh file, of the process or of a forked child: forgets all, and writes row 0
	 * of its sections.  Returns 0 or -errno.  Context: one thread, busy guard held. */
	int (*init)(void);
	/* In a forked child, before init and before there is a file: lets go of what
	 * threads of the parent had hold of.  Context: as above, service held. */
	void (*fork_child)(void);
	/* A thread has got its state, or is about to lose it.
	 * Context: the thread itself, busy guard held. */
	void (*thread_start)(struct vp_thread *thread);
	void (*thread_end)(struct vp_thread *thread);
	/* One round of the helper; last: the process ends or execs.  Context: helper. */
	void (*tick)(int last);
	/* Recording ends: the process does (1), or executes another program (0).
	 * Context: the thread that does it, busy guard held. */
	void (*finish)(int ending);
};

/* The table is given once, before anything else here is called. */
void vp_trackers_use(const struct vp_tracker *table, uint32_t count);
const struct vp_tracker *vp_trackers(uint32_t *count);

int vp_trackers_init(void); /* 0, or the first -errno: the rest is not asked then */
void vp_trackers_fork_child(void);
void vp_trackers_thread_start(struct vp_thread *thread);
void vp_trackers_thread_end(struct vp_thread *thread);
void vp_trackers_tick(int last);
void vp_trackers_finish(int ending);

#endif
