/* What a thread writes of itself into its row of THREADS. */
#ifndef VP_THREAD_ROW_H
#define VP_THREAD_ROW_H

#include "thread/threads.h"

/* Name and start function.  Context: service. */
void vp_thread_row_name(struct vprof_thread *row);
void vp_thread_row_start(struct vprof_thread *row, uint64_t routine, uint64_t argument);

/* Its stack, once that is known.  Context: the thread itself. */
void vp_thread_row_stack(const struct vp_thread *thread);

/* CPU time, switches, name, end; then the helper may settle the row.
 * Context: the thread itself. */
void vp_thread_row_end(struct vprof_thread *row);

#endif
