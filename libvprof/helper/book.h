/* The book of one thread: what helper/books.c does with its times off the CPU. */
#ifndef VP_HELPER_BOOK_H
#define VP_HELPER_BOOK_H

#include "helper/recent.h"
#include "thread/lasted.h"
#include "vprof_format.h"

#include <stdint.h>

/* A time off the CPU, of our clock. */
struct vp_off {
	uint64_t begin_ns, end_ns;
	uint8_t preempted, guessed, goes_on, fault, half, gap, begins, ends;
	uint64_t ran_ns,
	    delay_ns; /* of a gap: CPU time and run delay; where it begins or ends: so far */
};

/* What lies between a thread's start, or the end of a pause, and the next pause: a period in
 * which it was watched.  Without records of switches, calls and the run delay are all there
 * is to tell where it was: the rough part of the period. */
struct vp_book_window {
	int open;
	uint64_t from_ns, cpu_ns;	     /* CPU time at its begin */
	uint64_t rough_ns, rough_cpu_ns;     /* the rough part under way began; 0: switches tell */
	uint64_t rough_delay_ns;	     /* run delay, then */
	uint64_t called_ns[VP_CALL_CLASSES]; /* in calls, then */
	uint64_t called[VP_CALL_CLASSES];
};

struct vp_book {
	struct vprof_book sum; /* what is settled */
	uint32_t row;	       /* in BOOKS; VPROF_NONE: not yet */
	struct vp_book_window window;
	uint64_t until_ns;
	int exact;		    /* switches are recorded */
	uint64_t cpu_ns, read_ns;   /* CPU time when it was last read */
	uint64_t off_since_read_ns; /* off the CPU after that */
	uint64_t back_ns;	    /* it came back to a CPU last */
	uint64_t going_ns;	    /* of the time off the CPU that goes on, so far ... */
	uint64_t going_class_ns;    /* ... and of that the last, in one class */
	uint32_t going_class;
	uint64_t called_ns[VP_CALL_CLASSES], called[VP_CALL_CLASSES]; /* in calls, at the tick */
	/* From blocked to idle: so far, what the thread told, and when that was heard. */
	uint64_t moved, moved_ns;
	uint64_t told, told_ns, told_at_ns;
	struct vp_recent *recent; /* NULL: nobody asks */
	/* Off the CPU in no call: if a page is there next, that was it. */
	uint64_t open_ns, open_times, open_longest_ns, open_begin_ns, open_end_ns;
};

/* Adds a time off the CPU.  seen: calls of the thread; NULL: it makes none that we see. */
void vp_book_add(struct vp_book *book, const struct vp_off *off, const struct vp_lasted_seen *seen);

/* Calls that were taken for blocked ones may have turned out to be the waits of a loop: that
 * is put right as soon as they all are in the book.
 *   now_ns     `seen` was read before
 *   all_in_ns  all times off the CPU up to this are in the book */
void vp_book_move(struct vp_book *book, const struct vp_lasted_seen *seen, uint64_t now_ns,
		  uint64_t all_in_ns);

/* What a rough part that ends at t_ns comes to.
 *   seen      as above; only its sums and its line count
 *   delay_ns  the thread's run delay; 0: not known */
struct vp_rough {
	uint64_t ns[VPROF_CLASS_COUNT], times[VPROF_CLASS_COUNT];
};
void vp_book_rough(struct vp_book *book, uint64_t t_ns, uint64_t cpu_ns, uint64_t delay_ns,
		   const struct vp_lasted_seen *seen, struct vp_rough *out);

/* Begins a rough part; seen NULL: no call was made since the last vp_book_rough(). */
void vp_book_begin_rough(struct vp_book *book, uint64_t t_ns, uint64_t cpu_ns, uint64_t delay_ns,
			 const struct vp_lasted_seen *seen);
/* Switches are not recorded any more. */
void vp_book_end_exact(struct vp_book *book, const struct vp_off *ends,
		       const struct vp_lasted_seen *seen);

#endif
