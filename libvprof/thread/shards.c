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

static struct vp_shard common;
static struct vp_shard *idle, *all;
static uint32_t made;
static struct vp_lock shards_lock;

void vp_shards_init(void)
{
	struct vprof_site *overflow;
	uint32_t row;

	memset(&common, 0, sizeof(common));
	common.shared = 1;
	idle = all = NULL;
	made = 0;
	shards_lock.word = 0;
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

static uint32_t slot_of(const struct vp_shard *shard, uint32_t node)
{
	uint32_t at = node * 0x9e3779b1u >> 7;

	while (shard->slot[at & shard->mask].node && shard->slot[at & shard->mask].node != node)
		at++;
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
		if (old[i].node)
			more[slot_of(shard, old[i].node)] = old[i];
	}
	vp_private_put(old);
}

static struct vprof_site *add_site(struct vp_shard *shard, uint32_t node, uint32_t *row)
{
	struct vprof_site *site = vp_table_add(VPROF_SEC_SITES, row);
	uint32_t at;

	if (!site)
		return NULL;
	site->shard = shard->number;
	site->first_ns = vp_clock_now();
	site->node = node;
	at = slot_of(shard, node);
	shard->slot[at] = (struct vp_shard_slot){node, *row};
	shard->used++;
	return site;
}

static struct vprof_site *find_or_add(struct vp_shard *shard, uint32_t node, uint32_t *row)
{
	const struct vp_shard_slot *slot;

	if (!shard->slot || shard->used * 4 > (shard->mask + 1) * 3)
		vp_service(grow, shard);
	if (!shard->slot || shard->used >= shard->mask)
		return NULL;
	slot = &shard->slot[slot_of(shard, node)];
	if (!slot->node)
		return add_site(shard, node, row);
	*row = slot->row;
	return vp_table_row(VPROF_SEC_SITES, slot->row);
}

struct vprof_site *vp_shard_site(struct vp_shard *shard, uint32_t node, uint32_t *row)
{
	struct vprof_site *site;

	/* No stack is node 0: that is what somebody else's hole in the file says. */
	if (shard->shared && node)
		vp_lock_take(&shard->lock);
	site = node ? find_or_add(shard, node, row) : NULL;
	if (shard->shared && node)
		vp_lock_drop(&shard->lock);
	if (!site) {
		vp_lost(VPROF_LOST_SITES, 1);
		*row = 0;
		site = vp_table_row(VPROF_SEC_SITES, 0);
	}
	return site;
}
