#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "cli/units.h"
#include "cli/warn.h"
#include "cli/xalloc.h"
#include "output/out.h"
#include "text/fields.h"
#include "text/json.h"
#include "text/names.h"
#include "text/notes.h"
#include "text/print.h"
#include "text/ranges.h"
#include "text/sites.h"
#include "verbs/heap.h"
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

/* Of a window: what its ends may have cut. */
static void print_window(struct vr_context *ctx, const struct vr_heap *heap)
{
	const struct vr_select *select = &ctx->profile->select;
	uint64_t end_ns = vr_least(select->until_ns, vr_file_duration_ns(ctx->profile->file));
	char a[VR_UNIT_MAX], b[VR_UNIT_MAX], c[VR_UNIT_MAX];

	fprintf(ctx->out, "   from %s to %s: ", vr_format_ns(a, select->since_ns),
		vr_format_ns(b, end_ns));
	fprintf(ctx->out, "%s allocation%s of %s, ", vr_format_count(c, heap->allocs),
		vr_plural(heap->allocs), vr_format_bytes(a, heap->alloc_bytes));
	fprintf(ctx->out, "%s free%s\n   live at its end %s in %s block%s\n",
		vr_format_count(a, heap->frees), vr_plural(heap->frees),
		vr_format_bytes(b, heap->live_bytes), vr_format_count(c, heap->live_blocks),
		vr_plural(heap->live_blocks));
	fprintf(ctx->out, "   read every %s; allocated across an end of it: %s\n",
		vr_format_ns(a, heap->step_ns), vr_format_bytes(b, heap->cut_bytes));
}

static void print_header(struct vr_context *ctx, const struct vr_heap *heap)
{
	const struct vprof_header *h = &ctx->profile->file->header;
	char *text, a[VR_UNIT_MAX], b[VR_UNIT_MAX], c[VR_UNIT_MAX];

	if (heap->windowed) {
		print_window(ctx, heap);
		return;
	}
	fprintf(ctx->out, "   %s allocation%s of %s in all, %s free%s\n",
		vr_format_count(a, heap->allocs), vr_plural(heap->allocs),
		vr_format_bytes(b, heap->alloc_bytes), vr_format_count(c, heap->frees),
		vr_plural(heap->frees));
	text = vr_xprintf("peak%s %s in %s block%s",
			  ctx->profile->file->n_members ? "s, each process its own, together" : "",
			  vr_format_bytes(a, heap->peak_bytes),
			  vr_format_count(b, heap->peak_blocks), vr_plural(heap->peak_blocks));
	if (h->peak_ns)
		text = vr_xappend(text, " at %s", vr_format_ns(c, h->peak_ns));
	text = vr_xappend(text, "; live at the end %s in %s block%s",
			  vr_format_bytes(a, heap->live_bytes),
			  vr_format_count(b, heap->live_blocks), vr_plural(heap->live_blocks));
	fputs("   ", ctx->out);
	vr_print_wrapped(ctx, text, 3);
	free(text);
	if (ctx->profile->file->n_members)
		fprintf(ctx->out, "   most live at one time %s, as read every %s\n",
			vr_format_bytes(a, ctx->profile->file->together_bytes),
			vr_format_ns(b, h->timeline_step_ns));
	if (h->heap_mode == VPROF_HEAP_SAMPLE)
		print_intervals(ctx, heap);
	else if (h->heap_mode == VPROF_HEAP_OFF)
		fprintf(ctx->out, "   the heap was not profiled (heap=off)\n");
}

static const struct vr_heap *heap_of(const struct vr_rows *rows)
{
	return rows->model;
}

static void get_temporary(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_site *site = row;

	value->cell.null = heap_of(rows)->sampled;
	value->cell.u = site->temporary;
}

static void get_peak_bytes(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->cell.null = heap_of(rows)->windowed;
	value->cell.u = ((const struct vr_site *)row)->peak_bytes;
}

static void get_peak_blocks(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->cell.null = heap_of(rows)->windowed;
	value->cell.u = ((const struct vr_site *)row)->peak_blocks;
}

static void get_mean(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_site *site = row;

	(void)rows;
	value->cell.u = site->allocs ? site->alloc_bytes / site->allocs : 0;
}

/* The upper end of the median's bucket; null where nothing was freed. */
static void get_median(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	int bucket = vr_site_median(row);

	(void)rows;
	value->cell.null = bucket < 0;
	value->cell.u = bucket < 0 ? 0 : vr_lifetime_limit_ns(bucket);
}

/* "< 1 ms" */
static void get_median_text(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	int bucket = vr_site_median(row), last;
	char limit[VR_UNIT_MAX];

	(void)rows;
	value->cell.null = bucket < 0;
	if (bucket < 0)
		return;
	last = vr_lifetime_limit_ns(bucket) == UINT64_MAX;
	value->text =
	    vr_xprintf("%s %s", last ? ">" : "<",
		       vr_format_ns(limit, vr_lifetime_limit_ns(last ? bucket - 1 : bucket)));
}

static struct vr_interval interval_of(const struct vr_rows *rows, const void *row)
{
	return vr_site_interval(heap_of(rows), row);
}

static void get_error(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_site *site = row;
	struct vr_interval sure = vr_site_interval(heap_of(rows), site);
	char error[VR_ERROR_MAX];

	vr_error_text(error, &sure, site->alloc_bytes);
	value->cell.null = !error[0];
	value->text = vr_xstrdup(error);
}

/* How sure the bytes are is a question in sample mode only. */
static int is_sampled(const struct vr_rows *rows)
{
	return heap_of(rows)->sampled && !heap_of(rows)->windowed;
}

static int is_whole(const struct vr_rows *rows)
{
	return !heap_of(rows)->windowed;
}

static void get_site(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_site *site = row;

	vr_value_site(rows, value, site->node);
}

static void get_lifetimes(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_site *site = row;

	value->json = heap_of(rows)->windowed ? json_null() : json_array();
	for (size_t i = 0; !heap_of(rows)->windowed && i < VPROF_LIFETIME_BUCKETS; i++)
		json_array_append_new(value->json, vr_json_u64(site->lifetime[i]));
}

static void get_frames(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_site *site = row;

	value->json = vr_json_frames(rows->ctx->profile->stacks, site->node);
}

#define SITE(member) VR_MEMBER(struct vr_site, member)

static const struct vr_field site_fields[] = {
    {"rank", "#", VR_COUNT, VR_IN_TABLE, .get = vr_get_rank},
    {"bytes_allocated", "bytes", VR_BYTES, VR_IN_ALL, SITE(alloc_bytes)},
    {"allocs", "calls", VR_COUNT, VR_IN_ALL, SITE(allocs)},
    {"bytes_freed", "", VR_BYTES, VR_IN_DATA, SITE(freed_bytes)},
    {"frees", "", VR_COUNT, VR_IN_DATA, SITE(frees)},
    {"live_bytes", "live", VR_BYTES, VR_IN_ALL, SITE(live_bytes)},
    {"live_blocks", "", VR_COUNT, VR_IN_DATA, SITE(live_blocks)},
    {"peak_bytes", "peak", VR_BYTES, VR_IN_ALL, .get = get_peak_bytes, .applies = is_whole},
    {"peak_blocks", "", VR_COUNT, VR_IN_DATA, .get = get_peak_blocks, .applies = is_whole},
    {"temporary", "temporary", VR_COUNT, VR_IN_ALL, .get = get_temporary, .yields = 1},
    {"mean_bytes", "mean", VR_BYTES, VR_IN_ALL, .get = get_mean, .yields = 3},
    {"lifetime", "median life", VR_TEXT, VR_IN_TABLE, .get = get_median_text, .yields = 2,
     .applies = is_whole},
    {"lifetime_median_ns", "", VR_NS, VR_IN_DATA, .get = get_median},
    VR_INTERVAL_FIELDS("bytes", VR_IN_DATA, interval_of),
    {"error", "bytes 95%", VR_TEXT, VR_IN_TABLE, .get = get_error, .applies = is_sampled},
    {"site", "site", VR_TEXT, VR_IN_COLUMNS, .get = get_site, .elastic = VR_CAPTIONS},
    {"first_ns", "", VR_NS, VR_IN_JSON, SITE(first_ns)},
    {"last_ns", "", VR_NS, VR_IN_JSON, SITE(last_ns)},
    {"lifetimes", "", VR_TEXT, VR_IN_JSON, .get = get_lifetimes},
    {"frames", "", VR_TEXT, VR_IN_JSON, .get = get_frames},
};

static struct vr_interval all_interval(const struct vr_rows *rows, const void *row)
{
	(void)rows;
	return vr_heap_interval(row);
}

static struct vr_interval live_interval(const struct vr_rows *rows, const void *row)
{
	(void)rows;
	return vr_heap_live_interval(row);
}

static void get_all_temporary(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_heap *heap = row;

	(void)rows;
	value->cell.null = heap->sampled;
	value->cell.u = heap->temporary;
}

static void get_all_peak_bytes(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.null = ((const struct vr_heap *)row)->windowed;
	value->cell.u = ((const struct vr_heap *)row)->peak_bytes;
}

static void get_all_peak_blocks(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.null = ((const struct vr_heap *)row)->windowed;
	value->cell.u = ((const struct vr_heap *)row)->peak_blocks;
}

static void get_peak_ns(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->cell.null = ((const struct vr_heap *)row)->windowed;
	value->cell.u = rows->ctx->profile->file->header.peak_ns;
}

#define TOTAL(member) VR_MEMBER(struct vr_heap, member)

static const struct vr_field total_fields[] = {
    {"allocs", "", VR_COUNT, VR_IN_JSON, TOTAL(allocs)},
    {"frees", "", VR_COUNT, VR_IN_JSON, TOTAL(frees)},
    {"bytes_allocated", "", VR_BYTES, VR_IN_JSON, TOTAL(alloc_bytes)},
    VR_INTERVAL_FIELDS("bytes_allocated", VR_IN_JSON, all_interval),
    {"bytes_freed", "", VR_BYTES, VR_IN_JSON, TOTAL(freed_bytes)},
    {"peak_bytes", "", VR_BYTES, VR_IN_JSON, .get = get_all_peak_bytes},
    {"peak_blocks", "", VR_COUNT, VR_IN_JSON, .get = get_all_peak_blocks},
    {"peak_ns", "", VR_NS, VR_IN_JSON, .get = get_peak_ns},
    {"live_bytes", "", VR_BYTES, VR_IN_JSON, TOTAL(live_bytes)},
    VR_INTERVAL_FIELDS("live_bytes", VR_IN_JSON, live_interval),
    {"live_blocks", "", VR_COUNT, VR_IN_JSON, TOTAL(live_blocks)},
    {"temporary", "", VR_COUNT, VR_IN_JSON, .get = get_all_temporary},
};

static void print_sites(const struct vr_rows *rows, const size_t *order, size_t count)
{
	struct vr_site_row *site = vr_xcalloc(count + 1, sizeof(*site));

	for (size_t i = 0; i < count; i++)
		site[i] = (struct vr_site_row){&heap_of(rows)->site[order[i]],
					       heap_of(rows)->site[order[i]].node};
	vr_sites_print(rows, VR_FIELDS(site_fields), site, count);
	free(site);
}

static json_t *window_json(const struct vr_rows *rows)
{
	const struct vr_heap *heap = rows->model;
	const struct vr_select *select = &rows->ctx->profile->select;
	json_t *window = json_object();

	vr_json_set_u64(window, "since_ns", select->since_ns);
	vr_json_set_u64(window, "until_ns",
			vr_least(select->until_ns, vr_file_duration_ns(rows->ctx->profile->file)));
	vr_json_set_u64(window, "step_ns", heap->step_ns);
	vr_json_set_u64(window, "cut_bytes", heap->cut_bytes);
	vr_json_set_u64(window, "nameless_allocs", heap->nameless);
	return window;
}

static json_t *to_json(const struct vr_rows *rows, const size_t *order, size_t count)
{
	const struct vr_heap *heap = rows->model;
	json_t *root = json_object();
	json_t *sites = json_array();

	json_object_set_new(root, "totals", vr_json_fields(rows, VR_FIELDS(total_fields), heap));
	if (heap->windowed)
		json_object_set_new(root, "window", window_json(rows));
	if (rows->ctx->profile->file->n_members)
		vr_json_set_u64(root, "together_bytes", rows->ctx->profile->file->together_bytes);
	vr_json_set_text(root, "mode",
			 vr_heap_mode_name(rows->ctx->profile->file->header.heap_mode));
	for (size_t i = 0; i < count; i++)
		json_array_append_new(
		    sites, vr_json_fields(rows, VR_FIELDS(site_fields), &heap->site[order[i]]));
	json_object_set_new(root, "sites", sites);
	return root;
}

static void print_stacks(struct vr_context *ctx, const struct vr_heap *heap, const size_t *order,
			 size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct vr_site *s = &heap->site[order[i]];
		char a[VR_UNIT_MAX], b[VR_UNIT_MAX];

		fprintf(ctx->out, "\n#%zu  %s in %s call%s\n", i + 1,
			vr_format_bytes(a, s->alloc_bytes), vr_format_count(b, s->allocs),
			vr_plural(s->allocs));
		vr_print_stack(ctx, s->node, "      ", STACK_FRAMES);
	}
}

/* How many of the ordered sites are printed: one with nothing of what is asked for is no
 * answer for people. */
static size_t count_shown(const struct vr_context *ctx, const struct vr_heap *heap,
			  const size_t *order)
{
	size_t count = 0;

	while (count < heap->n_sites && count < ctx->limit &&
	       (ctx->format != VR_FORMAT_TABLE ||
		vr_site_value(&heap->site[order[count]], (enum vr_heap_key)ctx->sort)))
		count++;
	return count;
}

static void warn_window(const struct vr_context *ctx, const struct vr_heap *heap)
{
	char count[VR_UNIT_MAX];

	if (!heap->windowed)
		return;
	if (!heap->step_ns)
		vr_note(ctx, "the record has no heap over time: an older library, heap=off, or "
			     "killed while it was rewritten");
	if (heap->nameless)
		vr_note(ctx,
			"%s allocations of the run are of no site here: there was no room "
			"for so many over time",
			vr_format_count(count, heap->nameless));
	if (ctx->sort == VR_HEAP_PEAK)
		vr_note(ctx, "what was live at the peak is known of the whole run only");
}

static int run_malloc(struct vr_context *ctx)
{
	struct vr_heap *heap = vr_heap_new_window(ctx->profile);
	const struct vr_rows rows = {.ctx = ctx, .model = heap};
	size_t *order = vr_heap_order(heap, (enum vr_heap_key)ctx->sort);
	size_t count = count_shown(ctx, heap, order);

	vr_warn_heap(ctx, heap);
	warn_window(ctx, heap);
	if (heap->sampled && ctx->sort == VR_HEAP_TEMPORARY)
		vr_note(ctx, "which blocks were temporary is not known with heap=sample");
	if (ctx->format == VR_FORMAT_JSON) {
		ctx->json = to_json(&rows, order, count);
	} else if (ctx->format == VR_FORMAT_CSV) {
		print_sites(&rows, order, count);
	} else {
		print_header(ctx, heap);
		fprintf(ctx->out, "   Ordered by: %s\n\n", sort_keys[ctx->sort].name);
		print_sites(&rows, order, count);
		print_stacks(ctx, heap, order, count);
		if (count == ctx->limit)
			vr_print_more(ctx, count, heap->n_sites, "sites");
	}
	vr_warn_symbols(ctx);
	free(order);
	vr_heap_free(heap);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(struct vr_context *ctx);
} kinds[] = {{"malloc", run_malloc}, {"mmap", vr_heap_maps}, {"resident", vr_heap_resident}};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* One document of three, each without the parts that all have. */
static json_t *all_json(struct vr_context *ctx)
{
	json_t *root = json_object();

	for (size_t i = 0; i < KINDS; i++) {
		kinds[i].run(ctx);
		json_object_set_new(root, kinds[i].name, ctx->json);
		ctx->json = NULL;
	}
	return root;
}

static int run(struct vr_context *ctx)
{
	const char *kind = ctx->opts->kind;

	for (size_t i = 0; i < KINDS; i++)
		if (!kind || strcmp(kind, kinds[i].name) == 0)
			return kinds[i].run(ctx);
	if (ctx->format == VR_FORMAT_JSON) {
		ctx->json = all_json(ctx);
		return 0;
	}
	for (size_t i = 0; i < KINDS; i++) {
		if (ctx->format == VR_FORMAT_TABLE)
			fprintf(ctx->out, "%s%s\n", i ? "\n" : "", kinds[i].name);
		else if (i)
			fputc('\n', ctx->out);
		kinds[i].run(ctx);
	}
	return 0;
}

static int begin(struct vr_context *ctx)
{
	const char *kind = ctx->opts->kind;

	if (!kind || strcmp(kind, kinds[0].name) == 0)
		return 0;
	if (ctx->opts->select.windowed || ctx->opts->select.label) {
		vr_warn("--since, --until and --label are for --kind malloc");
		return VR_EXIT_USAGE;
	}
	if (ctx->opts->tree && strcmp(kind, "mmap") != 0) {
		vr_warn("--tree adds up --kind malloc and mmap: much of what is resident is "
			"shared");
		return VR_EXIT_USAGE;
	}
	for (size_t i = 0; i < KINDS; i++)
		if (strcmp(kind, "all") == 0 || strcmp(kind, kinds[i].name) == 0)
			return 0;
	vr_warn("--kind '%s' is not one of malloc, mmap, resident, all", kind);
	return VR_EXIT_USAGE;
}

const struct vr_verb vr_verb_heap = {
    .name = "heap",
    .summary = "Allocation sites: bytes, calls, live, at the peak, temporary",
    .usage = "[FILE...]",
    .detail =
	"One row is one stack that allocated. \"peak\" is what was live there when the\n"
	"whole process was at its highest; \"temporary\" counts blocks freed by their thread\n"
	"before its next allocation; \"median life\" is the upper end of a power of two.\n"
	"--thread keeps the sites where such a thread allocated, --label counts what was\n"
	"allocated under a label of vprof_begin() alone, whoever frees it. --tree adds up the "
	"processes\n"
	"of a run; \"peak\" is then what was live when each was at its own highest.\n"
	"--since and --until count from readings at every tick or, of long runs, less often;\n"
	"live is then that at the end of the range.\n"
	"--kind mmap: memory mapped past malloc (mmap, mremap, brk, shmat) by call path;\n"
	"--kind resident: what the resident memory is made of; --kind all: the three.",
    .options = VR_TAKES(VR_OPT_SORT, VR_OPT_LIMIT, VR_OPT_FORMAT, VR_OPT_THREAD, VR_OPT_WINDOW,
			VR_OPT_MODULE, VR_OPT_LABEL, VR_OPT_TREE, VR_OPT_NAMES, VR_OPT_NAMING,
			VR_OPT_KIND, VR_OPT_FAIL_IF),
    .sort = sort_keys,
    .limit = 10,
    .begin = begin,
    .run = run,
};
