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
#include "text/clock.h"
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
#include "text/spark.h"
#include "text/threads.h"
#include "verbs/findings.h"
#include "verbs/leaks/leaks.h"

#define TOP_FUNCTIONS 8u
#define TOP_SITES     3u
#define SLOW	      "Slow     "
#define SLOW_BOLD     "\033[1m" SLOW "\033[0m"
#define SCREEN	      100 /* columns of one screen where the width is not known */

static void title(struct vr_context *ctx, const char *text)
{
	fprintf(ctx->out, ctx->color ? "\033[1m%s\033[0m" : "%s", text);
}

/* One line of text from the file, cut so that it keeps to one line. */
static void print_cut(struct vr_context *ctx, const char *text)
{
	size_t room = (size_t)(ctx->width > 20 ? ctx->width : SCREEN) - 10;

	if (strlen(text) > room) {
		char *cut = vr_xprintf("%.*s...", (int)room - 3, text);

		vr_print_safe(ctx, cut);
		free(cut);
	} else {
		vr_print_safe(ctx, text);
	}
	fputc('\n', ctx->out);
}

static void print_run(struct vr_context *ctx)
{
	const struct vr_file *file = ctx->profile->file;
	char *command = vr_command_text(file, ctx->args), *recorded = vr_recorded_text(file);
	char *status = vr_status_text(file);
	char run[VR_UNIT_MAX];
	char *text, *who;

	title(ctx, "Program  ");
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
		title(ctx, "Recorded ");
		vr_print_wrapped(ctx, recorded, 9);
	}
	free(text);
	free(who);
	free(status);
	free(command);
	free(recorded);
}

/* The figure of the line `Resident` where there is one, so that there are not two. */
static char *own_memory_text(struct vr_profile *profile, const struct vr_overhead *cost)
{
	struct vr_resident *resident = vr_resident_new(profile, VR_RESIDENT_USUAL);
	char size[VR_UNIT_MAX], *text;

	if (resident)
		text = vr_xprintf(
		    "%s of memory with the record",
		    vr_format_bytes(size, resident->account.resident[VPROF_RESIDENT_PROFILER]));
	else
		text =
		    vr_xprintf("%s in heap and tables", vr_format_bytes(size, cost->memory_bytes));
	vr_resident_free(resident);
	return text;
}

static void print_costs(struct vr_context *ctx, const struct vr_cpu *cpu)
{
	const struct vr_overhead cost = vr_overhead(ctx->profile, cpu);
	char *lost = vr_losses_text(ctx->profile->file);
	char *replaced = vr_profile_replaced(ctx->profile);
	char *memory = own_memory_text(ctx->profile, &cost), *text, used[VR_UNIT_MAX];

	title(ctx, "Profiler ");
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
		title(ctx, "Lost     ");
		vr_print_wrapped(ctx, lost, 9);
	}
	if (replaced) {
		title(ctx, "Replaced ");
		print_cut(ctx, replaced);
	}
	free(lost);
	free(replaced);
}

static int by_self(const void *a, const void *b)
{
	const struct vr_cpu_function *x = a;
	const struct vr_cpu_function *y = b;
	int order = vr_larger_first(x->self_ns, y->self_ns);

	order = order ? order : vr_larger_first(x->total_ns, y->total_ns);
	return order ? order : vr_smaller_first(x->function, y->function);
}

static void print_cpu(struct vr_context *ctx, const struct vr_seen *seen,
		      const struct vr_cpu_function *function, size_t functions)
{
	static const struct vr_column columns[] = {
	    {"self", "self", VR_NS, VR_RIGID, 0},
	    {"self_percent", "self%", VR_PERCENT, VR_RIGID, 0},
	    {"total_percent", "total%", VR_PERCENT, VR_RIGID, 0},
	    {"function", "function", VR_TEXT, VR_CAPTIONS, 0},
	};
	const struct vprof_header *h = &ctx->profile->file->header;
	struct vr_table *table = vr_table_new(columns, sizeof(columns) / sizeof(columns[0]));
	char total[VR_UNIT_MAX], samples[VR_UNIT_MAX];

	title(ctx, "\nCPU      ");
	if (!h->engine) {
		const char *note = vr_file_string(ctx->profile->file, h->engine_note);

		fputs(*note ? "not sampled: " : "not sampled", ctx->out);
		vr_print_safe(ctx, note);
		fputc('\n', ctx->out);
		vr_table_free(table);
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
	/* Those without time of their own only called the others. */
	for (size_t i = 0; i < functions && i < TOP_FUNCTIONS && function[i].self_ns; i++) {
		const struct vr_cpu_function *row = &function[i];
		struct vr_caption label =
		    vr_function_caption(&ctx->profile->stacks->function[row->function], 1);

		label.whole = ctx->profile->select.full_names;
		vr_table_row(table, (const struct vr_cell[]){
					{.u = row->self_ns},
					{.f = vr_percent(row->self_ns, seen->cpu->total_ns)},
					{.f = vr_percent(row->total_ns, seen->cpu->total_ns)},
					{.caption = &label},
				    });
		vr_caption_done(&label);
	}
	if (vr_table_rows(table))
		vr_table_print(table, ctx->out, ctx->width);
	vr_table_free(table);
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
	title(ctx, "Leaks    ");
	vr_print_wrapped(ctx, line, 9);
	free(line);
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

static void print_heap(struct vr_context *ctx, const struct vr_heap *heap)
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

	title(ctx, "\nHeap     ");
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
	title(ctx, "Shape    ");
	for (size_t i = 0; i < shapes.count; i++) {
		fputs(i ? "         " : "", ctx->out);
		vr_print_wrapped(ctx, shapes.line[i], 9);
	}
	vr_shapes_free(&shapes);
	line = vr_resident_line(ctx->profile);
	if (line) {
		title(ctx, "Resident ");
		vr_print_wrapped(ctx, line, 9);
	}
	free(line);
}

static void print_threads(struct vr_context *ctx, const struct vr_thread *threads)
{
	char *text = vr_threads_text(ctx->profile, threads);

	title(ctx, "\nThreads  ");
	vr_print_wrapped(ctx, text, 9);
	free(text);
}

/* One line, where waiting took a noticeable part of the run. */
static void print_waits(struct vr_context *ctx, const struct vr_locks *locks)
{
	const struct vr_wait_sum held = vr_locks_held(locks);
	uint64_t run_ns = vr_recorded_ns(ctx->profile->file);
	char wait[VR_UNIT_MAX], waits[VR_UNIT_MAX], cond[VR_UNIT_MAX], join[VR_UNIT_MAX];
	char *text, *name;

	if (!held.waits || vr_percent(held.wait_ns, run_ns) <= 1.0)
		return;
	name = vr_lock_text(ctx->profile, vr_locks_largest(locks, VR_LOCKS_WAIT));
	text =
	    vr_xprintf("%s in %s wait%s for mutexes and rwlocks (%.0f%% of the run), most for %s; "
		       "conditions %s, joins %s",
		       vr_format_ns(wait, held.wait_ns), vr_format_count(waits, held.waits),
		       vr_plural(held.waits), vr_percent(held.wait_ns, run_ns), name,
		       vr_format_ns(cond, locks->kind[VPROF_LOCK_COND].wait_ns),
		       vr_format_ns(join, locks->kind[VPROF_LOCK_JOIN].wait_ns));
	title(ctx, "Waits    ");
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
	title(ctx, "Locks    ");
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

static int run(struct vr_context *ctx)
{
	struct vr_heap *heap = vr_heap_new(ctx->profile);
	struct vr_growth *growth = vr_growth_judge(ctx->profile, heap);
	struct vr_cpu *cpu = vr_cpu_new(ctx->profile);
	struct vr_locks *locks = vr_locks_new(ctx->profile);
	struct vr_thread *threads = vr_threads_new(ctx->profile);
	struct vr_memory memory;
	struct vr_leaks *leaks = judge_leaks(ctx, heap, growth);
	size_t functions;
	struct vr_cpu_function *function = vr_cpu_functions(ctx->profile, cpu, &functions);
	struct vr_seen seen = {.profile = ctx->profile,
			       .cpu = cpu,
			       .work = vr_work_of(ctx->profile, cpu),
			       .heap = heap,
			       .leaks = leaks,
			       .memory = &memory,
			       .threads = threads,
			       .locks = locks,
			       .calls = vr_calls_new(ctx->profile),
			       .loops = vr_loops_new(ctx->profile, NULL)};
	int locks_said;

	ctx->recorded_said = 1;
	qsort(function, functions, sizeof(*function), by_self);
	vr_memory_judge(ctx->profile, heap, growth, &memory);
	if (ctx->format == VR_FORMAT_JSON) {
		ctx->json = to_json(ctx, &seen, locks);
	} else {
		if (!ctx->width)
			ctx->width = SCREEN;
		print_run(ctx);
		locks_said = vr_print_slow(ctx, &seen, ctx->color ? SLOW_BOLD : SLOW);
		print_cpu(ctx, &seen, function, functions);
		print_heap(ctx, heap);
		print_leaks(ctx, leaks);
		print_timeline(ctx, &memory);
		print_threads(ctx, seen.threads);
		if (!locks_said)
			print_waits(ctx, locks);
		print_deadlock(ctx);
		print_costs(ctx, cpu);
		title(ctx, "\nWhat to look at first:\n");
		vr_print_findings(ctx, &seen);
		vr_print_others(ctx);
	}
	vr_warn_cpu(ctx, cpu);
	vr_warn_heap(ctx, heap);
	vr_loops_free((struct vr_loops *)seen.loops);
	vr_calls_free((struct vr_calls *)seen.calls);
	free(threads);
	vr_locks_free(locks);
	vr_leaks_free(leaks);
	vr_growth_free(growth);
	vr_heap_free(heap);
	free(function);
	vr_cpu_free(cpu);
	return 0;
}

const struct vr_verb vr_verb_summary = {
    .name = "summary",
    .summary = "One screen: run, why it was slow, CPU, heap, threads, and what to look at first",
    .usage = "[FILE...]",
    .options = VR_TAKES(VR_OPT_FORMAT, VR_OPT_TREE, VR_OPT_FULL_NAMES, VR_OPT_NAMING, VR_OPT_ARGS,
			VR_OPT_FAIL_IF),
    .no_csv = 1,
    .no_label = "it tells of the whole run; labels, flat, heap, waits, loop do of one",
    .run = run,
};
