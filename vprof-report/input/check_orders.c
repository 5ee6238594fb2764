/* In which order locks were taken, and which thread started which: ids and times that cannot
 * be. */
#include <string.h>

#include "input/check_parts.h"

static const char *lock_fault(const struct vr_file *file, struct vprof_order_lock *lock)
{
	if (lock->node >= file->n_nodes)
		return "node id out of range";
	if (lock->mode > VPROF_MODE_SPIN)
		return "unknown mode";
	if (lock->place > VPROF_LOCK_INHERITED || lock->site >= file->n_nodes)
		lock->place = VPROF_LOCK_UNPLACED; /* a newer library's, or not known */
	if (lock->place != VPROF_LOCK_IN_BLOCK)
		lock->site = 0;
	return NULL;
}

static const char *order_fault(const struct vr_file *file, struct vprof_order *row)
{
	const char *fault;

	if (row->thread >= file->n_threads)
		return "thread id out of range";
	if (row->first_ns > row->last_ns)
		return "times make no sense";
	if (!row->taken.address || !row->held[0].address)
		return "lock without an address";
	fault = lock_fault(file, &row->taken);
	for (size_t i = 0; !fault && i < VPROF_ORDER_HELD && row->held[i].address; i++) {
		fault = lock_fault(file, &row->held[i]);
		if (row->held[i].address == row->taken.address)
			fault = "a lock under itself";
	}
	return fault;
}

/* What is wrong there is not known: it is no damage to what else the row says. */
static void check_kin(struct vr_file *file)
{
	for (uint32_t i = 0; i < file->n_threads; i++) {
		struct vprof_thread *row = &file->thread[i];

		if (row->creator >= file->n_threads || row->creator == i)
			row->creator = 0;
		if (row->joiner >= file->n_threads || row->joiner == i || !row->joined_ns)
			row->joiner = 0;
	}
}

void vr_check_orders(struct vr_file *file, const struct vr_layout *layout)
{
	struct vr_tally tally = {.kind = VPROF_SEC_ORDERS};

	check_kin(file);
	for (uint32_t i = 0; i < file->n_orders; i++) {
		struct vprof_order *row = &file->order[i];
		const char *fault = row->thread ? order_fault(file, row) : NULL;

		row->reserved = 0;
		if (!row->thread) /* of those without a row, or not filled in yet */
			*row = (struct vprof_order){.count = row->count};
		if (!fault)
			continue;
		vr_tally_hit(&tally, i, fault);
		memset(row, 0, sizeof(*row));
	}
	vr_tally_report(&tally, file, layout);
}
