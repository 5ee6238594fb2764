#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/units.h"
#include "cli/xalloc.h"
#include "model/responsible.h"
#include "output/out.h"
#include "text/json.h"
#include "text/names.h"
#include "text/notes.h"
#include "text/print.h"
#include "text/ranges.h"
#include "verbs/verb.h"

static const struct vr_sort_key sort_keys[] = {
    {"bytes", VR_HEAP_BYTES}, {"calls", VR_HEAP_CALLS},		{"live", VR_HEAP_LIVE},
    {"peak", VR_HEAP_PEAK},   {"temporary", VR_HEAP_TEMPORARY}, {NULL, 0},
};

/* Frames printed under a site: enough to tell two sites apart. */
#define STACK_FRAMES 12u

static void print_intervals(struct vr_context *ctx, const struct vr_heap *heap)
{
	struct vr_interval all = vr_heap_interval(heap);
	struct vr_interval live = vr_heap_live_interval(heap);
	char a[VR_UNIT_MAX], b[VR_UNIT_MAX], error[VR_ERROR_MAX], range[VR_RANGE_MAX];

	fprintf(ctx->out, "   sampled, mean %s: %s %s (95 %% interval %s)\n",
		vr_format_bytes(a, heap->sample_bytes), vr_format_bytes(b, heap->alloc_bytes),
		vr_error_text(error, &all, heap->alloc_bytes), vr_range_text(range, &all));
	fprintf(ctx->out, "   live at the end: %s %s (95 %% interval %s)\n",
		vr_format_bytes(b, heap->live_bytes), vr_error_text(error, &live, heap->live_bytes),
		vr_range_text(range, &live));
}

static void print_header(struct vr_context *ctx, const struct vr_heap *heap)
{
	const struct vprof_header *h = &ctx->profile->file->header;
	char a[VR_UNIT_MAX], b[VR_UNIT_MAX], c[VR_UNIT_MAX];

	fprintf(ctx->out, "   %s allocations of %s in all, %s frees\n",
		vr_format_count(a, heap->allocs), vr_format_bytes(b, heap->alloc_bytes),
		vr_format_count(c, heap->frees));
	fprintf(ctx->out, "   peak %s in %s blocks", vr_format_bytes(a, heap->peak_bytes),
		vr_format_count(b, heap->peak_blocks));
	if (h->peak_ns)
		fprintf(ctx->out, " at %s", vr_format_ns(c, h->peak_ns));
	fprintf(ctx->out, "; live at the end %s in %s blocks\n",
		vr_format_bytes(a, heap->live_bytes), vr_format_count(b, heap->live_blocks));
	if (h->heap_mode == VPROF_HEAP_SAMPLE)
		print_intervals(ctx, heap);
	else if (h->heap_mode == VPROF_HEAP_OFF)
		fprintf(ctx->out, "   the heap was not profiled (heap=off)\n");
}

static uint64_t mean_bytes(const struct vr_site *site)
{
	return site->allocs ? site->alloc_bytes / site->allocs : 0;
}

static char *asker_text(struct vr_context *ctx, uint32_t node)
{
	struct vr_stacks *stacks = ctx->profile->stacks;
	const struct vr_place *place = vr_responsible_frame(stacks, node);

	return place ? vr_place_text(stacks, place, ctx->strip_dirs) : vr_xstrdup("");
}

/* "< 1 ms", the upper end of the median's bucket; "" where nothing was freed. */
static void median_text(char text[VR_UNIT_MAX + 4], const struct vr_site *site)
{
	int bucket = vr_site_median(site);
	char limit[VR_UNIT_MAX];

	text[0] = '\0';
	if (bucket < 0)
		return;
	if (vr_lifetime_limit_ns(bucket) == UINT64_MAX)
		snprintf(text, VR_UNIT_MAX + 4, "> %s",
			 vr_format_ns(limit, vr_lifetime_limit_ns(bucket - 1)));
	else
		snprintf(text, VR_UNIT_MAX + 4, "< %s",
			 vr_format_ns(limit, vr_lifetime_limit_ns(bucket)));
}

static void print_sites(struct vr_context *ctx, const struct vr_heap *heap, size_t count)
{
	static const struct vr_column columns[] = {
	    {"rank", "#", VR_COUNT, 0},		{"bytes", "bytes", VR_BYTES, 0},
	    {"calls", "calls", VR_COUNT, 0},	{"live", "live", VR_BYTES, 0},
	    {"peak", "peak", VR_BYTES, 0},	{"temporary", "temporary", VR_COUNT, 0},
	    {"mean", "mean", VR_BYTES, 0},	{"lifetime", "median life", VR_TEXT, 0},
	    {"error", "bytes 95%", VR_TEXT, 0}, {"site", "site", VR_TEXT, 1},
	};
	const size_t last = sizeof(columns) / sizeof(columns[0]) - 1;
	struct vr_column used[sizeof(columns) / sizeof(columns[0])];
	struct vr_table *table;

	/* How sure the bytes are is a question in sample mode only. */
	memcpy(used, columns, sizeof(used));
	if (!heap->sampled)
		used[last - 1] = columns[last];
	table = vr_table_new(used, heap->sampled ? last + 1 : last);

	for (size_t i = 0; i < count; i++) {
		const struct vr_site *s = &heap->site[i];
		char *asker = asker_text(ctx, s->node);
		char life[VR_UNIT_MAX + 4], error[VR_ERROR_MAX];
		struct vr_interval sure = vr_site_interval(heap, s);
		struct vr_cell cell[] = {
		    {.u = i + 1},	  {.u = s->alloc_bytes},
		    {.u = s->allocs},	  {.u = s->live_bytes},
		    {.u = s->peak_bytes}, {.null = heap->sampled, .u = s->temporary},
		    {.u = mean_bytes(s)}, {.s = life},
		    {.s = error},	  {.s = asker},
		};

		median_text(life, s);
		cell[7].null = !life[0];
		vr_error_text(error, &sure, s->alloc_bytes);
		cell[8].null = !error[0];
		if (!heap->sampled)
			cell[8] = cell[9];
		vr_table_row(table, cell);
		free(asker);
	}
	vr_print_table(ctx, table);
}

static void print_csv(struct vr_context *ctx, const struct vr_heap *heap, size_t count)
{
	static const struct vr_column columns[] = {
	    {"alloc_bytes", "", VR_BYTES, 0},	   {"allocs", "", VR_COUNT, 0},
	    {"freed_bytes", "", VR_BYTES, 0},	   {"frees", "", VR_COUNT, 0},
	    {"live_bytes", "", VR_BYTES, 0},	   {"live_blocks", "", VR_COUNT, 0},
	    {"peak_bytes", "", VR_BYTES, 0},	   {"peak_blocks", "", VR_COUNT, 0},
	    {"temporary", "", VR_COUNT, 0},	   {"mean_bytes", "", VR_BYTES, 0},
	    {"lifetime_median_ns", "", VR_NS, 0},  {"alloc_bytes_low", "", VR_BYTES, 0},
	    {"alloc_bytes_high", "", VR_BYTES, 0}, {"site", "", VR_TEXT, 0},
	};
	struct vr_table *table = vr_table_new(columns, sizeof(columns) / sizeof(columns[0]));

	for (size_t i = 0; i < count; i++) {
		const struct vr_site *s = &heap->site[i];
		char *asker = asker_text(ctx, s->node);
		int median = vr_site_median(s);
		struct vr_interval sure = vr_site_interval(heap, s);

		vr_table_row(table, (const struct vr_cell[]){
					{.u = s->alloc_bytes},
					{.u = s->allocs},
					{.u = s->freed_bytes},
					{.u = s->frees},
					{.u = s->live_bytes},
					{.u = s->live_blocks},
					{.u = s->peak_bytes},
					{.u = s->peak_blocks},
					{.null = heap->sampled, .u = s->temporary},
					{.u = mean_bytes(s)},
					{.null = median < 0,
					 .u = median < 0 ? 0 : vr_lifetime_limit_ns(median)},
					{.null = !sure.known, .u = sure.low},
					{.null = !sure.known, .u = sure.high},
					{.s = asker},
				    });
		free(asker);
	}
	vr_print_table(ctx, table);
}

static void json_set_temporary(json_t *object, const struct vr_heap *heap, uint64_t temporary)
{
	json_object_set_new(object, "temporary",
			    heap->sampled ? json_null() : vr_json_u64(temporary));
}

static json_t *site_json(struct vr_context *ctx, const struct vr_heap *heap,
			 const struct vr_site *s)
{
	struct vr_interval sure = vr_site_interval(heap, s);
	json_t *one = json_object();
	json_t *lifetime = json_array();
	int median = vr_site_median(s);

	vr_json_set_u64(one, "allocs", s->allocs);
	vr_json_set_u64(one, "bytes_allocated", s->alloc_bytes);
	vr_json_set_interval(one, "bytes", &sure);
	vr_json_set_u64(one, "frees", s->frees);
	vr_json_set_u64(one, "bytes_freed", s->freed_bytes);
	vr_json_set_u64(one, "live_bytes", s->live_bytes);
	vr_json_set_u64(one, "live_blocks", s->live_blocks);
	vr_json_set_u64(one, "peak_bytes", s->peak_bytes);
	vr_json_set_u64(one, "peak_blocks", s->peak_blocks);
	json_set_temporary(one, heap, s->temporary);
	vr_json_set_u64(one, "mean_bytes", mean_bytes(s));
	vr_json_set_u64(one, "first_ns", s->first_ns);
	vr_json_set_u64(one, "last_ns", s->last_ns);
	json_object_set_new(one, "lifetime_median_ns",
			    median < 0 ? json_null() : vr_json_u64(vr_lifetime_limit_ns(median)));
	for (size_t i = 0; i < VPROF_LIFETIME_BUCKETS; i++)
		json_array_append_new(lifetime, vr_json_u64(s->lifetime[i]));
	json_object_set_new(one, "lifetimes", lifetime);
	json_object_set_new(one, "frames", vr_json_frames(ctx->profile->stacks, s->node));
	return one;
}

static json_t *to_json(struct vr_context *ctx, const struct vr_heap *heap, size_t count)
{
	static const char *const mode[] = {"off", "exact", "sample"};
	const struct vprof_header *h = &ctx->profile->file->header;
	struct vr_interval all = vr_heap_interval(heap);
	struct vr_interval live = vr_heap_live_interval(heap);
	json_t *root = json_object();
	json_t *totals = json_object();
	json_t *sites = json_array();

	vr_json_set_u64(totals, "allocs", heap->allocs);
	vr_json_set_u64(totals, "frees", heap->frees);
	vr_json_set_u64(totals, "bytes_allocated", heap->alloc_bytes);
	vr_json_set_interval(totals, "bytes_allocated", &all);
	vr_json_set_u64(totals, "bytes_freed", heap->freed_bytes);
	vr_json_set_u64(totals, "peak_bytes", heap->peak_bytes);
	vr_json_set_u64(totals, "peak_blocks", heap->peak_blocks);
	vr_json_set_u64(totals, "peak_ns", h->peak_ns);
	vr_json_set_u64(totals, "live_bytes", heap->live_bytes);
	vr_json_set_interval(totals, "live_bytes", &live);
	vr_json_set_u64(totals, "live_blocks", heap->live_blocks);
	json_set_temporary(totals, heap, heap->temporary);
	json_object_set_new(root, "totals", totals);
	vr_json_set_text(root, "mode",
			 h->heap_mode <= VPROF_HEAP_SAMPLE ? mode[h->heap_mode] : "unknown");
	for (size_t i = 0; i < count; i++)
		json_array_append_new(sites, site_json(ctx, heap, &heap->site[i]));
	json_object_set_new(root, "sites", sites);
	return root;
}

static void print_stacks(struct vr_context *ctx, const struct vr_heap *heap, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct vr_site *s = &heap->site[i];
		char a[VR_UNIT_MAX], b[VR_UNIT_MAX];

		fprintf(ctx->out, "\n#%zu  %s in %s calls\n", i + 1,
			vr_format_bytes(a, s->alloc_bytes), vr_format_count(b, s->allocs));
		vr_print_stack(ctx, s->node, "      ", STACK_FRAMES);
	}
}

static int run(struct vr_context *ctx)
{
	struct vr_heap *heap = vr_heap_new(ctx->profile);
	size_t count;

	vr_heap_sort(heap, (enum vr_heap_key)ctx->sort);
	/* A site with nothing of what is asked for is no answer. */
	for (count = 0; count < heap->sites && count < ctx->limit; count++)
		if (!vr_site_value(&heap->site[count], (enum vr_heap_key)ctx->sort) &&
		    ctx->format == VR_FORMAT_TABLE)
			break;
	vr_warn_heap(ctx, heap);
	if (heap->sampled && ctx->sort == VR_HEAP_TEMPORARY)
		vr_note(ctx, "which blocks were temporary is not known with heap=sample");
	if (ctx->format == VR_FORMAT_JSON) {
		ctx->json = to_json(ctx, heap, count);
	} else if (ctx->format == VR_FORMAT_CSV) {
		print_csv(ctx, heap, count);
	} else {
		print_header(ctx, heap);
		fprintf(ctx->out, "   Ordered by: %s\n\n", sort_keys[ctx->sort].name);
		print_sites(ctx, heap, count);
		print_stacks(ctx, heap, count);
		if (count == ctx->limit)
			vr_print_more(ctx, count, heap->sites, "sites");
	}
	vr_warn_rebuilt(ctx);
	vr_heap_free(heap);
	return 0;
}

const struct vr_verb vr_verb_heap = {
    .name = "heap",
    .summary = "Allocation sites: bytes, calls, live, at the peak, temporary",
    .usage = "[FILE...]",
    .detail =
	"One row is one stack that allocated. \"peak\" is what was live there when the\n"
	"whole process was at its highest; \"temporary\" counts blocks freed by their thread\n"
	"before its next allocation; \"median life\" is the upper end of a power of two.\n"
	"--thread keeps the sites where such a thread allocated.",
    .options = VR_OPT_SORT | VR_OPT_LIMIT | VR_OPT_FORMAT | VR_OPT_THREAD | VR_OPT_MODULE |
	       VR_OPT_STRIP | VR_OPT_INLINES,
    .sort = sort_keys,
    .limit = 10,
    .run = run,
};
