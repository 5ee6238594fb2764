#include "model/spans.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/order.h"
#include "cli/xalloc.h"

struct builder {
	struct vr_profile *profile;
	struct vr_spans *spans;
	struct vr_map at, names;
	size_t room;
	enum vr_spans_by by;
	const char *name;
	int (*keep)(void *arg, const struct vprof_span *row); /* NULL: all */
	void *arg;
};

/* Of row 0, which is of no thread, label or module, where none is asked for. */
static int is_meant(const struct builder *b, const struct vprof_span *row, uint32_t id)
{
	const struct vr_profile *profile = b->profile;
	const struct vr_select *select = &profile->select;

	if (b->keep)
		return id && row->flags && b->keep(b->arg, row);
	if (!id)
		return (row->count || row->begun || row->deep) && !select->thread &&
		       !select->label && !select->module && !b->name;
	return row->flags && profile->keep_thread[row->thread] &&
	       vr_profile_keeps_label(profile, row->label) &&
	       (!select->module || vr_stacks_touches(profile->stacks, row->node, select->module)) &&
	       (!b->name || fnmatch(b->name, vr_file_string(profile->file, row->name), 0) == 0);
}

static struct vr_span_sum *span_of(struct builder *b, const struct vprof_span *row, uint32_t id)
{
	const struct vr_file *file = b->profile->file;
	uint32_t thread = b->by == VR_SPANS_BY_THREAD ? row->thread : VPROF_NONE;
	uint32_t label = b->by == VR_SPANS_BY_LABEL ? row->label : VPROF_NONE;
	uint64_t name = id ? vr_hash_text(1, vr_file_string(file, row->name)) : 0;
	uint64_t key =
	    vr_hash(vr_hash(vr_hash(name, row->flags & VPROF_SPAN_ASYNC), thread), label);
	struct vr_spans *spans = b->spans;
	struct vr_span_sum *span;
	int added;
	uint32_t *at;

	vr_map_at(&b->names, name, &added);
	at = vr_map_at(&b->at, key, &added);
	if (!added)
		return &spans->span[*at];
	*at = (uint32_t)spans->n_spans;
	spans->span = vr_xgrow(spans->span, spans->n_spans, &b->room, sizeof(*spans->span));
	span = &spans->span[spans->n_spans++];
	*span = (struct vr_span_sum){.name = id ? vr_file_string(file, row->name) : NULL,
				     .async = (row->flags & VPROF_SPAN_ASYNC) != 0,
				     .thread = thread};
	if (b->by == VR_SPANS_BY_LABEL)
		span->label = row->label ? vr_file_string(file, row->label) : "";
	span->sum.first_ns = UINT64_MAX;
	return span;
}

static void add_sizes(struct vprof_span *to, const struct vprof_span *row)
{
	if (!row->sized)
		return;
	if (!to->sized || row->size_min < to->size_min)
		to->size_min = row->size_min;
	if (row->size_max > to->size_max)
		to->size_max = row->size_max;
	to->sized += row->sized;
	to->size += row->size;
}

void vr_span_add_row(struct vr_span_sum *span, const struct vprof_span *row)
{
	struct vprof_span *to = &span->sum;

	span->threads += row->count != 0;
	to->flags |= row->flags;
	to->begun += row->begun;
	to->count += row->count;
	to->left += row->left;
	to->deep += row->deep;
	to->time_ns += row->time_ns;
	to->inner_ns += row->inner_ns;
	to->allocs += row->allocs;
	to->alloc_bytes += row->alloc_bytes;
	add_sizes(to, row);
	if (row->max_ns > to->max_ns) {
		to->max_ns = row->max_ns;
		to->max_at_ns = row->max_at_ns;
		to->size_at_max = row->size_at_max;
		to->node = row->node;
		to->thread = row->thread;
	}
	if (row->first_ns < to->first_ns)
		to->first_ns = row->first_ns;
	if (row->last_ns > to->last_ns)
		to->last_ns = row->last_ns;
	if (row->since_ns > to->since_ns)
		to->since_ns = row->since_ns;
	for (size_t i = 0; i < VPROF_SPAN_BUCKETS; i++)
		to->histogram[i] += row->histogram[i];
}

/* `threads` of rows of several labels was counted too often. */
static void count_threads(struct builder *b)
{
	const struct vr_file *file = b->profile->file;
	struct vr_map seen = {0};

	for (size_t i = 0; i < b->spans->n_spans; i++)
		b->spans->span[i].threads = 0;
	for (uint32_t i = 0; i < file->n_spans; i++) {
		const struct vprof_span *row = &file->span[i];
		struct vr_span_sum *span;
		int added;

		if (!row->count || !is_meant(b, row, i))
			continue;
		span = span_of(b, row, i);
		vr_map_at(&seen, vr_hash((uint64_t)(span - b->spans->span), row->thread), &added);
		span->threads += (uint32_t)added;
	}
	vr_map_free(&seen);
}

/* The innermost frame that is not of vprof.h, whose functions are inlined into it. */
static struct vr_function ended_by(struct vr_profile *profile, uint32_t node)
{
	struct vr_function found = {"", "", "", 0};
	struct vr_stacks *stacks = profile->stacks;

	for (; node != VPROF_NODE_ROOT; node = vr_stacks_parent(stacks, node)) {
		struct vr_places places = vr_stacks_at(stacks, node);

		for (uint32_t i = 0; i < places.count; i++) {
			const struct vr_place *place = &stacks->place[places.first + i];

			found = *vr_place_function(stacks, place);
			found.line = place->line;
			if (strncmp(found.name, "vprof_", 6) != 0 &&
			    strncmp(found.name, "vprof::", 7) != 0)
				return found;
		}
	}
	return found;
}

void vr_span_finish(struct vr_profile *profile, struct vr_span_sum *span)
{
	struct vprof_span *sum = &span->sum;

	/* Those that other threads ended are not open, and nobody knows which they are. */
	if (!span->async || (span->thread == VPROF_NONE && !profile->select.thread))
		span->open = vr_less(vr_less(sum->begun, sum->count), sum->left);
	span->self_ns = vr_less(sum->time_ns, sum->inner_ns);
	if (sum->first_ns == UINT64_MAX)
		sum->first_ns = 0;
	span->histogram = vr_histogram_of(sum->histogram, VPROF_SPAN_BUCKETS, VPROF_SPAN_UNIT_BITS,
					  VPROF_SPAN_SUB_BITS, sum->max_ns);
	for (int i = 0; i < VR_LOOP_PERCENTILES; i++)
		span->took[i] = vr_histogram_quantile(&span->histogram, vr_loop_share[i]);
	span->function = ended_by(profile, sum->node);
}

static struct vr_spans *build(struct builder b)
{
	struct vr_profile *profile = b.profile;
	const struct vr_file *file = profile->file;

	b.spans = vr_xcalloc(1, sizeof(*b.spans));
	b.spans->of_row = vr_xcalloc(file->n_spans + 1, sizeof(*b.spans->of_row));
	for (uint32_t i = 0; i < file->n_spans; i++) {
		struct vr_span_sum *span;

		if (!is_meant(&b, &file->span[i], i))
			continue;
		span = span_of(&b, &file->span[i], i);
		vr_span_add_row(span, &file->span[i]);
		b.spans->of_row[i] = (uint32_t)(span - b.spans->span) + 1;
	}
	count_threads(&b);
	b.spans->n_names = b.names.count;
	b.spans->unmatched = file->n_spans ? file->span[0].unmatched : 0;
	b.spans->others = file->n_spans ? file->span[0].count : 0;
	/* Their places are final from here on. */
	for (size_t i = 0; i < b.spans->n_spans; i++)
		vr_span_finish(profile, &b.spans->span[i]);
	vr_map_free(&b.at);
	vr_map_free(&b.names);
	return b.spans;
}

struct vr_spans *vr_spans_new(struct vr_profile *profile, enum vr_spans_by by, const char *name)
{
	return build((struct builder){.profile = profile, .by = by, .name = name});
}

struct vr_spans *vr_spans_where(struct vr_profile *profile,
				int (*keep)(void *arg, const struct vprof_span *row), void *arg)
{
	return build(
	    (struct builder){.profile = profile, .by = VR_SPANS_BY_NAME, .keep = keep, .arg = arg});
}

void vr_spans_free(struct vr_spans *spans)
{
	if (!spans)
		return;
	free(spans->span);
	free(spans->of_row);
	free(spans);
}

const char *vr_span_name(const struct vr_span_sum *span)
{
	return span->name ? span->name : "[others]";
}

static uint64_t value_of(const struct vr_span_sum *span, enum vr_spans_key key)
{
	switch (key) {
	case VR_SPANS_TIME:
		return span->sum.time_ns;
	case VR_SPANS_SELF:
		return span->self_ns;
	case VR_SPANS_COUNT:
		return span->sum.count;
	case VR_SPANS_P50:
		return span->took[VR_LOOP_P50].ns;
	case VR_SPANS_P99:
		return span->took[VR_LOOP_P99].ns;
	case VR_SPANS_P999:
		return span->took[VR_LOOP_P999].ns;
	case VR_SPANS_P9999:
		return span->took[VR_LOOP_P9999].ns;
	case VR_SPANS_MAX:
		return span->sum.max_ns;
	case VR_SPANS_SIZE:
		return span->sum.size;
	case VR_SPANS_ALLOCS:
		return span->sum.allocs;
	case VR_SPANS_NAME:
		return 0;
	}
	return 0;
}

/* What has no name comes last. */
static int by_name(const struct vr_span_sum *x, const struct vr_span_sum *y)
{
	return x->name && y->name ? strcmp(x->name, y->name) : !x->name - !y->name;
}

static int compare(const void *a, const void *b, void *arg)
{
	const struct vr_span_sum *x = a, *y = b;
	enum vr_spans_key key = *(enum vr_spans_key *)arg;
	int c = vr_larger_first(value_of(x, key), value_of(y, key));

	c = c ? c : by_name(x, y);
	return c ? c : vr_smaller_first(x->sum.first_ns, y->sum.first_ns);
}

size_t *vr_spans_order(const struct vr_spans *spans, enum vr_spans_key key)
{
	return vr_order(spans->span, spans->n_spans, sizeof(*spans->span), compare, &key);
}
