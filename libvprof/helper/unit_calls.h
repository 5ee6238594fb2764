/* A unit's calls without the time in which others had the CPU.
 * Context: helper thread. */
#ifndef VP_HELPER_UNIT_CALLS_H
#define VP_HELPER_UNIT_CALLS_H

#include "thread/unit.h"

/* As vp_books_between() (helper/books.h). */
typedef int vp_off_between(uint32_t thread, uint64_t from_ns, uint64_t to_ns,
			   uint64_t ns[VPROF_CLASS_COUNT]);

/* Takes from each call of the note what the longest of them was preempted for: that is nobody's
 * doing in the program, and would be blamed on the function that was just called.  Of calls from
 * one place the others are left as they are. */
void vp_unit_calls_preempted(struct vp_unit_note *note, uint32_t thread, vp_off_between *between);

#endif
