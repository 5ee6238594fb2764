#include "stack/trie.h"
#include "base/lock.h"
#include "base/sys.h"
#include "ring/tables.h"

#include <errno.h>

#define FIRST_SLOTS 16384u

struct vp_trie_index *vp_trie_nodes;
#define nodes vp_trie_nodes
static struct vp_lock insert_lock;

static struct vp_trie_index *new_index(uint64_t slots)
{
	struct vp_trie_index *fresh = vp_sys_map(sizeof(*fresh) + slots * sizeof(fresh->slot[0]));

	if (fresh)
		fresh->mask = slots - 1;
	return fresh;
}

int vp_trie_init(void)
{
	struct vprof_node *node;
	uint32_t id;

	insert_lock.word = 0;
	if (nodes)
		vp_sys_unmap(nodes, sizeof(*nodes) + (nodes->mask + 1) * sizeof(nodes->slot[0]));
	nodes = new_index(FIRST_SLOTS);
	if (!nodes || !vp_table_add(VPROF_SEC_NODES, &id))
		return -ENOMEM;
	node = vp_table_add(VPROF_SEC_NODES, &id);
	if (node)
		node->where = (uint64_t)VPROF_MODULE_UNKNOWN << VPROF_WHERE_MODULE_SHIFT;
	return node ? 0 : -ENOMEM;
}

static void put(struct vp_trie_index *index, uint64_t hash, uint32_t parent, uint64_t where,
		uint32_t id)
{
	uint64_t at = vp_trie_slot(hash);
	struct vp_trie_slot *slot = &index->slot[at & index->mask];

	while (slot->node)
		slot = &index->slot[++at & index->mask];
	slot->where = where;
	slot->parent = parent;
	/* Pairs with vp_trie_find(). */
	__atomic_store_n(&slot->node, id, __ATOMIC_RELEASE);
	index->used++;
}

struct found {
	uint64_t hash;
	const struct vp_trie_slot *slot;
};

/* Parents have smaller numbers, so one pass finds every hash again.  The nodes of the
 * file are not asked: somebody may have written there. */
static void put_all(struct vp_trie_index *index, struct found *found, uint32_t count)
{
	for (uint64_t at = 0; at <= nodes->mask; at++) {
		const struct vp_trie_slot *slot = &nodes->slot[at];

		if (slot->node && slot->node < count)
			found[slot->node].slot = slot;
	}
	for (uint32_t id = VPROF_NODE_OVERFLOW + 1; id < count; id++) {
		const struct vp_trie_slot *slot = found[id].slot;

		if (!slot)
			continue;
		found[id].hash = vp_trie_hash(found[slot->parent].hash, slot->where);
		put(index, found[id].hash, slot->parent, slot->where, id);
	}
}

/* The old index stays mapped for readers that are in it; one that misses in it
 * looks again under the lock. */
static void grow(void)
{
	uint32_t count = (uint32_t)nodes->used + VPROF_NODE_OVERFLOW + 1;
	struct vp_trie_index *more = new_index((nodes->mask + 1) * 2);
	struct found *found = vp_sys_map(count * sizeof(*found));

	if (more && found) {
		put_all(more, found, count);
		/* Pairs with vp_trie_child() and vp_capture_stack(). */
		__atomic_store_n(&nodes, more, __ATOMIC_RELEASE);
	} else if (more) {
		vp_sys_unmap(more, sizeof(*more) + (more->mask + 1) * sizeof(more->slot[0]));
	}
	if (found)
		vp_sys_unmap(found, count * sizeof(*found));
}

uint32_t vp_trie_insert(uint64_t hash, uint32_t parent, uint64_t where)
{
	struct vprof_node *node;
	uint32_t id;

	vp_lock_take(&insert_lock);
	id = vp_trie_find(nodes, nodes->mask, hash, parent, where);
	if (id)
		goto out;
	if (nodes->used * 4 > (nodes->mask + 1) * 3)
		grow();
	node = nodes->used * 8 < (nodes->mask + 1) * 7 ? vp_table_add(VPROF_SEC_NODES, &id) : NULL;
	if (!node) {
		id = VPROF_NODE_OVERFLOW;
		goto out;
	}
	node->where = where;
	node->parent = parent;
	put(nodes, hash, parent, where, id);
out:
	vp_lock_drop(&insert_lock);
	return id;
}

uint32_t vp_trie_stack(struct vp_last_stack *last, const uint64_t *where, size_t depth)
{
	struct vp_trie_at parent = VP_TRIE_ROOT, next;
	uint32_t i = 0;

	while (i < depth && i < last->depth && last->where[i] == where[depth - 1 - i])
		parent = last->at[i++];
	for (; i < depth; i++) {
		next = vp_trie_child(parent, where[depth - 1 - i]);
		if (next.node == VPROF_NODE_OVERFLOW) {
			vp_lost(VPROF_LOST_NODES, 1);
			last->depth = i;
			return i ? parent.node : next.node;
		}
		last->where[i] = where[depth - 1 - i];
		last->at[i] = parent = next;
	}
	last->depth = (uint32_t)depth;
	return depth ? parent.node : VPROF_NODE_OVERFLOW; /* no frame at all */
}

uint32_t vp_trie_path(const uint64_t *where, size_t depth)
{
	struct vp_trie_at at = VP_TRIE_ROOT;

	while (depth && at.node != VPROF_NODE_OVERFLOW)
		at = vp_trie_child(at, where[--depth]);
	return at.node ? at.node : VPROF_NODE_OVERFLOW;
}

uint64_t vp_trie_bytes(void)
{
	return nodes ? (nodes->mask + 1) * 2 * sizeof(nodes->slot[0]) : 0;
}
