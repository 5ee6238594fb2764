/* Who ended waits for conditions, semaphores, barriers and threads: the WOKEN rows of BLAME by
 * what was waited for, as model/locks.h tells these apart.
 *
 * They are of the whole run and of all threads: whoever asks for a window, a thread, a label or
 * a module gets none. */
#ifndef VR_WAKERS_H
#define VR_WAKERS_H

#include "model/locks.h"

/* One thread that woke others at one call path, or many of one name. */
struct vr_waker {
	uint32_t thread;  /* row in THREADS, of several the first; VPROF_NONE: not known */
	uint32_t threads; /* so many */
	uint32_t node;	  /* VPROF_NODE_ROOT: no path */
	uint32_t how;	  /* enum vprof_wake */
	uint64_t times;	  /* waits that it ended ... */
	uint64_t ns, max_ns;
	uint64_t late_ns; /* ... of ns, after it had woken them */
	uint64_t again;	  /* ... after which the same thread waited again at once */
	uint64_t wakes;	  /* calls of it that ended waits */
};

/* What was waited for. */
struct vr_woken {
	uint64_t address; /* as struct vr_lock has it; joins are one */
	uint32_t kind, place, site;
	uint64_t offset;
	struct vr_waker *waker; /* the largest first */
	size_t n_wakers;
	uint64_t times, ns;
	uint64_t broadcasts, woken, again; /* broadcasts, the threads they woke, and in vain */
};

struct vr_wakers {
	struct vr_woken *woken;
	struct vr_waker *waker;
	size_t n_woken;
};

struct vr_wakers *vr_wakers_new(const struct vr_profile *profile);
void vr_wakers_free(struct vr_wakers *wakers); /* NULL is fine */

/* Of a condition, semaphore, barrier, or of the threads; NULL: nothing is known. */
const struct vr_woken *vr_woken_of(const struct vr_wakers *wakers, const struct vr_lock *lock);
/* Of the one of that kind at that address. */
const struct vr_woken *vr_woken_at(const struct vr_wakers *wakers, uint32_t kind, uint64_t address);

/* Many are woken at once, and most of them for nothing. */
int vr_woken_is_herd(const struct vr_woken *woken);

#endif
