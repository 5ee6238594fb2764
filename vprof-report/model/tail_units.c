#include "model/tail_units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "cli/xalloc.h"

#define DISAGREE 0.15

int vr_tail_has_units(const struct vr_file *file)
{
	for (uint32_t i = 0; i < file->n_units; i++)
		if (file->unit[i].kind == VPROF_UNIT_SUMS)
			return 1;
	return 0;
}

/* --- which units there are --------------------------------------------------- */

/* What says more of why it is kept comes first. */
static int by_begin(const void *a, const void *b)
{
	const struct vprof_unit *x = *(const struct vprof_unit *const *)a;
	const struct vprof_unit *y = *(const struct vprof_unit *const *)b;
	int c = vr_smaller_first(x->begin_ns, y->begin_ns);

	c = c ? c : vr_smaller_first(x->span, y->span);
	return c ? c : vr_smaller_first(x->flags & 7u, y->flags & 7u);
}
_Static_assert(VPROF_UNIT_WORST == 1 && VPROF_UNIT_HOUR == 2 && VPROF_UNIT_PLAIN == 4,
	       "the order of by_begin()");

/* One unit may be kept for more than one reason: once, in the order of time. */
static size_t drop_twice(const struct vprof_unit **unit, size_t count, uint32_t *why)
{
	size_t kept = 0;

	qsort(unit, count, sizeof(*unit), by_begin);
	for (size_t i = 0; i < count; i++) {
		if (kept && unit[kept - 1]->begin_ns == unit[i]->begin_ns &&
		    unit[kept - 1]->span == unit[i]->span) {
			why[kept - 1] |= unit[i]->flags;
			continue;
		}
		why[kept] = unit[i]->flags;
		unit[kept++] = unit[i];
	}
	return kept;
}

/* Which rows are meant. */
struct subject {
	const struct vr_loop *loop;
	const struct vr_spans *spans; /* NULL: of a loop */
	size_t at;
};

static int is_of(const struct subject *subject, uint32_t loop, uint32_t span)
{
	if (subject->loop)
		return loop == subject->loop->id;
	return span != VPROF_NONE && subject->spans->of_row[span] == subject->at + 1;
}

static int is_unit(const struct subject *subject, const union vr_unit_row *row)
{
	return row->kind == VPROF_UNIT_KEPT && is_of(subject, row->kept.loop, row->kept.span) &&
	       row->kept.duration_ns && !(row->kept.flags & VPROF_UNIT_FROZEN);
}

/* Of those that `sums` are of: the longest are all there; those taken by chance stand for the
 * rest. */
static void set_weights(struct vr_tail *tail, const struct vprof_unit_sums *sums,
			const uint32_t *why)
{
	double worst = 0, plain = 0, each;

	for (size_t i = 0; i < tail->accounts.units; i++) {
		if (tail->unit[i]->span != sums->span)
			continue;
		worst += (why[i] & VPROF_UNIT_WORST) != 0;
		plain += !(why[i] & VPROF_UNIT_WORST) && why[i] & VPROF_UNIT_PLAIN;
	}
	each = plain > 0 && (double)sums->units > worst + plain
		   ? ((double)sums->units - worst) / plain
		   : 1;
	for (size_t i = 0; i < tail->accounts.units; i++) {
		struct vr_tail_unit *unit = &tail->accounts.unit[i];

		if (tail->unit[i]->span != sums->span)
			continue;
		if (why[i] & VPROF_UNIT_WORST)
			unit->weight = 1;
		else if (why[i] & VPROF_UNIT_PLAIN)
			unit->weight = each;
	}
}

static void add_sums(struct vprof_unit_sums *to, const struct vprof_unit_sums *sums)
{
	if (to->kind == VPROF_UNIT_VOID) {
		*to = *sums;
		return;
	}
	to->known &= sums->known;
	to->units += sums->units;
	to->ns += sums->ns;
	to->square += sums->square;
	for (uint32_t class = 0; class < VPROF_CLASS_COUNT; class ++) {
		to->part[class].ns += sums->part[class].ns;
		to->part[class].product += sums->part[class].product;
	}
}

static void weigh_units(const struct vr_file *file, const struct subject *subject,
			struct vr_tail *tail, const uint32_t *why)
{
	for (uint32_t i = 0; i < file->n_units; i++) {
		const struct vprof_unit_sums *sums = &file->unit[i].sums;

		if (file->unit[i].kind != VPROF_UNIT_SUMS ||
		    !is_of(subject, sums->loop, sums->span))
			continue;
		add_sums(&tail->sums, sums);
		set_weights(tail, sums, why);
	}
}

static void read_units(const struct vr_profile *profile, const struct subject *subject,
		       struct vr_tail *tail)
{
	const struct vr_file *file = profile->file;
	uint32_t *why = vr_xcalloc(file->n_units + 1, sizeof(*why));
	size_t count = 0;

	tail->unit = vr_xcalloc(file->n_units + 1, sizeof(*tail->unit));
	for (uint32_t i = 0; i < file->n_units; i++)
		if (is_unit(subject, &file->unit[i]))
			tail->unit[count++] = &file->unit[i].kept;
	count = drop_twice(tail->unit, count, why);
	tail->accounts.units = count;
	tail->accounts.unit = vr_xcalloc(count + 1, sizeof(*tail->accounts.unit));
	for (size_t i = 0; i < count; i++) {
		const struct vprof_unit *row = tail->unit[i];

		tail->accounts.unit[i] = (struct vr_tail_unit){
		    .begin_ns = row->begin_ns,
		    .ns = (double)row->duration_ns,
		    .size = {(double)row->events, (double)row->bytes, (double)row->size}};
		tail->inexact += !(row->flags & VPROF_UNIT_EXACT);
	}
	weigh_units(file, subject, tail, why);
	free(why);
}

/* Weights are those of the whole run; what is outside of the window is not looked at. */
static void keep_window(const struct vr_profile *profile, struct vr_tail *tail)
{
	size_t kept = 0;

	for (size_t i = 0; i < tail->accounts.units; i++) {
		const struct vprof_unit *row = tail->unit[i];

		/* Rows of spans were chosen by the label in force when they began. */
		if (!vr_profile_in_window(profile, row->begin_ns) ||
		    (profile->keep_label && !tail->span &&
		     !vr_profile_keeps_label(profile, row->label)))
			continue;
		tail->unit[kept] = row;
		tail->accounts.unit[kept++] = tail->accounts.unit[i];
	}
	tail->accounts.units = kept;
	tail->narrowed = profile->select.windowed || (profile->keep_label && !tail->span);
	tail->all = tail->narrowed ? 0 : (double)tail->sums.units;
	for (size_t i = 0; i < kept && tail->narrowed; i++)
		tail->all += tail->accounts.unit[i].weight;
}

/* --- groups ------------------------------------------------------------------ */

static void select_units(const struct vr_profile *profile, struct vr_tail *tail,
			 const struct vr_tail_select *select)
{
	vr_tail_set_groups(&tail->accounts, INFINITY);
	for (size_t i = 0; i < tail->accounts.units; i++) {
		const char *label =
		    tail->unit[i]->label ? vr_file_string(profile->file, tail->unit[i]->label) : "";

		if (vr_tail_selects(select, tail->unit[i], label))
			tail->accounts.unit[i].group = VR_TAIL_SLOW;
	}
	/* What is only looked at counts for itself here: the user has asked for it. */
	for (size_t i = 0; i < tail->accounts.units; i++)
		if (tail->accounts.unit[i].group == VR_TAIL_SLOW &&
		    !(tail->accounts.unit[i].weight > 0))
			tail->accounts.unit[i].weight = 1;
}

static void group_units(const struct vr_profile *profile, struct vr_tail *tail,
			const struct vr_tail_select *select)
{
	tail->ordinary_from_ns = vr_tail_quantile(&tail->accounts, 0.25);
	tail->ordinary_to_ns = vr_tail_quantile(&tail->accounts, 0.75);
	if (select->selected) {
		select_units(profile, tail, select);
		return;
	}
	tail->slow_ns = vr_tail_quantile(&tail->accounts, select->quantile);
	vr_tail_set_groups(&tail->accounts, tail->slow_ns);
}

/* --- the second opinion ------------------------------------------------------ */

static double excess_of(const struct vr_tail *tail, enum vr_tail_kind kind, uint32_t class)
{
	double share = 0;

	for (size_t i = 0; i < tail->answer.shares; i++) {
		const struct vr_tail_what *what = &tail->what[tail->answer.share[i].component];

		if (what->kind == kind && what->class == class)
			share += tail->answer.share[i].share;
	}
	return share;
}

/* How far the two are from each other. The running sums have in a call what others took of the
 * CPU amid it, which the units that are kept have not. */
static double apart(const struct vr_tail_check *check, double preempted)
{
	double over = check->of_variance - check->of_excess;

	return over > 0 ? fmax(over - fmax(preempted, 0), 0) : -over;
}

/* Of classes that are known of every unit, its part of the variance, without any sampling. */
static void check_classes(struct vr_tail *tail)
{
	const struct vprof_unit_sums *sums = &tail->sums;
	double n = (double)sums->units, mean, variance, preempted;

	if (!(n > 1) || tail->answer.slow < VR_TAIL_FEW)
		return;
	mean = sums->ns / n;
	variance = sums->square / n - mean * mean;
	preempted = excess_of(tail, VR_TAIL_CLASS, VPROF_CLASS_PREEMPTED);
	for (uint32_t class = 0; class < VPROF_CLASS_COUNT && variance > 0; class ++) {
		struct vr_tail_check *check = &tail->check[tail->checks];
		double x = sums->part[class].ns / n;

		if (!(sums->known & 1u << class) || tail->checks == 2)
			continue;
		check->class = class;
		check->of_variance = (sums->part[class].product / n - x * mean) / variance;
		check->of_excess = excess_of(tail, VR_TAIL_CALL, class);
		tail->checks += apart(check, preempted) > DISAGREE;
	}
}

static void find_rhythm(const struct vr_profile *profile, struct vr_tail *tail)
{
	uint64_t *moment = vr_xcalloc(tail->accounts.units + 1, sizeof(*moment));
	size_t count = 0;

	for (size_t i = 0; i < tail->accounts.units; i++)
		if (tail->accounts.unit[i].group == VR_TAIL_SLOW)
			moment[count++] = tail->accounts.unit[i].begin_ns;
	tail->rhythm = vr_rhythm_of(moment, count, vr_file_duration_ns(profile->file));
	free(moment);
}

static struct vr_tail *tail_of(struct vr_profile *profile, const struct subject *subject,
			       const struct vr_tail_select *select)
{
	struct vr_tail *tail = vr_xcalloc(1, sizeof(*tail));

	tail->loop = subject->loop;
	tail->span = subject->spans ? &subject->spans->span[subject->at] : NULL;
	read_units(profile, subject, tail);
	keep_window(profile, tail);
	group_units(profile, tail, select);
	vr_tail_account(profile, tail);
	vr_tail_analyse(&tail->accounts, &tail->answer);
	if (!select->selected && !tail->narrowed)
		check_classes(tail);
	find_rhythm(profile, tail);
	return tail;
}

struct vr_tail *vr_tail_kept_of_span(const struct vr_profile *profile, const struct vr_spans *spans,
				     size_t at)
{
	struct vr_tail *tail = vr_xcalloc(1, sizeof(*tail));

	tail->span = &spans->span[at];
	read_units(profile, &(struct subject){.spans = spans, .at = at}, tail);
	return tail;
}

struct vr_tail *vr_tail_of_loop(struct vr_profile *profile, const struct vr_loop *loop,
				const struct vr_tail_select *select)
{
	return tail_of(profile, &(struct subject){.loop = loop}, select);
}

struct vr_tail *vr_tail_of_span(struct vr_profile *profile, const struct vr_spans *spans, size_t at,
				const struct vr_tail_select *select)
{
	return tail_of(profile, &(struct subject){.spans = spans, .at = at}, select);
}

const struct vprof_unit_others *vr_tail_others(const struct vr_file *file,
					       const struct vprof_unit *unit)
{
	for (uint32_t i = 0; i < file->n_units; i++) {
		const struct vprof_unit_others *others = &file->unit[i].others;

		if (others->kind == VPROF_UNIT_OTHERS && others->unit < file->n_units &&
		    &file->unit[others->unit].kept == unit)
			return others;
	}
	return NULL;
}

void vr_tail_free(struct vr_tail *tail)
{
	if (!tail)
		return;
	free(tail->unit);
	free(tail->samples);
	free(tail->what);
	free(tail->accounts.unit);
	free(tail->accounts.component);
	free(tail->accounts.ns);
	vr_tail_answer_done(&tail->answer);
	free(tail);
}
