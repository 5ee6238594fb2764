#include "verbs/spans.h"

#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "cli/text.h"
#include "cli/units.h"
#include "cli/warn.h"
#include "cli/xalloc.h"
#include "model/run.h"
#include "model/spans.h"
#include "pictures/pictures.h"
#include "text/fields.h"
#include "text/json.h"
#include "text/names.h"
#include "text/notes.h"
#include "text/percentiles.h"
#include "text/print.h"
#include "verbs/tail/tail.h"
#include "verbs/verb.h"

#define PICTURED 4u /* names in a picture, without --limit */

static const struct vr_sort_key sort_keys[] = {
    {"time", VR_SPANS_TIME},	{"self", VR_SPANS_SELF},
    {"count", VR_SPANS_COUNT},	{"p50", VR_SPANS_P50},
    {"p99", VR_SPANS_P99},	{"p99.9", VR_SPANS_P999},
    {"p99.99", VR_SPANS_P9999}, {"max", VR_SPANS_MAX},
    {"size", VR_SPANS_SIZE},	{"allocs", VR_SPANS_ALLOCS},
    {"name", VR_SPANS_NAME},	{"p999", VR_SPANS_P999},
    {"p9999", VR_SPANS_P9999},	{NULL, 0},
};

/* ---- fields ------------------------------------------------------------------- */

static const struct vr_span_sum *span_of(const void *row)
{
	return row;
}

static void get_name(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.s = vr_span_name(span_of(row));
}

/* Pairs of a label, the outermost first. */
static char *label_text(const char *label)
{
	char *text = vr_xstrdup(label);

	for (char *at = text; *at; at++)
		if (*at == '\n')
			*at = ' ';
	return text;
}

static void get_label(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const char *label = span_of(row)->label;

	value->cell.null = !label;
	value->text = label_text(label ? label : "");
	if (label && !*label && rows->ctx->format == VR_FORMAT_TABLE) {
		free(value->text);
		value->text = vr_xstrdup("[no label]");
	}
	value->cell.s = value->text;
}

static int by_label(const struct vr_rows *rows)
{
	return *(const enum vr_spans_by *)rows->model == VR_SPANS_BY_LABEL;
}

static int by_thread(const struct vr_rows *rows)
{
	return *(const enum vr_spans_by *)rows->model == VR_SPANS_BY_THREAD;
}

static int in_window(const struct vr_rows *rows)
{
	return rows->ctx->profile->select.windowed;
}

/* Of spans that are kept whole there are times and sizes; the rest is counted by the run. */
static int is_whole(const struct vr_span_sum *span)
{
	return !span->window.estimated;
}

static const struct vprof_thread *thread_of(const struct vr_rows *rows, uint32_t thread)
{
	return thread == VPROF_NONE ? NULL : &rows->ctx->profile->file->thread[thread];
}

static void get_thread(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vprof_thread *thread = thread_of(rows, span_of(row)->thread);

	value->cell.null = !thread;
	value->cell.s = thread ? thread->name : "";
}

static void get_tid(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vprof_thread *thread = thread_of(rows, span_of(row)->thread);

	value->cell.null = !thread;
	value->cell.u = thread ? thread->tid : 0;
}

static void get_longest_tid(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->cell.null = !span_of(row)->sum.max_ns;
	value->cell.u = thread_of(rows, span_of(row)->sum.thread)->tid;
}

static void get_form(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.s = span_of(row)->async ? "async" : "nested";
}

static void get_count(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_span_sum *span = row;

	(void)rows;
	value->cell.null = !span->sum.count && span->window.unplaced;
	value->cell.u = span->sum.count;
}

static void get_time(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	get_count(rows, row, value);
	value->cell.u = span_of(row)->sum.time_ns;
}

static void get_self(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.null = !is_whole(row);
	value->cell.u = span_of(row)->self_ns;
}

/* What only counters of the run tell. */
#define WHOLE(name, value_of)                                                                      \
	static void get_##name(const struct vr_rows *rows, const void *row,                        \
			       struct vr_value *value)                                             \
	{                                                                                          \
		const struct vr_span_sum *span = row;                                              \
                                                                                                   \
		(void)rows;                                                                        \
		value->cell.null = !is_whole(span);                                                \
		value->cell.u = span->value_of;                                                    \
	}
WHOLE(begun, sum.begun)
WHOLE(open, open)
WHOLE(left, sum.left)
WHOLE(deep, sum.deep)
WHOLE(threads, threads)
WHOLE(first, sum.first_ns)
WHOLE(last, sum.last_ns)
WHOLE(sized, sum.sized)
WHOLE(size, sum.size)
WHOLE(allocs, sum.allocs)
WHOLE(alloc_bytes, sum.alloc_bytes)

static void get_off(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.u = (uint64_t)(span_of(row)->window.off + 0.5);
}

static void get_window(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_span_window *window = &span_of(row)->window;

	value->json = in_window(rows) ? json_object() : json_null();
	if (!in_window(rows))
		return;
	vr_json_set_u64(value->json, "of_run", window->of_run);
	vr_json_set_u64(value->json, "kept", window->kept);
	vr_json_set_u64(value->json, "unplaced", window->unplaced);
	vr_json_set_u64(value->json, "count_off", (uint64_t)(window->off + 0.5));
	json_object_set_new(value->json, "max_is_least", json_boolean(window->at_least));
}

static void get_mean(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vprof_span *sum = &span_of(row)->sum;

	(void)rows;
	value->cell.null = !sum->count;
	value->cell.u = sum->count ? sum->time_ns / sum->count : 0;
}

static void get_max(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.null = !span_of(row)->sum.count && !span_of(row)->sum.max_ns;
	value->cell.u = span_of(row)->sum.max_ns;
}

static void get_size_min(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.null = !span_of(row)->sum.sized;
	value->cell.u = span_of(row)->sum.size_min;
}

static void get_size_max(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.null = !span_of(row)->sum.sized;
	value->cell.u = span_of(row)->sum.size_max;
}

static void get_histogram(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->json = vr_histogram_json(&span_of(row)->histogram);
}

static void get_frames(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vprof_span *sum = &span_of(row)->sum;

	value->json =
	    sum->node ? vr_json_frames(rows->ctx->profile->stacks, sum->node) : json_array();
}

static const void *took_of(const struct vr_rows *rows, const void *row)
{
	(void)rows;
	return span_of(row)->took;
}

static const void *function_of(const struct vr_rows *rows, const void *row)
{
	(void)rows;
	return &span_of(row)->function;
}

#define OWN(member) VR_MEMBER(struct vr_span_sum, member)
#define SUM(member) VR_MEMBER(struct vr_span_sum, sum.member)

static const struct vr_field fields[] = {
    {"name", "span", VR_TEXT, VR_IN_DATA, .get = get_name},
    {"form", "", VR_TEXT, VR_IN_DATA, .get = get_form},
    {"label", "", VR_TEXT, VR_IN_DATA, .get = get_label},
    {"tid", "", VR_COUNT, VR_IN_DATA, .get = get_tid},
    {"thread", "", VR_TEXT, VR_IN_DATA, .get = get_thread},
    {"count", "count", VR_COUNT, VR_IN_ALL, .get = get_count},
    {"time_ns", "time", VR_NS, VR_IN_ALL, .get = get_time},
    {"self_ns", "self", VR_NS, VR_IN_ALL, .get = get_self, .yields = 2},
    {"mean_ns", "", VR_NS, VR_IN_DATA, .get = get_mean},
    {"p50_ns", "p50", VR_NS, VR_IN_ALL, .get = vr_get_p50, .part = took_of},
    {"p90_ns", "", VR_NS, VR_IN_DATA, .get = vr_get_p90, .part = took_of},
    {"p99_ns", "p99", VR_NS, VR_IN_ALL, .get = vr_get_p99, .part = took_of},
    {"p999_ns", "p99.9", VR_NS, VR_IN_ALL, .get = vr_get_p999, .part = took_of, .yields = 3},
    {"p9999_ns", "p99.99", VR_NS, VR_IN_ALL, .get = vr_get_p9999, .part = took_of, .yields = 4},
    {"max_ns", "max", VR_NS, VR_IN_ALL, .get = get_max},
    {"", "thread", VR_TEXT, VR_IN_TABLE, .get = get_thread, .applies = by_thread},
    {"", "label", VR_TEXT, VR_IN_TABLE, .get = get_label, .applies = by_label,
     .elastic = VR_KEEP_START},
    {"", "span", VR_TEXT, VR_IN_TABLE, .get = get_name, .elastic = VR_KEEP_START},
    {"begun", "", VR_COUNT, VR_IN_DATA, .get = get_begun},
    {"open", "", VR_COUNT, VR_IN_DATA, .get = get_open},
    {"left", "", VR_COUNT, VR_IN_DATA, .get = get_left},
    {"too_deep", "", VR_COUNT, VR_IN_DATA, .get = get_deep},
    {"threads", "", VR_COUNT, VR_IN_DATA, .get = get_threads},
    {"max_at_ns", "", VR_NS, VR_IN_DATA, SUM(max_at_ns)},
    {"longest_tid", "", VR_COUNT, VR_IN_JSON, .get = get_longest_tid},
    {"first_ns", "", VR_NS, VR_IN_DATA, .get = get_first},
    {"last_ns", "", VR_NS, VR_IN_DATA, .get = get_last},
    {"sized", "", VR_COUNT, VR_IN_DATA, .get = get_sized},
    {"size", "", VR_COUNT, VR_IN_DATA, .get = get_size},
    {"size_min", "", VR_COUNT, VR_IN_DATA, .get = get_size_min},
    {"size_max", "", VR_COUNT, VR_IN_DATA, .get = get_size_max},
    {"size_at_max", "", VR_COUNT, VR_IN_DATA, SUM(size_at_max)},
    {"allocs", "", VR_COUNT, VR_IN_DATA, .get = get_allocs},
    {"alloc_bytes", "", VR_BYTES, VR_IN_DATA, .get = get_alloc_bytes},
    VR_FUNCTION_FIELDS(VR_IN_JSON, function_of),
    {"histogram", "", VR_TEXT, VR_IN_JSON, .get = get_histogram},
    {"frames", "", VR_TEXT, VR_IN_JSON, .get = get_frames},
    {"window", "", VR_TEXT, VR_IN_JSON, .get = get_window},
    {"of_run", "", VR_COUNT, VR_IN_CSV, OWN(window.of_run), .applies = in_window},
    {"kept", "", VR_COUNT, VR_IN_CSV, OWN(window.kept), .applies = in_window},
    {"unplaced", "", VR_COUNT, VR_IN_CSV, OWN(window.unplaced), .applies = in_window},
    {"count_off", "", VR_COUNT, VR_IN_CSV, .get = get_off, .applies = in_window},
};

static void print_window(struct vr_context *ctx)
{
	const struct vr_select *select = &ctx->profile->select;
	uint64_t end_ns = vr_file_duration_ns(ctx->profile->file);
	char from[VR_UNIT_MAX], to[VR_UNIT_MAX];

	fprintf(ctx->out, "   spans that began from %s to %s\n",
		vr_format_ns(from, select->since_ns),
		vr_format_ns(to, select->until_ns < end_ns ? select->until_ns : end_ns));
}

static void print_all(struct vr_context *ctx, const struct vr_rows *rows,
		      const struct vr_spans *spans, const size_t *order, size_t count)
{
	struct vr_sheet *sheet = vr_sheet_new(rows, VR_FIELDS(fields));

	if (!spans->n_spans && ctx->format == VR_FORMAT_TABLE) {
		vr_sheet_free(sheet);
		vr_print_none(ctx, ctx->profile->select.windowed && ctx->profile->file->n_spans
				       ? "no span began in that time"
				       : "no span was seen; see vprof_span_begin() in vprof.h");
		return;
	}
	if (ctx->format == VR_FORMAT_TABLE) {
		if (ctx->profile->select.windowed)
			print_window(ctx);
		fprintf(ctx->out, "   Ordered by: %s\n", sort_keys[ctx->sort].name);
	}
	for (size_t i = 0; i < count; i++)
		vr_sheet_row(sheet, &spans->span[order[i]]);
	vr_sheet_print(sheet);
	if (ctx->format != VR_FORMAT_TABLE)
		return;
	vr_print_more(ctx, count, spans->n_spans, "spans");
	fputc('\n', ctx->out);
	vr_spans_words(ctx, spans, order, count);
}

static json_t *to_json(const struct vr_rows *rows, const struct vr_spans *spans,
		       const size_t *order, size_t count)
{
	json_t *root = json_object(), *array = json_array(), *totals = json_object();
	const struct vprof_header *h = &rows->ctx->profile->file->header;

	vr_json_set_u64(totals, "names", spans->n_names);
	vr_json_set_u64(totals, "unmatched_ends", spans->unmatched);
	vr_json_set_u64(totals, "without_row", spans->others);
	vr_json_set_u64(totals, "not_seen", vr_less(h->lost[VPROF_LOST_SPANS], spans->others));
	json_object_set_new(root, "totals", totals);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(
		    array, vr_json_fields(rows, VR_FIELDS(fields), &spans->span[order[i]]));
	json_object_set_new(root, "spans", array);
	return root;
}

static void warn(const struct vr_context *ctx, const struct vr_spans *spans)
{
	const struct vprof_header *h = &ctx->profile->file->header;
	char count[VR_UNIT_MAX];
	int estimated = 0;

	for (size_t i = 0; i < spans->n_spans && !estimated; i++)
		estimated = spans->span[i].window.estimated;
	if (estimated)
		vr_note(ctx,
			"of names that have spans before or after the window, too, numbers are "
			"estimates by the spans that are kept whole (the longest of the run, "
			"and some by chance); self, sizes and allocations are not known of it");
	if (spans->others)
		vr_note(ctx,
			"%s span%s no row of %s own: too many names or labels, or run with a "
			"larger size=",
			vr_format_count(count, spans->others),
			spans->others == 1 ? " has" : "s have",
			spans->others == 1 ? "its" : "their");
	if (vr_less(h->lost[VPROF_LOST_SPANS], spans->others))
		vr_note(ctx,
			"%s span%s not seen: a signal handler's, while the library was at work, or "
			"without memory",
			vr_format_count(count, h->lost[VPROF_LOST_SPANS] - spans->others),
			h->lost[VPROF_LOST_SPANS] - spans->others == 1 ? " was" : "s were");
	if (spans->unmatched)
		vr_note(ctx, "%s call%s of vprof_span_end() had no span to end%s",
			vr_format_count(count, spans->unmatched), vr_plural(spans->unmatched),
			h->pauses ? ": recording was paused, and they may have begun then" : "");
}

static int read_by(struct vr_context *ctx, enum vr_spans_by *by)
{
	static const char *const name[] = {"name", "thread", "label"};

	*by = VR_SPANS_BY_NAME;
	if (!ctx->opts->by)
		return 0;
	for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++) {
		if (strcmp(ctx->opts->by, name[i]) != 0)
			continue;
		*by = (enum vr_spans_by)i;
		return 0;
	}
	vr_warn("--by %s: name, thread or label", ctx->opts->by);
	return VR_EXIT_USAGE;
}

static int begin(struct vr_context *ctx)
{
	enum vr_spans_by by;
	int ret = read_by(ctx, &by);

	return ret ? ret : vr_picture_begin(ctx);
}

static int no_such_span(struct vr_context *ctx)
{
	vr_warn("%s: no span is called '%s'", ctx->profile->file->path, ctx->opts->span);
	return VR_EXIT_USAGE;
}

static int run(struct vr_context *ctx)
{
	const struct vr_rows rows = {.ctx = ctx, .model = NULL};
	enum vr_spans_by by;
	struct vr_rows of = rows;
	struct vr_spans *spans;
	size_t *order, count;
	int ret = 0;

	read_by(ctx, &by);
	of.model = &by;
	spans = vr_spans_new(ctx->profile, by, ctx->opts->span);
	if (ctx->opts->span && !spans->n_spans) {
		vr_spans_free(spans);
		return no_such_span(ctx);
	}
	if (ctx->profile->select.windowed && !vr_tail_is_asked(ctx))
		vr_spans_keep_window(ctx->profile, spans);
	order = vr_spans_order(spans, (enum vr_spans_key)ctx->sort);
	count = spans->n_spans < ctx->limit ? spans->n_spans : ctx->limit;
	if (vr_tail_is_asked(ctx))
		ret = vr_tail_print(ctx, &(struct vr_tail_list){.spans = spans,
								.order = order,
								.count = count,
								.all = spans->n_spans});
	else if (ctx->format == VR_FORMAT_JSON)
		ctx->json = to_json(&of, spans, order, count);
	else
		print_all(ctx, &of, spans, order, count);
	if (!ret && (ctx->png || ctx->svg))
		ret = vr_picture_spans(ctx, spans, by, order,
				       vr_opts_given(ctx->opts, VR_OPT_LIMIT) ? count : PICTURED);
	warn(ctx, spans);
	vr_warn_symbols(ctx);
	free(order);
	vr_spans_free(spans);
	return ret;
}

const struct vr_verb vr_verb_spans = {
    .name = "spans",
    .summary = "Spans of vprof_span_begin(): how often, how long, the longest",
    .usage = "[FILE...]",
    .detail =
	"time is that of all spans of a name added up, self what is not in spans within\n"
	"them. A percentile is known to 6 % (a bucket of the histogram), max exactly.\n"
	"--by thread, --by label: a row for each thread or label that a span had.\n"
	"--since and --until: of spans that began then; exact of names whose spans are all of "
	"that\n"
	"time, else an estimate, which says how far it may be off.\n"
	"--tail 99 compares the slowest 1 % of the spans that are kept with ordinary ones and\n"
	"says what made them slow, or that nothing does; --select says which are slow;\n"
	"--format csv has the account of each (docs/tail.md). The picture is a histogram of each\n"
	"name on log scales.",
    .options = VR_TAKES(VR_OPT_SORT, VR_OPT_LIMIT, VR_OPT_FORMAT, VR_OPT_SPAN, VR_OPT_BY,
			VR_OPT_TAIL, VR_OPT_SELECT, VR_OPT_THREAD, VR_OPT_LABEL, VR_OPT_MODULE,
			VR_OPT_WINDOW, VR_OPT_TREE, VR_OPT_NAMES, VR_OPT_NAMING, VR_OPT_PICTURE),
    .sort = sort_keys,
    .limit = 20,
    .begin = begin,
    .run = run,
};
