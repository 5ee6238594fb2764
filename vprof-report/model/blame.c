#include "model/blame.h"

#include <stdlib.h>

#include "base/order.h"
#include "cli/xalloc.h"

/* A convoy: at least so many wait on average, for holds of at most this, and at least this
 * share of the waits goes by from one holder to the next. */
#define CONVOY_WAITERS 2.0
#define CONVOY_HOLD_NS 50000
#define CONVOY_HANDOFF 0.3
#define SAMPLES_ENOUGH 20u

static int in_block(uint32_t place)
{
	return place == VPROF_LOCK_IN_BLOCK;
}

int vr_blame_by_lock(const struct vprof_blame *x, const struct vprof_blame *y)
{
	int c = in_block(x->place) - in_block(y->place);

	if (c)
		return c;
	if (!in_block(x->place))
		return vr_smaller_first(x->address, y->address);
	c = vr_smaller_first(x->site, y->site);
	return c ? c : vr_smaller_first(x->offset, y->offset);
}

static int by_thread(const void *a, const void *b)
{
	const struct vprof_blame *x = *(const struct vprof_blame *const *)a;
	const struct vprof_blame *y = *(const struct vprof_blame *const *)b;
	int c = vr_blame_by_lock(x, y);

	c = c ? c : vr_smaller_first(x->what, y->what);
	c = c ? c : vr_smaller_first(x->thread, y->thread);
	return c ? c : vr_larger_first(x->ns, y->ns);
}

static int by_time(const void *a, const void *b)
{
	const struct vr_holder *x = a;
	const struct vr_holder *y = b;
	int c = vr_larger_first(x->ns, y->ns);

	return c ? c : vr_smaller_first(x->thread, y->thread);
}

static void add_holds(struct vr_hold_times *to, const struct vprof_blame *row)
{
	to->holds += row->times;
	to->ns += row->ns;
	to->max_ns = to->max_ns > row->max_ns ? to->max_ns : row->max_ns;
	for (size_t i = 0; i < VPROF_HOLD_BUCKETS; i++)
		to->histogram[i] += row->histogram[i];
}

/* What the longest call of that cause waited for. */
static uint32_t target_of(const struct vr_file *file, const struct vprof_blame *row)
{
	for (uint32_t i = 0; i < file->n_calls; i++) {
		const struct vprof_call *call = &file->call[i];

		if (call->calls && call->thread == row->thread && call->node == row->cause_node &&
		    call->name == row->cause)
			return call->target;
	}
	return VPROF_NONE;
}

/* Rows come by lock and thread. */
static void add_holder(struct vr_blames *blames, struct vr_blame *blame, size_t *used,
		       const struct vr_file *file, const struct vprof_blame *row)
{
	struct vr_holder *holder = blame->n_holders ? &blame->holder[blame->n_holders - 1] : NULL;

	if (!holder || holder->thread != row->thread) {
		holder = &blames->holder[(*used)++];
		*holder = (struct vr_holder){.thread = row->thread, .node = row->node};
		if (!blame->n_holders++)
			blame->holder = holder;
	}
	holder->ns += row->ns;
	holder->times += row->times;
	holder->max_ns = holder->max_ns > row->max_ns ? holder->max_ns : row->max_ns;
	if (row->ns > holder->node_ns) {
		holder->node_ns = row->ns;
		holder->node = row->node;
	}
	if (row->cause != VPROF_NONE && row->ns > holder->part.ns)
		holder->part = (struct vr_blame_part){
		    row->cause, row->cause_node, target_of(file, row), row->cause_object, row->ns};
}

static void add_row(struct vr_blames *blames, struct vr_blame *blame, size_t *used,
		    const struct vr_file *file, const struct vprof_blame *row)
{
	switch (row->what) {
	case VPROF_BLAME_HELD:
		blame->held_ns += row->ns;
		blame->span_ns += row->span_ns;
		if (row->thread != VPROF_NONE)
			add_holder(blames, blame, used, file, row);
		break;
	case VPROF_BLAME_HANDOFF:
		blame->handoff_ns += row->ns;
		blame->span_ns += row->span_ns;
		break;
	case VPROF_BLAME_UNKNOWN:
		blame->unknown_ns += row->ns;
		blame->span_ns += row->span_ns;
		break;
	case VPROF_BLAME_ABANDONED:
		blame->abandoned_ns += row->ns;
		break;
	case VPROF_BLAME_HOLDS:
		add_holds(&blame->contended, row);
		break;
	case VPROF_BLAME_SAMPLES:
		add_holds(&blame->sampled, row);
		break;
	default:
		break;
	}
}

struct vr_blames *vr_blames_new(const struct vr_profile *profile)
{
	const struct vr_select *select = &profile->select;
	const struct vr_file *file = profile->file;
	struct vr_blames *blames = vr_xcalloc(1, sizeof(*blames));
	const struct vprof_blame **row;
	size_t count = 0, used = 0;

	if (select->windowed || select->thread || select->module || select->label)
		return blames;
	row = vr_xcalloc(file->n_blames + 1, sizeof(*row));
	for (uint32_t i = 0; i < file->n_blames; i++)
		if (file->blame[i].what && file->blame[i].what != VPROF_BLAME_WOKEN)
			row[count++] = &file->blame[i];
	qsort(row, count, sizeof(*row), by_thread);
	blames->blame = vr_xcalloc(count + 1, sizeof(*blames->blame));
	blames->holder = vr_xcalloc(count + 1, sizeof(*blames->holder));
	for (size_t i = 0; i < count; i++) {
		if (!i || vr_blame_by_lock(row[i - 1], row[i]))
			blames->blame[blames->n_blames++] =
			    (struct vr_blame){.address = row[i]->address,
					      .place = row[i]->place,
					      .site = row[i]->site,
					      .offset = row[i]->offset};
		add_row(blames, &blames->blame[blames->n_blames - 1], &used, file, row[i]);
	}
	for (size_t i = 0; i < blames->n_blames; i++)
		if (blames->blame[i].n_holders)
			qsort(blames->blame[i].holder, blames->blame[i].n_holders,
			      sizeof(*blames->holder), by_time);
	free(row);
	return blames;
}

void vr_blames_free(struct vr_blames *blames)
{
	if (!blames)
		return;
	free(blames->blame);
	free(blames->holder);
	free(blames);
}

const struct vr_blame *vr_blame_of(const struct vr_blames *blames, const struct vr_lock *lock)
{
	if (!vr_lock_is_held(lock->kind) || !lock->kind)
		return NULL;
	for (size_t i = 0; blames && i < blames->n_blames; i++) {
		const struct vr_blame *blame = &blames->blame[i];

		if (vr_lock_is_at(lock, blame->place, blame->site, blame->offset, blame->address))
			return blame;
	}
	return NULL;
}

int64_t vr_hold_percentile(const struct vr_blame *blame, double percent)
{
	const struct vr_hold_times *of =
	    blame->sampled.holds >= SAMPLES_ENOUGH ? &blame->sampled : &blame->contended;
	double wanted = percent / 100 * (double)of->holds, below = 0;

	for (uint32_t i = 0; i < VPROF_HOLD_BUCKETS; i++) {
		double low =
		    (double)vprof_histogram_low(i, VPROF_HOLD_UNIT_BITS, VPROF_HOLD_SUB_BITS);
		double high =
		    (double)vprof_histogram_low(i + 1, VPROF_HOLD_UNIT_BITS, VPROF_HOLD_SUB_BITS);
		double here = (double)of->histogram[i];

		if (!here || below + here < wanted) {
			below += here;
			continue;
		}
		low += (high - low) * (wanted - below) / here;
		return (int64_t)(low < (double)of->max_ns ? low : (double)of->max_ns);
	}
	return -1;
}

double vr_blame_waiters(const struct vr_blame *blame)
{
	uint64_t ns = blame->held_ns + blame->handoff_ns + blame->unknown_ns;

	return blame->span_ns ? (double)ns / (double)blame->span_ns : 0;
}

int vr_blame_is_convoy(const struct vr_blame *blame)
{
	uint64_t ns = blame->held_ns + blame->handoff_ns + blame->unknown_ns;
	int64_t median = vr_hold_percentile(blame, 50);

	return median >= 0 && median <= CONVOY_HOLD_NS &&
	       vr_blame_waiters(blame) >= CONVOY_WAITERS &&
	       (double)blame->handoff_ns >= CONVOY_HANDOFF * (double)ns;
}
