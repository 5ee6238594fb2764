#include "text/lock_orders.h"

#include <inttypes.h>
#include <stdlib.h>

#include "cli/xalloc.h"
#include "text/lock_names.h"

char *vr_order_lock_text(struct vr_profile *profile, const struct vprof_order *row,
			 const struct vprof_order_lock *lock)
{
	struct vr_lock named = vr_order_lock(row, lock);
	char *text = vr_lock_text(profile, &named);

	/* Of one site there may be many. */
	return lock->place == VPROF_LOCK_IN_BLOCK
		   ? vr_xappend(text, " at 0x%" PRIx64, lock->address)
		   : text;
}

char *vr_order_thread_text(const struct vr_profile *profile, const struct vprof_order *row)
{
	const struct vprof_thread *thread = &profile->file->thread[row->thread];

	return vr_xprintf("%s (thread %" PRIu32 ")", thread->name, thread->tid);
}

char *vr_cycle_text(struct vr_profile *profile, const struct vr_cycle *cycle)
{
	char *text = vr_xstrdup("");

	for (uint32_t i = 0; i < cycle->parts; i++) {
		const struct vprof_order *row = cycle->part[i].row;
		char *who = vr_order_thread_text(profile, row);
		char *has = vr_order_lock_text(profile, row, &row->held[cycle->part[i].held]);
		char *takes = vr_order_lock_text(profile, row, &row->taken);

		text = vr_xappend(text, "%s%s has %s and takes %s", i ? ", " : "", who, has, takes);
		free(who);
		free(has);
		free(takes);
	}
	return text;
}
