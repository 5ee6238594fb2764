#include "ring/events.h"
#include "base/lock.h"
#include "ring/file.h"
#include "ring/tables.h"

#include <string.h>

static struct vp_lock ring_lock;

/* The ring as we go by it; the header has a copy. */
static struct {
	uint64_t taken;	   /* blocks handed out since the start */
	uint32_t capacity; /* rows */
	int wrapped;	   /* the rows are as many as there will be */
} ring;

int vp_events_init(void)
{
	memset(&ring, 0, sizeof(ring));
	return 0;
}

void vp_events_fork_child(void)
{
	ring_lock.word = 0;
}

/* While the section may still grow, a block is a new row; from the first
 * refusal on the number of blocks is fixed and the oldest is taken again. */
static struct vprof_event_block *take_block(uint64_t now, uint64_t *seq)
{
	struct vprof_header *header = vp_file.header;
	struct vprof_event_block *block = NULL;
	uint32_t row;

	vp_lock_take(&ring_lock);
	if (!ring.wrapped) {
		block = vp_table_add(VPROF_SEC_EVENTS, &row);
		if (block) {
			header->blocks_capacity = ring.capacity = row + 1;
		} else if (ring.capacity) {
			ring.wrapped = 1;
			__atomic_fetch_or(&header->flags, VPROF_F_RING_WRAPPED, __ATOMIC_RELAXED);
		}
	}
	if (!block && ring.capacity)
		block = vp_table_row(VPROF_SEC_EVENTS, (uint32_t)(ring.taken % ring.capacity));
	if (block) {
		/* Pairs with a reader of the file: first none of the old events, then the new
		 * number. */
		__atomic_store_n(&block->used, 0, __ATOMIC_RELEASE);
		block->first_ns = now;
		*seq = ++ring.taken;
		/* Pairs with a reader of the file. */
		__atomic_store_n(&block->seq, *seq, __ATOMIC_RELEASE);
		header->blocks_reserved = *seq;
	}
	vp_lock_drop(&ring_lock);
	return block;
}

void vp_event_put(struct vp_event_writer *writer, const struct vprof_event *event)
{
	struct vprof_event_block *block = writer->block;

	if (!block || block->seq != writer->seq || writer->used >= VPROF_BLOCK_EVENTS) {
		block = writer->block = take_block(event->t_ns, &writer->seq);
		writer->used = 0;
		if (!block) {
			vp_lost(VPROF_LOST_EVENTS, 1);
			return;
		}
	}
	block->event[writer->used++] = *event;
	/* Pairs with a reader of the file. */
	__atomic_store_n(&block->used, writer->used, __ATOMIC_RELEASE);
	__atomic_fetch_add(&vp_file.header->events_written, 1, __ATOMIC_RELAXED);
}
