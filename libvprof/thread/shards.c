#include "thread/shards.h"
#include "base/clock.h"
#include "base/private_heap.h"
#include "base/service.h"
#include "ring/tables.h"

#include <string.h>

/* Up to FRESH threads ever get a shard each, so that heap use can be told by
 * thread; beyond, shards of ended threads are reused; beyond MOST live threads
 * they are shared. */
#define FRESH	    64u
#define MOST	    256u
#define FIRST_SLOTS 256u
#define LABELLED    4u /* labels may have one of so many rows of sites that the file has room for */

static struct vp_shard common;
static struct vp_shard *idle, *all;
static uint32_t made;
static struct vp_lock shards_lock;
static uint32_t labelled; /* sites that have a label */

void vp_shards_init(void)
{
	struct vprof_site *overflow;
	uint32_t row;

	memset(&common, 0, sizeof(common));
	common.shared = 1;
	idle = all = NULL;
	made = 0;
	shards_lock.word = 0;
	labelled = 0;
	overflow = vp_table_add(VPROF_SEC_SITES, &row);
	if (overflow)
		overflow->node = VPROF_NODE_OVERFLOW;
}

struct vp_shard *vp_shard_common(void)
{
	return &common;
}

static struct vp_shard *fresh_shard(void)
{
	struct vp_shard *shard = vp_private_get(sizeof(*shard));

	if (!shard)
		return NULL;
	shard->number = (uint16_t)++made;
	shard->next = NULL;
	all = shard;
	return shard;
}

struct vp_shard *vp_shard_get(void)
{
	struct vp_shard *shard = NULL;

	vp_lock_take(&shards_lock);
	if (idle && made >= FRESH) {
		shard = idle;
		idle = shard->next;
	} else if (made < MOST) {
		shard = fresh_shard();
	}
	vp_lock_drop(&shards_lock);
	if (!shard)
		return &common;
	shard->in_use = 1;
	return shard;
}

void vp_shard_put(struct vp_shard *shard)
{
	if (shard == &common)
		return;
	vp_lock_take(&shards_lock);
	shard->in_use = 0;
	shard->next = idle;
	idle = shard;
	vp_lock_drop(&shards_lock);
}

static inline struct vprof_site *site_at(uint32_t row)
{
	return vp_table_row(VPROF_SEC_SITES, row);
}

/* Where that site is, or belongs; *site: it, or NULL.  Its label is looked up in the row,
 * which is about to be used anyway. */
static inline uint32_t slot_of(const struct vp_shard *shard, uint32_t node, uint32_t number,
			       struct vprof_site **site)
{
	uint32_t at = (node ^ number << 19) * 0x9e3779b1u >> 7;

	for (;; at++) {
		struct vp_shard_slot slot = shard->slot[at & shard->mask];

		*site = NULL;
		if (!slot.node)
			break;
		*site = site_at(slot.row);
		if (slot.node == node && (*site)->label_number == number)
			break;
	}
	return at & shard->mask;
}

static void grow(void *arg)
{
	struct vp_shard *shard = arg;
	struct vp_shard_slot *old = shard->slot;
	uint32_t slots = old ? (shard->mask + 1) * 2 : FIRST_SLOTS;
	uint32_t old_mask = shard->mask;
	struct vp_shard_slot *more = vp_private_get(slots * sizeof(*more));

	if (!more)
		return;
	shard->slot = more;
	shard->mask = slots - 1;
	for (uint32_t i = 0; old && i <= old_mask; i++) {
		struct vprof_site *site;

		if (old[i].node)
			more[slot_of(shard, old[i].node, site_at(old[i].row)->label_number,
				     &site)] = old[i];
	}
	vp_private_put(old);
}

/* Whether labels may have one more row. */
static int label_has_room(void)
{
	const struct vp_table *table = &vp_table[VPROF_SEC_SITES];

	if (__atomic_fetch_add(&labelled, 1, __ATOMIC_RELAXED) <
	    (table->extents_max << table->shift) / LABELLED)
		return 1;
	__atomic_fetch_sub(&labelled, 1, __ATOMIC_RELAXED);
	vp_lost(VPROF_LOST_LABELS, 1);
	return 0;
}

/* Of a stack and a label that have none yet. */
static __attribute__((noinline)) struct vprof_site *
add_site(struct vp_shard *shard, uint32_t node, struct vp_site_label label, uint32_t *row)
{
	struct vprof_site *site;
	uint32_t at;

	if (!shard->slot || shard->used * 4 > (shard->mask + 1) * 3)
		vp_service(grow, shard);
	if (!shard->slot || shard->used >= shard->mask)
		return NULL;
	if (label.number && !label_has_room())
		label = (struct vp_site_label){0, 0};
	at = slot_of(shard, node, label.number, &site);
	if (site) { /* the one without a label */
		*row = shard->slot[at].row;
		return site;
	}
	site = vp_table_add(VPROF_SEC_SITES, row);
	if (!site)
		return NULL;
	site->shard = shard->number;
	site->first_ns = vp_clock_now();
	site->label = label.id;
	site->label_number = (uint16_t)label.number;
	/* Pairs with a reader of the file, to which a row without a node is none. */
	__atomic_store_n(&site->node, node, __ATOMIC_RELEASE);
	shard->slot[at] = (struct vp_shard_slot){node, *row};
	shard->used++;
	return site;
}

static inline struct vprof_site *find_or_add(struct vp_shard *shard, uint32_t node,
					     struct vp_site_label label, uint32_t *row)
{
	struct vprof_site *site;
	uint32_t at;

	if (__builtin_expect(shard->slot != NULL, 1)) {
		at = slot_of(shard, node, label.number, &site);
		*row = shard->slot[at].row;
		if (__builtin_expect(site != NULL, 1))
			return site;
	}
	return add_site(shard, node, label, row);
}

struct vprof_site *vp_shard_site(struct vp_shard *shard, uint32_t node, struct vp_site_label label,
				 uint32_t *row)
{
	struct vprof_site *site;

	/* No stack is node 0: that is what somebody else's hole in the file says. */
	if (shard->shared && node)
		vp_lock_take(&shard->lock);
	site = node ? find_or_add(shard, node, label, row) : NULL;
	if (shard->shared && node)
		vp_lock_drop(&shard->lock);
	if (!site) {
		vp_lost(VPROF_LOST_SITES, 1);
		*row = 0;
		site = vp_table_row(VPROF_SEC_SITES, 0);
	}
	return site;
}
