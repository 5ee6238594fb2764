#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/text.h"
#include "cli/units.h"
#include "model/cpu.h"
#include "model/run.h"
#include "output/out.h"
#include "pictures/pictures.h"
#include "text/json.h"
#include "text/names.h"
#include "text/notes.h"
#include "text/print.h"
#include "verbs/verb.h"

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

/* qsort has no argument for its caller; the program has one thread. */
static struct {
	enum key key;
	int strip_dirs;
	const struct vr_stacks *stacks;
} order;

static int compare_u64(uint64_t x, uint64_t y)
{
	return x > y ? -1 : x < y;
}

static const char *shown_file(const struct vr_function *function)
{
	const char *file = function->file[0] ? function->file : function->module;

	return order.strip_dirs || !function->file[0] ? vr_text_base(file) : file;
}

static int compare_nfl(const struct vr_function *f, const struct vr_function *g)
{
	int c = strcmp(f->name, g->name);

	if (!c)
		c = strcmp(shown_file(f), shown_file(g));
	return c ? c : f->line - g->line;
}

static int compare_stdname(const struct vr_function *f, const struct vr_function *g)
{
	char *x = vr_location(f, order.strip_dirs);
	char *y = vr_location(g, order.strip_dirs);
	int c = strcmp(x, y);

	free(x);
	free(y);
	return c;
}

static int compare(const void *a, const void *b)
{
	const struct vr_cpu_function *x = a;
	const struct vr_cpu_function *y = b;
	const struct vr_function *f = &order.stacks->function[x->function];
	const struct vr_function *g = &order.stacks->function[y->function];
	int c = 0;

	switch (order.key) {
	case BY_CUMULATIVE:
		c = compare_u64(x->total_ns, y->total_ns);
		break;
	case BY_SAMPLES:
		c = compare_u64(x->self_samples, y->self_samples);
		break;
	case BY_NAME:
		c = strcmp(f->name, g->name);
		break;
	case BY_FILE:
		c = strcmp(shown_file(f), shown_file(g));
		break;
	case BY_LINE:
		c = f->line - g->line;
		break;
	case BY_NFL:
		c = compare_nfl(f, g);
		break;
	case BY_STDNAME:
		c = compare_stdname(f, g);
		break;
	case BY_TIME:
	case BY_CALLS: /* no call is counted, so all are equal */
		break;
	}
	if (!c)
		c = compare_u64(x->self_ns, y->self_ns);
	if (!c)
		c = compare_u64(x->total_ns, y->total_ns);
	return c ? c : compare_nfl(f, g);
}

static void print_header(struct vr_context *ctx, const struct vr_cpu *cpu)
{
	const struct vr_file *file = ctx->profile->file;
	const struct vprof_header *h = &file->header;
	char total[VR_UNIT_MAX], run[VR_UNIT_MAX], samples[VR_UNIT_MAX];
	char *status = vr_status_text(file);

	fprintf(ctx->out, "   %s CPU time, %s samples, engine %s at %" PRIu32 " Hz; %s run, ",
		vr_format_ns(total, cpu->total_ns), vr_format_count(samples, cpu->total_samples),
		vr_engine_name(h->engine), h->cpu_hz, vr_format_ns(run, vr_file_duration_ns(file)));
	vr_print_safe(ctx, status);
	fputc('\n', ctx->out);
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

static void print_table(struct vr_context *ctx, const struct vr_cpu *cpu,
			const struct vr_cpu_function *row, size_t count)
{
	static const struct vr_column columns[] = {
	    {"ncalls", "ncalls", VR_COUNT, 0},
	    {"tottime", "tottime", VR_SECONDS, 0},
	    {"tottime_percall", "percall", VR_SECONDS, 0},
	    {"cumtime", "cumtime", VR_SECONDS, 0},
	    {"cumtime_percall", "percall", VR_SECONDS, 0},
	    {"self_percent", "self%", VR_PERCENT, 0},
	    {"total_percent", "total%", VR_PERCENT, 0},
	    {"samples", "samples", VR_COUNT, 0},
	    {"location", "filename:lineno(function)", VR_TEXT, 1},
	};
	struct vr_table *table = vr_table_new(columns, sizeof(columns) / sizeof(columns[0]));

	print_header(ctx, cpu);
	fprintf(ctx->out, "   Ordered by: %s\n\n", key_name(ctx->sort));
	for (size_t i = 0; i < count && i < ctx->limit; i++) {
		const struct vr_function *f = &ctx->profile->stacks->function[row[i].function];
		char *location = vr_location(f, ctx->strip_dirs);
		const struct vr_cell cells[] = {
		    {.null = 1},
		    {.u = row[i].self_ns},
		    {.null = 1},
		    {.u = row[i].total_ns},
		    {.null = 1},
		    {.f = vr_percent(row[i].self_ns, cpu->total_ns)},
		    {.f = vr_percent(row[i].total_ns, cpu->total_ns)},
		    {.u = row[i].self_samples},
		    {.s = location},
		};

		vr_table_row(table, cells);
		free(location);
	}
	vr_print_table(ctx, table);
	vr_print_more(ctx, ctx->limit, count, "functions");
}

static void print_csv(struct vr_context *ctx, const struct vr_cpu *cpu,
		      const struct vr_cpu_function *row, size_t count)
{
	static const struct vr_column columns[] = {
	    {"function", "function", VR_TEXT, 0},
	    {"file", "file", VR_TEXT, 0},
	    {"line", "line", VR_COUNT, 0},
	    {"module", "module", VR_TEXT, 0},
	    {"ncalls", "ncalls", VR_COUNT, 0},
	    {"self_ns", "self", VR_NS, 0},
	    {"total_ns", "total", VR_NS, 0},
	    {"samples", "samples", VR_COUNT, 0},
	    {"self_percent", "self%", VR_PERCENT, 0},
	    {"total_percent", "total%", VR_PERCENT, 0},
	};
	struct vr_table *table = vr_table_new(columns, sizeof(columns) / sizeof(columns[0]));

	for (size_t i = 0; i < count && i < ctx->limit; i++) {
		const struct vr_function *f = &ctx->profile->stacks->function[row[i].function];
		const struct vr_cell cells[] = {
		    {.s = f->name},
		    {.s = ctx->strip_dirs ? vr_text_base(f->file) : f->file},
		    {.u = (uint64_t)(f->line > 0 ? f->line : 0)},
		    {.s = f->module},
		    {.null = 1},
		    {.u = row[i].self_ns},
		    {.u = row[i].total_ns},
		    {.u = row[i].self_samples},
		    {.f = vr_percent(row[i].self_ns, cpu->total_ns)},
		    {.f = vr_percent(row[i].total_ns, cpu->total_ns)},
		};

		vr_table_row(table, cells);
	}
	vr_print_table(ctx, table);
}

static json_t *to_json(struct vr_context *ctx, const struct vr_cpu *cpu,
		       const struct vr_cpu_function *row, size_t count)
{
	json_t *root = json_object();
	json_t *totals = json_object();
	json_t *functions = json_array();

	vr_json_set_u64(totals, "cpu_ns", cpu->total_ns);
	vr_json_set_u64(totals, "samples", cpu->total_samples);
	vr_json_set_u64(totals, "kernel_ns", cpu->kernel_ns);
	vr_json_set_u64(totals, "own_cpu_ns", cpu->helper_ns);
	json_object_set_new(root, "totals", totals);
	json_object_set_new(root, "functions", functions);
	for (size_t i = 0; i < count && i < ctx->limit; i++) {
		const struct vr_function *f = &ctx->profile->stacks->function[row[i].function];
		json_t *one = json_object();

		vr_json_set_text(one, "function", f->name);
		vr_json_set_text(one, "file", ctx->strip_dirs ? vr_text_base(f->file) : f->file);
		json_object_set_new(one, "line", json_integer(f->line));
		vr_json_set_text(one, "module", f->module);
		json_object_set_new(one, "ncalls", json_null());
		vr_json_set_u64(one, "self_ns", row[i].self_ns);
		vr_json_set_u64(one, "total_ns", row[i].total_ns);
		vr_json_set_u64(one, "samples", row[i].self_samples);
		vr_json_set_u64(one, "total_samples", row[i].total_samples);
		json_array_append_new(functions, one);
	}
	return root;
}

static int run(struct vr_context *ctx)
{
	struct vr_cpu *cpu = vr_cpu_new(ctx->profile);
	int ret = 0;
	size_t count;
	struct vr_cpu_function *row = vr_cpu_functions(ctx->profile, cpu, &count);

	order.key = (enum key)ctx->sort;
	if (ctx->opts->given & VR_OPT_PICTURE && !ctx->opts->sort)
		order.key = BY_CUMULATIVE;
	order.strip_dirs = ctx->strip_dirs;
	order.stacks = ctx->profile->stacks;
	qsort(row, count, sizeof(*row), compare);
	if (ctx->sort == BY_CALLS)
		vr_note(ctx, "calls are not counted exactly in this profile: ordered by time");
	vr_warn_cpu(ctx, cpu);
	vr_warn_rebuilt(ctx);
	if (ctx->opts->given & VR_OPT_PICTURE)
		ret = vr_picture_flat(ctx, cpu, row, count);
	else if (ctx->format == VR_FORMAT_JSON)
		ctx->json = to_json(ctx, cpu, row, count);
	else if (ctx->format == VR_FORMAT_CSV)
		print_csv(ctx, cpu, row, count);
	else
		print_table(ctx, cpu, row, count);
	free(row);
	vr_cpu_free(cpu);
	return ret;
}

const struct vr_verb vr_verb_flat = {
    .name = "flat",
    .summary = "CPU time by function, in the columns of Python's pstats",
    .usage = "[FILE...]",
    .detail = "tottime is the CPU time in the function itself, cumtime includes what it calls\n"
	      "(recursion counted once). ncalls is \"-\": a sampled profile does not count calls.\n"
	      "The line is the lowest one seen in the function.",
    .options = VR_OPT_SORT | VR_OPT_LIMIT | VR_OPT_FORMAT | VR_OPT_THREAD | VR_OPT_WINDOW |
	       VR_OPT_LABEL | VR_OPT_MODULE | VR_OPT_STRIP | VR_OPT_INLINES | VR_OPT_PICTURE,
    .sort = sort_keys,
    .limit = 30,
    .run = run,
};
