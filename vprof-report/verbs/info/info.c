#include "cli/units.h"
#include "model/run.h"
#include "output/out.h"
#include "text/counts.h"
#include "text/fields.h"
#include "text/names.h"
#include "text/notes.h"
#include "text/print.h"
#include "text/recorded.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/text.h"
#include "input/layout.h"
#include "model/cpu.h"
#include "model/runs.h"
#include "verbs/info/fields.h"
#include "verbs/verb.h"

/* "key:      value" with the value escaped. */
__attribute__((format(printf, 3, 4))) static void line(struct vr_context *ctx, const char *key,
						       const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	fprintf(ctx->out, "%-14s ", key);
	vr_print_safe(ctx, text ? text : "");
	fputc('\n', ctx->out);
	free(text);
}

/* What `ctl set` has changed stands among the marks. */
static void print_changes(struct vr_context *ctx)
{
	const struct vr_file *file = ctx->profile->file;
	char when[VR_UNIT_MAX];

	for (uint32_t i = 0; i < file->n_marks; i++) {
		const char *name = vr_file_string(file, file->mark[i].name);

		if (strncmp(name, "set ", 4) == 0)
			line(ctx, "changed", "%s at %s", name + 4,
			     vr_format_ns(when, file->mark[i].last_ns));
	}
}

static void print_run(struct vr_context *ctx)
{
	const struct vr_file *file = ctx->profile->file;
	const struct vprof_header *h = &file->header;
	time_t start = (time_t)(h->start_real_ns / 1000000000);
	char when[64] = "", run[VR_UNIT_MAX], cpu[VR_UNIT_MAX], user[VR_UNIT_MAX], sys[VR_UNIT_MAX];
	struct tm tm;
	char *status = vr_status_text(file), *command = vr_command_text(file, ctx->args);
	char *recorded = vr_recorded_text(file);

	if (gmtime_r(&start, &tm))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S UTC", &tm);
	line(ctx, "program", "%s", vr_file_string(file, h->exe));
	if (h->called && strcmp(vr_text_base(vr_file_string(file, h->exe)), vr_called_name(file)))
		line(ctx, "called", "%s", vr_file_string(file, h->called));
	line(ctx, "command", "%s", command);
	if (h->title)
		line(ctx, "title", "%s", vr_file_string(file, h->title));
	line(ctx, "directory", "%s", vr_file_string(file, h->cwd));
	line(ctx, "process", "pid %" PRIu32 " (parent %" PRIu32 ")%s on %s", h->pid, h->ppid,
	     h->flags & VPROF_F_FORKED ? ", forked" : "", vr_file_string(file, h->host));
	if (h->cpu_count)
		line(ctx, "cpus", "%" PRIu32, h->cpu_count);
	line(ctx, "started", "%s", when);
	line(ctx, "ran", "%s; %s", vr_format_ns(run, vr_file_duration_ns(file)), status);
	if (recorded)
		line(ctx, "recorded", "%s", recorded);
	print_changes(ctx);
	line(ctx, "cpu time", "%s (user %s, system %s)", vr_format_ns(cpu, h->cpu_ns),
	     vr_format_ns(user, h->cpu_user_ns), vr_format_ns(sys, h->cpu_system_ns));
	line(ctx, "options", "%s", vr_file_string(file, h->options));
	line(ctx, "library", "%s, format version %" PRIu32,
	     vr_file_string(file, h->library_version), h->version);
	free(status);
	free(command);
	free(recorded);
}

static void print_sampling(struct vr_context *ctx)
{
	const struct vr_file *file = ctx->profile->file;
	const struct vprof_header *h = &file->header;
	const char *note = vr_file_string(file, h->engine_note);
	char period[VR_UNIT_MAX], got[VR_UNIT_MAX], expected[VR_UNIT_MAX], mean[VR_UNIT_MAX];
	char *traced = vr_trace_text(file);

	line(ctx, "engine", "%s%s%s%s", vr_engine_name(h->engine), *note ? ": " : "", note,
	     h->flags & VPROF_F_EXCLUDE_KERNEL ? "; user mode only" : "");
	line(ctx, "samples",
	     "%s of %s expected (%.1f%%), asked %" PRIu32 " Hz, one every %s of CPU",
	     vr_format_count(got, h->samples), vr_format_count(expected, h->samples_expected),
	     vr_percent(h->samples, h->samples_expected), h->cpu_hz,
	     vr_format_ns(period, h->cpu_period_ns));
	line(ctx, "heap", "%s%s%s%s%s%s", vr_heap_mode_name(h->heap_mode),
	     h->heap_mode == VPROF_HEAP_SAMPLE ? ", mean " : "",
	     h->heap_mode == VPROF_HEAP_SAMPLE ? vr_format_bytes(mean, h->heap_sample_bytes) : "",
	     h->flags & VPROF_F_OWN_MALLOC ? "; the program defines malloc itself" : "",
	     h->flags & VPROF_F_OPERATOR_NEW_BYPASS ? "; operator new bypasses malloc" : "",
	     h->flags & VPROF_F_RESTRICTED ? "; recording ended at a seccomp filter" : "");
	if (h->second_roads)
		line(ctx, "not seen", "%s", vr_file_string(file, h->second_roads));
	if (traced)
		line(ctx, "traced", "%s", traced);
	free(traced);
	if (h->libc_unlike)
		line(ctx, "libc", "not as known; %s", vr_file_string(file, h->libc_unlike));
	line(ctx, "timeline", "%" PRIu32 " points, one every %s, asked %" PRIu32 " ms",
	     file->n_points, vr_format_ns(period, h->timeline_step_ns), h->tick_ms);
}

/* What is known of time off the CPU; nothing of an older library's record. */
static void print_off_cpu(struct vr_context *ctx)
{
	const struct vr_file *file = ctx->profile->file;
	const struct vprof_header *h = &file->header;
	char *layers = vr_layers_text(h->layers);
	char a[VR_UNIT_MAX], b[VR_UNIT_MAX], c[VR_UNIT_MAX], d[VR_UNIT_MAX];

	if (h->layers)
		line(ctx, "off the CPU", "known by %s%s%s", layers, h->layers_note ? "; " : "",
		     h->layers_note ? vr_file_string(file, h->layers_note) : "");
	if (h->stall_ns)
		line(ctx, "stalls", "%s of %s and longer%s; looked %s time%s, %s too late",
		     vr_format_count(a, h->stalls), vr_format_ns(b, h->stall_ns),
		     h->stall_auto ? " (learned)" : "", vr_format_count(c, h->loop_looks),
		     vr_plural(h->loop_looks), vr_format_count(d, h->late_looks));
	if (h->frozen)
		line(ctx, "stood still", "%s time%s, %s in all: stopped, or the whole machine",
		     vr_format_count(a, h->frozen), vr_plural(h->frozen),
		     vr_format_ns(b, h->frozen_ns));
	free(layers);
}

static void print_history(struct vr_context *ctx)
{
	const struct vr_history h = vr_history(ctx->profile);
	char a[VR_UNIT_MAX], b[VR_UNIT_MAX], c[VR_UNIT_MAX];

	if (!h.wrapped) {
		line(ctx, "history", "all of it: %s event%s", vr_format_count(a, h.events_kept),
		     vr_plural(h.events_kept));
		return;
	}
	line(ctx, "history", "the last %s: %s of %s event%s", vr_format_ns(a, h.kept_ns),
	     vr_format_count(b, h.events_kept), vr_format_count(c, h.events_written),
	     vr_plural(h.events_written));
	line(ctx, "", "overwritten: the first %s, %s block%s", vr_format_ns(a, h.lost_ns),
	     vr_format_count(b, h.blocks_overwritten), vr_plural(h.blocks_overwritten));
}

static void print_costs(struct vr_context *ctx, const struct vr_cpu *cpu)
{
	const struct vr_overhead cost = vr_overhead(ctx->profile, cpu);
	const struct vprof_header *h = &ctx->profile->file->header;
	char *lost = vr_losses_text(ctx->profile->file);
	char a[VR_UNIT_MAX], b[VR_UNIT_MAX], c[VR_UNIT_MAX];

	line(ctx, "lost", "%s", lost ? lost : "nothing");
	vr_format_ns(a, cost.cpu_ns);
	vr_format_bytes(b, cost.memory_bytes);
	if (cost.few) {
		line(ctx, "own cost", "%s CPU (%.2f%% of the run), %s in heap and tables", a,
		     cost.run_percent, b);
		line(ctx, "", "the program used too little CPU time to tell shares of it");
	} else {
		line(ctx, "own cost",
		     "%s CPU (%.2f%% of the run, %.2f%% of the CPU time), %s in heap and tables", a,
		     cost.run_percent, cost.cpu_percent, b);
		line(ctx, "",
		     "%.1f%% of the sampled CPU time was spent in the hooks; it is in no total",
		     cost.hooks_percent);
	}
	line(ctx, "unwinding", "%s stack%s, %s rule%s learned, %s full step%s",
	     vr_format_count(a, h->unwinds), vr_plural(h->unwinds),
	     vr_format_count(b, h->rows_learned), vr_plural(h->rows_learned),
	     vr_format_count(c, h->full_steps), vr_plural(h->full_steps));
	free(lost);
}

static void print_sections(struct vr_context *ctx)
{
	const struct vr_rows rows = {.ctx = ctx};
	const struct vprof_header *h = &ctx->profile->file->header;
	struct vr_sheet *sheet = vr_sheet_new(&rows, vr_section_fields, vr_section_fields_count);
	char disk[VR_UNIT_MAX], reserved[VR_UNIT_MAX];

	line(ctx, "file", "%s on disk, %s reserved, %" PRIu32 " of %" PRIu32 " extents used",
	     vr_format_bytes(disk, ctx->profile->file->size_bytes),
	     vr_format_bytes(reserved, h->file_bytes), h->extents_used, h->extent_count);
	for (unsigned i = 1; i < VPROF_SEC_COUNT; i++) {
		struct vr_section_row row = {i, VPROF_HEADER_SECTION(h, i)};

		if (row.section->row_bytes)
			vr_sheet_row(sheet, &row);
	}
	fputc('\n', ctx->out);
	vr_sheet_print(sheet);
}

static void print_modules(struct vr_context *ctx)
{
	const struct vr_rows rows = {.ctx = ctx};
	const struct vr_file *file = ctx->profile->file;
	struct vr_sheet *sheet = vr_sheet_new(&rows, vr_module_fields, vr_module_fields_count);

	for (uint32_t i = 0; i < file->n_modules; i++)
		vr_sheet_row(sheet, &(struct vr_module_row){i, &file->module[i]});
	fputc('\n', ctx->out);
	vr_sheet_print(sheet);
}

static int run(struct vr_context *ctx)
{
	struct vr_cpu *cpu = vr_cpu_new(ctx->profile);

	/* Whether an object's symbols are of use shows when one is asked for. */
	for (uint32_t i = 1; i < ctx->profile->stacks->base; i++)
		vr_stacks_at(ctx->profile->stacks, i);
	vr_warn_symbols(ctx);
	if (ctx->format == VR_FORMAT_JSON) {
		ctx->json = vr_info_json(ctx, cpu);
	} else {
		print_run(ctx);
		print_sampling(ctx);
		print_off_cpu(ctx);
		print_history(ctx);
		print_costs(ctx, cpu);
		print_sections(ctx);
		print_modules(ctx);
	}
	vr_cpu_free(cpu);
	return 0;
}

const struct vr_verb vr_verb_info = {
    .name = "info",
    .summary = "The run: rates asked and got, losses, own overhead, modules",
    .usage = "[FILE...]",
    .options = VR_TAKES(VR_OPT_FORMAT, VR_OPT_NAMING, VR_OPT_ARGS),
    .no_csv = 1,
    .no_label = "it is about the record itself; labels says which labels it has",
    .run = run,
};
