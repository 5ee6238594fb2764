/* What every thread does now: stack, call, what it waits for and who has that, and whether
 * they wait for each other.  Into the record, never anywhere else.
 * Context of everything here: helper thread. */
#ifndef VP_HELPER_DUMP_H
#define VP_HELPER_DUMP_H

#include "vprof_format.h"

/* Writes the rows of a dump; header.dumps is its number when it is complete.
 * Returns 0, or -ENOMEM, -ENOSPC where there is no room for it. */
int vp_dump_take(enum vprof_dump_why why);

/* Of the last dump: does this thread, a row of THREADS, wait for itself in the end? */
int vp_dump_is_deadlocked(uint32_t thread);

void vp_dump_init(void);  /* a fresh file */
void vp_dump_close(void); /* gives its memory back */

#endif
