/* Marks: moments that the program, or somebody outside, gives a name. */
#ifndef VP_TRACK_MARK_H
#define VP_TRACK_MARK_H

#include <stdint.h>

/* Counts a mark in the row of its name, and writes an event with the live
 * bytes of the heap.  At the first of a name counters are copied (track/copies.h), for
 * the first VPROF_COPIES_MAX names.
 *
 *   name        cut at VPROF_MARK_BYTES; VPROF_MARKS_MAX names have a row
 *   thread_row  in THREADS
 * Context: any thread, busy guard held; takes locks. */
void vp_mark_add(const char *name, uint32_t thread_row);
/* The same of the library's own: no counters are copied for it (track/copies.h). */
void vp_mark_note(const char *name, uint32_t thread_row);

int vp_marks_init(void); /* fresh file: no marks */

#endif
