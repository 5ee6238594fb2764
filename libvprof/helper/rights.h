/* The helper's rights are those of the host's main thread.
 *
 * libc makes a call of the setuid() family in all threads it knows, and the helper is
 * none of them.  A task that stays root in a process that gave up root is a way back,
 * so the helper follows each call (helper/helper.h, vp_helper_repeat), and ends where it finds
 * that it has not been told: the host may make system calls past libc. */
#ifndef VP_HELPER_RIGHTS_H
#define VP_HELPER_RIGHTS_H

void vp_rights_begin(void); /* a new helper: nothing is open */
void vp_rights_close(void);

/* Context of both: the helper, which is to end where they return 1; the record says why. */
/* Are its rights others than the main thread's: user and group numbers, groups, capabilities,
 * no_new_privs, seccomp?  0 also where /proc does not say. */
int vp_rights_are_others(void);
/* Has a filter come past the hooks?  Then all recording has ended. */
int vp_rights_are_filtered(void);

#endif
