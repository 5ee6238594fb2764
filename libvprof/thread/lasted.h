/* Calls that lasted, as the helper reads them from a thread that goes on: what the thread's
 * times off the CPU are compared with (helper/books.c). */
#ifndef VP_THREAD_LASTED_H
#define VP_THREAD_LASTED_H

#include "thread/threads.h"

/* The calls of one thread, up to now. */
struct vp_lasted_seen {
	uint32_t thread;	  /* row in THREADS */
	uint32_t count;		  /* of them, in the order of their ends */
	uint64_t from_ns;	  /* of calls that ended before, some are not among them */
	struct vp_call_line line; /* the call under way; kind VP_CALL_NONE: in none */
	uint64_t ns[VP_CALL_CLASSES], times[VP_CALL_CLASSES]; /* of all its calls */
	uint64_t moved, moved_ns; /* of blocked ones: they were idle (struct vp_loops) */
	struct vp_lasted_call call[VP_LASTED];
};

/* Reads those that ended at since_ns or later.  Context: helper, the registry's lock held
 * (vp_threads_each): the thread stays. */
void vp_lasted_read(const struct vp_thread *thread, uint64_t since_ns, struct vp_lasted_seen *out);

/* The same of a thread that has ended.  Returns 0: it is not kept, or not any more. */
int vp_lasted_departed(uint32_t thread, struct vp_lasted_seen *out);

/* A thread ends: keeps its latest calls for the helper.
 * Context: the thread itself, busy guard held. */
void vp_lasted_thread_end(struct vp_thread *thread);
int vp_lasted_init(void); /* a fresh file */

#endif
