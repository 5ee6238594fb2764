/* System calls under a filter that may kill.
 *
 * A seccomp filter may end the process for a call that it does not list, and no
 * process can ask what its filter would do.  Where one stands, every call of ours
 * that a plain C program would not make is made once by a child that nobody knows
 * of; those that it dies of are never made again: vp_sys answers -ENOSYS for them. */
#ifndef VP_BASE_TRIAL_H
#define VP_BASE_TRIAL_H

/* Tries them, if a filter stands or if that cannot be known.  Returns 0, or -EPERM
 * when a call is deadly without which nothing can be recorded.
 * Context: the start of the process, before any other call of ours but reading a
 * file; inherited by forked children, tried anew after exec. */
int vp_trial_run(void);

/* A child with its own copy of the memory and of the descriptors, which the host
 * does not hear of: no exit signal, so wait() does not see it, and not traced.
 * Returns its pid, 0 in the child, or -errno. */
long vp_trial_fork(void);

#endif
