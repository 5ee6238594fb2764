#include <inttypes.h>
#include <stdlib.h>

#include "cli/units.h"
#include "cli/xalloc.h"
#include "model/calltree.h"
#include "model/cpu.h"
#include "model/run.h"
#include "output/out.h"
#include "text/clock.h"
#include "text/fields.h"
#include "text/names.h"
#include "text/notes.h"
#include "text/print.h"
#include "verbs/verb.h"

/* Deeper levels are printed at this one's indentation. */
#define INDENT_MAX 200
#define SIBLINGS   32 /* the largest, which are told apart */

struct print {
	struct vr_context *ctx;
	const struct vr_tree *tree;
	uint64_t whole_ns, least_ns;
	int depth_max;
	struct vr_sheet *sheet; /* of CSV */
	int depth;		/* of its row */
	int last[INDENT_MAX + 1];
};

static int is_shown(const struct print *print, uint32_t node)
{
	return node && print->tree->node[node].total_ns >= print->least_ns;
}

/* The next sibling that is large enough; siblings are sorted by size. */
static uint32_t next_shown(const struct print *print, uint32_t node)
{
	uint32_t next = print->tree->node[node].next;

	return is_shown(print, next) ? next : 0;
}

static struct vr_caption node_label(const struct print *print, uint32_t index)
{
	const struct vr_stacks *stacks = print->ctx->profile->stacks;

	struct vr_caption label = vr_function_caption(
	    &stacks->function[print->tree->node[index].function], print->ctx->strip_dirs);

	label.whole = print->ctx->profile->select.full_names;
	return label;
}

/* The function of a node, told from its siblings that are shown beside it. */
static char *node_text(const struct print *print, uint32_t index, int room)
{
	const struct vr_tree_node *node = print->tree->node;
	struct vr_caption label[SIBLINGS];
	const struct vr_caption *all[SIBLINGS];
	uint32_t at = node[node[index].parent].child;
	char **text, *own;
	size_t count = 1;

	label[0] = node_label(print, index);
	for (; at && is_shown(print, at) && count < SIBLINGS; at = node[at].next)
		if (at != index)
			label[count++] = node_label(print, at);
	for (size_t i = 0; i < count; i++)
		all[i] = &label[i];
	text = vr_captions_fit(all, count, room);
	own = text[0];
	for (size_t i = 0; i < count; i++) {
		vr_caption_done(&label[i]);
		if (i)
			free(text[i]);
	}
	free(text);
	return own;
}

static void print_line(struct print *print, uint32_t index, int depth)
{
	const struct vr_tree_node *node = &print->tree->node[index];
	char left[96], total[VR_UNIT_MAX];
	char *label;

	snprintf(left, sizeof(left), "%6.1f%% %10s  ", vr_percent(node->total_ns, print->whole_ns),
		 vr_format_ns(total, node->total_ns));
	if (depth > INDENT_MAX)
		depth = INDENT_MAX;
	print->last[depth] = !next_shown(print, index);
	label = node_text(print, index, vr_tree_room(depth, left, print->ctx->width));
	vr_tree_line(print->ctx->out, depth, print->last, left, label, print->ctx->width);
	free(label);
}

static const void *function_of(const struct vr_rows *rows, const void *row)
{
	const struct vr_tree_node *node = row;

	return &rows->ctx->profile->stacks->function[node->function];
}

static void get_depth(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct print *print = rows->model;

	(void)row;
	value->cell.u = (uint64_t)print->depth;
}

#define NODE(member) VR_MEMBER(struct vr_tree_node, member)

static const struct vr_field node_fields[] = {
    {"depth", "", VR_COUNT, VR_IN_CSV, .get = get_depth},
    VR_FUNCTION_FIELDS(VR_IN_DATA, function_of),
    {"self_ns", "", VR_NS, VR_IN_DATA, NODE(self_ns)},
    {"total_ns", "", VR_NS, VR_IN_DATA, NODE(total_ns)},
    {"samples", "", VR_COUNT, VR_IN_DATA, NODE(total_samples)},
};
#define FIELDS	    (sizeof(node_fields) / sizeof(node_fields[0]))
#define ROOT_FIELDS 3u /* the last ones: the root is no function */

static void csv_line(struct print *print, uint32_t index, int depth)
{
	print->depth = depth;
	vr_sheet_row(print->sheet, &print->tree->node[index]);
}

/* Depth first over what is shown; without recursion, as trees can be deep. */
static void walk(struct print *print, void (*line)(struct print *, uint32_t, int))
{
	const struct vr_tree_node *node = print->tree->node;
	uint32_t at = node[0].child;
	int depth = 0;

	if (!is_shown(print, at))
		return;
	while (at) {
		line(print, at, depth);
		if (is_shown(print, node[at].child) &&
		    (!print->depth_max || depth + 1 < print->depth_max)) {
			at = node[at].child;
			depth++;
			continue;
		}
		while (at && !next_shown(print, at)) {
			at = node[at].parent;
			depth--;
		}
		if (at)
			at = next_shown(print, at);
	}
}

static json_t *node_json(struct print *print, uint32_t index)
{
	const struct vr_rows rows = {.ctx = print->ctx, .model = print};
	size_t skipped = index ? 0 : FIELDS - ROOT_FIELDS;
	json_t *one = vr_json_fields(&rows, node_fields + skipped, FIELDS - skipped,
				     &print->tree->node[index]);

	json_object_set_new(one, "children", json_array());
	return one;
}

/* The document nests as the tree does. jansson frees and prints by recursion
 * and stops at 2048 levels, so deeper branches are cut there. */
#define JSON_DEPTH 1000

static json_t *to_json(struct print *print)
{
	json_t *open[JSON_DEPTH + 1];
	const struct vr_tree_node *node = print->tree->node;
	uint32_t at = node[0].child;
	int limit =
	    print->depth_max && print->depth_max < JSON_DEPTH ? print->depth_max : JSON_DEPTH;
	int depth = 0;

	open[0] = node_json(print, 0);
	if (!is_shown(print, at))
		return open[0];
	while (at) {
		open[depth + 1] = node_json(print, at);
		json_array_append_new(json_object_get(open[depth], "children"), open[depth + 1]);
		if (is_shown(print, node[at].child) && depth + 1 < limit) {
			at = node[at].child;
			depth++;
			continue;
		}
		while (at && !next_shown(print, at)) {
			at = node[at].parent;
			depth--;
		}
		if (at)
			at = next_shown(print, at);
	}
	return open[0];
}

static void print_csv(struct print *print)
{
	const struct vr_rows rows = {.ctx = print->ctx, .model = print};

	print->sheet = vr_sheet_new(&rows, node_fields, FIELDS);
	walk(print, csv_line);
	vr_sheet_print(print->sheet);
}

static void print_header(struct vr_context *ctx, const struct vr_cpu *cpu)
{
	char *times = vr_clock_text(ctx->profile, cpu);
	char *text =
	    vr_xprintf("%s%s %s; from %g%%", times, cpu->wall ? ";" : ",",
		       ctx->opts->bottom_up ? "bottom up" : "top down", ctx->opts->min_percent);

	fputs("   ", ctx->out);
	vr_print_wrapped(ctx, text, 3);
	fputc('\n', ctx->out);
	free(text);
	free(times);
}

static int run(struct vr_context *ctx)
{
	struct vr_cpu *cpu = vr_cpu_new(ctx->profile);
	struct vr_tree *tree = vr_tree_new(ctx->profile, cpu, ctx->opts->bottom_up);
	struct print print = {
	    .ctx = ctx,
	    .tree = tree,
	    .whole_ns = cpu->total_ns,
	    .least_ns = (uint64_t)((double)cpu->total_ns * ctx->opts->min_percent / 100.0),
	    .depth_max = (int)ctx->opts->depth,
	};

	vr_warn_cpu(ctx, cpu);
	vr_warn_symbols(ctx);
	if (ctx->format == VR_FORMAT_JSON) {
		ctx->json = to_json(&print);
		if (cpu->wall)
			json_object_set_new(ctx->json, "clock", vr_clock_json(cpu));
	} else if (ctx->format == VR_FORMAT_CSV) {
		print_csv(&print);
	} else {
		print_header(ctx, cpu);
		walk(&print, print_line);
	}
	vr_tree_free(tree);
	vr_cpu_free(cpu);
	return 0;
}

const struct vr_verb vr_verb_tree = {
    .name = "tree",
    .summary = "Call tree of CPU time, or of what threads waited for",
    .usage = "[FILE...]",
    .detail = "Percentages are of all time selected; branches below --min-percent\n"
	      "(default 1) are left out.\n" VR_CLOCK_DETAIL,
    .options = VR_TAKES(VR_OPT_FORMAT, VR_OPT_THREAD, VR_OPT_WINDOW, VR_OPT_LABEL, VR_OPT_MODULE,
			VR_OPT_TIMES, VR_OPT_TREE, VR_OPT_NAMES, VR_OPT_NAMING, VR_OPT_BOTTOM_UP,
			VR_OPT_MIN_PERCENT, VR_OPT_DEPTH),
    .run = run,
};
