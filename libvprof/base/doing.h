/* What a thread does at this moment, by the kernel's word: /proc/TID/syscall and wchan.
 *
 * The kernel lets threads of one process look at each other; the thread looked at notices
 * nothing.  After PR_SET_DUMPABLE 0, or setuid(), only root may open the first file anew,
 * but what is open can be read: it is opened early for whom it matters. */
#ifndef VP_BASE_DOING_H
#define VP_BASE_DOING_H

#include <stddef.h>
#include <stdint.h>

enum vp_doing_what {
	VP_DOING_UNKNOWN, /* the kernel does not say, or the thread is gone */
	VP_DOING_RUNNING, /* on a CPU, or ready for one */
	VP_DOING_CALL,	  /* sleeps in a system call */
	VP_DOING_FAULT,	  /* sleeps, and not in a call: it waits for a page */
	VP_DOING_STOPPED  /* by a signal, or by a debugger */
};

struct vp_doing {
	enum vp_doing_what what;
	long number; /* of the call; -1: in none */
	uint64_t arg[6];
	uint64_t sp, pc; /* of its user code, where it is not running */
};

/* Looks.  Context of everything here: helper. */
void vp_doing_look(int tid, struct vp_doing *out);

/* Has nothing changed since?  A thread that has made the same call again meanwhile with the
 * same arguments and registers stands as it stood. */
int vp_doing_is_still(int tid, const struct vp_doing *was);

/* Keeps the file of that thread open from now on, for as long as it is one of the last
 * VP_DOING_KEPT that were asked for. */
#define VP_DOING_KEPT 64u
void vp_doing_keep(int tid);

/* The function of the kernel that it sleeps in; "" where there is none to tell.  Returns the
 * length. */
#define VP_DOING_WCHAN 64
size_t vp_doing_wchan(int tid, char name[VP_DOING_WCHAN]);

void vp_doing_open(void);  /* a new helper: nothing is open */
void vp_doing_close(void); /* closes what it kept open */

#endif
