#include <inttypes.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "commands/sampled.h"

#define STACK_FRAMES 16u

/* Sites with live blocks come first when sorted by live bytes, but a block of
 * zero bytes is a block. */
static size_t count_unfreed(const struct vr_heap *heap)
{
	size_t count = 0;

	for (size_t i = 0; i < heap->sites; i++)
		if (heap->site[i].live_blocks)
			heap->site[count++] = heap->site[i];
	return count;
}

static json_t *amount_json(uint64_t blocks, uint64_t bytes, struct vr_interval sure)
{
	json_t *amount = json_object();

	vr_json_set_u64(amount, "blocks", blocks);
	vr_json_set_u64(amount, "bytes", bytes);
	vr_json_set_interval(amount, "bytes", &sure);
	return amount;
}

static json_t *to_json(struct vr_context *ctx, const struct vr_heap *heap, size_t count)
{
	json_t *root = json_object();
	json_t *totals = json_object();
	json_t *sites = json_array();

	vr_json_set_text(root, "verdict", "unexamined");
	json_object_set_new(
	    totals, "unfreed",
	    amount_json(heap->live_blocks, heap->live_bytes, vr_heap_live_interval(heap)));
	json_object_set_new(root, "totals", totals);
	for (size_t i = 0; i < count && i < ctx->limit; i++) {
		const struct vr_site *s = &heap->site[i];
		struct vr_interval sure = vr_site_live_interval(heap, s);
		json_t *one = json_object();

		vr_json_set_text(one, "verdict", "unexamined");
		vr_json_set_u64(one, "blocks", s->live_blocks);
		vr_json_set_u64(one, "bytes", s->live_bytes);
		vr_json_set_interval(one, "bytes", &sure);
		json_object_set_new(one, "confidence", json_null());
		vr_json_set_u64(one, "allocs", s->allocs);
		vr_json_set_u64(one, "first_ns", s->first_ns);
		vr_json_set_u64(one, "last_ns", s->last_ns);
		json_object_set_new(one, "frames", vr_json_frames(ctx->profile->stacks, s->node));
		json_array_append_new(sites, one);
	}
	json_object_set_new(root, "sites", sites);
	return root;
}

static void print_csv(struct vr_context *ctx, const struct vr_heap *heap, size_t count)
{
	static const struct vr_column columns[] = {
	    {"verdict", "", VR_TEXT, 0},    {"bytes", "", VR_BYTES, 0},
	    {"blocks", "", VR_COUNT, 0},    {"allocs", "", VR_COUNT, 0},
	    {"bytes_low", "", VR_BYTES, 0}, {"bytes_high", "", VR_BYTES, 0},
	    {"site", "", VR_TEXT, 0},
	};
	struct vr_table *table = vr_table_new(columns, sizeof(columns) / sizeof(columns[0]));
	struct vr_stacks *stacks = ctx->profile->stacks;

	for (size_t i = 0; i < count && i < ctx->limit; i++) {
		const struct vr_site *s = &heap->site[i];
		const struct vr_place *place = vr_site_asker(stacks, s->node);
		struct vr_interval sure = vr_site_live_interval(heap, s);
		char *text =
		    place ? vr_place_text(stacks, place, ctx->opts->strip_dirs) : vr_xstrdup("");

		vr_table_row(table, (const struct vr_cell[]){{.s = "unexamined"},
							     {.u = s->live_bytes},
							     {.u = s->live_blocks},
							     {.u = s->allocs},
							     {.null = !sure.known, .u = sure.low},
							     {.null = !sure.known, .u = sure.high},
							     {.s = text}});
		free(text);
	}
	vr_print_table(ctx, table);
}

static void print_none(struct vr_context *ctx, const struct vr_heap *heap)
{
	struct vr_interval live = vr_heap_live_interval(heap);
	char a[VR_UNIT_MAX];

	if (heap->sampled)
		fprintf(ctx->out,
			"Every sampled block was freed; what was not is below %s (95 %%).\n",
			vr_format_bytes(a, live.high));
	else
		fprintf(ctx->out, "Every block was freed: %s allocations, none left.\n",
			vr_format_count(a, heap->allocs));
}

static void print_text(struct vr_context *ctx, const struct vr_heap *heap, size_t count)
{
	struct vr_interval live = vr_heap_live_interval(heap);
	char a[VR_UNIT_MAX], b[VR_UNIT_MAX], c[VR_UNIT_MAX];
	char error[VR_ERROR_MAX], range[VR_RANGE_MAX];

	if (!count) {
		print_none(ctx, heap);
		return;
	}
	fprintf(ctx->out,
		"%s in %s blocks were not freed, from %s sites.\n"
		"Unexamined: the run did not look for pointers to them, so memory that is\n"
		"still in use at the end is listed together with what is lost.\n",
		vr_format_bytes(a, heap->live_bytes), vr_format_count(b, heap->live_blocks),
		vr_format_count(c, count));
	if (heap->sampled)
		fprintf(ctx->out, "Estimated from samples, mean %s: 95 %% interval %s.\n",
			vr_format_bytes(a, heap->sample_bytes), vr_range_text(range, &live));
	for (size_t i = 0; i < count && i < ctx->limit; i++) {
		const struct vr_site *s = &heap->site[i];
		struct vr_interval sure = vr_site_live_interval(heap, s);

		vr_error_text(error, &sure, s->live_bytes);
		fprintf(ctx->out, "\n#%zu unexamined: %s%s%s in %s of %s blocks\n", i + 1,
			vr_format_bytes(a, s->live_bytes), error[0] ? " " : "", error,
			vr_format_count(b, s->live_blocks), vr_format_count(c, s->allocs));
		vr_print_stack(ctx, s->node, "      ", STACK_FRAMES);
	}
	vr_print_more(ctx, ctx->limit, count, "sites");
}

static int run(struct vr_context *ctx)
{
	struct vr_heap *heap = vr_heap_new(ctx->profile);
	size_t count;

	vr_heap_sort(heap, VR_HEAP_LIVE);
	count = count_unfreed(heap);
	vr_warn_heap(ctx, heap);
	if (ctx->format == VR_FORMAT_JSON)
		ctx->json = to_json(ctx, heap, count);
	else if (ctx->format == VR_FORMAT_CSV)
		print_csv(ctx, heap, count);
	else
		print_text(ctx, heap, count);
	vr_warn_rebuilt(ctx);
	vr_heap_free(heap);
	return 0;
}

const struct vr_command vr_cmd_leaks = {
    .name = "leaks",
    .summary = "Blocks that were never freed, by site",
    .usage = "[FILE...]",
    .detail = "The verdict is \"unexamined\": reachability was not looked at in this profile.",
    .options = VR_OPT_LIMIT | VR_OPT_FORMAT | VR_OPT_THREAD | VR_OPT_MODULE | VR_OPT_STRIP |
	       VR_OPT_INLINES,
    .limit = 10,
    .run = run,
};
