/* L1 */
#include "ring/events.h"
#include "base/lock.h"
#include "ring/file.h"
#include "ring/tables.h"

static struct vp_lock ring_lock;

void vp_events_fork_child(void)
{
	ring_lock.word = 0;
}

/* While the section may still grow, a block is a new row; from the first
 * refusal on the number of blocks is fixed and the oldest is taken again. */
static struct vprof_event_block *take_block(uint64_t now)
{
	struct vprof_header *header = vp_file.header;
	struct vprof_event_block *block = NULL;
	uint64_t number;
	uint32_t row;

	vp_lock_take(&ring_lock);
	number = header->blocks_reserved;
	if (!(header->flags & VPROF_F_RING_WRAPPED)) {
		block = vp_table_add(VPROF_SEC_EVENTS, &row);
		if (block)
			header->blocks_capacity = row + 1;
		else if (header->blocks_capacity)
			__atomic_fetch_or(&header->flags, VPROF_F_RING_WRAPPED, __ATOMIC_RELAXED);
	}
	if (!block && header->blocks_capacity)
		block =
		    vp_table_row(VPROF_SEC_EVENTS, (uint32_t)(number % header->blocks_capacity));
	if (block) {
		__atomic_store_n(&block->used, 0, __ATOMIC_RELEASE);
		block->first_ns = now;
		__atomic_store_n(&block->seq, number + 1, __ATOMIC_RELEASE);
		header->blocks_reserved = number + 1;
	}
	vp_lock_drop(&ring_lock);
	return block;
}

void vp_event_put(struct vp_event_writer *writer, const struct vprof_event *event)
{
	struct vprof_event_block *block = writer->block;

	if (!block || block->seq != writer->seq || block->used >= VPROF_BLOCK_EVENTS) {
		block = writer->block = take_block(event->t_ns);
		if (!block) {
			vp_lost(VPROF_LOST_EVENTS, 1);
			return;
		}
		writer->seq = block->seq;
	}
	block->event[block->used] = *event;
	__atomic_store_n(&block->used, block->used + 1, __ATOMIC_RELEASE);
	__atomic_fetch_add(&vp_file.header->events_written, 1, __ATOMIC_RELAXED);
}
