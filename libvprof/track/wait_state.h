/* What a thread's waits have to remember: its own, and what it is charged with for those of
 * others.  For track/wait.c and its neighbours. */
#ifndef VP_TRACK_WAIT_STATE_H
#define VP_TRACK_WAIT_STATE_H

#include "ring/events.h"
#include "track/blame.h"
#include "track/wait.h"

/* Locks a thread may hold at once whose waits are not recorded yet. */
#define VP_WAIT_NOTES	    8u
#define VP_WAIT_FIRST_SLOTS 512u /* power of two */
/* Waits of a thread that are under way: one, and those of handlers that interrupt it. */
#define VP_WAITINGS 4u

/* One of them.  What is found here at the begin of a wait further out was left by a jump. */
struct vp_waiting_entry {
	uint64_t number; /* of the wait; 0: free.  Whoever makes it 0 ends the wait */
	uint64_t sp;
	struct vp_waiting waiting;
	struct vp_sleeper sleeper; /* of what nobody holds; slot NULL: it is in `waiting` */
	struct vp_lock_place lock;
};

/* The waits of one thread.  States are never given back but to later threads,
 * so that whoever ends the process may walk them without a lock. */
struct vp_waits {
	struct vp_waits *next;
	uint32_t owned;	 /* 1: by a live thread */
	uint32_t row_id; /* in THREADS */
	struct vprof_thread *row;
	struct vp_wait_note under_way, note[VP_WAIT_NOTES];
	struct vp_waiting_entry waiting[VP_WAITINGS];
	uint64_t numbers; /* of waits so far */
	/* Of the wait in under_way, whose lock the thread has got and not told of: it does when
	 * it gives the lock back.  0: none */
	uint64_t got;
	uint32_t got_entry;
	struct vp_event_writer writer;
	struct vp_blames blames;
	/* (lock, kind, node) -> row of LOCKS; open addressing, 0 is empty */
	uint32_t mask, used;
	uint32_t *slot;
	uint32_t first[VP_WAIT_FIRST_SLOTS];
};

/* The state of a thread, made at its first need; NULL without memory. */
struct vp_waits *vp_waits_of(struct vp_thread *thread);

/* --- wait.c: a lock that the thread has got after a wait, and not told of */
/* Before the lock is given back.  Returns 0 where there is no such wait for it; one for another
 * lock is told of now. */
int vp_wait_got(struct vp_waits *waits, uint64_t lock, struct vp_got *got);
/* The lock was given back at now_ns, held as `kind`. */
void vp_wait_given(struct vp_waits *waits, const struct vp_thread *thread, const struct vp_got *got,
		   uint32_t kind, uint64_t now_ns);

/* --- waiting.c: those that wait for a lock that somebody holds, in the registry of holders,
 * and those that wait to be woken, in that of wakers */
/* The wait's note is filled in; sp is where it was called. */
void vp_waiting_enter(struct vp_waits *waits, struct vp_wait *wait, uint64_t sp);
/* It is over at now_ns, or a little later: the note is told. */
void vp_waiting_leave(struct vp_waits *waits, struct vp_wait *wait, enum vp_waiting_end how,
		      uint64_t now_ns);
/* The same of what nobody holds: it was woken, or not, or, of a barrier, was the last. */
void vp_sleeping_leave(struct vp_waits *waits, struct vp_wait *wait, int woken, int last);
/* The wait that is entered under this number, to be ended by the caller; 0: it has been. */
int vp_waiting_take(struct vp_waits *waits, uint32_t entry, uint64_t number,
		    struct vp_waiting *out);
/* It was ended by its thread: the note is told. */
void vp_waiting_told(struct vp_wait_note *note, const struct vp_got *got);
/* The process ends with it. */
void vp_waiting_finish(struct vp_waits *waits, struct vp_wait_note *note);
/* Waits called below this stack pointer never came back. */
void vp_waiting_abandon(struct vp_waits *waits, uint64_t below_sp, struct vp_blames *blames);

/* --- wait_rows.c */
void vp_wait_rows_begin(struct vp_waits *waits); /* zeroed memory */
void vp_wait_rows_drop(struct vp_waits *waits);
/* Where the lock lies.  Before the wait, while it is there for sure: whoever has it may free it
 * as soon as we let it go. */
void vp_wait_find_place(struct vp_wait_note *note);
/* A wait that is over.  With another writer than the state's own it gets rows of its own. */
void vp_wait_record(struct vp_waits *waits, const struct vp_wait_note *note,
		    struct vp_event_writer *writer);

#endif
