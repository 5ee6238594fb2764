#include <inttypes.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/order.h"
#include "cli/short.h"
#include "cli/text.h"
#include "cli/xalloc.h"
#include "model/calltree.h"
#include "model/counts.h"
#include "model/cpu.h"
#include "model/run.h"
#include "output/out.h"
#include "text/clock.h"
#include "text/counts.h"
#include "text/fields.h"
#include "text/json.h"
#include "text/names.h"
#include "text/notes.h"
#include "text/print.h"
#include "verbs/verb.h"

static uint8_t *match(const struct vr_context *ctx, size_t *matched)
{
	const struct vr_stacks *stacks = ctx->profile->stacks;
	uint8_t *wanted = vr_xcalloc(stacks->n_functions, 1);

	*matched = 0;
	for (size_t i = 0; i < stacks->n_functions; i++) {
		wanted[i] = (uint8_t)vr_short_matches(ctx->pattern, stacks->function[i].name);
		*matched += wanted[i];
	}
	return wanted;
}

static struct vr_caption function_label(const struct vr_context *ctx, uint32_t function)
{
	const struct vr_stacks *stacks = ctx->profile->stacks;

	if (function == VPROF_NONE)
		return (struct vr_caption){.function = "[outermost]"};
	return vr_location_caption(&stacks->function[function], ctx->strip_dirs);
}

/* What the rows are of. */
struct edges {
	const struct vr_cpu *cpu;
	const struct vr_counts *counts;
	int callers;	  /* of the functions asked for, or their callees */
	uint32_t *before; /* the function of the row before */
};

static const struct edges *edges_of(const struct vr_rows *rows)
{
	return rows->model;
}

/* The function that was asked for, in a table once for all its rows. */
static void get_asked(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct edges *edges = edges_of(rows);
	const struct vr_edge *edge = row;
	uint32_t asked = edges->callers ? edge->callee : edge->caller;
	int repeated = asked == *edges->before && rows->ctx->format == VR_FORMAT_TABLE;

	vr_value_caption(rows, value,
			 repeated ? (struct vr_caption){.function = ""}
				  : function_label(rows->ctx, asked));
	*edges->before = asked;
}

static const void *itself(const struct vr_rows *rows, const void *row)
{
	(void)rows;
	return row;
}

static const struct vr_field function_fields[] = {VR_FUNCTION_FIELDS(VR_IN_JSON, itself)};

static void get_name(const struct vr_rows *rows, uint32_t function, struct vr_value *value)
{
	if (rows->ctx->format != VR_FORMAT_JSON)
		vr_value_caption(rows, value, function_label(rows->ctx, function));
	else if (function == VPROF_NONE)
		value->cell.null = 1;
	else
		value->json = vr_json_fields(rows, VR_FIELDS(function_fields),
					     &rows->ctx->profile->stacks->function[function]);
}

static void get_caller(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_edge *edge = row;
	const struct vr_count_sum *sum =
	    vr_count_between(edges_of(rows)->counts, edge->caller, edge->callee);

	/* of a hooked function: counted without a look at who called */
	if (edge->caller == VPROF_NONE && sum && !edge->total_samples &&
	    rows->ctx->format != VR_FORMAT_JSON)
		vr_value_caption(rows, value, (struct vr_caption){.function = "[not known]"});
	else
		get_name(rows, edge->caller, value);
}

static void get_callee(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_edge *edge = row;

	get_name(rows, edge->callee, value);
}

static int lists_callers(const struct vr_rows *rows)
{
	return edges_of(rows)->callers;
}

static int lists_callees(const struct vr_rows *rows)
{
	return !edges_of(rows)->callers;
}

static void get_total_percent(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_edge *edge = row;

	value->cell.f = vr_percent(edge->total_ns, edges_of(rows)->cpu->total_ns);
}

static const struct vr_count_sum *count_of(const struct vr_rows *rows, const void *row)
{
	const struct vr_edge *edge = row;

	return vr_count_between(edges_of(rows)->counts, edge->caller, edge->callee);
}

/* Calls of the one by the other, where they are counted. */
static void get_calls(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_count_sum *sum = count_of(rows, row);

	value->cell.null = !sum;
	value->cell.u = sum ? sum->calls : 0;
}

static int are_counted(const struct vr_rows *rows)
{
	return rows->ctx->format != VR_FORMAT_TABLE || edges_of(rows)->counts->how;
}

#define EDGE(member) VR_MEMBER(struct vr_edge, member)

static const struct vr_field edge_fields[] = {
    {"function", "function", VR_TEXT, VR_IN_COLUMNS, .get = get_asked, .elastic = VR_CAPTIONS},
    {"caller", "was called by", VR_TEXT, VR_IN_ALL, .get = get_caller, .applies = lists_callers,
     .elastic = VR_CAPTIONS},
    {"callee", "called", VR_TEXT, VR_IN_ALL, .get = get_callee, .applies = lists_callees,
     .elastic = VR_CAPTIONS},
    {"ncalls", "ncalls", VR_COUNT, VR_IN_ALL, .get = get_calls, .applies = are_counted},
    {"self_ns", "tottime", VR_SECONDS, VR_IN_ALL, EDGE(self_ns), .yields = 2},
    {"total_ns", "cumtime", VR_SECONDS, VR_IN_ALL, EDGE(total_ns)},
    {"total_percent", "total%", VR_PERCENT, VR_IN_COLUMNS, .get = get_total_percent},
    {"samples", "samples", VR_COUNT, VR_IN_ALL, EDGE(total_samples), .yields = 1},
};

static void print_edges(const struct vr_rows *rows, const struct vr_edge *edge, size_t count)
{
	struct vr_sheet *sheet = vr_sheet_new(rows, VR_FIELDS(edge_fields));

	for (size_t i = 0; i < count && i < rows->ctx->limit; i++)
		vr_sheet_row(sheet, &edge[i]);
	vr_sheet_print(sheet);
	vr_print_more(rows->ctx, rows->ctx->limit, count, "rows");
}

static json_t *to_json(const struct vr_rows *rows, const struct vr_edge *edge, size_t count)
{
	json_t *root = json_object();
	json_t *edges = json_array();

	vr_json_set_text(root, "pattern", rows->ctx->pattern);
	for (size_t i = 0; i < count && i < rows->ctx->limit; i++)
		json_array_append_new(edges,
				      vr_json_fields(rows, VR_FIELDS(edge_fields), &edge[i]));
	json_object_set_new(root, "edges", edges);
	if (edges_of(rows)->cpu->wall)
		json_object_set_new(root, "clock", vr_clock_json(edges_of(rows)->cpu));
	return root;
}

struct asked {
	const struct vr_counts *counts;
	int callers;
};

/* By the function that was asked for, then by time, then by calls. */
static int compare(const void *a, const void *b, void *arg)
{
	const struct vr_edge *x = a, *y = b;
	const struct asked *asked = arg;
	uint32_t f = asked->callers ? x->callee : x->caller;
	uint32_t g = asked->callers ? y->callee : y->caller;
	const struct vr_count_sum *m = vr_count_between(asked->counts, x->caller, x->callee);
	const struct vr_count_sum *n = vr_count_between(asked->counts, y->caller, y->callee);
	int c = vr_smaller_first(f, g);

	if (!c)
		c = vr_larger_first(x->total_ns, y->total_ns);
	if (!c)
		c = vr_larger_first(m ? m->calls : 0, n ? n->calls : 0);
	if (!c)
		c = vr_smaller_first(x->caller, y->caller);
	return c ? c : vr_smaller_first(x->callee, y->callee);
}

/* Adds calls that no sample met. */
static struct vr_edge *add_counted(const struct vr_profile *profile, const struct asked *asked,
				   const uint8_t *wanted, struct vr_edge *edge, size_t *count)
{
	const char *module = profile->select.module;
	struct vr_map have = {NULL, 0, 0};
	size_t room = *count;
	int added;

	for (size_t i = 0; i < *count; i++)
		vr_map_at(&have, (uint64_t)edge[i].caller << 32 | edge[i].callee, &added);
	for (size_t i = 0; i < asked->counts->n_edges; i++) {
		const struct vr_count_edge *one = &asked->counts->edge[i];
		uint32_t function = asked->callers ? one->callee : one->caller;

		if (function == VPROF_NONE || !wanted[function] ||
		    vr_map_find(&have, (uint64_t)one->caller << 32 | one->callee) ||
		    (module &&
		     !vr_text_glob(module, profile->stacks->function[one->callee].module)))
			continue;
		edge = vr_xgrow(edge, *count, &room, sizeof(*edge));
		edge[(*count)++] = (struct vr_edge){one->caller, one->callee, 0, 0, 0};
	}
	vr_map_free(&have);
	if (*count)
		qsort_r(edge, *count, sizeof(*edge), compare, (void *)(uintptr_t)asked);
	return edge;
}

static int run_edges(struct vr_context *ctx, int callers)
{
	struct vr_cpu *cpu = vr_cpu_new(ctx->profile);
	struct vr_tree *tree = vr_tree_new(ctx->profile, cpu, 0);
	struct vr_counts *counts = vr_counts_new(ctx->profile);
	uint32_t before = VPROF_NONE;
	const struct asked asked = {counts, callers};
	const struct edges edges = {
	    .cpu = cpu, .counts = counts, .callers = callers, .before = &before};
	const struct vr_rows rows = {.ctx = ctx, .model = &edges};
	size_t matched, count;
	uint8_t *wanted = match(ctx, &matched);
	struct vr_edge *edge = vr_tree_edges(tree, wanted, callers, &count);

	edge = add_counted(ctx->profile, &asked, wanted, edge, &count);
	vr_warn_cpu(ctx, cpu);
	vr_warn_counts(ctx, counts, 0);
	vr_warn_symbols(ctx);
	if (!matched)
		vr_note(ctx, "no function that was sampled matches '%s'", ctx->pattern);
	if (ctx->format == VR_FORMAT_JSON)
		ctx->json = to_json(&rows, edge, count);
	else if (matched)
		print_edges(&rows, edge, count);
	free(edge);
	free(wanted);
	vr_counts_free(counts);
	vr_tree_free(tree);
	vr_cpu_free(cpu);
	return VR_EXIT_OK;
}

static int run_callers(struct vr_context *ctx)
{
	return run_edges(ctx, 1);
}

static int run_callees(struct vr_context *ctx)
{
	return run_edges(ctx, 0);
}

#define EDGE_OPTIONS                                                                               \
	VR_TAKES(VR_OPT_LIMIT, VR_OPT_FORMAT, VR_OPT_THREAD, VR_OPT_WINDOW, VR_OPT_LABEL,          \
		 VR_OPT_MODULE, VR_OPT_TIMES, VR_OPT_TREE, VR_OPT_NAMES, VR_OPT_NAMING)

const struct vr_verb vr_verb_callers = {
    .name = "callers",
    .summary = "Who calls a function, and the time spent on behalf of each",
    .usage = "PATTERN [FILE...]",
    .detail =
	"PATTERN is a part of the function's name, or a glob over all of it; the name may be\n"
	"written without parameters and template arguments: 'Book::match'.\n" VR_CLOCK_DETAIL,
    .options = EDGE_OPTIONS,
    .limit = 40,
    .pattern = 1,
    .run = run_callers,
};

const struct vr_verb vr_verb_callees = {
    .name = "callees",
    .summary = "Whom a function calls, and the time spent in each",
    .usage = "PATTERN [FILE...]",
    .detail =
	"PATTERN is a part of the function's name, or a glob over all of it; the name may be\n"
	"written without parameters and template arguments: 'Book::match'.\n" VR_CLOCK_DETAIL,
    .options = EDGE_OPTIONS,
    .limit = 40,
    .pattern = 1,
    .run = run_callees,
};
