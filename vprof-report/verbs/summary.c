#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "cli/text.h"
#include "cli/units.h"
#include "cli/xalloc.h"
#include "input/status.h"
#include "model/locks.h"
#include "model/run.h"
#include "model/threads.h"
#include "output/out.h"
#include "text/json.h"
#include "text/leaks.h"
#include "text/lock_names.h"
#include "text/lock_orders.h"
#include "text/names.h"
#include "text/notes.h"
#include "text/print.h"
#include "text/ranges.h"
#include "text/recorded.h"
#include "text/resident.h"
#include "text/runs.h"
#include "text/shapes.h"
#include "text/sites.h"
#include "text/spans.h"
#include "text/spark.h"
#include "text/threads.h"
#include "verbs/findings.h"
#include "verbs/leaks/leaks.h"
#include "verbs/summary.h"

#define SLOW	  "Slow     "
#define SLOW_BOLD "\033[1m" SLOW "\033[0m"

void vr_summary_title(struct vr_context *ctx, const char *text)
{
	fprintf(ctx->out, ctx->color ? "\033[1m%s\033[0m" : "%s", text);
}

/* One line of text from the file, cut so that it keeps to one line. */
static void print_cut(struct vr_context *ctx, const char *text)
{
	size_t room = (size_t)(ctx->width > 20 ? ctx->width : VR_SUMMARY_SCREEN) - 10;

	if (strlen(text) > room) {
		char *cut = vr_xprintf("%.*s...", (int)room - 3, text);

		vr_print_safe(ctx, cut);
		free(cut);
	} else {
		vr_print_safe(ctx, text);
	}
	fputc('\n', ctx->out);
}

void vr_summary_run(struct vr_context *ctx)
{
	const struct vr_file *file = ctx->profile->file;
	char *command = vr_command_text(file, ctx->args), *recorded = vr_recorded_text(file);
	char *status = vr_status_text(file);
	char run[VR_UNIT_MAX];
	char *text, *who;

	vr_summary_title(ctx, "Program  ");
	if (ctx->args == VR_ARGS_USUAL)
		print_cut(ctx, command);
	else
		vr_print_wrapped(ctx, command, 9);
	who = vr_process_text(file);
	text =
	    vr_xprintf("%s, ran %s, %s", who, vr_format_ns(run, vr_file_duration_ns(file)), status);
	fputs("         ", ctx->out);
	vr_print_safe(ctx, text);
	fputc('\n', ctx->out);
	if (recorded) {
		vr_summary_title(ctx, "Recorded ");
		vr_print_wrapped(ctx, recorded, 9);
	}
	free(text);
	free(who);
	free(status);
	free(command);
	free(recorded);
}

static void print_costs(struct vr_context *ctx, const struct vr_cpu *cpu)
{
	const struct vr_overhead cost = vr_overhead(ctx->profile, cpu);
	char *lost = vr_losses_text(ctx->profile->file);
	char *replaced = vr_profile_replaced(ctx->profile);
	char *memory = vr_own_memory_text(ctx->profile, &cost), *text, used[VR_UNIT_MAX];

	vr_summary_title(ctx, "Profiler ");
	if (cost.few)
		text = vr_xprintf("%s of CPU time in its thread, the program used too little to "
				  "tell shares; %s",
				  vr_format_ns(used, cost.cpu_ns), memory);
	else
		text = vr_xprintf("%.2f%% of the CPU time in its thread, %.1f%% in its hooks; %s",
				  cost.cpu_percent, cost.hooks_percent, memory);
	vr_print_wrapped(ctx, text, 9);
	free(memory);
	free(text);
	if (lost) {
		vr_summary_title(ctx, "Lost     ");
		vr_print_wrapped(ctx, lost, 9);
	}
	if (replaced) {
		vr_summary_title(ctx, "Replaced ");
		print_cut(ctx, replaced);
	}
	free(lost);
	free(replaced);
}

/* The verdict on what was not freed, what the program itself excuses left out. */
static struct vr_leaks *judge_leaks(struct vr_context *ctx, const struct vr_heap *heap,
				    const struct vr_growth *growth)
{
	struct vr_leaks *leaks = vr_leaks_new(ctx->profile, heap);
	struct vr_leaks_plan plain = {0};
	struct vr_leaks_view view = {.plan = &plain, .heap = heap, .leaks = leaks};

	vr_leaks_grow(leaks, growth);
	vr_leaks_excuse(ctx, &view);
	vr_suppressions_free(&view.suppress);
	return leaks;
}

static void print_leaks(struct vr_context *ctx, const struct vr_leaks *leaks)
{
	char *line;

	if (ctx->profile->file->header.heap_mode == VPROF_HEAP_OFF)
		return;
	line = vr_leaks_line(ctx->profile, leaks, 0);
	vr_summary_title(ctx, "Leaks    ");
	vr_print_wrapped(ctx, line, 9);
	free(line);
}

static void print_timeline(struct vr_context *ctx, const struct vr_memory *memory)
{
	const struct vr_file *file = ctx->profile->file;
	struct vr_shapes shapes;
	char *line;

	if (!file->n_points)
		return;
	fputc('\n', ctx->out);
	if (file->n_members) /* RSS would count what they share in each */
		vr_print_spark(ctx, "PSS", offsetof(struct vprof_point, pss));
	else
		vr_print_spark(ctx, "RSS", offsetof(struct vprof_point, rss));
	if (file->header.heap_mode != VPROF_HEAP_OFF)
		vr_print_spark(ctx, "Live", offsetof(struct vprof_point, heap_live));
	shapes = vr_shapes_text(ctx->profile, memory);
	vr_summary_title(ctx, "Shape    ");
	for (size_t i = 0; i < shapes.count; i++) {
		fputs(i ? "         " : "", ctx->out);
		vr_print_wrapped(ctx, shapes.line[i], 9);
	}
	vr_shapes_free(&shapes);
	line = vr_resident_line(ctx->profile);
	if (line) {
		vr_summary_title(ctx, "Resident ");
		vr_print_wrapped(ctx, line, 9);
	}
	free(line);
}

static void print_threads(struct vr_context *ctx, const struct vr_thread *threads)
{
	char *text = vr_threads_text(ctx->profile, threads);

	vr_summary_title(ctx, "\nThreads  ");
	vr_print_wrapped(ctx, text, 9);
	free(text);
}

/* One line, where there are any of which nothing has been said. */
static void print_spans(struct vr_context *ctx, const struct vr_spans *spans, unsigned said)
{
	char *text = said & VR_SAID_SPANS ? NULL : vr_spans_line(spans);

	if (!text)
		return;
	vr_summary_title(ctx, "Spans    ");
	vr_print_wrapped(ctx, text, 9);
	free(text);
}

/* One line, where waiting took a noticeable part of the run. */
static void print_waits(struct vr_context *ctx, const struct vr_locks *locks, unsigned said)
{
	const struct vr_wait_sum held = vr_locks_held(locks);
	uint64_t run_ns = vr_recorded_ns(ctx->profile->file);
	char wait[VR_UNIT_MAX], waits[VR_UNIT_MAX], cond[VR_UNIT_MAX], join[VR_UNIT_MAX];
	char *text, *name;

	if (said & VR_SAID_LOCKS || !held.waits || vr_percent(held.wait_ns, run_ns) <= 1.0)
		return;
	name = vr_lock_text(ctx->profile, vr_locks_largest(locks, VR_LOCKS_WAIT));
	text =
	    vr_xprintf("%s in %s wait%s for mutexes and rwlocks (%.0f%% of the run), most for %s; "
		       "conditions %s, joins %s",
		       vr_format_ns(wait, held.wait_ns), vr_format_count(waits, held.waits),
		       vr_plural(held.waits), vr_percent(held.wait_ns, run_ns), name,
		       vr_format_ns(cond, locks->kind[VPROF_LOCK_COND].wait_ns),
		       vr_format_ns(join, locks->kind[VPROF_LOCK_JOIN].wait_ns));
	vr_summary_title(ctx, "Waits    ");
	vr_print_wrapped(ctx, text, 9);
	free(text);
	free(name);
}

/* One line, where there is one. */
static void print_deadlock(struct vr_context *ctx)
{
	struct vr_cycles *cycles = vr_cycles_new(ctx->profile);
	char *cycle, *text;

	if (!cycles->count) {
		vr_cycles_free(cycles);
		return;
	}
	cycle = vr_cycle_text(ctx->profile, &cycles->cycle[0]);
	text = vr_xprintf("possible deadlock%s: %s%s; vprof-report locks --deadlocks",
			  cycles->count > 1 ? "s" : "", cycle,
			  cycles->count > 1 ? ", and others" : "");
	vr_summary_title(ctx, "Locks    ");
	vr_print_wrapped(ctx, text, 9);
	free(cycle);
	free(text);
	vr_cycles_free(cycles);
}

static uint64_t count_deadlocks(const struct vr_profile *profile)
{
	struct vr_cycles *cycles = vr_cycles_new(profile);
	uint64_t count = cycles->count;

	vr_cycles_free(cycles);
	return count;
}

static json_t *to_json(struct vr_context *ctx, const struct vr_seen *seen,
		       const struct vr_locks *locks)
{
	const struct vr_overhead cost = vr_overhead(ctx->profile, seen->cpu);
	const struct vr_file *file = ctx->profile->file;
	struct vr_interval live = vr_heap_live_interval(seen->heap);
	char *lost = vr_losses_text(file), *command = vr_command_text(file, ctx->args);
	json_t *root = json_object();

	vr_json_set_text(root, "cmdline", command);
	vr_json_set_u64(root, "pid", file->header.pid);
	vr_json_set_u64(root, "duration_ns", vr_file_duration_ns(file));
	vr_json_set_u64(root, "recorded_ns", vr_recorded_ns(file));
	vr_json_set_text(root, "status", vr_status_name(file->status));
	json_object_set_new(root, "lost", lost ? vr_json_text(lost) : json_null());
	vr_json_set_u64(root, "cpu_ns", seen->cpu->total_ns);
	vr_json_set_u64(root, "samples", seen->cpu->total_samples);
	vr_json_set_u64(root, "startup_cpu_ns", seen->work.startup_ns);
	vr_json_set_u64(root, "own_cpu_ns", cost.cpu_ns);
	vr_json_set_u64(root, "own_memory_bytes", cost.memory_bytes);
	vr_json_set_u64(root, "allocs", seen->heap->allocs);
	vr_json_set_u64(root, "peak_bytes", seen->heap->peak_bytes);
	vr_json_set_u64(root, "live_bytes", seen->heap->live_bytes);
	vr_json_set_interval(root, "live_bytes", &live);
	vr_json_set_u64(root, "lock_waits", vr_locks_held(locks).waits);
	vr_json_set_u64(root, "lock_wait_ns", vr_locks_held(locks).wait_ns);
	vr_json_set_u64(root, "cond_wait_ns", locks->kind[VPROF_LOCK_COND].wait_ns);
	vr_json_set_u64(root, "join_wait_ns", locks->kind[VPROF_LOCK_JOIN].wait_ns);
	vr_json_set_u64(root, "possible_deadlocks", count_deadlocks(ctx->profile));
	json_object_set_new(root, "shapes", vr_shapes_json(ctx, seen->memory));
	json_object_set_new(root, "resident", vr_resident_json(ctx->profile));
	json_object_set_new(root, "slow", vr_slow_json(seen));
	json_object_set_new(root, "findings", vr_findings_json(seen));
	free(lost);
	free(command);
	return root;
}

static int run_whole(struct vr_context *ctx)
{
	struct vr_heap *heap = vr_heap_new(ctx->profile);
	struct vr_growth *growth = vr_growth_judge(ctx->profile, heap);
	struct vr_cpu *cpu = vr_cpu_new(ctx->profile);
	struct vr_locks *locks = vr_locks_new(ctx->profile);
	struct vr_thread *threads = vr_threads_new(ctx->profile);
	struct vr_memory memory;
	struct vr_leaks *leaks = judge_leaks(ctx, heap, growth);
	struct vr_seen seen = {.profile = ctx->profile,
			       .cpu = cpu,
			       .work = vr_work_of(ctx->profile, cpu),
			       .heap = heap,
			       .leaks = leaks,
			       .memory = &memory,
			       .threads = threads,
			       .locks = locks,
			       .calls = vr_calls_new(ctx->profile),
			       .loops = vr_loops_new(ctx->profile, NULL),
			       .spans = vr_spans_new(ctx->profile, VR_SPANS_BY_NAME, NULL)};
	unsigned said;

	ctx->recorded_said = 1;
	vr_memory_judge(ctx->profile, heap, growth, &memory);
	if (ctx->format == VR_FORMAT_JSON) {
		ctx->json = to_json(ctx, &seen, locks);
	} else {
		if (!ctx->width)
			ctx->width = VR_SUMMARY_SCREEN;
		vr_summary_run(ctx);
		said = vr_print_slow(ctx, &seen, ctx->color ? SLOW_BOLD : SLOW);
		vr_summary_cpu(ctx, &seen);
		vr_summary_heap(ctx, heap);
		print_leaks(ctx, leaks);
		print_timeline(ctx, &memory);
		print_threads(ctx, seen.threads);
		print_spans(ctx, seen.spans, said);
		print_waits(ctx, locks, said);
		print_deadlock(ctx);
		print_costs(ctx, cpu);
		vr_summary_title(ctx, "\nWhat to look at first:\n");
		vr_print_findings(ctx, &seen);
		vr_print_others(ctx);
	}
	vr_warn_cpu(ctx, cpu);
	vr_warn_heap(ctx, heap);
	vr_spans_free((struct vr_spans *)seen.spans);
	vr_loops_free((struct vr_loops *)seen.loops);
	vr_calls_free((struct vr_calls *)seen.calls);
	free(threads);
	vr_locks_free(locks);
	vr_leaks_free(leaks);
	vr_growth_free(growth);
	vr_heap_free(heap);
	vr_cpu_free(cpu);
	return 0;
}

static int run(struct vr_context *ctx)
{
	if (!ctx->profile->select.label)
		return run_whole(ctx);
	vr_summary_of_label(ctx);
	return 0;
}

const struct vr_verb vr_verb_summary = {
    .name = "summary",
    .summary = "One screen: run, why it was slow, CPU, heap, threads, and what to look at first",
    .usage = "[FILE...]",
    .options = VR_TAKES(VR_OPT_FORMAT, VR_OPT_LABEL, VR_OPT_TREE, VR_OPT_FULL_NAMES, VR_OPT_NAMING,
			VR_OPT_ARGS, VR_OPT_FAIL_IF),
    .no_csv = 1,
    .run = run,
};
