/* What a thread ran while it stalled, by its CPU samples of that time.
 *
 * One look shows the function that ran at that moment, and a stall of a second visits many: the
 * one to name is the innermost that was on the stack nearly all the time. */
#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "cli/xalloc.h"
#include "model/loops.h"
#include "model/responsible.h"

#define SAMPLES_LEAST 4u   /* fewer tell no more than the look */
#define NEARLY_ALL    0.8f /* of the samples' weight */

/* A sample that was taken during a stall. */
struct hit {
	uint32_t stall, node;
	uint64_t weight_ns;
};

/* Of one stall, by function: how much of it, and how deep in the stack. */
struct part {
	uint64_t weight_ns, last; /* `last`: the sample it was counted for, from 1 */
	double depth;		  /* times weight */
};

struct parts {
	struct part *part;
	size_t room;
	uint32_t *touched; /* functions that have a part */
	size_t n_touched, touched_room;
};

static int by_thread(const void *a, const void *b, void *arg)
{
	const struct vr_stall *x = a, *y = b;
	int c = vr_smaller_first(x->row->thread, y->row->thread);

	(void)arg;
	return c ? c : vr_smaller_first(x->row->begin_ns, y->row->begin_ns);
}

/* The stall of that thread at that time; VPROF_NONE: none.  `order`: by thread and time. */
static uint32_t stall_at(const struct vr_loops *loops, const size_t *order,
			 const struct vprof_event *event)
{
	size_t low = 0, high = loops->n_stalls;

	while (low < high) { /* the first that begins later */
		size_t middle = (low + high) / 2;
		const struct vprof_stall *row = loops->stall[order[middle]].row;

		if (row->thread < event->thread ||
		    (row->thread == event->thread && row->begin_ns <= event->t_ns))
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return VPROF_NONE;
	const struct vr_stall *stall = &loops->stall[order[low - 1]];

	if (stall->class != VPROF_CLASS_RUN || stall->row->thread != event->thread ||
	    event->t_ns >= stall->row->begin_ns + stall->row->duration_ns)
		return VPROF_NONE;
	return (uint32_t)order[low - 1];
}

static int by_stall(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;

	return vr_smaller_first(x->stall, y->stall);
}

static struct hit *find_hits(const struct vr_profile *profile, const struct vr_loops *loops,
			     size_t *count)
{
	size_t *order =
	    vr_order(loops->stall, loops->n_stalls, sizeof(*loops->stall), by_thread, NULL);
	const struct vr_file *file = profile->file;
	struct hit *hit = NULL;
	size_t room = 0;

	*count = 0;
	for (size_t i = 0; i < file->n_events; i++) {
		const struct vprof_event *event = &file->event[i];
		uint32_t stall;

		if (event->kind != VPROF_EV_CPU)
			continue;
		stall = stall_at(loops, order, event);
		if (stall == VPROF_NONE)
			continue;
		hit = vr_xgrow(hit, *count, &room, sizeof(*hit));
		hit[(*count)++] = (struct hit){stall, event->node, event->value};
	}
	free(order);
	if (hit)
		qsort(hit, *count, sizeof(*hit), by_stall);
	return hit;
}

static struct part *part_of(struct parts *parts, uint32_t function)
{
	while (parts->room <= function) {
		size_t room = parts->room ? 2 * parts->room : 1024;

		parts->part = vr_xrealloc(parts->part, room, sizeof(*parts->part));
		memset(parts->part + parts->room, 0, (room - parts->room) * sizeof(*parts->part));
		parts->room = room;
	}
	return &parts->part[function];
}

static uint32_t depth_of(struct vr_stacks *stacks, uint32_t node)
{
	uint32_t depth = 0;

	for (; node != VPROF_NODE_ROOT; node = vr_stacks_parent(stacks, node))
		depth += vr_stacks_at(stacks, node).count;
	return depth;
}

/* Each function of the stack once, where it is innermost. */
static void count_stack(struct vr_stacks *stacks, const struct hit *hit, uint64_t number,
			struct parts *parts)
{
	uint32_t depth = depth_of(stacks, hit->node), node = hit->node;

	for (; node != VPROF_NODE_ROOT; node = vr_stacks_parent(stacks, node)) {
		struct vr_places places = vr_stacks_at(stacks, node);

		for (uint32_t i = 0; i < places.count; i++, depth--) {
			uint32_t function = stacks->place[places.first + i].function;
			struct part *part = part_of(parts, function);

			if (part->last == number)
				continue;
			if (!part->last) {
				parts->touched =
				    vr_xgrow(parts->touched, parts->n_touched, &parts->touched_room,
					     sizeof(*parts->touched));
				parts->touched[parts->n_touched++] = function;
			}
			part->last = number;
			part->weight_ns += hit->weight_ns;
			part->depth += (double)depth * (double)hit->weight_ns;
		}
	}
}

/* Forgets the parts for the next stall. */
static void name_stall(const struct vr_profile *profile, struct parts *parts, uint64_t weight_ns,
		       size_t samples, struct vr_stall *stall)
{
	double deepest = 0;

	for (size_t i = 0; i < parts->n_touched; i++) {
		const struct vr_function *function = &profile->stacks->function[parts->touched[i]];
		struct part *part = &parts->part[parts->touched[i]];
		double depth = part->depth / (double)part->weight_ns;

		if (samples >= SAMPLES_LEAST && depth > deepest &&
		    (double)part->weight_ns >= NEARLY_ALL * (double)weight_ns &&
		    !vr_is_wrapper(function->name) && !vr_function_has_no_name(function) &&
		    !vr_module_is_system(function->module)) {
			deepest = depth;
			stall->function = *function;
		}
		*part = (struct part){0};
	}
	parts->n_touched = 0;
}

void vr_stalls_name_by_samples(struct vr_profile *profile, struct vr_loops *loops)
{
	struct parts parts = {0};
	size_t count, from = 0;
	struct hit *hit = find_hits(profile, loops, &count);
	uint64_t weight_ns = 0;

	for (size_t i = 0; i < count; i++) {
		count_stack(profile->stacks, &hit[i], i + 1, &parts);
		weight_ns += hit[i].weight_ns;
		if (i + 1 < count && hit[i + 1].stall == hit[i].stall)
			continue;
		name_stall(profile, &parts, weight_ns, i + 1 - from, &loops->stall[hit[i].stall]);
		from = i + 1;
		weight_ns = 0;
	}
	free(parts.part);
	free(parts.touched);
	free(hit);
}
