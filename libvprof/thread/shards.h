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
	struct vp_shard_slot *slot; /* node and label -> site row, open addressing */
	struct vp_shard *next;
};

/* The label that a site was allocated under. */
struct vp_site_label {
	uint32_t id;	 /* string id; 0: none */
	uint32_t number; /* of it, below 65536; 0: none */
};

void vp_shards_init(void);	     /* forgets all: fresh file */
struct vp_shard *vp_shard_get(void); /* service; never NULL */
void vp_shard_put(struct vp_shard *shard);

/* The shard of events that no thread can be found for; always shared. */
struct vp_shard *vp_shard_common(void);

/* The site row of a stack and a label in a shard, made at its first use; that without a
 * label when labels have as many as they may have, and row 0 (overflow) when the file is
 * full.  Context: the shard's thread, busy guard held. */
struct vprof_site *vp_shard_site(struct vp_shard *shard, uint32_t node, struct vp_site_label label,
				 uint32_t *row);

#endif
