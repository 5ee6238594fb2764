/* Where the test build compares every walk with libunwind's own walk of the
 * same stack (test/oracle).  Nothing of it is in the library otherwise. */
#ifndef VP_STACK_ORACLE_H
#define VP_STACK_ORACLE_H

#ifdef VPROF_ORACLE
#include "stack/regs.h"
#include "stack/view.h"

#include <stddef.h>

/* What vp_unwind made of its arguments.
 * Context: as vp_unwind. */
void vp_oracle_walk(const struct vp_regs *start, int exact, const struct vp_view *view,
		    const uint64_t *where, size_t depth);

/* What vp_capture_stack made of the calling thread's stack.
 * Context: as vp_capture_stack. */
void vp_oracle_capture(const struct vp_regs *caller, const struct vp_view *view, uint32_t node);
#else
#define vp_oracle_walk(start, exact, view, where, depth) ((void)0)
#define vp_oracle_capture(caller, view, node)		 ((void)0)
#endif

#endif
