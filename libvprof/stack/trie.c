/* L2 */
#include "stack/trie.h"
#include "base/lock.h"
#include "base/sys.h"
#include "ring/tables.h"

#include <errno.h>

/* The key itself is in the slot: one cache line a look-up.  `node` is stored
 * last; 0 is empty (node 0 is never looked up). */
struct slot {
	uint64_t where;
	uint32_t parent, node;
};

struct index {
	uint64_t mask, used;
	struct slot slot[];
};

#define FIRST_SLOTS 16384u

static struct index *nodes;
static struct vp_lock insert_lock;

static struct index *new_index(uint64_t slots)
{
	struct index *fresh = vp_sys_map(sizeof(*fresh) + slots * sizeof(fresh->slot[0]));

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

static inline uint64_t hash(uint32_t parent, uint64_t where)
{
	return (where ^ (uint64_t)parent * 0x9e3779b97f4a7c15u) * 0xbf58476d1ce4e5b9u >> 24;
}

static inline uint32_t find(const struct index *index, uint64_t h, uint32_t parent,
			    uint64_t where)
{
	for (uint64_t at = h;; at++) {
		const struct slot *slot = &index->slot[at & index->mask];
		uint32_t node = __atomic_load_n(&slot->node, __ATOMIC_ACQUIRE);

		if (!node || (slot->where == where && slot->parent == parent))
			return node;
	}
}

static void put(struct index *index, uint64_t h, uint32_t parent, uint64_t where, uint32_t id)
{
	struct slot *slot = &index->slot[h & index->mask];

	while (slot->node)
		slot = &index->slot[++h & index->mask];
	slot->where = where;
	slot->parent = parent;
	__atomic_store_n(&slot->node, id, __ATOMIC_RELEASE);
	index->used++;
}

/* The old index stays mapped for readers that are in it; one that misses in it
 * looks again under the lock. */
static void grow(void)
{
	struct index *more = new_index((nodes->mask + 1) * 2);

	if (!more)
		return;
	for (uint64_t i = 0; i <= nodes->mask; i++) {
		const struct slot *slot = &nodes->slot[i];

		if (slot->node)
			put(more, hash(slot->parent, slot->where), slot->parent, slot->where,
			    slot->node);
	}
	__atomic_store_n(&nodes, more, __ATOMIC_RELEASE);
}

static uint32_t insert(uint64_t h, uint32_t parent, uint64_t where)
{
	struct vprof_node *node;
	uint32_t id;

	vp_lock_take(&insert_lock);
	id = find(nodes, h, parent, where);
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
	put(nodes, h, parent, where, id);
out:
	vp_lock_drop(&insert_lock);
	return id;
}

uint32_t vp_trie_node(uint32_t parent, uint64_t where)
{
	uint64_t h = hash(parent, where);
	uint32_t id = find(__atomic_load_n(&nodes, __ATOMIC_ACQUIRE), h, parent, where);

	return id ? id : insert(h, parent, where);
}

uint32_t vp_trie_stack(struct vp_last_stack *last, const uint64_t *where, size_t depth)
{
	uint32_t at = 0, parent = VPROF_NODE_ROOT;

	while (at < depth && at < last->depth && last->where[at] == where[depth - 1 - at])
		parent = last->node[at++];
	for (; at < depth; at++) {
		uint32_t node = vp_trie_node(parent, where[depth - 1 - at]);

		if (node == VPROF_NODE_OVERFLOW) {
			vp_lost(VPROF_LOST_NODES, 1);
			last->depth = at;
			return at ? parent : node;
		}
		last->where[at] = where[depth - 1 - at];
		last->node[at] = parent = node;
	}
	last->depth = (uint32_t)depth;
	return depth ? parent : VPROF_NODE_OVERFLOW; /* no frame at all */
}

uint32_t vp_trie_path(const uint64_t *where, size_t depth)
{
	uint32_t node = VPROF_NODE_ROOT;

	while (depth && node != VPROF_NODE_OVERFLOW)
		node = vp_trie_node(node, where[--depth]);
	return node ? node : VPROF_NODE_OVERFLOW;
}

uint64_t vp_trie_bytes(void)
{
	return nodes ? (nodes->mask + 1) * 2 * sizeof(nodes->slot[0]) : 0;
}
