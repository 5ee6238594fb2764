/* Spans that begin in one thread and end in another: what is under way is in a table of all
 * threads, a bucket of which holds the last few that fell into it. */
#include "base/lock.h"
#include "base/sys.h"
#include "ring/tables.h"
#include "track/span.h"

#define BUCKET	8u
#define BUCKETS (VPROF_ASYNC_MAX / BUCKET)
#define LOCKS	64u

struct async {
	uint64_t id, begin_ns;
	const char *name; /* the text that the library has of it: one address a name */
	uint32_t label;
	uint32_t pauses; /* as in struct vp_spans */
};

static struct vp_lock locks[LOCKS];
static struct async *table; /* NULL: none so far */

void vp_span_async_init(void)
{
	memset(locks, 0, sizeof(locks));
	table = NULL; /* as with names */
}

static struct async *table_of(void)
{
	struct async *now = __atomic_load_n(&table, __ATOMIC_ACQUIRE), *fresh;

	if (now)
		return now;
	fresh = vp_sys_map(sizeof(*fresh) * VPROF_ASYNC_MAX);
	if (!fresh)
		return NULL;
	if (__atomic_compare_exchange_n(&table, &now, fresh, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return fresh;
	vp_sys_unmap(fresh, sizeof(*fresh) * VPROF_ASYNC_MAX);
	return now;
}

/* Takes it out of its bucket where it is under way.  Else puts it there, in the place of the
 * oldest: *out is then what was there.
 * Returns 1 where it was under way: *out is it. */
static int turn(struct async *bucket, const struct async *one, struct async *out)
{
	struct async *oldest = bucket;

	for (struct async *at = bucket; at < bucket + BUCKET; at++) {
		if (at->name == one->name && at->id == one->id && at->pauses == one->pauses) {
			*out = *at;
			at->name = NULL;
			return 1;
		}
		if (oldest->name && (!at->name || at->begin_ns < oldest->begin_ns))
			oldest = at;
	}
	*out = *oldest;
	*oldest = *one;
	return 0;
}

static void end(struct vp_thread *thread, struct vp_spans *spans, const struct async *one,
		uint64_t end_ns, const struct vp_regs *caller)
{
	const struct vp_span_known *known = vp_span_lookup(
	    thread, &spans->rows, one->name, vp_span_key(one->label, VPROF_SPAN_ASYNC));
	uint64_t ns = end_ns > one->begin_ns ? end_ns - one->begin_ns : 0;
	struct vp_span_open open;

	if (!known->unit.row_id) {
		open = (struct vp_span_open){.row = known->row, .begin_ns = one->begin_ns};
		vp_span_count_other(&open, end_ns);
		return;
	}
	vp_span_count(known->row, ns, 0);
	known->row->last_ns = end_ns;
	if (ns > known->row->max_ns || known->row->count == 1)
		vp_span_longest(thread, known->row, one->begin_ns, ns, 0, caller);
	if (one->begin_ns < known->row->first_ns)
		known->row->first_ns = one->begin_ns;
}

static void count_begin(const struct vp_span_known *known, uint64_t begin_ns, int displaced)
{
	if (known->unit.row_id) {
		known->row->begun++;
		known->row->since_ns = begin_ns;
		known->row->left += (uint64_t)displaced;
		return;
	}
	__atomic_fetch_add(&known->row->begun, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&known->row->left, displaced, __ATOMIC_RELAXED);
}

void vp_span_async(struct vp_thread *thread, const char *name, uint64_t id,
		   const struct vp_regs *caller)
{
	uint64_t key = vp_span_key(thread->label, VPROF_SPAN_ASYNC), hash;
	struct async one = {.id = id, .begin_ns = vp_clock_now(), .label = (uint32_t)key}, out;
	struct vp_spans *spans = vp_spans_of(thread);
	const struct vp_span_known *known = NULL;
	struct async *all = table_of();
	uint32_t bucket;
	int ends;

	if (spans && all) {
		known = vp_span_by_text(&spans->rows, name, key);
		known = known ? known : vp_span_find(thread, spans, name, key);
	}
	/* One without a name cannot be told from others. */
	if (!known || !known->name) {
		vp_lost(VPROF_LOST_SPANS, 1);
		return;
	}
	one.name = vp_span_text(known);
	one.pauses = vp_control.pauses;
	hash = (id ^ (uint64_t)(uintptr_t)one.name << 20) * 0x9e3779b97f4a7c15u;
	bucket = (uint32_t)((hash ^ hash >> 29) * 0xff51afd7ed558ccdu >> 40) % BUCKETS;
	vp_lock_take(&locks[bucket % LOCKS]);
	ends = turn(&all[bucket * BUCKET], &one, &out);
	vp_lock_drop(&locks[bucket % LOCKS]);
	if (ends)
		end(thread, spans, &out, one.begin_ns, caller);
	else
		count_begin(known, one.begin_ns, out.name != NULL);
}
