#include "model/budget.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/units.h"
#include "cli/xalloc.h"
#include "model/budget_rows.h"
#include "model/copies.h"
#include "model/nearest.h"
#include "model/run.h"

/* --- is it true? ----------------------------------------------------------------- */

enum truth { FALSE, TRUE, UNCERTAIN };

static int holds(const struct vr_condition *c, double value)
{
	switch (c->op) {
	case VR_OP_ABOVE:
		return value > c->low;
	case VR_OP_AT_LEAST:
		return value >= c->low;
	case VR_OP_BELOW:
		return value < c->low;
	case VR_OP_AT_MOST:
		return value <= c->low;
	case VR_OP_IS:
		return value == c->low;
	case VR_OP_IS_NOT:
		return value != c->low;
	case VR_OP_IN:
		return value >= c->low && value <= c->high;
	default:
		return value < c->low || value > c->high;
	}
}

/* Of a value that is anything from `low` to `high`. */
static enum truth truth_of(const struct vr_condition *c, double low, double high)
{
	double from = c->low, to = c->op == VR_OP_IN || c->op == VR_OP_NOT_IN ? c->high : c->low;
	int at_low = holds(c, low), at_high = holds(c, high);

	if (low == high)
		return at_low ? TRUE : FALSE;
	switch (c->op) {
	case VR_OP_IS:
	case VR_OP_IN:
		if (at_low && at_high)
			return c->op == VR_OP_IN ? TRUE : UNCERTAIN;
		return high < from || low > to ? FALSE : UNCERTAIN;
	case VR_OP_IS_NOT:
	case VR_OP_NOT_IN:
		if (high < from || low > to)
			return TRUE;
		return !at_low && !at_high && c->op == VR_OP_NOT_IN ? FALSE : UNCERTAIN;
	default: /* on one side of it all of the way */
		return at_low != at_high ? UNCERTAIN : at_low ? TRUE : FALSE;
	}
}

/* --- one condition ------------------------------------------------------------------ */

/* Time in which was recorded. */
static uint64_t recorded_ns(const struct vr_file *file, uint64_t from_ns, uint64_t until_ns)
{
	struct vprof_window window[VPROF_WINDOWS];
	uint64_t ns = 0;
	int known;
	size_t count = vr_windows(file, window, &known);

	if (!known || (!from_ns && until_ns == UINT64_MAX))
		return vr_recorded_ns(file);
	for (size_t i = 0; i < count; i++) {
		uint64_t from = window[i].from_ns > from_ns ? window[i].from_ns : from_ns;
		uint64_t to = window[i].to_ns < until_ns ? window[i].to_ns : until_ns;

		ns += to > from ? to - from : 0;
	}
	return ns;
}

/* By the second, or as a share of the time. */
static void scale(struct vr_judging *judging)
{
	const struct vr_condition *c = judging->condition;
	struct vr_found *found = judging->found;
	double wall_ns = (double)judging->wall_ns, factor = 1;

	if (c->metric.rate && wall_ns > 0)
		factor = 1e9 / wall_ns;
	else if (c->percent && wall_ns > 0)
		factor = 100 / wall_ns;
	found->low *= factor;
	found->high *= factor;
}

static void judge_condition(struct vr_judging *judging)
{
	static void (*const judge[])(struct vr_judging *) = {
	    [VR_OF_HEAP] = vr_judge_heap,     [VR_OF_LOOPS] = vr_judge_loops,
	    [VR_OF_STALLS] = vr_judge_stalls, [VR_OF_LOCKS] = vr_judge_locks,
	    [VR_OF_CALLS] = vr_judge_calls,   [VR_OF_SPANS] = vr_judge_spans,
	};

	vr_matchers_new(judging);
	judge[judging->condition->metric.subject](judging);
	vr_matchers_free(judging);
	scale(judging);
	if (!judging->condition->verdicts)
		vr_found_sort(judging->found);
	if (judging->file->header.flags & VPROF_F_RESTRICTED)
		vr_found_doubt(judging->found, "recording ended before the program did: it "
					       "installed a filter of system calls");
}

/* --- marks ---------------------------------------------------------------------- */

static char *near_mark(const struct vr_file *file, const char *name)
{
	struct vr_nearest near = {0};
	char *text;

	vr_nearest_begin(&near, name, strlen(name));
	for (uint32_t i = 0; i < file->n_marks; i++)
		vr_nearest_try(&near, vr_file_string(file, file->mark[i].name));
	text = vr_nearest_found(&near)
		   ? vr_xprintf("mark '%s' was never reached; did you mean '%s'?", name,
				vr_nearest_found(&near))
		   : vr_xprintf("mark '%s' was never reached", name);
	vr_nearest_end(&near);
	return text;
}

/* Returns 0 where there is nothing to count from (to). */
static int find_copy(const struct vr_file *file, const char *name, struct vr_copy *copy,
		     struct vr_answer *answer)
{
	enum vr_copy_state state = vr_copy_find(file, name, copy);

	if (state == VR_COPY_WHOLE)
		return 1;
	answer->state = VR_BUDGET_UNKNOWN;
	if (file->n_members) {
		answer->why = vr_xstrdup("what was counted at a mark is of one process: without "
					 "--tree");
	} else if (state == VR_COPY_NO_MARK) {
		answer->state = VR_BUDGET_UNSEEN;
		answer->why = near_mark(file, name);
	} else if (state == VR_COPY_NONE) {
		answer->why = vr_xprintf("nothing was copied at mark '%s': that is done for the "
					 "first %u names of marks",
					 name, VPROF_COPIES_MAX);
	} else {
		answer->why = vr_xprintf("what was copied at mark '%s' is not whole: a larger "
					 "size= gives it room",
					 name);
	}
	return 0;
}

/* --- all of it ------------------------------------------------------------------- */

static void keep_why(struct vr_answer *answer, const struct vr_found *found)
{
	if (!answer->why)
		answer->why = vr_xstrdup(found->why ? found->why : "that was not examined");
}

/* All conditions are true, one is false, or nobody knows; a name that nothing bears is a
 * mistake, whatever the others say. */
static void conclude(const struct vr_budget *budget, struct vr_answer *answer)
{
	int is_false = 0, uncertain = 0;

	for (size_t i = 0; i < answer->count; i++) {
		const struct vr_found *found = &answer->found[i];
		enum truth truth = truth_of(&budget->condition[i], found->low, found->high);

		if (found->unseen) {
			answer->state = VR_BUDGET_UNSEEN;
			keep_why(answer, found);
			return;
		}
		if (found->unknown || truth == UNCERTAIN) {
			uncertain = 1;
			keep_why(answer, found);
		} else {
			is_false |= truth == FALSE;
		}
	}
	answer->state = is_false    ? VR_BUDGET_KEPT
			: uncertain ? VR_BUDGET_UNKNOWN
				    : VR_BUDGET_BROKEN;
}

static void judge_all(const struct vr_budget *budget, struct vr_judging *judging,
		      struct vr_answer *answer)
{
	answer->count = budget->conditions;
	answer->found = vr_xcalloc(answer->count, sizeof(*answer->found));
	for (size_t i = 0; i < answer->count; i++) {
		judging->condition = &budget->condition[i];
		judging->found = &answer->found[i];
		judge_condition(judging);
	}
	conclude(budget, answer);
}

struct vr_answer vr_budget_judge(const struct vr_budget *budget, struct vr_profile *profile,
				 const struct vr_heap *heap, const struct vr_leaks *leaks)
{
	struct vr_judging judging = {.profile = profile,
				     .file = profile->file,
				     .heap = heap,
				     .leaks = leaks,
				     .until_ns = UINT64_MAX};
	struct vr_answer answer = {0};
	struct vr_file *whole = profile->file, *between = NULL;
	struct vr_copy from, until;

	if ((budget->after && !find_copy(whole, budget->after, &from, &answer)) ||
	    (budget->until && !find_copy(whole, budget->until, &until, &answer)))
		return answer;
	if (budget->after)
		judging.from_ns = from.begin_ns;
	if (budget->until)
		judging.until_ns = until.begin_ns;
	judging.between = budget->after || budget->until;
	judging.wall_ns = recorded_ns(whole, judging.from_ns, judging.until_ns);
	if (judging.until_ns <= judging.from_ns) {
		answer.state = VR_BUDGET_UNKNOWN;
		answer.why = vr_xprintf("mark '%s' was reached before mark '%s'", budget->until,
					budget->after);
		return answer;
	}
	if (judging.between)
		between = vr_copies_between(whole, budget->after ? &from : NULL,
					    budget->until ? &until : NULL);
	profile->file = between ? between : whole;
	judge_all(budget, &judging, &answer);
	profile->file = whole;
	vr_copies_free(between);
	return answer;
}

void vr_answer_free(struct vr_answer *answer)
{
	for (size_t i = 0; i < answer->count; i++) {
		free(answer->found[i].why);
		free(answer->found[i].culprit);
		vr_map_free(&answer->found[i].by_key);
	}
	free(answer->found);
	free(answer->why);
	*answer = (struct vr_answer){0};
}

int vr_budget_is_of_leaks(const struct vr_budget *budget)
{
	for (size_t i = 0; i < budget->conditions; i++)
		if (budget->condition[i].verdicts)
			return 1;
	return 0;
}

/* --- text ------------------------------------------------------------------------ */

static void bytes_text(double value, char out[48])
{
	static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	size_t step = 0;

	while (fabs(value) >= 1024 && step < 4) {
		value /= 1024;
		step++;
	}
	snprintf(out, 48, "%.*f %s", step ? 1 : 0, value, unit[step]);
}

void vr_budget_value_text(const struct vr_condition *condition, double value, char out[48])
{
	const struct vr_metric *metric = &condition->metric;
	char ns[VR_UNIT_MAX];
	size_t length;

	if (condition->percent || metric->in == VR_IN_PERCENT)
		snprintf(out, 48, "%.*f %%", value < 10 ? 2 : 1, value);
	else if (metric->in == VR_IN_BYTES)
		bytes_text(value, out);
	else if (metric->in == VR_IN_NS)
		snprintf(out, 48, "%s", vr_format_ns(ns, value < 1e18 ? (uint64_t)value : 0));
	else
		snprintf(out, 48, "%.*f", value == floor(value) ? 0 : 1, value);
	length = strlen(out);
	if (metric->rate && length < 44)
		strcpy(out + length, "/s");
}
