/* Readings over time of several processes, on one clock. */
#include <stdlib.h>

#include "cli/xalloc.h"
#include "input/merge_parts.h"

/* More say no more, and a run of a week has as many as one of a minute. */
#define POINTS_MOST 4096u

void vr_merge_course(struct vr_merge *merge, struct vr_file *file)
{
	struct vr_merge_course *course;

	if (!file->n_points)
		return;
	merge->course =
	    vr_xgrow(merge->course, merge->courses, &merge->course_room, sizeof(*merge->course));
	course = &merge->course[merge->courses++];
	*course = (struct vr_merge_course){
	    .point = file->point,
	    .points = file->n_points,
	    .start_ns = merge->shift_ns,
	    .end_ns = merge->shift_ns + vr_file_duration_ns(file),
	    .goes_on = file->status == VR_STATUS_RUNNING || file->status == VR_STATUS_STARTING,
	    .step_ns = file->header.timeline_step_ns,
	};
	for (uint32_t i = 0; i < course->points; i++)
		course->point[i].t_ns += merge->shift_ns;
	file->point = NULL;
	file->n_points = 0;
}

/* What a process had at a moment, by its reading last before: of one that has ended, the
 * counters alone. */
static void add_reading(struct vprof_point *sum, const struct vprof_point *p, int alive)
{
	sum->heap_allocated += p->heap_allocated;
	sum->heap_freed += p->heap_freed;
	sum->allocs += p->allocs;
	sum->frees += p->frees;
	sum->cpu_ns += p->cpu_ns;
	sum->minor_faults += p->minor_faults;
	sum->major_faults += p->major_faults;
	sum->switches += p->switches;
	if (!alive)
		return;
	sum->rss += p->rss;
	sum->vms += p->vms;
	sum->shared += p->shared;
	sum->data += p->data;
	sum->uss += p->uss;
	sum->pss += p->pss ? p->pss : p->rss; /* not read yet */
	sum->heap_live += p->heap_live;
	sum->heap_blocks += p->heap_blocks;
	sum->map_live += p->map_live;
	sum->threads += p->threads;
	if (p->smaps_t_ns > sum->smaps_t_ns)
		sum->smaps_t_ns = p->smaps_t_ns;
}

/* A process between two moments: what it may have had at least and at most. */
struct span {
	uint64_t rss_min, rss_max, heap_min, heap_max;
};

static void widen(struct span *span, const struct vprof_point *p)
{
	uint64_t rss_min = p->rss_max ? p->rss_min : p->rss;
	uint64_t heap_min = p->heap_max ? p->heap_min : p->heap_live;

	span->rss_min = rss_min < span->rss_min ? rss_min : span->rss_min;
	span->rss_max = p->rss_max > span->rss_max ? p->rss_max : span->rss_max;
	span->rss_max = p->rss > span->rss_max ? p->rss : span->rss_max;
	span->heap_min = heap_min < span->heap_min ? heap_min : span->heap_min;
	span->heap_max = p->heap_max > span->heap_max ? p->heap_max : span->heap_max;
	span->heap_max = p->heap_live > span->heap_max ? p->heap_live : span->heap_max;
}

/* Adds one process at `t_ns`; *next is its first reading behind the moment before. */
static void add_course(struct vprof_point *sum, const struct vr_merge_course *course,
		       uint32_t *next, uint64_t before_ns)
{
	int alive = course->goes_on || sum->t_ns <= course->end_ns;
	struct span span = {UINT64_MAX, 0, UINT64_MAX, 0};

	if (*next)
		widen(&span, &course->point[*next - 1]);
	/* It may end a little after its last reading, or at it. */
	for (; *next < course->points && (course->point[*next].t_ns <= sum->t_ns || !alive);
	     ++*next) {
		widen(&span, &course->point[*next]);
		sum->ticks += course->point[*next].ticks;
	}
	if (!*next)
		return;
	add_reading(sum, &course->point[*next - 1], alive);
	if (!alive && course->end_ns <= before_ns)
		return;
	sum->rss_max += span.rss_max;
	sum->heap_max += span.heap_max;
	if (!alive || course->start_ns > before_ns)
		return; /* there was a time without it */
	sum->rss_min += span.rss_min;
	sum->heap_min += span.heap_min;
}

/* The coarsest of their steps, or what keeps the points within bounds. */
static uint64_t common_step(const struct vr_merge *merge, uint64_t end_ns)
{
	uint64_t step = end_ns / POINTS_MOST + 1;

	for (size_t i = 0; i < merge->courses; i++)
		if (merge->course[i].step_ns > step)
			step = merge->course[i].step_ns;
	return step;
}

void vr_merge_timeline(struct vr_merge *merge)
{
	struct vr_file *sum = merge->sum;
	uint64_t first_ns = UINT64_MAX, end_ns = 0, before_ns = 0, step_ns, t_ns;
	uint32_t *next = vr_xcalloc(merge->courses + 1, sizeof(*next));
	size_t room = 0;

	for (size_t i = 0; i < merge->courses; i++) {
		const struct vr_merge_course *c = &merge->course[i];

		first_ns = c->point[0].t_ns < first_ns ? c->point[0].t_ns : first_ns;
		end_ns = c->end_ns > end_ns ? c->end_ns : end_ns;
	}
	step_ns = common_step(merge, end_ns);
	for (t_ns = first_ns; merge->courses && before_ns < end_ns; t_ns += step_ns) {
		struct vprof_point *point;

		t_ns = t_ns < end_ns ? t_ns : end_ns;
		sum->point = vr_xgrow(sum->point, sum->n_points, &room, sizeof(*sum->point));
		point = &sum->point[sum->n_points++];
		*point = (struct vprof_point){.t_ns = t_ns};
		for (size_t i = 0; i < merge->courses; i++)
			add_course(point, &merge->course[i], &next[i], before_ns);
		before_ns = t_ns;
	}
	sum->header.timeline_step_ns = step_ns;
	for (size_t i = 0; i < merge->courses; i++)
		free(merge->course[i].point);
	free(next);
}
