/* Rows of waits for locks, and of whose doing they were. */
#include <string.h>

#include "input/check_parts.h"

static void check_locks(struct vr_file *file, const struct vr_layout *layout)
{
	struct vr_tally tally = {.kind = VPROF_SEC_LOCKS};

	for (uint32_t i = 0; i < file->n_locks; i++) {
		struct vprof_lock *lock = &file->lock[i];
		const char *reason = NULL;

		if (lock->node >= file->n_nodes)
			reason = "node id out of range";
		else if (lock->thread >= file->n_threads)
			reason = "thread id out of range";
		else if (lock->kind > VPROF_LOCK_BARRIER || (i && !lock->kind))
			reason = "unknown kind";
		else if (lock->label >= vr_file_string_ids(file))
			reason = "label out of range";
		if (lock->place > VPROF_LOCK_INHERITED || lock->site >= file->n_nodes)
			lock->place = VPROF_LOCK_UNPLACED; /* a newer library's, or not known */
		if (lock->place != VPROF_LOCK_IN_BLOCK)
			lock->site = 0;
		if (!reason)
			continue;
		if (lock->waits)
			vr_tally_hit(&tally, i, reason);
		memset(lock, 0, sizeof(*lock));
	}
	vr_tally_report(&tally, file, layout);
}

/* Times above this cannot be, and sums of them could come round. */
#define NS_MOST (1ull << 52)

static const char *blame_fault(const struct vr_file *file, const struct vprof_blame *row)
{
	if (row->node >= file->n_nodes || row->cause_node >= file->n_nodes)
		return "node id out of range";
	if (row->thread >= file->n_threads && row->thread != VPROF_NONE)
		return "thread id out of range";
	if (row->what > VPROF_BLAME_WOKEN || row->kind > VPROF_LOCK_BARRIER ||
	    row->how > VPROF_WAKE_END)
		return "unknown kind";
	if (!vr_check_string(file, row->cause))
		return "string id out of range";
	if (row->ns > NS_MOST || row->span_ns > NS_MOST)
		return "time that cannot be";
	return NULL;
}

static void check_blame(struct vr_file *file, const struct vr_layout *layout)
{
	struct vr_tally tally = {.kind = VPROF_SEC_BLAME};

	for (uint32_t i = 0; i < file->n_blames; i++) {
		struct vprof_blame *row = &file->blame[i];
		const char *reason = row->what ? blame_fault(file, row) : NULL;

		if (row->place > VPROF_LOCK_INHERITED || row->site >= file->n_nodes)
			row->place = VPROF_LOCK_UNPLACED;
		if (row->place != VPROF_LOCK_IN_BLOCK)
			row->site = 0;
		/* A row that was being written may be ahead of itself. */
		row->max_ns = row->max_ns < row->ns ? row->max_ns : row->ns;
		row->again = row->again < row->times ? row->again : row->times;
		if (row->what && !reason)
			continue;
		if (reason)
			vr_tally_hit(&tally, i, reason);
		memset(row, 0, sizeof(*row));
	}
	vr_tally_report(&tally, file, layout);
}

void vr_check_locks(struct vr_file *file, const struct vr_layout *layout)
{
	check_locks(file, layout);
	check_blame(file, layout);
}
