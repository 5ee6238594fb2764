/* L5  Transitions of the library's state, each written once. */
#ifndef VP_CONTROL_H
#define VP_CONTROL_H

#include "vprof_format.h"

/* Opens a file for this process and starts recording into it.  Used by the
 * constructor and by forked children.  Prints one line and leaves the process
 * unprofiled when that fails. */
void vp_start_process(int forked);

/* The process ends now, in the way given; idempotent.  Only the process that
 * owns the file does anything (a vfork child does not).  here: where the caller's
 * stack is in use; NULL when the caller runs below exit(). */
struct vp_leakscan_end;
void vp_finish_process(enum vprof_exit_kind kind, int status, struct vp_leakscan_end *here);
void vp_quick_exit_status(int status); /* remembered for the quick_exit handler */

/* Before the process restricts its system calls (seccomp): a filter may kill
 * for any call it does not list, so recording ends here. */
void vp_restrict(void);

/* After the calling thread has changed its own credentials by a system call
 * (its number and five arguments) that leaves other threads as they are.
 * glibc's setuid() family aborts a process whose threads disagree on whether a
 * change is allowed, so our helper must not keep what the main thread gave up. */
void vp_credentials_changed(const long call[6]);

/* Around exec: the file is complete before, whole again if exec failed. */
void vp_exec_begin(void);
void vp_exec_failed(void);

/* Around the real dlclose; the one returns what the other is to be given. */
int vp_dlclose_begin(void);
void vp_dlclose_done(int begun);

void vp_fork_register(void);
int vp_owns_process(void); /* not a vfork child, not unprofiled */

extern char **vp_environment;

#endif
