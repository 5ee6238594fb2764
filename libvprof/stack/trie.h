/* L2  Stacks to numbers: the append-only trie of the file, found by a hash
 * kept in private memory. */
#ifndef VP_TRIE_H
#define VP_TRIE_H

#include "base/thread.h"

#include <stddef.h>
#include <stdint.h>

int vp_trie_init(void); /* writes nodes 0 and 1; 0 or -ENOMEM */

/* A stack's place in the trie.  The hash is of the frames, not of the nodes, so
 * that the look-up of one frame need not wait for that of its caller. */
struct vp_trie_at {
	uint64_t hash;
	uint32_t node;
};
#define VP_TRIE_ROOT ((struct vp_trie_at){0, VPROF_NODE_ROOT})

/* A stack by its code addresses, outermost frame first, with the place of
 * every prefix: the next stack looks up only the frames that differ. */
struct vp_last_stack {
	uint32_t depth;
	uint64_t where[VP_STACK_DEPTH_MAX];
	struct vp_trie_at at[VP_STACK_DEPTH_MAX];
};

/* The node of a stack given innermost first.  `last` remembers it: frames it
 * shares with the previous stack, from the outermost inwards, cost no lookup.
 * Context: any thread, busy guard held. */
uint32_t vp_trie_stack(struct vp_last_stack *last, const uint64_t *where, size_t depth);

/* The same without memory of the last stack, for signal handlers. */
uint32_t vp_trie_path(const uint64_t *where, size_t depth);

/* The place of one frame below `parent`; its node is VPROF_NODE_OVERFLOW when
 * the trie is full.  Nothing lies below that one. */
struct vp_trie_at vp_trie_child(struct vp_trie_at parent, uint64_t where);

uint64_t vp_trie_bytes(void);

#endif
