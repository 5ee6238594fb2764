/* `summary --label`: one screen about what happened under a label. */
#include <inttypes.h>
#include <stdlib.h>

#include "cli/units.h"
#include "cli/xalloc.h"
#include "model/calls.h"
#include "model/locks.h"
#include "model/run.h"
#include "model/spans.h"
#include "text/call_names.h"
#include "text/json.h"
#include "text/lock_names.h"
#include "text/loops.h"
#include "text/names.h"
#include "text/notes.h"
#include "text/print.h"
#include "text/recorded.h"
#include "verbs/summary.h"

#define MOST	   3u /* loops, and names of spans */
#define NAME_ROOM  48
#define CALL_SHARE 1.0 /* percent of the waits: less is not worth a place */

/* What there is under the label. */
struct view {
	struct vr_seen seen;
	struct vr_spans *spans;
	uint64_t sampled_ns, bytes; /* of the whole run, whatever it was under */
};

static void indent(struct vr_context *ctx, int first, const char *title)
{
	if (first)
		vr_summary_title(ctx, title);
	else
		fputs("         ", ctx->out);
}

/* --- how much of the run it is ------------------------------------------------- */

static void count_all(const struct vr_profile *profile, struct view *view)
{
	const struct vr_file *file = profile->file;

	for (uint32_t i = 0; i < file->n_cpus; i++)
		view->sampled_ns += file->cpu[i].weight_ns;
	for (uint32_t i = 0; i < file->n_sites; i++)
		view->bytes += file->site[i].alloc_bytes;
}

static uint64_t sampled_under(const struct vr_profile *profile)
{
	const struct vr_file *file = profile->file;
	uint64_t ns = 0;

	for (uint32_t i = 0; i < file->n_cpus; i++)
		if (vr_profile_keeps_label(profile, file->cpu[i].label))
			ns += file->cpu[i].weight_ns;
	return ns;
}

static void print_label(struct vr_context *ctx, const struct view *view)
{
	char *text = vr_xprintf("%s", ctx->profile->select.label);

	if (view->sampled_ns)
		text = vr_xappend(text, ": %.1f%% of the CPU samples",
				  vr_percent(sampled_under(ctx->profile), view->sampled_ns));
	if (view->bytes)
		text = vr_xappend(text, "%s %.1f%% of the bytes allocated",
				  view->sampled_ns ? "," : ":",
				  vr_percent(view->seen.heap->alloc_bytes, view->bytes));
	vr_summary_title(ctx, "Label    ");
	vr_print_wrapped(ctx, text, 9);
	free(text);
}

/* --- waits --------------------------------------------------------------------- */

static char *call_text(struct vr_profile *profile, const struct vr_calls *calls)
{
	size_t *order = vr_calls_order(calls, VR_CALLS_WAIT);
	const struct vr_call_site *site = calls->n_sites ? &calls->site[order[0]] : NULL;
	char wait[VR_UNIT_MAX], most[VR_UNIT_MAX], *place, *target, *text;
	uint64_t all_ns = vr_calls_wait_ns(&calls->sum), ns;

	free(order);
	ns = site ? vr_calls_wait_ns(&site->sum) : 0;
	if (vr_percent(ns, all_ns) < CALL_SHARE)
		return NULL;
	place = vr_caption_short(profile, vr_responsible_caption(profile->stacks, site->node, 1),
				 NAME_ROOM);
	target =
	    vr_target_text(profile, site->target_kind, site->target, site->object, site->target_ns);
	text = vr_xprintf("%s in calls that lasted, %s of it in %s%s%s in %s",
			  vr_format_ns(wait, all_ns), vr_format_ns(most, ns), site->name,
			  *target ? " of " : "", target, place);
	free(place);
	free(target);
	return text;
}

static char *locks_text(struct vr_profile *profile, const struct vr_locks *locks)
{
	const struct vr_wait_sum held = vr_locks_held(locks);
	char wait[VR_UNIT_MAX], waits[VR_UNIT_MAX], *name, *text;

	if (!held.waits)
		return NULL;
	name = vr_lock_text(profile, vr_locks_largest(locks, VR_LOCKS_WAIT));
	text =
	    vr_xprintf("%s in %s wait%s for locks, most for %s", vr_format_ns(wait, held.wait_ns),
		       vr_format_count(waits, held.waits), vr_plural(held.waits), name);
	free(name);
	return text;
}

static void print_waits(struct vr_context *ctx, const struct view *view)
{
	char *text[] = {call_text(ctx->profile, view->seen.calls),
			locks_text(ctx->profile, view->seen.locks)};
	int first = 1;

	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		if (!text[i])
			continue;
		indent(ctx, first, "\nWaits    ");
		vr_print_wrapped(ctx, text[i], 9);
		free(text[i]);
		first = 0;
	}
}

/* --- loops and spans ----------------------------------------------------------- */

/* "p50 1.0 ms, p99 4.0 ms, longest 9.1 ms" */
static char *took_text(const struct vr_quantile *took, uint64_t max_ns)
{
	char p50[VR_UNIT_MAX], p99[VR_UNIT_MAX], max[VR_UNIT_MAX];

	return vr_xprintf("p50 %s, p99 %s, longest %s", vr_format_ns(p50, took[VR_LOOP_P50].ns),
			  vr_format_ns(p99, took[VR_LOOP_P99].ns), vr_format_ns(max, max_ns));
}

static void print_loops(struct vr_context *ctx, const struct vr_loops *loops)
{
	size_t *order = vr_loops_order(loops, VR_LOOPS_BUSY);
	size_t printed = 0;

	for (size_t i = 0; i < loops->n_loops && printed < MOST; i++) {
		const struct vr_loop *loop = &loops->loop[order[i]];
		char count[VR_UNIT_MAX], *name, *took, *text;

		if (!loop->row->iterations)
			continue;
		name = vr_loop_text(ctx->profile, loop, NAME_ROOM);
		took = took_text(loop->took, loop->row->max_ns);
		text = vr_xprintf("%s in thread %s: %s iteration%s, %s", name,
				  ctx->profile->file->thread[loop->row->thread].name,
				  vr_format_count(count, loop->row->iterations),
				  vr_plural(loop->row->iterations), took);
		if (loop->stalls)
			text = vr_xappend(text, ", %zu stall%s", loop->stalls,
					  vr_plural(loop->stalls));
		indent(ctx, !printed++, "\nLoops    ");
		vr_print_wrapped(ctx, text, 9);
		free(text);
		free(took);
		free(name);
	}
	free(order);
}

static void print_spans(struct vr_context *ctx, const struct vr_spans *spans)
{
	size_t *order = vr_spans_order(spans, VR_SPANS_TIME);
	size_t printed = 0;

	for (size_t i = 0; i < spans->n_spans && printed < MOST; i++) {
		const struct vr_span_sum *span = &spans->span[order[i]];
		char count[VR_UNIT_MAX], *took, *text;

		if (!span->sum.count)
			continue;
		took = took_text(span->took, span->sum.max_ns);
		text = vr_xprintf("%s: %s, %s", vr_span_name(span),
				  vr_format_count(count, span->sum.count), took);
		indent(ctx, !printed++, "\nSpans    ");
		vr_print_wrapped(ctx, text, 9);
		free(text);
		free(took);
	}
	free(order);
}

/* --- JSON ---------------------------------------------------------------------- */

static json_t *took_json(const char *name, uint64_t count, const struct vr_quantile *took,
			 uint64_t max_ns)
{
	json_t *object = json_object();

	vr_json_set_text(object, "name", name);
	vr_json_set_u64(object, "count", count);
	vr_json_set_u64(object, "p50_ns", took[VR_LOOP_P50].ns);
	vr_json_set_u64(object, "p99_ns", took[VR_LOOP_P99].ns);
	vr_json_set_u64(object, "max_ns", max_ns);
	return object;
}

static json_t *loops_json(const struct vr_file *file, const struct vr_loops *loops)
{
	json_t *array = json_array();

	for (size_t i = 0; i < loops->n_loops; i++) {
		const struct vr_loop *loop = &loops->loop[i];
		json_t *object;

		if (!loop->row->iterations)
			continue;
		object =
		    took_json(loop->name, loop->row->iterations, loop->took, loop->row->max_ns);
		vr_json_set_u64(object, "tid", file->thread[loop->row->thread].tid);
		vr_json_set_u64(object, "stalls", loop->stalls);
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *spans_json(const struct vr_spans *spans)
{
	json_t *array = json_array();

	for (size_t i = 0; i < spans->n_spans; i++)
		if (spans->span[i].sum.count)
			json_array_append_new(array, took_json(vr_span_name(&spans->span[i]),
							       spans->span[i].sum.count,
							       spans->span[i].took,
							       spans->span[i].sum.max_ns));
	return array;
}

/* What is not of a label has no member. */
static json_t *to_json(struct vr_context *ctx, const struct view *view)
{
	const struct vr_file *file = ctx->profile->file;
	const struct vr_heap *heap = view->seen.heap;
	const struct vr_locks *locks = view->seen.locks;
	char *command = vr_command_text(file, ctx->args);
	json_t *root = json_object();

	vr_json_set_text(root, "cmdline", command);
	vr_json_set_u64(root, "pid", file->header.pid);
	vr_json_set_text(root, "label", ctx->profile->select.label);
	vr_json_set_u64(root, "cpu_ns", view->seen.cpu->total_ns);
	vr_json_set_u64(root, "samples", view->seen.cpu->total_samples);
	vr_json_set_u64(root, "allocs", heap->allocs);
	vr_json_set_u64(root, "bytes_allocated", heap->alloc_bytes);
	vr_json_set_u64(root, "peak_bytes", heap->peak_bytes);
	vr_json_set_u64(root, "live_bytes", heap->live_bytes);
	vr_json_set_u64(root, "call_wait_ns", vr_calls_wait_ns(&view->seen.calls->sum));
	vr_json_set_u64(root, "lock_waits", vr_locks_held(locks).waits);
	vr_json_set_u64(root, "lock_wait_ns", vr_locks_held(locks).wait_ns);
	vr_json_set_u64(root, "cond_wait_ns", locks->kind[VPROF_LOCK_COND].wait_ns);
	vr_json_set_u64(root, "join_wait_ns", locks->kind[VPROF_LOCK_JOIN].wait_ns);
	json_object_set_new(root, "loops", loops_json(file, view->seen.loops));
	json_object_set_new(root, "spans", spans_json(view->spans));
	free(command);
	return root;
}

static void print(struct vr_context *ctx, const struct view *view)
{
	if (!ctx->width)
		ctx->width = VR_SUMMARY_SCREEN;
	vr_summary_run(ctx);
	print_label(ctx, view);
	vr_summary_cpu(ctx, &view->seen);
	vr_summary_heap(ctx, view->seen.heap);
	print_waits(ctx, view);
	print_loops(ctx, view->seen.loops);
	print_spans(ctx, view->spans);
	fputc('\n', ctx->out);
	vr_print_wrapped(ctx,
			 "Of no label are leaks, memory over time, what each thread's time went "
			 "into, and findings: summary without --label.",
			 0);
}

void vr_summary_of_label(struct vr_context *ctx)
{
	struct vr_heap *heap = vr_heap_new(ctx->profile);
	struct vr_cpu *cpu = vr_cpu_new(ctx->profile);
	struct vr_locks *locks = vr_locks_new(ctx->profile);
	struct vr_calls *calls = vr_calls_new(ctx->profile);
	struct vr_loops *loops = vr_loops_new(ctx->profile, NULL);
	struct view view = {.seen = {.profile = ctx->profile,
				     .cpu = cpu,
				     .work = vr_work_of(ctx->profile, cpu),
				     .heap = heap,
				     .locks = locks,
				     .calls = calls,
				     .loops = loops},
			    .spans = vr_spans_new(ctx->profile, VR_SPANS_BY_NAME, NULL)};

	count_all(ctx->profile, &view);
	if (ctx->format == VR_FORMAT_JSON)
		ctx->json = to_json(ctx, &view);
	else
		print(ctx, &view);
	vr_warn_cpu(ctx, cpu);
	vr_warn_heap(ctx, heap);
	vr_spans_free(view.spans);
	vr_loops_free(loops);
	vr_calls_free(calls);
	vr_locks_free(locks);
	vr_cpu_free(cpu);
	vr_heap_free(heap);
}
