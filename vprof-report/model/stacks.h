/* Stacks: the node trie with functions instead of addresses.
 *
 * A node is resolved when somebody first asks for it, each distinct address
 * once.  One node holds one address, which is one function and any number of
 * functions inlined into it. */
#ifndef VR_STACKS_H
#define VR_STACKS_H

#include <stdint.h>

#include "base/map.h"
#include "input/file.h"
#include "symbols/sym.h"

/* A function, merged over all its addresses.  Strings are never NULL. */
struct vr_function {
	const char *name, *file, *module;
	int line; /* lowest line seen in it: the nearest known to its first */
};

/* One source-level frame of a stack. */
struct vr_place {
	uint32_t function; /* index into vr_stacks.function */
	int line;	   /* the line that ran, 0 where unknown */
	int inlined;	   /* into the next place of its address */
	uint64_t offset;   /* in the object, as its ELF file counts */
};

/* Places of one node, the innermost first. */
struct vr_places {
	uint32_t first, count;
};

/* Nodes that no file has, behind the last one of the trie; all are children
 * of the root and resolve to one function each. */
enum vr_pseudo {
	VR_PSEUDO_KERNEL,    /* CPU time the kernel did not let us sample */
	VR_PSEUDO_NO_STACK,  /* a sample or allocation without any frame */
	VR_PSEUDO_CPU_FULL,  /* charged to the overflow row of CPU */
	VR_PSEUDO_SITE_FULL, /* charged to the overflow row of SITES */
	VR_PSEUDO_LOCK_FULL, /* charged to the overflow row of LOCKS */
	VR_PSEUDO_MAP_FULL,  /* charged to the overflow row of MAPS */
	VR_PSEUDO_INHERITED, /* mapped by the process that forked this one */
	VR_PSEUDO_COUNT
};

struct vr_stacks {
	const struct vr_file *file;
	struct vr_sym *sym;
	int merge_files;  /* functions are told apart by name and module only */
	uint32_t base;	  /* the first pseudo node */
	uint32_t n_nodes; /* of the file, pseudo ones and added ones */
	struct vr_function *function;
	size_t n_functions, function_room;
	struct vr_place *place;
	size_t n_places, place_room;
	struct vr_places *places; /* one for each distinct address */
	size_t n_addresses, address_room;
	uint8_t *own;	       /* VR_OWN_* of each node of the file */
	uint32_t *node_places; /* index + 1, 0: not resolved yet */
	size_t node_room;
	uint32_t *added_parent; /* of the nodes that were added */
	size_t added_room;
	char **added_name; /* of their functions */
	size_t n_added_names, name_room;
	uint32_t *function_next; /* chain of equal hashes */
	size_t function_next_room;
	struct vr_map by_where, by_function;
	struct vr_map by_frame; /* parent << 32 | function -> added node */
};

/*   sym      resolver with the file's modules added; borrowed
 *   inlines  as given to vr_sym_open
 * Never fails. */
struct vr_stacks *vr_stacks_new(const struct vr_file *file, struct vr_sym *sym, int inlines);
void vr_stacks_free(struct vr_stacks *stacks);

/* The node's frames; empty for the root and for frames of the profiler. */
struct vr_places vr_stacks_at(struct vr_stacks *stacks, uint32_t node);
/* The function that exists as code at an address, as NODES have it: what is inlined there is
 * left out. */
uint32_t vr_stacks_function_at(struct vr_stacks *stacks, uint64_t where);
/* Towards the outermost frame; VPROF_NODE_ROOT at the end. */
uint32_t vr_stacks_parent(const struct vr_stacks *stacks, uint32_t node);
/* 1 when time at this node was the profiler's own. */
int vr_stacks_own_work(const struct vr_stacks *stacks, uint32_t node);
uint32_t vr_stacks_pseudo(const struct vr_stacks *stacks, enum vr_pseudo which);
/* A node that no file has, below any other: the same again for the same parent and name.
 * Arrays by node that were made before are too short for it.
 *
 *   name    of its function
 *   module  the path of that; outlives the stacks */
uint32_t vr_stacks_add(struct vr_stacks *stacks, uint32_t parent, const char *name,
		       const char *module);

static inline const struct vr_function *vr_place_function(const struct vr_stacks *stacks,
							  const struct vr_place *place)
{
	return &stacks->function[place->function];
}

/* 1 when a frame of the stack lies in a module the glob matches. */
int vr_stacks_touches(struct vr_stacks *stacks, uint32_t node, const char *module_glob);

#endif
