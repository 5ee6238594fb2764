/* Budgets of locks, and of calls that may block. */
#include <stdlib.h>
#include <string.h>

#include "model/budget_rows.h"
#include "model/loops.h"

/* --- locks --------------------------------------------------------------------- */

static struct vr_lock lock_of(const struct vprof_lock *row)
{
	return (struct vr_lock){.address = row->address,
				.kind = row->kind,
				.place = row->place,
				.site = row->site,
				.offset = row->offset,
				.addresses = 1,
				.sum = {.first_ns = row->first_ns, .last_ns = row->last_ns}};
}

/* A lock in a block has the name of whoever allocated that. */
static enum vr_match lock_match(struct vr_judging *judging, const struct vprof_lock *row)
{
	struct vr_lock lock = lock_of(row);
	struct vr_lock_where where;
	enum vr_match best = VR_NO;

	if (!vr_matches_any(judging, 1u << VR_KEY_LOCK))
		return vr_lock_is_held(row->kind) ? VR_YES : VR_NO;
	if (!row->kind)
		return VR_MAYBE; /* those that found no row */
	where = vr_lock_where(judging->profile, &lock);
	if (where.name)
		best = vr_match_name(judging, VR_KEY_LOCK, where.name);
	for (uint32_t node = where.home == VR_LOCK_BLOCK ? where.site : VPROF_NODE_ROOT;
	     best != VR_YES && node != VPROF_NODE_ROOT;
	     node = vr_stacks_parent(judging->profile->stacks, node)) {
		struct vr_stacks *stacks = judging->profile->stacks;
		struct vr_places places = vr_stacks_at(stacks, node);

		for (uint32_t i = 0; i < places.count && best != VR_YES; i++)
			best = vr_match_name(
			    judging, VR_KEY_LOCK,
			    vr_place_function(stacks, &stacks->place[places.first + i])->name);
	}
	return best;
}

static double lock_value(const struct vprof_lock *row, enum vr_quantity quantity)
{
	switch (quantity) {
	case VR_Q_TIME:
		return (double)row->wait_ns;
	case VR_Q_MAX:
		return (double)row->max_ns;
	case VR_Q_TIMEOUTS:
		return (double)row->timeouts;
	default:
		return (double)row->waits;
	}
}

static void add_value(struct vr_found *found, enum vr_quantity quantity, double value)
{
	if (quantity == VR_Q_MAX)
		found->low = value > found->low ? value : found->low;
	else
		found->low += value;
}

/* The longest wait is of before the mark: one after it was no longer. */
static void doubt_longest(struct vr_found *found, double longest)
{
	if (found->high >= longest)
		return;
	found->high = longest;
	vr_found_between(found, "the longest is of before the mark: one after it was no longer");
}

static void add_lock(struct vr_judging *judging, uint32_t id, double *longest)
{
	const struct vprof_lock *row = &judging->profile->file->lock[id];
	struct vr_found *found = judging->found;
	enum vr_quantity quantity = judging->condition->metric.quantity;
	double value = lock_value(row, quantity);
	enum vr_match meant = lock_match(judging, row), thread, stack;

	thread = vr_match_thread(judging, row->thread);
	meant = thread < meant ? thread : meant;
	if (meant == VR_NO || !row->waits)
		return;
	stack = vr_match_stack(judging, row->node);
	meant = stack < meant ? stack : meant;
	stack = vr_match_label(judging, row->label);
	meant = stack < meant ? stack : meant;
	if (meant == VR_MAYBE)
		vr_found_doubt(found, "of some waits it is not known whether they are of it");
	if (meant != VR_YES)
		return;
	if (quantity == VR_Q_MAX && !value && (double)judging->file->lock[id].max_ns > *longest)
		*longest = (double)judging->file->lock[id].max_ns;
	add_value(found, quantity, value);
	vr_found_add(found, &(struct vr_culprit){.node = row->node,
						 .thread = row->thread,
						 .value = value,
						 .lock = lock_of(row)});
}

/* Who had them meanwhile. */
static void find_holders(struct vr_judging *judging)
{
	struct vr_found *found = judging->found;
	struct vr_blames *blames = found->culprits ? vr_blames_new(judging->profile) : NULL;

	for (size_t i = 0; i < found->culprits; i++) {
		const struct vr_blame *blame = vr_blame_of(blames, &found->culprit[i].lock);

		if (blame && blame->n_holders)
			found->culprit[i].holder = blame->holder[0];
	}
	vr_blames_free(blames);
}

static int locks_recorded(const struct vr_file *file)
{
	return file->n_locks && !strstr(vr_file_string(file, file->header.options), "locks=off");
}

void vr_judge_locks(struct vr_judging *judging)
{
	const struct vr_file *file = judging->profile->file;
	struct vr_found *found = judging->found;
	double longest = 0;

	for (uint32_t i = 0; i < file->n_locks; i++)
		add_lock(judging, i, &longest);
	find_holders(judging);
	if (found->high < found->low)
		found->high = found->low;
	doubt_longest(found, longest);
	if (vr_judging_unseen(judging))
		return;
	if (!locks_recorded(file))
		vr_found_unknown(found, "waits for locks were not recorded");
}

/* --- calls --------------------------------------------------------------------- */

/* A count of a row, and the time that goes with it, where they are asked for. */
struct amount {
	uint64_t count, ns;
};

static struct amount amount_at(const struct vprof_call *row, enum vr_budget_place at)
{
	switch (at) {
	case VR_AT_LOOP:
		return (struct amount){row->on_loop, row->on_loop_ns};
	case VR_AT_LOCK:
		return (struct amount){row->under_lock, row->under_lock_ns};
	default:
		return (struct amount){row->calls, row->time_ns};
	}
}

/* Of calls in a loop or under a lock it is not told apart which of them lasted: where all
 * lasted, or none, it is known. */
static struct amount blocked_at(const struct vprof_call *row, enum vr_budget_place at,
				uint64_t *most)
{
	struct amount amount = amount_at(row, at);
	uint64_t short_ones = row->calls - row->blocked;

	*most = amount.count < row->blocked ? amount.count : row->blocked;
	if (at == VR_AT_ANY) {
		*most = row->blocked;
		return (struct amount){row->blocked, row->blocked_ns};
	}
	/* As few as there can be: the others of them were short. */
	amount.count = amount.count > short_ones ? amount.count - short_ones : 0;
	/* Short ones took less than that each. */
	if (!amount.count && amount.ns >= amount_at(row, at).count * VPROF_CALL_LASTED_NS)
		amount.count = amount.ns != 0;
	return amount;
}

static double call_value(const struct vprof_call *row, const struct vr_condition *c, double *most)
{
	uint64_t count_most;
	struct amount blocked = blocked_at(row, c->at, &count_most);
	double value;

	switch (c->metric.quantity) {
	case VR_Q_COUNT:
		*most = (double)count_most;
		return (double)blocked.count;
	case VR_Q_TIME:
		value = (double)blocked.ns;
		break;
	case VR_Q_MAX:
		value = (double)row->max_ns;
		break;
	case VR_Q_FAILED:
		value = (double)row->failed;
		break;
	case VR_Q_TRANSFERRED:
		value = (double)row->bytes;
		break;
	case VR_Q_TIMEOUTS:
		value = (double)row->timeouts;
		break;
	default:
		value = (double)amount_at(row, c->at).count;
		break;
	}
	*most = value;
	return value;
}

/* Of the loops that a thread has. */
static enum vr_match loop_match(struct vr_judging *judging, const struct vr_loops *loops,
				uint32_t thread)
{
	enum vr_match best = loops ? VR_NO : VR_YES;

	for (size_t i = 0; loops && i < loops->n_loops; i++) {
		enum vr_match one = vr_match_name(judging, VR_KEY_LOOP, loops->loop[i].name);

		if (loops->loop[i].row->thread == thread && one > best)
			best = one;
	}
	return best;
}

static enum vr_match call_match(struct vr_judging *judging, const struct vprof_call *row,
				const struct vr_loops *loops)
{
	const struct vr_file *file = judging->file;
	enum vr_match match[] = {
	    vr_match_name(judging, VR_KEY_CALL, vr_file_string(file, row->name)),
	    vr_match_thread(judging, row->thread),
	    loop_match(judging, loops, row->thread),
	    vr_match_name(judging, VR_KEY_TARGET, vr_file_string(file, row->target)),
	    VR_YES,
	    vr_match_label(judging, row->label),
	};
	enum vr_match all = VR_YES;

	/* What its longest call waited for is not what all did. */
	if (match[3] == VR_NO && row->flags & VPROF_CALL_TARGETS)
		match[3] = VR_MAYBE;
	if (vr_matches_any(judging, 1u << VR_KEY_FUNCTION | 1u << VR_KEY_MODULE))
		match[4] = vr_match_stack(judging, row->node);
	for (size_t i = 0; i < sizeof(match) / sizeof(match[0]); i++)
		all = match[i] < all ? match[i] : all;
	return all;
}

static void add_call(struct vr_judging *judging, uint32_t id, const struct vr_loops *loops,
		     double *longest, double *doubtful)
{
	const struct vr_condition *c = judging->condition;
	const struct vprof_call *row = &judging->profile->file->call[id];
	const char *target = vr_file_string(judging->file, row->target);
	enum vr_match meant = call_match(judging, row, loops);
	double most, value;

	if (meant == VR_NO || !row->calls)
		return;
	value = call_value(row, c, &most);
	if (c->metric.quantity == VR_Q_MAX && !value &&
	    (double)judging->file->call[id].max_ns > *longest)
		*longest = (double)judging->file->call[id].max_ns;
	*doubtful += meant == VR_MAYBE ? most : most - value;
	if (meant == VR_MAYBE || !value)
		return;
	add_value(judging->found, c->metric.quantity, value);
	vr_found_add(judging->found, &(struct vr_culprit){
					 .node = row->node,
					 .thread = row->thread,
					 .value = value,
					 .call = vr_file_string(judging->file, row->name),
					 .target = *target ? target : NULL,
					 .lock.kind = VR_LOCK_KINDS,
				     });
}

static void find_call_limits(struct vr_judging *judging, const struct vr_loops *loops)
{
	const struct vprof_header *h = &judging->file->header;
	struct vr_found *found = judging->found;

	if (vr_judging_unseen(judging))
		return;
	if (!judging->file->n_calls && !(h->layers & VPROF_LAYER_CALLS))
		vr_found_unknown(found, "calls that may block were not recorded");
	else if (loops && !loops->n_loops)
		vr_found_unseen(found, "no loop was seen");
	if (h->lost[VPROF_LOST_CALLS])
		vr_found_doubt(found, "%llu calls found no room in the record",
			       (unsigned long long)h->lost[VPROF_LOST_CALLS]);
}

void vr_judge_calls(struct vr_judging *judging)
{
	const struct vr_file *file = judging->profile->file;
	int at_loop =
	    judging->condition->at == VR_AT_LOOP || vr_matches_any(judging, 1u << VR_KEY_LOOP);
	struct vr_loops *loops = at_loop ? vr_loops_new(judging->profile, NULL) : NULL;
	struct vr_found *found = judging->found;
	double longest = 0, doubtful = 0;

	for (uint32_t i = 0; i < file->n_calls; i++)
		add_call(judging, i, loops, &longest, &doubtful);
	found->high = found->low;
	doubt_longest(found, longest);
	if (doubtful > 0) {
		vr_found_doubt(found, "of some calls it is not known whether they are of it");
		found->high = found->low + doubtful;
	}
	find_call_limits(judging, loops);
	vr_loops_free(loops);
}
