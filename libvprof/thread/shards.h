/* Shards: each live thread counts its allocations in rows of its own, so
 * that no two threads fight over a cache line and every row has one writer.
 * A shard outlives its thread and is handed to a later one. */
#ifndef VP_THREAD_SHARDS_H
#define VP_THREAD_SHARDS_H

#include "base/lock.h"
#include "vprof_format.h"

#include <stdint.h>

struct vp_shard_slot {
	uint32_t node, row;
};

struct vp_shard {
	uint16_t number;
	uint16_t in_use;
	uint32_t shared;     /* more threads than shards: rows need atomic updates */
	struct vp_lock lock; /* of the index, taken only when shared */
	uint32_t mask, used;
	struct vp_shard_slot *slot; /* node -> site row, open addressing */
	struct vp_shard *next;
};

void vp_shards_init(void);	     /* forgets all: fresh file */
struct vp_shard *vp_shard_get(void); /* service; never NULL */
void vp_shard_put(struct vp_shard *shard);

/* The shard of events that no thread can be found for; always shared. */
struct vp_shard *vp_shard_common(void);

/* The site row of a stack in a shard, made at its first use; row 0 (overflow)
 * when the file is full.  Context: the shard's thread, busy guard held. */
struct vprof_site *vp_shard_site(struct vp_shard *shard, uint32_t node, uint32_t *row);

#endif
