/* Which units are slow, and which ordinary. */
#include <stdlib.h>

#include "base/order.h"
#include "cli/xalloc.h"
#include "model/tail.h"

/* So many that stand for others say something of those. */
#define STAND_INS 20u

static int by_time(const void *a, const void *b, void *arg)
{
	const struct vr_tail_unit *x = a, *y = b;

	(void)arg;
	return x->ns < y->ns ? -1 : x->ns > y->ns;
}

double vr_tail_quantile(const struct vr_tail_accounts *accounts, double share)
{
	const struct vr_tail_unit *unit = accounts->unit;
	size_t *order = vr_order(unit, accounts->units, sizeof(*unit), by_time, NULL);
	double all = 0, below = 0, ns = 0;

	for (size_t i = 0; i < accounts->units; i++)
		all += unit[i].weight;
	for (size_t i = 0; i < accounts->units; i++) {
		below += unit[order[i]].weight;
		if (!(unit[order[i]].weight > 0))
			continue;
		ns = unit[order[i]].ns;
		if (below >= share * all * (1 - 1e-12))
			break;
	}
	free(order);
	return ns;
}

/* A handful of units that stand for a hundred would drown those that are all there. */
static void leave_out_few(struct vr_tail_accounts *accounts)
{
	size_t stand_ins = 0, whole = 0;

	for (size_t i = 0; i < accounts->units; i++) {
		if (accounts->unit[i].group != VR_TAIL_SLOW)
			continue;
		stand_ins += accounts->unit[i].weight > 1;
		whole += accounts->unit[i].weight > 0 && accounts->unit[i].weight <= 1;
	}
	if (stand_ins >= STAND_INS || !whole)
		return;
	for (size_t i = 0; i < accounts->units; i++)
		if (accounts->unit[i].group == VR_TAIL_SLOW && accounts->unit[i].weight > 1)
			accounts->unit[i].group = VR_TAIL_LEFT_OUT;
}

void vr_tail_set_groups(struct vr_tail_accounts *accounts, double slow_ns)
{
	double low = vr_tail_quantile(accounts, 0.25), high = vr_tail_quantile(accounts, 0.75);

	for (size_t i = 0; i < accounts->units; i++) {
		struct vr_tail_unit *unit = &accounts->unit[i];

		unit->group = VR_TAIL_OTHER;
		if (unit->ns > slow_ns && unit->ns > high)
			unit->group = VR_TAIL_SLOW;
		else if (unit->ns >= low && unit->ns <= high && unit->weight > 0)
			unit->group = VR_TAIL_ORDINARY;
	}
	leave_out_few(accounts);
}
