/* What a thread was found at: in which call or system call, at which stack, for what and
 * for whom it waits.
 * Context of everything here: helper thread. */
#ifndef VP_HELPER_SEEN_H
#define VP_HELPER_SEEN_H

#include "thread/line.h"
#include "thread/threads.h"

/* A thread as the registry has it. */
struct vp_seen_thread {
	/* Of it only the line is looked at later: it may have ended.  NULL: a thread that the
	 * library does not know. */
	const struct vp_thread *thread;
	int tid;
	uint32_t row; /* in THREADS */
	uint64_t stack_hi;
	struct vp_call_line line; /* at some moment; kind NONE also where it was being written */
	uint32_t span;		  /* row in SPANS of its innermost; 0: there is none */
	uint64_t span_since_ns;
};

struct vp_seen {
	enum vprof_dump_state state;
	int stopped; /* by a signal or a debugger */
	int guessed; /* VPROF_DUMP_GUESSED */
	int idle;    /* in the wait of its own loop */
	enum vprof_class class;
	uint32_t node;
	uint32_t call, target, wchan; /* string ids */
	uint64_t object, since_ns;
	int owner; /* tid of who keeps it waiting; 0: nobody that is known */
};

/* Fills `out` for a thread of the registry. */
void vp_seen_thread(const struct vp_thread *thread, struct vp_seen_thread *out);
/* The live one with that tid, else one that the library does not know.  Takes the registry's
 * lock. */
void vp_seen_find(int tid, struct vp_seen_thread *out);

/* Looks at what it does.  A thread on a CPU has the stack of its last sample, where that is
 * not older than from_ns. */
void vp_seen_look(const struct vp_seen_thread *who, uint64_t from_ns, struct vp_seen *out);

#endif
