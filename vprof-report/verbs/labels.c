#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "cli/xalloc.h"
#include "model/cpu.h"
#include "model/label_sums.h"
#include "model/labels.h"
#include "model/run.h"
#include "output/out.h"
#include "text/fields.h"
#include "text/notes.h"
#include "text/print.h"
#include "verbs/verb.h"

enum key { BY_TOTAL, BY_SELF, BY_NAME, BY_BYTES, BY_CALLS, BY_LIVE, BY_WAIT, BY_TURNS, BY_SPANS };

static const struct vr_sort_key sort_keys[] = {
    {"total", BY_TOTAL}, {"cumulative", BY_TOTAL}, {"self", BY_SELF},	{"time", BY_SELF},
    {"name", BY_NAME},	 {"bytes", BY_BYTES},	   {"calls", BY_CALLS}, {"live", BY_LIVE},
    {"wait", BY_WAIT},	 {"iterations", BY_TURNS}, {"turns", BY_TURNS}, {"spans", BY_SPANS},
    {NULL, 0},
};

struct tables {
	const struct vr_cpu *cpu;
	const struct vr_label_sums *sums;
	uint64_t wait_ns; /* of all labels and none */
};

/* What happened under one pair. */
struct row {
	const char *text; /* NULL: under no label */
	uint64_t self_ns; /* it was the innermost */
	uint64_t total_ns, samples;
	struct vr_label_sum sum; /* labels within it included */
};

static uint64_t value_of(const struct row *row, enum key key)
{
	switch (key) {
	case BY_SELF:
		return row->self_ns;
	case BY_BYTES:
		return row->sum.alloc_bytes;
	case BY_CALLS:
		return row->sum.allocs;
	case BY_LIVE:
		return row->sum.live_bytes;
	case BY_WAIT:
		return row->sum.wait_ns;
	case BY_TURNS:
		return row->sum.iterations;
	case BY_SPANS:
		return row->sum.spans;
	case BY_TOTAL:
	case BY_NAME:
		break;
	}
	return row->total_ns;
}

static int compare(const void *a, const void *b, void *arg)
{
	enum key order = *(enum key *)arg;
	const struct row *x = a;
	const struct row *y = b;
	uint64_t u = value_of(x, order);
	uint64_t v = value_of(y, order);

	if (!x->text || !y->text) /* time under no label comes last */
		return !x->text - !y->text;
	if (order != BY_NAME && u != v)
		return u > v ? -1 : 1;
	return strcmp(x->text, y->text);
}

static void add_sum(struct vr_label_sum *to, const struct vr_label_sum *from)
{
	to->allocs += from->allocs;
	to->alloc_bytes += from->alloc_bytes;
	to->frees += from->frees;
	to->freed_bytes += from->freed_bytes;
	to->temporary += from->temporary;
	to->live_blocks += from->live_blocks;
	to->live_bytes += from->live_bytes;
	to->peak_blocks += from->peak_blocks;
	to->peak_bytes += from->peak_bytes;
	to->waits += from->waits;
	to->wait_ns += from->wait_ns;
	to->idle_ns += from->idle_ns;
	to->iterations += from->iterations;
	to->iteration_ns += from->iteration_ns;
	to->several += from->several;
	to->iteration_max_ns = vr_most(to->iteration_max_ns, from->iteration_max_ns);
	to->spans += from->spans;
	to->span_ns += from->span_ns;
	to->span_max_ns = vr_most(to->span_max_ns, from->span_max_ns);
}

static void add_label(struct row *row, const struct vr_label *label, const struct tables *tables)
{
	const struct vr_cpu *cpu = tables->cpu;

	for (size_t k = 0; k < label->n_pairs; k++) {
		row[label->pair[k]].total_ns += cpu->label_ns[label->id];
		row[label->pair[k]].samples += cpu->label_samples[label->id];
		add_sum(&row[label->pair[k]].sum, &tables->sums->of[label->id]);
	}
	if (label->n_pairs)
		row[label->pair[label->n_pairs - 1]].self_ns += cpu->label_ns[label->id];
}

/* One row a pair, and one for no label; free() it. */
static struct row *make_rows(const struct vr_labels *labels, const struct tables *tables,
			     enum key key, size_t *count)
{
	struct row *row = vr_xcalloc(labels->n_pairs + 1, sizeof(*row));
	const struct vr_cpu *cpu = tables->cpu;

	for (size_t i = 0; i < labels->n_pairs; i++)
		row[i].text = labels->pair[i].text;
	row[labels->n_pairs] = (struct row){NULL, cpu->label_ns[0], cpu->label_ns[0],
					    cpu->label_samples[0], tables->sums->of[0]};
	for (size_t i = 0; i < labels->n_labels; i++)
		add_label(row, &labels->label[i], tables);
	*count = labels->n_pairs + 1;
	qsort_r(row, *count, sizeof(*row), compare, &key);
	return row;
}

static void get_label(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct row *r = row;

	(void)rows;
	value->cell.s = r->text ? r->text : "[no label]";
}

static double percent_of(const struct vr_rows *rows, uint64_t ns)
{
	const struct tables *tables = rows->model;

	return vr_percent(ns, tables->cpu->total_ns);
}

static void get_self_percent(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct row *r = row;

	value->cell.f = percent_of(rows, r->self_ns);
}

static void get_total_percent(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct row *r = row;

	value->cell.f = percent_of(rows, r->total_ns);
}

static int heap_known(const struct vr_rows *rows)
{
	return ((const struct tables *)rows->model)->sums->heap_known;
}

static int live_known(const struct vr_rows *rows)
{
	return ((const struct tables *)rows->model)->sums->live_known;
}

static int loops_known(const struct vr_rows *rows)
{
	return ((const struct tables *)rows->model)->sums->loops_known;
}

static int spans_known(const struct vr_rows *rows)
{
	return ((const struct tables *)rows->model)->sums->spans_known;
}

static int any_waits(const struct vr_rows *rows)
{
	return ((const struct tables *)rows->model)->wait_ns != 0;
}

#define ROW(member) VR_MEMBER(struct row, member)

/* JSON has them all; what is not known of the selection is null there. */
#define HEAP(key, title, unit, member, yielding)                                                   \
	{                                                                                          \
		key, title, unit, VR_IN_COLUMNS, ROW(sum.member), .applies = heap_known,           \
								  .yields = yielding               \
	}
#define LIVE(key, title, member, yielding)                                                         \
	{                                                                                          \
		key, title, VR_BYTES, VR_IN_COLUMNS, ROW(sum.member), .applies = live_known,       \
								      .yields = yielding           \
	}

static const struct vr_field label_fields[] = {
    {"label", "label", VR_TEXT, VR_IN_ALL, .get = get_label, .elastic = VR_KEEP_START},
    {"self_ns", "self", VR_NS, VR_IN_ALL, ROW(self_ns)},
    {"total_ns", "total", VR_NS, VR_IN_ALL, ROW(total_ns)},
    {"self_percent", "self%", VR_PERCENT, VR_IN_COLUMNS, .get = get_self_percent, .yields = 3},
    {"total_percent", "total%", VR_PERCENT, VR_IN_COLUMNS, .get = get_total_percent},
    {"samples", "samples", VR_COUNT, VR_IN_ALL, ROW(samples), .yields = 4},
    {"wait_ns", "wait", VR_NS, VR_IN_COLUMNS, ROW(sum.wait_ns), .applies = any_waits},
    {"iterations", "turns", VR_COUNT, VR_IN_COLUMNS, ROW(sum.iterations), .applies = loops_known,
     .yields = 2},
    {"iteration_ns", "", VR_NS, VR_IN_CSV, ROW(sum.iteration_ns), .applies = loops_known},
    {"spans", "spans", VR_COUNT, VR_IN_COLUMNS, ROW(sum.spans), .applies = spans_known,
     .yields = 2},
    {"span_ns", "", VR_NS, VR_IN_CSV, ROW(sum.span_ns), .applies = spans_known},
    HEAP("bytes_allocated", "bytes", VR_BYTES, alloc_bytes, 0),
    HEAP("allocs", "calls", VR_COUNT, allocs, 1),
    LIVE("live_bytes", "live", live_bytes, 0),
    LIVE("peak_bytes", "peak", peak_bytes, 2),
};

static const struct vr_field wait_fields[] = {
    {"waits", "", VR_COUNT, VR_IN_JSON, ROW(sum.waits)},
    {"wait_ns", "", VR_NS, VR_IN_JSON, ROW(sum.wait_ns)},
    {"idle_ns", "", VR_NS, VR_IN_JSON, ROW(sum.idle_ns)},
};

static const struct vr_field loop_fields[] = {
    {"iterations", "", VR_COUNT, VR_IN_JSON, ROW(sum.iterations)},
    {"busy_ns", "", VR_NS, VR_IN_JSON, ROW(sum.iteration_ns)},
    {"max_ns", "", VR_NS, VR_IN_JSON, ROW(sum.iteration_max_ns)},
    {"several", "", VR_COUNT, VR_IN_JSON, ROW(sum.several)},
};

static const struct vr_field span_fields[] = {
    {"count", "", VR_COUNT, VR_IN_JSON, ROW(sum.spans)},
    {"time_ns", "", VR_NS, VR_IN_JSON, ROW(sum.span_ns)},
    {"max_ns", "", VR_NS, VR_IN_JSON, ROW(sum.span_max_ns)},
};

static const struct vr_field heap_fields[] = {
    {"allocs", "", VR_COUNT, VR_IN_JSON, ROW(sum.allocs)},
    {"frees", "", VR_COUNT, VR_IN_JSON, ROW(sum.frees)},
    {"bytes_allocated", "", VR_BYTES, VR_IN_JSON, ROW(sum.alloc_bytes)},
    {"bytes_freed", "", VR_BYTES, VR_IN_JSON, ROW(sum.freed_bytes)},
    {"temporary", "", VR_COUNT, VR_IN_JSON, ROW(sum.temporary)},
};

static const struct vr_field live_fields[] = {
    {"live_bytes", "", VR_BYTES, VR_IN_JSON, ROW(sum.live_bytes)},
    {"live_blocks", "", VR_COUNT, VR_IN_JSON, ROW(sum.live_blocks)},
    {"peak_bytes", "", VR_BYTES, VR_IN_JSON, ROW(sum.peak_bytes)},
    {"peak_blocks", "", VR_COUNT, VR_IN_JSON, ROW(sum.peak_blocks)},
};

static void get_unlabelled(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_cpu *cpu = row;

	(void)rows;
	value->cell.u = cpu->label_ns[0];
}

/* "heap" is null where nobody knows it; what is live of a selection of threads is not in it. */
static json_t *row_json(const struct vr_rows *rows, const struct row *row)
{
	json_t *object = vr_json_fields(rows, VR_FIELDS(label_fields), row);
	json_t *heap = heap_known(rows) ? json_object() : json_null();

	vr_json_set_fields(object, rows, VR_FIELDS(wait_fields), row);
	if (heap_known(rows))
		vr_json_set_fields(heap, rows, VR_FIELDS(heap_fields), row);
	if (live_known(rows))
		vr_json_set_fields(heap, rows, VR_FIELDS(live_fields), row);
	json_object_set_new(object, "heap", heap);
	json_object_set_new(object, "loops",
			    loops_known(rows) ? vr_json_fields(rows, VR_FIELDS(loop_fields), row)
					      : json_null());
	json_object_set_new(object, "spans",
			    spans_known(rows) ? vr_json_fields(rows, VR_FIELDS(span_fields), row)
					      : json_null());
	return object;
}

#define TOTAL(member) VR_MEMBER(struct vr_cpu, member)

static const struct vr_field total_fields[] = {
    {"cpu_ns", "", VR_NS, VR_IN_JSON, TOTAL(total_ns)},
    {"samples", "", VR_COUNT, VR_IN_JSON, TOTAL(total_samples)},
    {"unlabelled_ns", "", VR_NS, VR_IN_JSON, .get = get_unlabelled},
};

static void print_rows(const struct vr_rows *rows, const struct row *row, size_t count)
{
	struct vr_sheet *sheet = vr_sheet_new(rows, VR_FIELDS(label_fields));

	for (size_t i = 0; i < count && i < rows->ctx->limit; i++)
		vr_sheet_row(sheet, &row[i]);
	vr_sheet_print(sheet);
	vr_print_more(rows->ctx, rows->ctx->limit, count, "labels");
}

static json_t *to_json(const struct vr_rows *rows, const struct row *row, size_t count)
{
	const struct tables *tables = rows->model;
	json_t *root = json_object();
	json_t *array = json_array();

	json_object_set_new(root, "totals",
			    vr_json_fields(rows, VR_FIELDS(total_fields), tables->cpu));
	json_object_set_new(root, "labels", array);
	for (size_t i = 0; i < count && i < rows->ctx->limit; i++) {
		if (row[i].text)
			json_array_append_new(array, row_json(rows, &row[i]));
		else
			json_object_set_new(root, "unlabelled", row_json(rows, &row[i]));
	}
	return root;
}

static int run(struct vr_context *ctx)
{
	struct vr_cpu *cpu = vr_cpu_new(ctx->profile);
	struct vr_label_sums *sums = vr_label_sums_new(ctx->profile);
	struct vr_labels *labels = vr_labels_new(ctx->profile->file);
	struct tables tables = {cpu, sums, sums->of[0].wait_ns};
	const struct vr_rows rows = {.ctx = ctx, .model = &tables};
	size_t count;
	struct row *row;

	for (size_t i = 0; i < labels->n_labels; i++)
		tables.wait_ns += sums->of[labels->label[i].id].wait_ns;
	row = make_rows(labels, &tables, (enum key)ctx->sort, &count);
	vr_warn_cpu(ctx, cpu);
	if (!labels->n_labels)
		vr_note(ctx, "the program set no labels; see vprof_begin() in vprof.h");
	if (ctx->format == VR_FORMAT_JSON)
		ctx->json = to_json(&rows, row, count);
	else
		print_rows(&rows, row, count);
	free(row);
	vr_labels_free(labels);
	vr_label_sums_free(sums);
	vr_cpu_free(cpu);
	return 0;
}

const struct vr_verb vr_verb_labels = {
    .name = "labels",
    .summary = "CPU time, allocations and waits by label of vprof_begin()",
    .usage = "[FILE...]",
    .detail =
	"self is the CPU time under the label alone; total, and all that follows it, includes\n"
	"the labels within it. wait is what kept it from work: locks, and calls that lasted;\n"
	"live and peak are of blocks allocated under it, whoever freed them. turns are iterations\n"
	"of loops, each of the label that was begun last in it; spans are of the label in force\n"
	"when they began.\n"
	"`flat --label K=V` and its like print one label's profile.",
    .options = VR_TAKES(VR_OPT_SORT, VR_OPT_LIMIT, VR_OPT_FORMAT, VR_OPT_THREAD, VR_OPT_WINDOW,
			VR_OPT_LABEL),
    .sort = sort_keys,
    .limit = 40,
    .run = run,
};
