/* Calls that were counted, and how long they lasted by the clock. */
#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "cli/text.h"
#include "cli/xalloc.h"
#include "model/counts.h"
#include "text/counts.h"
#include "text/fields.h"
#include "text/names.h"
#include "text/notes.h"
#include "text/print.h"
#include "verbs/verb.h"

enum key { BY_CALLS, BY_TIME, BY_SELF, BY_P99, BY_MAX, BY_NAME };

static const struct vr_sort_key sort_keys[] = {
    {"calls", BY_CALLS}, {"ncalls", BY_CALLS}, {"time", BY_TIME},
    {"total", BY_TIME},	 {"self", BY_SELF},    {"p99", BY_P99},
    {"max", BY_MAX},	 {"name", BY_NAME},    {NULL, 0},
};

struct row {
	uint32_t function;
	struct vr_count_sum sum;
	const struct vr_durations *lasted; /* NULL: nothing told of their ends */
	struct vr_quantile p50, p99;
};

struct order {
	enum key key;
	const struct vr_function *function;
};

static uint64_t value_of(const struct row *row, enum key key)
{
	switch (key) {
	case BY_TIME:
		return row->sum.time_ns;
	case BY_SELF:
		return row->sum.self_ns;
	case BY_P99:
		return row->p99.ns;
	case BY_MAX:
		return row->lasted ? row->lasted->max_ns : 0;
	default:
		return row->sum.calls;
	}
}

static int compare(const void *a, const void *b, void *arg)
{
	const struct order *order = arg;
	const struct row *x = a, *y = b;
	int c = 0;

	if (order->key != BY_NAME)
		c = vr_larger_first(value_of(x, order->key), value_of(y, order->key));
	if (!c && order->key != BY_NAME)
		c = vr_larger_first(x->sum.calls, y->sum.calls);
	if (!c)
		c = strcmp(order->function[x->function].name, order->function[y->function].name);
	return c ? c : vr_smaller_first(x->function, y->function);
}

/* free() it. */
static struct row *make_rows(const struct vr_profile *profile, const struct vr_counts *counts,
			     size_t *count)
{
	struct row *row = vr_xcalloc(counts->n_functions + 1, sizeof(*row));
	const char *module = profile->select.module;

	*count = 0;
	for (uint32_t i = 0; i < counts->n_functions; i++) {
		struct row *to = &row[*count];

		if (!counts->function[i].how ||
		    (module && !vr_text_glob(module, profile->stacks->function[i].module)))
			continue;
		*to = (struct row){
		    .function = i, .sum = counts->function[i], .lasted = counts->durations[i]};
		if (to->lasted) {
			to->p50 = vr_durations_quantile(to->lasted, 0.5);
			to->p99 = vr_durations_quantile(to->lasted, 0.99);
		}
		++*count;
	}
	return row;
}

static const void *function_of(const struct vr_rows *rows, const void *row)
{
	const struct row *r = row;

	return &rows->ctx->profile->stacks->function[r->function];
}

static int is_timed(const struct row *row)
{
	return (row->sum.how & 1u << VPROF_COUNT_INSTRUMENT) != 0;
}

static void get_primitive(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct row *r = row;

	(void)rows;
	value->cell.null = !is_timed(r);
	value->cell.u = r->sum.calls - r->sum.recursive;
}

static void get_time(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct row *r = row;

	(void)rows;
	value->cell.null = !r->lasted; /* of none the end was seen */
	value->cell.u = r->sum.time_ns;
}

static void get_self(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct row *r = row;

	(void)rows;
	value->cell.null = !r->lasted;
	value->cell.u = r->sum.self_ns;
}

static void get_mean(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct row *r = row;

	(void)rows;
	value->cell.null = !r->lasted;
	value->cell.u = r->lasted ? r->lasted->time_ns / r->lasted->calls : 0;
}

static void get_p50(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct row *r = row;

	(void)rows;
	value->cell.null = !r->p50.known;
	value->cell.u = r->p50.ns;
}

static void get_p99(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct row *r = row;

	(void)rows;
	value->cell.null = !r->p99.known;
	value->cell.u = r->p99.ns;
}

static void get_max(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct row *r = row;

	(void)rows;
	value->cell.null = !r->lasted;
	value->cell.u = r->lasted ? r->lasted->max_ns : 0;
}

static void get_timed(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct row *r = row;

	(void)rows;
	value->cell.null = !is_timed(r);
	value->cell.u = r->lasted ? r->lasted->calls : 0;
}

static void get_location(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	vr_value_caption(rows, value, vr_location_caption(row, rows->ctx->strip_dirs));
}

#define ROW(member) VR_MEMBER(struct row, member)

static const struct vr_field row_fields[] = {
    VR_FUNCTION_FIELDS(VR_IN_DATA, function_of),
    {"ncalls", "ncalls", VR_COUNT, VR_IN_ALL, ROW(sum.calls)},
    {"primitive_calls", "primitive", VR_COUNT, VR_IN_ALL, .get = get_primitive, .yields = 2},
    {"timed_calls", "", VR_COUNT, VR_IN_DATA, .get = get_timed},
    {"total_ns", "total", VR_NS, VR_IN_ALL, .get = get_time},
    {"self_ns", "self", VR_NS, VR_IN_ALL, .get = get_self, .yields = 1},
    {"mean_ns", "mean", VR_NS, VR_IN_ALL, .get = get_mean},
    {"p50_ns", "p50", VR_NS, VR_IN_ALL, .get = get_p50},
    {"p99_ns", "p99", VR_NS, VR_IN_ALL, .get = get_p99},
    {"max_ns", "max", VR_NS, VR_IN_ALL, .get = get_max},
    {"location", "filename:lineno(function)", VR_TEXT, VR_IN_TABLE, .get = get_location,
     .part = function_of, .elastic = VR_CAPTIONS},
};

static json_t *to_json(const struct vr_rows *rows, const struct row *row, size_t count)
{
	json_t *root = json_object(), *functions = json_array();

	json_object_set_new(root, "counted", vr_counted_json(rows->model));
	json_object_set_new(root, "trace", vr_trace_json(rows->ctx->profile->file));
	json_object_set_new(root, "functions", functions);
	for (size_t i = 0; i < count && i < rows->ctx->limit; i++)
		json_array_append_new(functions,
				      vr_json_fields(rows, VR_FIELDS(row_fields), &row[i]));
	return root;
}

static void print_rows(const struct vr_rows *rows, const struct row *row, size_t count)
{
	struct vr_sheet *sheet = vr_sheet_new(rows, VR_FIELDS(row_fields));

	for (size_t i = 0; i < count && i < rows->ctx->limit; i++)
		vr_sheet_row(sheet, &row[i]);
	vr_sheet_print(sheet);
	vr_print_more(rows->ctx, rows->ctx->limit, count, "functions");
}

static int run(struct vr_context *ctx)
{
	struct vr_counts *counts = vr_counts_new(ctx->profile);
	const struct vr_rows rows = {.ctx = ctx, .model = counts};
	struct order order = {(enum key)ctx->sort, ctx->profile->stacks->function};
	size_t count;
	struct row *row = make_rows(ctx->profile, counts, &count);
	char *text = vr_trace_text(ctx->profile->file);

	qsort_r(row, count, sizeof(*row), compare, &order);
	vr_warn_symbols(ctx);
	if (!counts->how)
		vr_note(ctx,
			"no calls were counted; docs/counts.md says which builds tell of them");
	else if (!vr_counts_of_program(counts))
		vr_note(ctx, "functions of libc that are hooked alone were counted; "
			     "docs/counts.md says which builds tell of their own");
	vr_warn_counts(ctx, counts, 0);
	if (text && ctx->format == VR_FORMAT_TABLE)
		vr_note(ctx, "trace=: %s", text);
	free(text);
	if (ctx->format == VR_FORMAT_JSON)
		ctx->json = to_json(&rows, row, count);
	else if (count || ctx->format == VR_FORMAT_CSV)
		print_rows(&rows, row, count);
	free(row);
	vr_counts_free(counts);
	return 0;
}

const struct vr_verb vr_verb_counts = {
    .name = "counts",
    .summary = "Calls of functions, each counted, and how long they lasted",
    .usage = "[FILE...]",
    .detail =
	"Of builds with -finstrument-functions, -pg or -mfentry, of those with\n"
	"-fpatchable-function-entry where trace=GLOB asked for it when they ran, and always of\n"
	"functions of libc that are hooked: malloc and its like, calls that may block, locks\n"
	"(docs/counts.md). 0: it was traced, and never called. Times are\n"
	"those on a clock at the wall, of builds with -finstrument-functions alone: total from\n"
	"begin to end of calls that are not within another of the same function, self without\n"
	"functions that they called; mean, percentiles and max of all calls that ended.",
    .options = VR_TAKES(VR_OPT_SORT, VR_OPT_LIMIT, VR_OPT_FORMAT, VR_OPT_THREAD, VR_OPT_MODULE,
			VR_OPT_TREE, VR_OPT_NAMES, VR_OPT_NAMING),
    .sort = sort_keys,
    .limit = 30,
    .no_label =
	"calls are counted whatever the label; flat --label K=V has the CPU time of functions",
    .run = run,
};
