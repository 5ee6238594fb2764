/* Calls of the program's own functions: counted where the compiler has put a call of ours
 * into them, by function, by the instruction that called it, and by thread.
 *
 * Every thread has a table of its own from (function, caller) to a row of COUNTS, so a count
 * is a look-up and one increment, which no handler of a signal can come between.  What is
 * not in the table yet is added by the service (base/service.h), with signals blocked.
 *
 * Where the end of a call is told too (-finstrument-functions), the calls under way are on a
 * stack of ours, each with the stack pointer it was begun at: calls that never end (longjmp,
 * a thread cancelled amid them) are known by frames that lie deeper than the newest one. */
#ifndef VP_TRACK_COUNT_H
#define VP_TRACK_COUNT_H

#include "base/state.h"
#include "stack/modules.h"
#include "thread/threads.h"

#include <stdint.h>

/* A function of a thread, of which calls are timed. */
struct vp_counted {
	struct vprof_duration *row; /* NULL: there was no room for one */
	uint32_t newest;	    /* of the calls under way, + 1; valid if it is one of it */
	struct vp_counted *next;
};

struct vp_count_slot {
	uint64_t function, caller;
	struct vprof_count *row;
	struct vp_counted *of; /* NULL: the ends of its calls are not told */
};

struct vp_count_table {
	uint64_t mask, used;
	struct vp_count_table *older; /* kept: beneath a handler somebody may be in it */
	struct vp_count_slot slot[];  /* open addressing; no row: empty */
};

/* A call under way. */
struct vp_count_frame {
	uint64_t sp; /* of the function, as it told us */
	uint64_t function, caller;
	uint64_t begin_ns, inner_ns; /* time in timed functions that it called */
	struct vprof_count *row;
	struct vp_counted *of;
	uint32_t pc;	 /* where the function told us, the low half */
	uint32_t before; /* vp_counted.newest before this one */
};

/* A call of a function that is not in the table. */
struct vp_count_wanted {
	uint64_t function, caller;
	enum vprof_count_how how;
};

#define VP_COUNT_FRAMES	 32768u
#define VP_COUNT_PENDING 32u
struct vp_counts {
	struct vp_count_table *table;
	uint32_t gone;	/* vp_modules_gone when it was made */
	uint32_t depth; /* calls under way, in frame */
	struct vp_count_frame *frame;
	uint64_t lo, hi;  /* the thread's own stack: calls on another one are not timed */
	uint64_t deep_sp; /* calls too deep for frame: of the first ... */
	uint64_t deep;	  /* ... and how many */
	struct vp_counted *counted;
	/* Calls of functions that are not in the table, made by handlers of signals amid our
	 * own work: counted later. */
	uint32_t pending;
	struct vp_count_wanted wanted[VP_COUNT_PENDING];
};

/* A call that may be counted.
 *   function  an address in it
 *   caller    the return address of the call; 0: not known
 *   how       what told of it
 *   sp, pc    -finstrument-functions: of the call of ours: the stack pointer before it,
 *	       and where it returns to
 * Context of these: any thread, beneath handlers of signals too; errno is kept. */
struct vp_told {
	uint64_t function, caller, sp, pc;
};
void vp_count_begin(const struct vp_told *told);
void vp_count_end(const struct vp_told *told);

/* All calls under way end now. */
void vp_count_leave_all(struct vp_counts *counts, uint64_t now_ns);

/* The slot of a function that is not in the table; NULL: it is counted later, or lost. */
const struct vp_count_slot *vp_count_slow(uint64_t function, uint64_t caller,
					  enum vprof_count_how how);

/* A row without calls, of no thread: the function can be counted.  Context: service. */
void vp_counts_place(uint64_t function, enum vprof_count_how how);

void vp_counts_thread_end(struct vp_thread *thread);
void vp_counts_finish(int ending);

static inline int vp_count_on(void)
{
	return vp_control.counts && !vp_control.paused;
}

static inline uint64_t vp_count_hash(uint64_t function, uint64_t caller)
{
	return ((function << 27 | function >> 37) ^ caller) * 0x9e3779b97f4a7c15u >> 32;
}

/* The calling thread's; NULL: it has none, or it is out of date. */
static inline struct vp_counts *vp_count_mine(void)
{
	const struct vp_thread *thread = vp_tls.self;
	struct vp_counts *counts;

	if (__builtin_expect(thread <= VP_TLS_ENDED, 0))
		return NULL;
	counts = thread->slot[VP_SLOT_COUNTS];
	if (__builtin_expect(!counts || counts->gone != vp_modules_gone, 0))
		return NULL;
	return counts;
}

/* NULL: it is not there. */
static inline struct vp_count_slot *vp_count_find(struct vp_count_table *table, uint64_t function,
						  uint64_t caller)
{
	uint64_t at = vp_count_hash(function, caller);
	struct vp_count_slot *slot = &table->slot[at & table->mask];

	while (__builtin_expect(slot->function != function || slot->caller != caller, 0)) {
		if (!slot->row)
			return NULL;
		slot = &table->slot[++at & table->mask];
	}
	return slot->row ? slot : NULL;
}

/* One instruction: a handler's count comes before or after it. */
static inline void vp_count_add(uint64_t *count)
{
	__asm__("incq %0" : "+m"(*count));
}

#endif
