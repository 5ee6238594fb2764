/* What each thread's time went into: a row of BOOKS.
 *
 * On a CPU is what the kernel's clock says; off it is what records of context switches say
 * (sample/perf_off.c), each time by itself.  No class is what is left of others: what nobody
 * told remains.  A pause is in no book: they close before it, and go on after it.
 * Context: helper thread, unless said otherwise. */
#ifndef VP_HELPER_BOOKS_H
#define VP_HELPER_BOOKS_H

#include "sample/engines.h"
#include "vprof_format.h"

#include <stdint.h>

int vp_books_init(void); /* forgets all: fresh file */

/* A thread's CPU time was read.
 *   cpu_ns  as its row tells it, with that of pauses */
void vp_books_read(uint32_t thread, uint64_t cpu_ns, uint64_t t_ns);

/* A time off the CPU: vp_perf_off_sink. */
void vp_books_off(const struct vp_perf_off *off);

/* After a drain: compares such times with the calls of their threads, before those go. */
void vp_books_join(void);
/* After a drain, when all threads were read: writes the rows. */
void vp_books_tick(int last);
/* A pause is about to begin; or is over, and all threads were read. */
void vp_books_pause(int on);
/* From now on somebody asks what this thread's iterations went into. */
void vp_books_watch(uint32_t thread);
/* Adds to ns[], by class, what of [from, to) a thread was off the CPU.  Returns 0 where that is
 * not known exactly. */
int vp_books_between(uint32_t thread, uint64_t from_ns, uint64_t to_ns,
		     uint64_t ns[VPROF_CLASS_COUNT]);
/* The program has done what it does: later ticks change nothing. */
void vp_books_end(void);

#endif
