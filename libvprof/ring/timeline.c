#include "ring/timeline.h"
#include "ring/file.h"
#include "ring/tables.h"

static uint32_t merge; /* readings in a full row */

void vp_timeline_reset(void)
{
	merge = 1;
}

static struct vprof_point *row(uint32_t id)
{
	return vp_table_row(VPROF_SEC_TIMELINE, id);
}

/* `into` becomes the later reading, with the range of both. */
static void fold(struct vprof_point *into, const struct vprof_point *later)
{
	struct vprof_point sum = *later;

	if (into->rss_min < sum.rss_min)
		sum.rss_min = into->rss_min;
	if (into->rss_max > sum.rss_max)
		sum.rss_max = into->rss_max;
	if (into->heap_min < sum.heap_min)
		sum.heap_min = into->heap_min;
	if (into->heap_max > sum.heap_max)
		sum.heap_max = into->heap_max;
	sum.ticks += into->ticks;
	*into = sum;
}

static void halve(uint32_t used)
{
	for (uint32_t i = 0; i + 1 < used; i += 2) {
		struct vprof_point both = *row(i);

		fold(&both, row(i + 1));
		*row(i / 2) = both;
	}
	if (used % 2)
		*row(used / 2) = *row(used - 1);
	vp_table_shrink(VPROF_SEC_TIMELINE, (used + 1) / 2);
	merge *= 2;
}

void vp_timeline_add(const struct vprof_point *point, uint64_t tick_ns)
{
	uint32_t used = vp_table_used(VPROF_SEC_TIMELINE), id;
	struct vprof_point *fresh;

	vp_file.header->timeline_step_ns = tick_ns * merge;
	if (used && row(used - 1)->ticks < merge) {
		fold(row(used - 1), point);
		return;
	}
	fresh = vp_table_add(VPROF_SEC_TIMELINE, &id);
	if (!fresh && used > 2) {
		halve(used);
		vp_timeline_add(point, tick_ns);
		return;
	}
	if (fresh)
		*fresh = *point;
}
