/* Transitions of the library's state, each written once. */
#ifndef VP_CONTROL_CONTROL_H
#define VP_CONTROL_CONTROL_H

#include "vprof_format.h"

/* From the first instruction on: reads the options and starts recording, or does not.
 *   hooks   the C++ operators we could stand in for
 * errno is kept.  Context: once a process, one thread. */
struct vp_operator_hooks;
void vp_begin(char **environment, const struct vp_operator_hooks *hooks);

/* Opens a file for this process and starts recording into it.  Used by the
 * constructor and by forked children.  Prints one line and leaves the process
 * unprofiled when that fails. */
void vp_start_process(int forked);

/* The process ends now, in the way given; idempotent.  Only the process that
 * owns the file does anything (a vfork child does not).  here: where the caller's
 * stack is in use; NULL when the caller runs below exit(). */
struct vp_exit_stack;
void vp_finish_process(enum vprof_exit_kind kind, int status, struct vp_exit_stack *here);
int vp_end_begun(void);		       /* vp_finish_process() is at work, or was */
void vp_quick_exit_status(int status); /* remembered for the quick_exit handler */

/* Before the process restricts its system calls (seccomp): a filter may kill
 * for any call it does not list, so recording ends here. */
void vp_restrict(void);

/* After credentials were changed by a system call (its number and five arguments):
 * the helper, which libc does not know, makes it too, or goes.  A call that is the
 * caller's only matters where the caller is the main thread. */
enum vp_whose {
	VP_OF_CALLER, /* the bare system call */
	VP_OF_ALL,    /* libc has made it in all threads */
};
void vp_credentials_changed(const long call[6], enum vp_whose whose);
void vp_groups_changed(void); /* the caller's groups are to be the helper's */

/* Around a call that the kernel grants to processes with one thread only: the helper
 * ends before, and another one starts after.  Returns what the second is to be given,
 * VP_NOT_ALONE when there is nothing to do. */
#define VP_NOT_ALONE (-1000)
int vp_make_alone(void);
void vp_alone_no_more(int fd);

/* mlockall() of the host: locks the host's memory, not ours, and fails where the host
 * alone would.  Returns 0 or -errno. */
int vp_lock_memory(int flags);
void vp_unlock_memory(void); /* after munlockall() */
void vp_lock_memory_fork_child(void);

/* Before a thread ends by a bare system call. */
void vp_thread_exits(int status, struct vp_exit_stack *here);

/* Around exec: the file is complete before, whole again if exec failed. */
void vp_exec_begin(void);
void vp_exec_failed(void);

/* Around the real dlclose; the one returns what the other is to be given. */
int vp_dlclose_begin(void);
void vp_dlclose_done(int begun);

void vp_end_fork_child(void); /* it starts its life unfinished */

void vp_fork_register(void);
int vp_owns_process(void); /* not a vfork child, not unprofiled */

extern char **vp_environment;

#endif
