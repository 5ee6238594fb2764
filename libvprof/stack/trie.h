/* Stacks to numbers: the append-only trie of the file, found by a hash
 * kept in private memory. */
#ifndef VP_STACK_TRIE_H
#define VP_STACK_TRIE_H

#include "stack/depth.h"

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

/* The key itself is in the slot: one cache line a look-up.  `node` is stored
 * last; 0 is empty (node 0 is never looked up). */
struct vp_trie_slot {
	uint64_t where;
	uint32_t parent, node;
};

struct vp_trie_index {
	uint64_t mask, used;
	struct vp_trie_slot slot[];
};

extern struct vp_trie_index *vp_trie_nodes;

/* A product's low bits know nothing of the high ones: rotated, they meet. */
static inline uint64_t vp_trie_hash(uint64_t parent, uint64_t where)
{
	return ((parent << 29 | parent >> 35) ^ where) * 0x9e3779b97f4a7c15u;
}

static inline uint64_t vp_trie_slot(uint64_t hash)
{
	return hash >> 24;
}

/* 0: not there, or only just added by another thread. */
static inline uint32_t vp_trie_find(const struct vp_trie_index *index, uint64_t mask, uint64_t hash,
				    uint32_t parent, uint64_t where)
{
	for (uint64_t at = vp_trie_slot(hash);; at++) {
		const struct vp_trie_slot *slot = &index->slot[at & mask];
		uint32_t node = __atomic_load_n(&slot->node, __ATOMIC_ACQUIRE);

		if (__builtin_expect(slot->where == where && slot->parent == parent, 1) || !node)
			return node;
	}
}

uint32_t vp_trie_insert(uint64_t hash, uint32_t parent, uint64_t where);

/* The place of one frame below `parent`; its node is VPROF_NODE_OVERFLOW when
 * the trie is full.  Nothing lies below that one. */
static inline struct vp_trie_at vp_trie_child_in(const struct vp_trie_index *index, uint64_t mask,
						 struct vp_trie_at parent, uint64_t where)
{
	uint64_t hash = vp_trie_hash(parent.hash, where);
	uint32_t id = vp_trie_find(index, mask, hash, parent.node, where);

	if (__builtin_expect(!id, 0))
		id = vp_trie_insert(hash, parent.node, where);
	return (struct vp_trie_at){hash, id};
}

static inline struct vp_trie_at vp_trie_child(struct vp_trie_at parent, uint64_t where)
{
	const struct vp_trie_index *index = __atomic_load_n(&vp_trie_nodes, __ATOMIC_ACQUIRE);

	return vp_trie_child_in(index, index->mask, parent, where);
}

uint64_t vp_trie_bytes(void);

#endif
