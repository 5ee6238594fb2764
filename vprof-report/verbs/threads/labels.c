#include "verbs/threads/labels.h"

#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "cli/units.h"
#include "cli/xalloc.h"
#include "model/cpu.h"
#include "model/label_sums.h"
#include "model/run.h"
#include "model/threads.h"
#include "text/fields.h"
#include "text/json.h"
#include "text/notes.h"
#include "text/print.h"
#include "verbs/threads/fields.h"

/* One thread; `thread` is first, so that its names are those of any row of threads. */
struct row {
	uint32_t thread; /* row in THREADS */
	const char *name, *start;
	uint32_t tid;
	uint64_t cpu_ns, samples;
	struct vr_label_sum sum;
};

struct view {
	const struct vr_label_sums *sums;
	uint64_t cpu_ns; /* of all rows */
};

static uint64_t value_of(const struct row *row, enum vr_threads_label_key key)
{
	switch (key) {
	case VR_THREADS_LABEL_ALLOCS:
		return row->sum.allocs;
	case VR_THREADS_LABEL_LIVE:
		return row->sum.live_bytes;
	case VR_THREADS_LABEL_WAIT:
		return row->sum.wait_ns;
	default:
		return row->cpu_ns;
	}
}

static int compare(const void *a, const void *b, void *arg)
{
	enum vr_threads_label_key key = *(enum vr_threads_label_key *)arg;
	const struct row *x = a, *y = b;
	int c = key == VR_THREADS_LABEL_TID ? vr_smaller_first(x->tid, y->tid)
		: key == VR_THREADS_LABEL_NAME
		    ? strcmp(x->name, y->name)
		    : vr_larger_first(value_of(x, key), value_of(y, key));

	return c ? c : vr_smaller_first(x->thread, y->thread);
}

static int did_something(const struct row *row)
{
	const struct vr_label_sum *sum = &row->sum;

	return row->cpu_ns || sum->allocs || sum->waits || sum->wait_ns || sum->idle_ns ||
	       sum->iterations || sum->spans;
}

/* Threads that did something under the label; free() it. */
static struct row *make_rows(struct vr_profile *profile, const struct vr_label_sums *sums,
			     const struct vr_cpu *cpu, size_t *count)
{
	const struct vr_file *file = profile->file;
	struct vr_thread *thread = vr_threads_new(profile);
	struct row *row = vr_xcalloc(file->n_threads + 1u, sizeof(*row));
	size_t n = 0;

	for (uint32_t i = 0; i < file->n_threads; i++)
		row[i] = (struct row){.thread = i,
				      .name = file->thread[i].name,
				      .start = thread[i].start.name,
				      .tid = file->thread[i].tid,
				      .sum = sums->of[i]};
	for (size_t i = 0; i < cpu->rows; i++) {
		row[cpu->row[i].thread].cpu_ns += cpu->row[i].ns;
		row[cpu->row[i].thread].samples += cpu->row[i].samples;
	}
	for (uint32_t i = 0; i < file->n_threads; i++)
		if (profile->keep_thread[i] && !vr_profile_is_helper(profile, i) &&
		    did_something(&row[i]))
			row[n++] = row[i];
	free(thread);
	*count = n;
	return row;
}

static const struct row *row_of(const void *row)
{
	return row;
}

static void get_start(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const char *name = row_of(row)->start;

	if (name || rows->ctx->format == VR_FORMAT_TABLE)
		vr_value_caption(rows, value, (struct vr_caption){.function = name ? name : "-"});
	else
		value->cell.null = 1;
}

static void get_cpu_percent(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct view *view = rows->model;

	value->cell.f = vr_percent(row_of(row)->cpu_ns, view->cpu_ns);
}

static int heap_known(const struct vr_rows *rows)
{
	return ((const struct view *)rows->model)->sums->heap_known;
}

static int loops_known(const struct vr_rows *rows)
{
	return ((const struct view *)rows->model)->sums->loops_known;
}

static int spans_known(const struct vr_rows *rows)
{
	return ((const struct view *)rows->model)->sums->spans_known;
}

/* Of a thread whose sites others have, too, nobody knows its part. */
static void set_heap(const struct vr_rows *rows, const struct row *row, uint64_t value,
		     struct vr_value *out)
{
	out->cell.null = !heap_known(rows) || row->sum.heap_shared;
	out->cell.u = value;
}

static void get_allocs(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	set_heap(rows, row, row_of(row)->sum.allocs, value);
}

static void get_frees(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	set_heap(rows, row, row_of(row)->sum.frees, value);
}

static void get_bytes(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	set_heap(rows, row, row_of(row)->sum.alloc_bytes, value);
}

static void get_live(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	set_heap(rows, row, row_of(row)->sum.live_bytes, value);
}

#define ROW(member) VR_MEMBER(struct row, member)

static const struct vr_field fields[] = {
    VR_THREAD_NAMES(VR_IN_ALL),
    {"start_function", "start function", VR_TEXT, VR_IN_ALL, .get = get_start,
     .elastic = VR_CAPTIONS},
    {"cpu_ns", "cpu", VR_NS, VR_IN_ALL, ROW(cpu_ns)},
    {"cpu_percent", "of it", VR_PERCENT, VR_IN_COLUMNS, .get = get_cpu_percent},
    {"samples", "", VR_COUNT, VR_IN_DATA, ROW(samples)},
    {"waits", "", VR_COUNT, VR_IN_DATA, ROW(sum.waits)},
    {"wait_ns", "wait", VR_NS, VR_IN_ALL, ROW(sum.wait_ns)},
    {"idle_ns", "idle", VR_NS, VR_IN_ALL, ROW(sum.idle_ns), .yields = 2},
    {"iterations", "turns", VR_COUNT, VR_IN_ALL, ROW(sum.iterations), .applies = loops_known},
    {"iteration_ns", "", VR_NS, VR_IN_DATA, ROW(sum.iteration_ns), .applies = loops_known},
    {"spans", "spans", VR_COUNT, VR_IN_ALL, ROW(sum.spans), .applies = spans_known},
    {"span_ns", "", VR_NS, VR_IN_DATA, ROW(sum.span_ns), .applies = spans_known},
    {"allocs", "allocs", VR_COUNT, VR_IN_ALL, .get = get_allocs, .applies = heap_known,
     .yields = 1},
    {"frees", "", VR_COUNT, VR_IN_DATA, .get = get_frees, .applies = heap_known},
    {"bytes_allocated", "bytes", VR_BYTES, VR_IN_ALL, .get = get_bytes, .applies = heap_known},
    {"live_bytes", "live", VR_BYTES, VR_IN_ALL, .get = get_live, .applies = heap_known},
};

static void print_rows(const struct vr_rows *rows, const struct row *row, size_t count)
{
	struct vr_sheet *sheet = vr_sheet_new(rows, VR_FIELDS(fields));

	for (size_t i = 0; i < count && i < rows->ctx->limit; i++)
		vr_sheet_row(sheet, &row[i]);
	vr_sheet_print(sheet);
	vr_print_more(rows->ctx, rows->ctx->limit, count, "threads");
}

static json_t *to_json(const struct vr_rows *rows, const struct row *row, size_t count)
{
	json_t *root = json_object(), *threads = json_array();

	for (size_t i = 0; i < count && i < rows->ctx->limit; i++)
		json_array_append_new(threads, vr_json_fields(rows, VR_FIELDS(fields), &row[i]));
	vr_json_set_text(root, "label", rows->ctx->profile->select.label);
	vr_json_set_u64(root, "cpu_ns", ((const struct view *)rows->model)->cpu_ns);
	json_object_set_new(root, "threads", threads);
	return root;
}

void vr_threads_by_label(struct vr_context *ctx, enum vr_threads_label_key key)
{
	struct vr_label_sums *sums = vr_label_sums_new_by_thread(ctx->profile);
	struct vr_cpu *cpu = vr_cpu_new_by_thread(ctx->profile);
	const struct view view = {.sums = sums, .cpu_ns = cpu->total_ns};
	const struct vr_rows rows = {.ctx = ctx, .model = &view};
	size_t count, shared = 0;
	struct row *row = make_rows(ctx->profile, sums, cpu, &count);

	qsort_r(row, count, sizeof(*row), compare, &key);
	if (ctx->format == VR_FORMAT_JSON)
		ctx->json = to_json(&rows, row, count);
	else
		print_rows(&rows, row, count);
	for (size_t i = 0; i < count; i++)
		shared += sums->heap_known && row[i].sum.heap_shared;
	if (shared)
		vr_note(ctx,
			"of %zu thread%s it is not known what they allocated under the label: they "
			"came after each other and are counted together",
			shared, vr_plural(shared));
	vr_warn_cpu(ctx, cpu);
	free(row);
	vr_cpu_free(cpu);
	vr_label_sums_free(sums);
}
