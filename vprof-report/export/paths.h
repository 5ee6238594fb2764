/* The call tree of a dump: stacks by function instead of by address, inlined
 * functions as frames of their own; and what follows from it for functions
 * and for pairs of caller and callee. */
#ifndef VR_PATHS_H
#define VR_PATHS_H

#include "base/map.h"
#include "export/dump.h"

struct vr_path {
	uint32_t function;    /* VR_DUMP_NONE for the root */
	uint32_t parent;      /* smaller than the path's own index */
	uint32_t child, next; /* 0: none */
	int line;	      /* that ran here, 0 unless told apart by line */
	uint64_t self[VR_VALUES], total[VR_VALUES];
};

/* path[0] is the root, its total that of the dump. */
struct vr_paths {
	struct vr_path *path;
	size_t count, room;
};

/*   by_line  1: calls from different lines of a function are different paths
 *   thread   index of the one to count, or VR_DUMP_NONE: all, and the heap */
struct vr_paths *vr_paths_new(const struct vr_dump *dump, int by_line, uint32_t thread);
void vr_paths_free(struct vr_paths *paths);

/* Depth-first step from path `at`: its first child, or else the next path that
 * is not below it.  Calls left(arg, path) for each path whose subtree ends on
 * the way.  0: all were visited. */
uint32_t vr_paths_step(const struct vr_paths *paths, uint32_t at,
		       void (*left)(void *arg, uint32_t path), void *arg);

/* One (caller, line of the call, callee). */
struct vr_call {
	uint32_t caller, callee;  /* functions; caller VR_DUMP_NONE: outermost */
	int line;		  /* 0 unless the paths are by line */
	uint64_t self[VR_VALUES]; /* of the callee under that caller */
	/* Of the callee and what it calls: `total` counts a stack once however
	 * often the call is in it.  In `first` a stack counts for the first call of
	 * each of its functions: `first` of all calls of a function adds up to its
	 * total, also where it is recursive. */
	uint64_t total[VR_VALUES], first[VR_VALUES];
};

struct vr_function_sum {
	uint64_t self[VR_VALUES], total[VR_VALUES]; /* total: recursion counted once */
};

struct vr_sums {
	struct vr_function_sum *function; /* by dump function */
	struct vr_call *call;		  /* unsorted */
	size_t functions, calls, call_room;
};

struct vr_sums *vr_sums_new(const struct vr_dump *dump, const struct vr_paths *paths);
void vr_sums_free(struct vr_sums *sums);

#endif
