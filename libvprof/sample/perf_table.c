/* The table of sampled threads: slots by thread number, and the events of each. */
#include "sample/perf.h"

#include <errno.h>
#include <string.h>

#include "base/sys.h"

static size_t bytes_for(const struct vp_perf_table *table, uint32_t room)
{
	return room *
	       (sizeof(struct vp_perf_thread) + table->stride * sizeof(struct vp_perf_event));
}

/* In the order that leaves valid pointers at any moment: another thread may
 * fork now, and the child unmaps what it finds. */
static int grow(struct vp_perf_table *table)
{
	uint32_t old_room = table->room, room = old_room ? old_room * 2 : 64;
	struct vp_perf_thread *old = table->thread, *more = vp_sys_map(bytes_for(table, room));
	struct vp_perf_event *event;

	if (!more)
		return -ENOMEM;
	event = (struct vp_perf_event *)(void *)(more + room);
	if (old) {
		memcpy(more, old, old_room * sizeof(*more));
		memcpy(event, table->event, (size_t)old_room * table->stride * sizeof(*event));
	}
	table->event = event;
	/* Pairs with vp_perf_mark_thread() and others; one thread, but a child may be forked
	 * between. */
	__atomic_store_n(&table->thread, more, __ATOMIC_RELEASE);
	__atomic_store_n(&table->room, room, __ATOMIC_RELEASE);
	vp_sys_unmap(old, bytes_for(table, old_room));
	return 0;
}

static uint32_t *find_slot(struct vp_perf_table *table, int tid)
{
	uint32_t *at = &table->bucket[(uint32_t)tid % VP_PERF_BUCKETS];

	while (*at && table->thread[*at - 1].tid != tid)
		at = &table->thread[*at - 1].next;
	return at;
}

struct vp_perf_thread *vp_perf_table_find(struct vp_perf_table *table, int tid)
{
	uint32_t slot = *find_slot(table, tid);

	return slot ? &table->thread[slot - 1] : NULL;
}

struct vp_perf_event *vp_perf_table_events(struct vp_perf_table *table,
					   const struct vp_perf_thread *thread)
{
	return table->event + (size_t)(thread - table->thread) * table->stride;
}

struct vp_perf_thread *vp_perf_table_add(struct vp_perf_table *table, int tid)
{
	uint32_t *bucket = &table->bucket[(uint32_t)tid % VP_PERF_BUCKETS];
	struct vp_perf_thread *thread;
	uint32_t slot = table->free_slot;

	if (slot) {
		table->free_slot = table->thread[slot - 1].next;
	} else {
		if (table->high == table->room && grow(table))
			return NULL;
		slot = ++table->high;
	}
	thread = &table->thread[slot - 1];
	*thread = (struct vp_perf_thread){.tid = tid, .next = *bucket};
	for (uint32_t i = 0; i < table->stride; i++)
		vp_perf_table_events(table, thread)[i] = (struct vp_perf_event){.fd = -1};
	*bucket = slot;
	return thread;
}

void vp_perf_table_remove(struct vp_perf_table *table, struct vp_perf_thread *thread)
{
	uint32_t *at = find_slot(table, thread->tid), slot = *at;

	*at = thread->next;
	*thread = (struct vp_perf_thread){.next = table->free_slot};
	table->free_slot = slot;
}

void vp_perf_table_drop(struct vp_perf_table *table)
{
	vp_sys_unmap(table->thread, bytes_for(table, table->room));
}
