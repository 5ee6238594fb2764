#include <inttypes.h>
#include <stdlib.h>

#include "base/err.h"
#include "cli/text.h"
#include "cli/xalloc.h"
#include "model/calltree.h"
#include "model/cpu.h"
#include "model/run.h"
#include "output/out.h"
#include "text/json.h"
#include "text/names.h"
#include "text/notes.h"
#include "text/print.h"
#include "verbs/verb.h"

static uint8_t *match(const struct vr_context *ctx, size_t *matched)
{
	const struct vr_stacks *stacks = ctx->profile->stacks;
	uint8_t *wanted = vr_xcalloc(stacks->functions, 1);

	*matched = 0;
	for (size_t i = 0; i < stacks->functions; i++) {
		wanted[i] = (uint8_t)vr_text_matches(ctx->pattern, stacks->function[i].name);
		*matched += wanted[i];
	}
	return wanted;
}

static char *function_text(const struct vr_context *ctx, uint32_t function)
{
	const struct vr_stacks *stacks = ctx->profile->stacks;

	if (function == VPROF_NONE)
		return vr_xstrdup("[outermost]");
	return vr_location(&stacks->function[function], ctx->strip_dirs);
}

static json_t *function_json(const struct vr_context *ctx, uint32_t function)
{
	const struct vr_function *f;
	json_t *one;

	if (function == VPROF_NONE)
		return json_null();
	f = &ctx->profile->stacks->function[function];
	one = json_object();
	vr_json_set_text(one, "function", f->name);
	vr_json_set_text(one, "file", f->file);
	json_object_set_new(one, "line", json_integer(f->line));
	vr_json_set_text(one, "module", f->module);
	return one;
}

static void print_edges(struct vr_context *ctx, const struct vr_edge *edge, size_t count,
			uint64_t whole_ns, int callers)
{
	const struct vr_column columns[] = {
	    {"function", "function", VR_TEXT, 1},
	    {callers ? "caller" : "callee", callers ? "was called by" : "called", VR_TEXT, 1},
	    {"self_ns", "tottime", ctx->format == VR_FORMAT_CSV ? VR_NS : VR_SECONDS, 0},
	    {"total_ns", "cumtime", ctx->format == VR_FORMAT_CSV ? VR_NS : VR_SECONDS, 0},
	    {"total_percent", "total%", VR_PERCENT, 0},
	    {"samples", "samples", VR_COUNT, 0},
	};
	struct vr_table *table = vr_table_new(columns, sizeof(columns) / sizeof(columns[0]));
	uint32_t before = VPROF_NONE;

	for (size_t i = 0; i < count && i < ctx->limit; i++) {
		uint32_t one = callers ? edge[i].callee : edge[i].caller;
		char *name = function_text(ctx, one);
		char *other = function_text(ctx, callers ? edge[i].caller : edge[i].callee);
		int repeated = one == before && ctx->format == VR_FORMAT_TABLE;

		vr_table_row(table, (const struct vr_cell[]){
					{.s = repeated ? "" : name},
					{.s = other},
					{.u = edge[i].self_ns},
					{.u = edge[i].total_ns},
					{.f = vr_percent(edge[i].total_ns, whole_ns)},
					{.u = edge[i].total_samples},
				    });
		before = one;
		free(name);
		free(other);
	}
	vr_print_table(ctx, table);
	vr_print_more(ctx, ctx->limit, count, "rows");
}

static json_t *to_json(struct vr_context *ctx, const struct vr_edge *edge, size_t count)
{
	json_t *root = json_object();
	json_t *edges = json_array();

	vr_json_set_text(root, "pattern", ctx->pattern);
	for (size_t i = 0; i < count && i < ctx->limit; i++) {
		json_t *one = json_object();

		json_object_set_new(one, "caller", function_json(ctx, edge[i].caller));
		json_object_set_new(one, "callee", function_json(ctx, edge[i].callee));
		vr_json_set_u64(one, "self_ns", edge[i].self_ns);
		vr_json_set_u64(one, "total_ns", edge[i].total_ns);
		vr_json_set_u64(one, "samples", edge[i].total_samples);
		json_array_append_new(edges, one);
	}
	json_object_set_new(root, "edges", edges);
	return root;
}

static int run_edges(struct vr_context *ctx, int callers)
{
	struct vr_cpu *cpu = vr_cpu_new(ctx->profile);
	struct vr_tree *tree = vr_tree_new(ctx->profile, cpu, 0);
	size_t matched, count;
	uint8_t *wanted = match(ctx, &matched);
	struct vr_edge *edge = vr_tree_edges(tree, wanted, callers, &count);

	vr_warn_cpu(ctx, cpu);
	vr_warn_rebuilt(ctx);
	if (!matched)
		vr_note(ctx, "no function that was sampled matches '%s'", ctx->pattern);
	if (ctx->format == VR_FORMAT_JSON)
		ctx->json = to_json(ctx, edge, count);
	else if (matched)
		print_edges(ctx, edge, count, cpu->total_ns, callers);
	free(edge);
	free(wanted);
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
	(VR_OPT_LIMIT | VR_OPT_FORMAT | VR_OPT_THREAD | VR_OPT_WINDOW | VR_OPT_LABEL |             \
	 VR_OPT_MODULE | VR_OPT_STRIP | VR_OPT_INLINES)

const struct vr_verb vr_verb_callers = {
    .name = "callers",
    .summary = "Who calls a function, and the time spent on behalf of each",
    .usage = "PATTERN [FILE...]",
    .detail = "PATTERN is a part of the function's name, or a glob over all of it.",
    .options = EDGE_OPTIONS,
    .limit = 40,
    .pattern = 1,
    .run = run_callers,
};

const struct vr_verb vr_verb_callees = {
    .name = "callees",
    .summary = "Whom a function calls, and the time spent in each",
    .usage = "PATTERN [FILE...]",
    .detail = "PATTERN is a part of the function's name, or a glob over all of it.",
    .options = EDGE_OPTIONS,
    .limit = 40,
    .pattern = 1,
    .run = run_callees,
};
