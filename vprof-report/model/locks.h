/* Waits for locks, conditions, semaphores, barriers and threads, by what was waited for and by the
 * call path that waited.
 *
 * Whole-run numbers come from the LOCKS table; a window is counted from the
 * events that are still in the ring, which are those of 1 us and longer. */
#ifndef VR_LOCKS_H
#define VR_LOCKS_H

#include "model/profile.h"

#define VR_LOCK_KINDS (VPROF_LOCK_BARRIER + 1u) /* 0: overflow row, kind unknown */

struct vr_wait_sum {
	uint64_t waits, timeouts, wait_ns, max_ns;
	uint64_t first_ns, last_ns; /* 0: no waits */
};

struct vr_lock_path {
	uint32_t node;
	struct vr_wait_sum sum;
};

/* One lock; those in blocks that one site allocated, at one place in the block, are one. */
struct vr_lock {
	uint64_t address;   /* 0: various (joins, several locks of a site, a full table) */
	uint32_t kind;	    /* enum vprof_lock_kind; a rwlock may appear twice */
	uint32_t place;	    /* enum vprof_lock_place */
	uint32_t site;	    /* VPROF_LOCK_IN_BLOCK: the stack that allocated ... */
	uint64_t offset;    /* ... and the place in the block */
	uint32_t addresses; /* of so many locks; 0: various */
	uint32_t threads;   /* that waited */
	struct vr_wait_sum sum;
	struct vr_lock_path *path; /* into vr_locks.path */
	size_t n_paths;
};

struct vr_locks {
	struct vr_lock *lock;
	struct vr_lock_path *path;
	size_t n_locks, n_paths;
	struct vr_wait_sum kind[VR_LOCK_KINDS];
	int window_cut; /* the window begins before the oldest event kept */
};

enum vr_locks_key { VR_LOCKS_WAIT, VR_LOCKS_WAITS, VR_LOCKS_MAX };

/* Counts over the selected threads, window and modules (those whose stack
 * touches one); unsorted. */
struct vr_locks *vr_locks_new(struct vr_profile *profile);
void vr_locks_free(struct vr_locks *locks);

/* Indices of the locks: mutexes and rwlocks before conditions and joins, whose waits are
 * normal; among them the largest first.  free() it. */
size_t *vr_locks_order(const struct vr_locks *locks, enum vr_locks_key key);
/* The first of them; NULL: there is none. */
const struct vr_lock *vr_locks_largest(const struct vr_locks *locks, enum vr_locks_key key);
/* Indices of a lock's paths, the largest first (free() it), and the first of them. */
size_t *vr_lock_paths_order(const struct vr_lock *lock, enum vr_locks_key key);
const struct vr_lock_path *vr_lock_largest_path(const struct vr_lock *lock, enum vr_locks_key key);

/* 1: it lies there: at that address, or in a block of that site at that place. */
int vr_lock_is_at(const struct vr_lock *lock, uint32_t place, uint32_t site, uint64_t offset,
		  uint64_t address);
/* 1: its waits are calls too, and their time is in CALLS as well: a semaphore, a barrier. */
int vr_lock_is_call(uint32_t kind);
/* 1: somebody waited because somebody else held it: a mutex or a rwlock. */
int vr_lock_is_held(uint32_t kind);
const char *vr_lock_kind_name(uint32_t kind);
/* Waits for mutexes and rwlocks together. */
struct vr_wait_sum vr_locks_held(const struct vr_locks *locks);

/* What a lock lies in. */
enum vr_lock_home {
	VR_LOCK_NOWHERE, /* various */
	VR_LOCK_STATIC,	 /* of a module: name, or NULL; module; offset in it as its file counts */
	VR_LOCK_BLOCK,	 /* of the heap: site, offset in the block */
	VR_LOCK_STACK,	 /* of a thread: its row */
	VR_LOCK_INHERITED,
	VR_LOCK_UNKNOWN
};
struct vr_lock_where {
	enum vr_lock_home home;
	const char *name, *module;
	uint64_t offset;
	uint32_t site, thread;
};
struct vr_lock_where vr_lock_where(struct vr_profile *profile, const struct vr_lock *lock);
/* "static", ...; NULL for various. */
const char *vr_lock_home_name(enum vr_lock_home home);

/* Time each thread waited for conditions and other threads, by row of THREADS,
 * over the whole run; free() it. */
uint64_t *vr_locks_idle_ns(const struct vr_file *file);

#endif
