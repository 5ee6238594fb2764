#include "thread/kin.h"
#include "base/clock.h"
#include "ring/tables.h"
#include "thread/threads.h"

#include <string.h>

/* Rows of THREADS by pthread_t.  Where two meet the newer one stays: that the older was
 * joined is not known then. */
#define SLOTS 4096u /* power of two */
#define PROBE 4u
static uint32_t rows[SLOTS];
static uint32_t used;

void vp_kin_init(void)
{
	if (used)
		memset(rows, 0, sizeof(rows));
	used = 0;
}

static uint32_t slot_of(uint64_t descriptor)
{
	return (uint32_t)((descriptor >> 6) * 0x9e3779b97f4a7c15u >> 40);
}

static struct vprof_thread *row_at(uint32_t slot, uint32_t *id)
{
	*id = __atomic_load_n(&rows[slot % SLOTS], __ATOMIC_ACQUIRE);
	return *id ? vp_table_row(VPROF_SEC_THREADS, *id) : NULL;
}

/* The slot is free for a thread with that descriptor: empty, of one that had it before, or of
 * one that was joined. */
static int may_take(const struct vprof_thread *row, uint64_t descriptor)
{
	return !row || row->descriptor == descriptor || row->joined_ns;
}

struct vp_kin_creator vp_kin_create(void)
{
	struct vp_thread *self = vp_thread_self();

	if (!self)
		return (struct vp_kin_creator){0, 0};
	self->orders.epoch++;
	return (struct vp_kin_creator){self->row_id, vp_clock_now()};
}

void vp_kin_started(const struct vp_thread *thread, const struct vp_kin_creator *creator)
{
	uint64_t descriptor = (uint64_t)(uintptr_t)__builtin_thread_pointer();
	uint32_t slot = slot_of(descriptor), at = slot, id;

	if (!thread->row_id)
		return;
	thread->row->creator = creator->row;
	thread->row->created_ns = creator->at_ns;
	thread->row->descriptor = descriptor;
	for (uint32_t i = 0; i < PROBE; i++) {
		if (may_take(row_at(slot + i, &id), descriptor)) {
			at = slot + i;
			break;
		}
	}
	used = 1;
	__atomic_store_n(&rows[at % SLOTS], thread->row_id, __ATOMIC_RELEASE);
}

uint32_t vp_kin_row(uint64_t descriptor)
{
	uint32_t slot = slot_of(descriptor), id;

	for (uint32_t i = 0; i < PROBE; i++) {
		const struct vprof_thread *row = row_at(slot + i, &id);

		if (row && row->descriptor == descriptor && !row->joined_ns)
			return id;
	}
	return 0;
}

void vp_kin_joined(uint64_t descriptor)
{
	struct vp_thread *self = vp_tls.self;
	uint32_t slot = slot_of(descriptor), id;

	if (self <= VP_TLS_ENDED || !self->row_id || !vp_control.alive)
		return;
	self->orders.epoch++;
	for (uint32_t i = 0; i < PROBE; i++) {
		struct vprof_thread *row = row_at(slot + i, &id);

		if (row && row->descriptor == descriptor && !row->joined_ns) {
			row->joiner = self->row_id;
			__atomic_store_n(&row->joined_ns, vp_clock_now(), __ATOMIC_RELEASE);
			return;
		}
	}
}
