/* The parts of `summary` that are the same of one label. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/order.h"
#include "cli/units.h"
#include "cli/xalloc.h"
#include "model/run.h"
#include "output/out.h"
#include "text/clock.h"
#include "text/names.h"
#include "text/print.h"
#include "text/ranges.h"
#include "text/sites.h"
#include "verbs/summary.h"

#define TOP_FUNCTIONS 8u
#define TOP_SITES     3u

static int by_self(const void *a, const void *b)
{
	const struct vr_cpu_function *x = a;
	const struct vr_cpu_function *y = b;
	int order = vr_larger_first(x->self_ns, y->self_ns);

	order = order ? order : vr_larger_first(x->total_ns, y->total_ns);
	return order ? order : vr_smaller_first(x->function, y->function);
}

static void print_functions(struct vr_context *ctx, const struct vr_cpu *cpu)
{
	static const struct vr_column columns[] = {
	    {"self", "self", VR_NS, VR_RIGID, 0},
	    {"self_percent", "self%", VR_PERCENT, VR_RIGID, 0},
	    {"total_percent", "total%", VR_PERCENT, VR_RIGID, 0},
	    {"function", "function", VR_TEXT, VR_CAPTIONS, 0},
	};
	struct vr_table *table = vr_table_new(columns, sizeof(columns) / sizeof(columns[0]));
	size_t functions;
	struct vr_cpu_function *function = vr_cpu_functions(ctx->profile, cpu, &functions);

	qsort(function, functions, sizeof(*function), by_self);
	/* Those without time of their own only called the others. */
	for (size_t i = 0; i < functions && i < TOP_FUNCTIONS && function[i].self_ns; i++) {
		const struct vr_cpu_function *row = &function[i];
		struct vr_caption label =
		    vr_function_caption(&ctx->profile->stacks->function[row->function], 1);

		label.whole = ctx->profile->select.full_names;

		vr_table_row(table, (const struct vr_cell[]){
					{.u = row->self_ns},
					{.f = vr_percent(row->self_ns, cpu->total_ns)},
					{.f = vr_percent(row->total_ns, cpu->total_ns)},
					{.caption = &label},
				    });
		vr_caption_done(&label);
	}
	if (vr_table_rows(table))
		vr_table_print(table, ctx->out, ctx->width);
	vr_table_free(table);
	free(function);
}

void vr_summary_cpu(struct vr_context *ctx, const struct vr_seen *seen)
{
	const struct vprof_header *h = &ctx->profile->file->header;
	char total[VR_UNIT_MAX], samples[VR_UNIT_MAX];

	vr_summary_title(ctx, "\nCPU      ");
	if (!h->engine) {
		const char *note = vr_file_string(ctx->profile->file, h->engine_note);

		fputs(*note ? "not sampled: " : "not sampled", ctx->out);
		vr_print_safe(ctx, note);
		fputc('\n', ctx->out);
		return;
	}
	fprintf(ctx->out, "%s (%.0f%% of one CPU), %s sample%s by %s at %" PRIu32 " Hz\n",
		vr_format_ns(total, seen->cpu->total_ns),
		vr_percent(seen->cpu->total_ns, vr_recorded_ns(ctx->profile->file)),
		vr_format_count(samples, seen->cpu->total_samples),
		vr_plural(seen->cpu->total_samples), vr_engine_name(h->engine), h->cpu_hz);
	vr_clock_print_worth(ctx, seen->cpu);
	if (vr_percent(seen->work.startup_ns, seen->cpu->total_ns) >= 1.0)
		fprintf(ctx->out, "         %.0f%% of it at start-up: loader and constructors\n",
			vr_percent(seen->work.startup_ns, seen->cpu->total_ns));
	print_functions(ctx, seen->cpu);
}

static void print_heap_sure(struct vr_context *ctx, const struct vr_heap *heap)
{
	struct vr_interval all = vr_heap_interval(heap);
	struct vr_interval live = vr_heap_live_interval(heap);
	char a[VR_UNIT_MAX], b[VR_RANGE_MAX], c[VR_RANGE_MAX];

	fprintf(ctx->out, "sampled, mean %s; 95 %% intervals: %s; unfreed %s\n",
		vr_format_bytes(a, heap->sample_bytes), vr_range_text(b, &all),
		vr_range_text(c, &live));
}

/* Objects that go another way to an allocator. */
static void print_not_seen(struct vr_context *ctx)
{
	const struct vr_file *file = ctx->profile->file;
	char *text;

	if (!file->header.second_roads)
		return;
	text = vr_xprintf("not seen: %s", vr_file_string(file, file->header.second_roads));
	fputs("         ", ctx->out);
	vr_print_wrapped(ctx, text, 9);
	free(text);
}

void vr_summary_heap(struct vr_context *ctx, const struct vr_heap *heap)
{
	static const struct vr_column columns[] = {
	    {"peak", "at peak", VR_BYTES, VR_RIGID, 0},
	    {"live", "live", VR_BYTES, VR_RIGID, 0},
	    {"calls", "calls", VR_COUNT, VR_RIGID, 0},
	    {"site", "site", VR_TEXT, VR_CAPTIONS, 0},
	};
	struct vr_table *table;
	struct vr_caption *label;
	uint32_t node[TOP_SITES];
	size_t *order, count = 0;
	char *text, a[VR_UNIT_MAX], b[VR_UNIT_MAX], c[VR_UNIT_MAX], d[VR_UNIT_MAX];

	vr_summary_title(ctx, "\nHeap     ");
	if (ctx->profile->file->header.heap_mode == VPROF_HEAP_OFF) {
		fputs("not profiled (heap=off)\n", ctx->out);
		return;
	}
	text = vr_xprintf(
	    "%s allocation%s of %s; peak %s; unfreed %s", vr_format_count(a, heap->allocs),
	    vr_plural(heap->allocs), vr_format_bytes(b, heap->alloc_bytes),
	    vr_format_bytes(c, heap->peak_bytes), vr_format_bytes(d, heap->live_bytes));
	text = vr_xappend(text, " in %s block%s", vr_format_count(a, heap->live_blocks),
			  vr_plural(heap->live_blocks));
	vr_print_wrapped(ctx, text, 9);
	free(text);
	if (heap->sampled)
		print_heap_sure(ctx, heap);
	print_not_seen(ctx);
	order = vr_heap_order(heap, VR_HEAP_PEAK);
	table = vr_table_new(columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < heap->n_sites && i < TOP_SITES; i++)
		node[count++] = heap->site[order[i]].node;
	label = vr_sites_captions(ctx->profile, node, count, 1);
	for (size_t i = 0; i < count; i++) {
		const struct vr_site *s = &heap->site[order[i]];

		vr_table_row(table, (const struct vr_cell[]){{.u = s->peak_bytes},
							     {.u = s->live_bytes},
							     {.u = s->allocs},
							     {.caption = &label[i]}});
	}
	vr_sites_free(label, count);
	if (vr_table_rows(table))
		vr_table_print(table, ctx->out, ctx->width);
	vr_table_free(table);
	free(order);
}
