/* The helper: drains the perf ring, reads /proc, aligns the clock.
 *
 * A task that libc does not know (base/task.h).  Its descriptor table is its own, so
 * nothing it opens can be seen, closed or inherited by the host, and it holds none of
 * the host's files open.  All signals are blocked in it. */
#ifndef VP_HELPER_HELPER_H
#define VP_HELPER_HELPER_H

#include "vprof_format.h"

#include <stdint.h>

/* Starts the helper; it takes over file_fd.  Returns 0 or -errno (profiling
 * then goes on without a timeline and without the perf engine). */
int vp_helper_start(int file_fd);

/* A last round (drain, thread times, timeline row), then, when asked, the file
 * is cut to what was used.  Waits at most two seconds.
 * Context: any thread of the host. */
void vp_helper_finish(int cut);

/* After a failed exec: the file is whole again and recording goes on. */
void vp_helper_resume(void);

/* One drain now, e.g. before an object is unloaded; bounded wait. */
void vp_helper_drain(void);

/* The end of the process: the search for pointers to blocks (leak/search.h;
 * NULL: none), then the last round, and the file is cut.  The helper makes the
 * search, because it has files of its own; without one the caller does.  Returns
 * when all is in the file, or time is over.
 * Context: the thread that ends the process, busy guard held. */
struct vp_exit_stack;
void vp_helper_end(const struct vp_exit_stack *end);

/* Begins a search in a running process, for vprof_leak_scan().
 * Returns 0 when the snapshot is taken: the host goes on, and within seconds
 * header.scan_count has risen and scan_state is COMPLETE or FAILED (scan_note
 * says why).  -EBUSY: one is under way; -EOPNOTSUPP: not with these options
 * (heap= other than exact, leakscan=off, system calls restricted); -ESRCH: no
 * helper thread; or another -errno when no snapshot could be taken.
 * Context: any thread of the host, busy guard held. */
int vp_helper_scan(void);

/* Threads of the process besides the helper that have not ended, or -1. */
int vp_helper_count_tasks(void);

/* The helper makes a system call too: its number and five arguments.  For those
 * that change what one thread may do.  Returns what the call did there, -ESRCH without
 * a helper, -ETIME when it did not answer.  Context: any thread of the host. */
int vp_helper_repeat(const long call[6]);

/* The helper calls fn(arg), for what needs a descriptor for a moment; arg must stay even
 * where it does not answer.  Returns what fn returned, -ESRCH without a helper, -ETIME. */
int vp_helper_call(int (*fn)(void *arg), void *arg);

/* Ends the helper.  Returns 0 when no task of ours is left in the process, else -ETIME. */
int vp_helper_stop(void);

/* A descriptor, in the caller's table, of the file the helper writes: to start another
 * helper with.  Or -errno. */
int vp_helper_file(void);

void vp_helper_fork_child(void); /* there is no helper here yet */
int vp_helper_running(void);

#endif
