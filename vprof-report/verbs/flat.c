#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "cli/text.h"
#include "cli/units.h"
#include "cli/xalloc.h"
#include "model/counts.h"
#include "model/cpu.h"
#include "model/run.h"
#include "output/out.h"
#include "pictures/pictures.h"
#include "text/clock.h"
#include "text/counts.h"
#include "text/fields.h"
#include "text/names.h"
#include "text/notes.h"
#include "text/print.h"
#include "verbs/opts.h"
#include "verbs/verb.h"

#define BARS 20u /* of a picture, without --limit */

enum key {
	BY_TIME,
	BY_CUMULATIVE,
	BY_CALLS,
	BY_NAME,
	BY_FILE,
	BY_LINE,
	BY_NFL,
	BY_STDNAME,
	BY_SAMPLES
};

/* The names pstats knows; "module" is its other name for the file. */
static const struct vr_sort_key sort_keys[] = {
    {"time", BY_TIME},
    {"tottime", BY_TIME},
    {"cumulative", BY_CUMULATIVE},
    {"cumtime", BY_CUMULATIVE},
    {"calls", BY_CALLS},
    {"ncalls", BY_CALLS},
    {"pcalls", BY_CALLS},
    {"name", BY_NAME},
    {"file", BY_FILE},
    {"filename", BY_FILE},
    {"module", BY_FILE},
    {"line", BY_LINE},
    {"nfl", BY_NFL},
    {"stdname", BY_STDNAME},
    {"samples", BY_SAMPLES},
    {NULL, 0},
};

struct order {
	enum key key;
	int strip_dirs;
	const struct vr_stacks *stacks;
	const struct vr_counts *counts;
};

static uint64_t calls_of(const struct vr_counts *counts, uint32_t function)
{
	const struct vr_count_sum *sum = vr_count_of(counts, function);

	return sum ? sum->calls : 0;
}

static const char *shown_file(const struct vr_function *function, int strip_dirs)
{
	const char *file = function->file[0] ? function->file : function->module;

	return strip_dirs || !function->file[0] ? vr_text_base(file) : file;
}

static int compare_nfl(const struct vr_function *f, const struct vr_function *g, int strip_dirs)
{
	int c = strcmp(f->name, g->name);

	if (!c)
		c = strcmp(shown_file(f, strip_dirs), shown_file(g, strip_dirs));
	return c ? c : f->line - g->line;
}

static int compare_stdname(const struct vr_function *f, const struct vr_function *g, int strip_dirs)
{
	char *x = vr_location(f, strip_dirs);
	char *y = vr_location(g, strip_dirs);
	int c = strcmp(x, y);

	free(x);
	free(y);
	return c;
}

static int compare(const void *a, const void *b, void *arg)
{
	const struct order *order = arg;
	const struct vr_cpu_function *x = a;
	const struct vr_cpu_function *y = b;
	const struct vr_function *f = &order->stacks->function[x->function];
	const struct vr_function *g = &order->stacks->function[y->function];
	int c = 0;

	switch (order->key) {
	case BY_CUMULATIVE:
		c = vr_larger_first(x->total_ns, y->total_ns);
		break;
	case BY_SAMPLES:
		c = vr_larger_first(x->self_samples, y->self_samples);
		break;
	case BY_NAME:
		c = strcmp(f->name, g->name);
		break;
	case BY_FILE:
		c = strcmp(shown_file(f, order->strip_dirs), shown_file(g, order->strip_dirs));
		break;
	case BY_LINE:
		c = f->line - g->line;
		break;
	case BY_NFL:
		c = compare_nfl(f, g, order->strip_dirs);
		break;
	case BY_STDNAME:
		c = compare_stdname(f, g, order->strip_dirs);
		break;
	case BY_CALLS:
		c = vr_larger_first(calls_of(order->counts, x->function),
				    calls_of(order->counts, y->function));
		break;
	case BY_TIME:
		break;
	}
	if (!c)
		c = vr_larger_first(x->self_ns, y->self_ns);
	if (!c)
		c = vr_larger_first(x->total_ns, y->total_ns);
	if (!c)
		c = vr_larger_first(calls_of(order->counts, x->function),
				    calls_of(order->counts, y->function));
	return c ? c : compare_nfl(f, g, order->strip_dirs);
}

static void print_header(struct vr_context *ctx, const struct vr_cpu *cpu)
{
	const struct vr_file *file = ctx->profile->file;
	const struct vprof_header *h = &file->header;
	char run[VR_UNIT_MAX];
	char *status = vr_status_text(file), *times = vr_clock_text(ctx->profile, cpu);
	char *text = vr_xprintf("%s%s engine %s at %" PRIu32 " Hz; %s run, %s", times,
				cpu->wall ? ";" : ",", vr_engine_name(h->engine), h->cpu_hz,
				vr_format_ns(run, vr_file_duration_ns(file)), status);

	fputs("   ", ctx->out);
	vr_print_wrapped(ctx, text, 3);
	free(text);
	free(times);
	free(status);
	if (ctx->profile->select.windowed) {
		char since[VR_UNIT_MAX], until[VR_UNIT_MAX];

		fprintf(ctx->out, "   window: %s to %s\n",
			vr_format_ns(since, ctx->profile->select.since_ns),
			ctx->profile->select.until_ns == UINT64_MAX
			    ? "the end"
			    : vr_format_ns(until, ctx->profile->select.until_ns));
	}
}

static const char *key_name(int key)
{
	for (const struct vr_sort_key *k = sort_keys; k->name; k++)
		if (k->key == key)
			return k->name;
	return "";
}

static const void *function_of(const struct vr_rows *rows, const void *row)
{
	const struct vr_cpu_function *f = row;

	return &rows->ctx->profile->stacks->function[f->function];
}

/* What the rows are of. */
struct flat {
	const struct vr_cpu *cpu;
	const struct vr_counts *counts;
};

static const struct flat *flat_of(const struct vr_rows *rows)
{
	return rows->model;
}

static double percent_of(const struct vr_rows *rows, uint64_t ns)
{
	return vr_percent(ns, flat_of(rows)->cpu->total_ns);
}

static const struct vr_count_sum *count_of(const struct vr_rows *rows, const void *row)
{
	const struct vr_cpu_function *f = row;

	return vr_count_of(flat_of(rows)->counts, f->function);
}

/* As pstats: calls, and those that are not within another of the same function. */
static void get_ncalls(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_count_sum *sum = count_of(rows, row);
	char all[VR_UNIT_MAX], primitive[VR_UNIT_MAX];

	value->cell.null = !sum;
	if (!sum)
		return;
	vr_format_count(all, sum->calls);
	vr_format_count(primitive, sum->calls - sum->recursive);
	value->text = sum->recursive ? vr_xprintf("%s/%s", all, primitive) : vr_xstrdup(all);
}

static void get_calls(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_count_sum *sum = count_of(rows, row);

	value->cell.null = !sum;
	value->cell.u = sum ? sum->calls : 0;
}

/* Known only where the ends of calls are told. */
static void get_primitive(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_count_sum *sum = count_of(rows, row);

	value->cell.null = !sum || sum->how != 1u << VPROF_COUNT_INSTRUMENT;
	value->cell.u = sum ? sum->calls - sum->recursive : 0;
}

/* Where the function was not sampled nothing is known of its time. */
static void set_share(struct vr_value *value, uint64_t ns, uint64_t calls)
{
	value->cell.null = !calls;
	value->cell.u = calls ? ns / calls : 0;
}

static void get_self_percall(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_cpu_function *f = row;
	const struct vr_count_sum *sum = count_of(rows, row);

	set_share(value, f->self_ns, sum && f->self_ns ? sum->calls : 0);
}

static void get_total_percall(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_cpu_function *f = row;
	const struct vr_count_sum *sum = count_of(rows, row);

	set_share(value, f->total_ns, sum && f->total_ns ? sum->calls - sum->recursive : 0);
}

static void get_self_percent(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_cpu_function *f = row;

	value->cell.f = percent_of(rows, f->self_ns);
}

static void get_total_percent(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_cpu_function *f = row;

	value->cell.f = percent_of(rows, f->total_ns);
}

static void get_location(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	vr_value_caption(rows, value, vr_location_caption(row, rows->ctx->strip_dirs));
}

#define ROW(member) VR_MEMBER(struct vr_cpu_function, member)

static const struct vr_field function_fields[] = {
    VR_FUNCTION_FIELDS(VR_IN_DATA, function_of),
    {"ncalls", "ncalls", VR_FIGURES, VR_IN_TABLE, .get = get_ncalls},
    {"ncalls", "", VR_COUNT, VR_IN_DATA, .get = get_calls},
    {"primitive_calls", "", VR_COUNT, VR_IN_JSON, .get = get_primitive},
    {"self_ns", "tottime", VR_SECONDS, VR_IN_ALL, ROW(self_ns)},
    {"self_percall_ns", "percall", VR_NS, VR_IN_TABLE, .get = get_self_percall},
    {"total_ns", "cumtime", VR_SECONDS, VR_IN_ALL, ROW(total_ns)},
    {"total_percall_ns", "percall", VR_NS, VR_IN_TABLE, .get = get_total_percall},
    {"self_percent", "self%", VR_PERCENT, VR_IN_COLUMNS, .get = get_self_percent},
    {"total_percent", "total%", VR_PERCENT, VR_IN_COLUMNS, .get = get_total_percent},
    {"samples", "samples", VR_COUNT, VR_IN_ALL, ROW(self_samples), .yields = 1},
    {"total_samples", "", VR_COUNT, VR_IN_JSON, ROW(total_samples)},
    {"location", "filename:lineno(function)", VR_TEXT, VR_IN_TABLE, .get = get_location,
     .part = function_of, .elastic = VR_CAPTIONS},
};

#define TOTAL(member) VR_MEMBER(struct vr_cpu, member)

static const struct vr_field total_fields[] = {
    {"cpu_ns", "", VR_NS, VR_IN_JSON, TOTAL(on_cpu_ns)},
    {"samples", "", VR_COUNT, VR_IN_JSON, TOTAL(total_samples)},
    {"samples_worth", "", VR_COUNT, VR_IN_JSON, TOTAL(worth)},
    {"kernel_ns", "", VR_NS, VR_IN_JSON, TOTAL(kernel_ns)},
    {"own_cpu_ns", "", VR_NS, VR_IN_JSON, TOTAL(helper_ns)},
};

static void print_rows(const struct vr_rows *rows, const struct vr_cpu_function *row, size_t count)
{
	struct vr_sheet *sheet = vr_sheet_new(rows, VR_FIELDS(function_fields));

	for (size_t i = 0; i < count && i < rows->ctx->limit; i++)
		vr_sheet_row(sheet, &row[i]);
	vr_sheet_print(sheet);
	vr_print_more(rows->ctx, rows->ctx->limit, count, "functions");
}

static json_t *to_json(const struct vr_rows *rows, const struct vr_cpu_function *row, size_t count)
{
	json_t *root = json_object();
	json_t *functions = json_array();
	const struct vr_cpu *cpu = flat_of(rows)->cpu;
	json_t *totals = vr_json_fields(rows, VR_FIELDS(total_fields), cpu);

	if (cpu->wall)
		json_object_set_new(totals, "clock", vr_clock_json(cpu));
	json_object_set_new(totals, "counted", vr_counted_json(flat_of(rows)->counts));
	json_object_set_new(root, "totals", totals);
	json_object_set_new(root, "functions", functions);
	for (size_t i = 0; i < count && i < rows->ctx->limit; i++)
		json_array_append_new(functions,
				      vr_json_fields(rows, VR_FIELDS(function_fields), &row[i]));
	return root;
}

static int run(struct vr_context *ctx)
{
	struct vr_cpu *cpu = vr_cpu_new(ctx->profile);
	struct vr_counts *counts = vr_counts_new(ctx->profile);
	const struct flat flat = {cpu, counts};
	const struct vr_rows rows = {.ctx = ctx, .model = &flat};
	int picture = ctx->png || ctx->svg, ret = 0;
	size_t count;
	struct vr_cpu_function *row = vr_cpu_functions(ctx->profile, cpu, &count);
	struct order order = {.key = (enum key)ctx->sort,
			      .strip_dirs = ctx->strip_dirs,
			      .stacks = ctx->profile->stacks,
			      .counts = counts};

	if (!picture)
		row = vr_counts_add_functions(counts, ctx->profile, order.key == BY_CALLS, row,
					      &count);
	if (picture && !ctx->opts->sort)
		order.key = BY_CUMULATIVE;
	qsort_r(row, count, sizeof(*row), compare, &order);
	vr_warn_counts(ctx, counts, ctx->sort == BY_CALLS);
	vr_warn_cpu(ctx, cpu);
	vr_warn_symbols(ctx);
	if (picture) {
		ret = vr_picture_flat(ctx, cpu, row, count,
				      vr_opts_given(ctx->opts, VR_OPT_LIMIT) ? ctx->limit : BARS);
	} else if (ctx->format == VR_FORMAT_JSON) {
		ctx->json = to_json(&rows, row, count);
	} else {
		if (ctx->format == VR_FORMAT_TABLE) {
			print_header(ctx, cpu);
			fprintf(ctx->out, "   Ordered by: %s\n\n",
				ctx->sort == BY_CALLS && !counts->how
				    ? "time, as no calls are counted here"
				    : key_name(ctx->sort));
		}
		print_rows(&rows, row, count);
	}
	free(row);
	vr_counts_free(counts);
	vr_cpu_free(cpu);
	return ret;
}

const struct vr_verb vr_verb_flat = {
    .name = "flat",
    .summary = "CPU time, or waits, by function, in the columns of Python's pstats",
    .usage = "[FILE...]",
    .detail =
	"tottime is the CPU time in the function itself, cumtime includes what it calls\n"
	"(recursion counted once). ncalls, and percall, is \"-\" where calls are not counted:\n"
	"functions of libc that are hooked always are, those of the program in the builds\n"
	"that docs/counts.md names.\n"
	"The line is the lowest one seen in the function.\n"
	"A picture has the 20 functions with most cumulative time; -n and --sort choose "
	"others.\n" VR_CLOCK_DETAIL,
    .options = VR_TAKES(VR_OPT_SORT, VR_OPT_LIMIT, VR_OPT_FORMAT, VR_OPT_THREAD, VR_OPT_WINDOW,
			VR_OPT_LABEL, VR_OPT_MODULE, VR_OPT_TIMES, VR_OPT_TREE, VR_OPT_NAMES,
			VR_OPT_NAMING, VR_OPT_PICTURE, VR_OPT_ARGS, VR_OPT_FAIL_IF),
    .sort = sort_keys,
    .limit = 30,
    .begin = vr_picture_begin,
    .run = run,
};
