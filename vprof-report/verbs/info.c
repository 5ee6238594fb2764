#include "cli/units.h"
#include "input/status.h"
#include "model/run.h"
#include "output/out.h"
#include "symbols/sym.h"
#include "text/json.h"
#include "text/names.h"
#include "text/notes.h"
#include "text/print.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include "cli/xalloc.h"
#include "input/layout.h"
#include "model/cpu.h"
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

static void print_run(struct vr_context *ctx)
{
	const struct vr_file *file = ctx->profile->file;
	const struct vprof_header *h = &file->header;
	time_t start = (time_t)(h->start_real_ns / 1000000000);
	char when[64] = "", run[VR_UNIT_MAX], cpu[VR_UNIT_MAX], user[VR_UNIT_MAX], sys[VR_UNIT_MAX];
	struct tm tm;
	char *status = vr_status_text(file);

	if (gmtime_r(&start, &tm))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S UTC", &tm);
	line(ctx, "program", "%s", vr_file_string(file, h->exe));
	line(ctx, "command", "%s", vr_file_string(file, h->cmdline));
	line(ctx, "directory", "%s", vr_file_string(file, h->cwd));
	line(ctx, "process", "pid %" PRIu32 " (parent %" PRIu32 ")%s on %s", h->pid, h->ppid,
	     h->flags & VPROF_F_FORKED ? ", forked" : "", vr_file_string(file, h->host));
	if (h->cpu_count)
		line(ctx, "cpus", "%" PRIu32, h->cpu_count);
	line(ctx, "started", "%s", when);
	line(ctx, "ran", "%s; %s", vr_format_ns(run, vr_file_duration_ns(file)), status);
	if (h->pauses)
		line(ctx, "paused", "%s in %" PRIu32 " pauses%s",
		     vr_format_ns(run, vr_paused_ns(file)), h->pauses,
		     h->paused ? ", the last has not ended" : "");
	line(ctx, "cpu time", "%s (user %s, system %s)", vr_format_ns(cpu, h->cpu_ns),
	     vr_format_ns(user, h->cpu_user_ns), vr_format_ns(sys, h->cpu_system_ns));
	line(ctx, "options", "%s", vr_file_string(file, h->options));
	line(ctx, "library", "%s, format version %" PRIu32,
	     vr_file_string(file, h->library_version), h->version);
	free(status);
}

static void print_sampling(struct vr_context *ctx)
{
	const struct vr_file *file = ctx->profile->file;
	const struct vprof_header *h = &file->header;
	const char *note = vr_file_string(file, h->engine_note);
	char period[VR_UNIT_MAX], got[VR_UNIT_MAX], expected[VR_UNIT_MAX], mean[VR_UNIT_MAX];

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
	line(ctx, "timeline", "%" PRIu32 " points, one every %s, asked %" PRIu32 " ms",
	     file->points, vr_format_ns(period, h->timeline_step_ns), h->tick_ms);
}

static void print_history(struct vr_context *ctx)
{
	const struct vr_history h = vr_history(ctx->profile);
	char a[VR_UNIT_MAX], b[VR_UNIT_MAX], c[VR_UNIT_MAX];

	if (!h.wrapped) {
		line(ctx, "history", "all of it: %s events", vr_format_count(a, h.events_kept));
		return;
	}
	line(ctx, "history", "the last %s: %s of %s events", vr_format_ns(a, h.kept_ns),
	     vr_format_count(b, h.events_kept), vr_format_count(c, h.events_written));
	line(ctx, "", "overwritten: the first %s, %s blocks", vr_format_ns(a, h.lost_ns),
	     vr_format_count(b, h.blocks_overwritten));
}

static void print_costs(struct vr_context *ctx, const struct vr_cpu *cpu)
{
	const struct vr_overhead cost = vr_overhead(ctx->profile, cpu);
	const struct vprof_header *h = &ctx->profile->file->header;
	char *lost = vr_losses_text(ctx->profile->file);
	char a[VR_UNIT_MAX], b[VR_UNIT_MAX], c[VR_UNIT_MAX];

	line(ctx, "lost", "%s", lost ? lost : "nothing");
	line(ctx, "own cost", "%s CPU (%.2f%% of the run, %.2f%% of the CPU time), %s memory",
	     vr_format_ns(a, cost.cpu_ns), cost.run_percent, cost.cpu_percent,
	     vr_format_bytes(b, cost.memory_bytes));
	line(ctx, "", "%.1f%% of the sampled CPU time was spent in the hooks; it is in no total",
	     cost.hooks_percent);
	line(ctx, "unwinding", "%s stacks, %s rules learned, %s full steps",
	     vr_format_count(a, h->unwinds), vr_format_count(b, h->rows_learned),
	     vr_format_count(c, h->full_steps));
	free(lost);
}

static void print_sections(struct vr_context *ctx)
{
	static const struct vr_column columns[] = {
	    {"section", "section", VR_TEXT, 0},
	    {"row_bytes", "row", VR_BYTES, 0},
	    {"rows", "rows", VR_COUNT, 0},
	    {"extents", "extents", VR_COUNT, 0},
	    {"extent_percent", "full%", VR_PERCENT, 0},
	};
	const struct vprof_header *h = &ctx->profile->file->header;
	struct vr_table *table = vr_table_new(columns, sizeof(columns) / sizeof(columns[0]));
	char disk[VR_UNIT_MAX], reserved[VR_UNIT_MAX];

	line(ctx, "file", "%s on disk, %s reserved, %" PRIu32 " of %" PRIu32 " extents used",
	     vr_format_bytes(disk, ctx->profile->file->size_bytes),
	     vr_format_bytes(reserved, h->file_bytes), h->extents_used, h->extent_count);
	for (unsigned i = 1; i < VPROF_SEC_COUNT; i++) {
		const struct vprof_section *s = VPROF_HEADER_SECTION(h, i);
		uint64_t room = (uint64_t)s->extents_used * s->rows_per_extent;

		if (!s->row_bytes)
			continue;
		vr_table_row(table, (const struct vr_cell[]){
					{.s = vr_section_name(i)},
					{.u = s->row_bytes},
					{.u = s->rows_used},
					{.u = s->extents_used},
					{.f = vr_percent(s->rows_used, room)},
				    });
	}
	fputc('\n', ctx->out);
	vr_table_print(table, ctx->out, ctx->width);
	vr_table_free(table);
}

static char *build_id_text(const struct vprof_module *module)
{
	char *text = vr_xcalloc(2 * sizeof(module->build_id) + 1, 1);

	for (uint32_t i = 0; i < module->build_id_bytes; i++)
		sprintf(text + 2 * i, "%02x", module->build_id[i]);
	return text;
}

static void print_modules(struct vr_context *ctx)
{
	static const struct vr_column columns[] = {
	    {"state", "symbols", VR_TEXT, 0},
	    {"start", "start", VR_ADDRESS, 0},
	    {"build_id", "build-id", VR_TEXT, 2},
	    {"path", "module", VR_TEXT, 1},
	};
	const struct vr_file *file = ctx->profile->file;
	struct vr_table *table = vr_table_new(columns, sizeof(columns) / sizeof(columns[0]));

	for (uint32_t i = 0; i < file->modules; i++) {
		const struct vprof_module *m = &file->module[i];
		char *id = build_id_text(m);

		vr_table_row(
		    table, (const struct vr_cell[]){
			       {.s = vr_sym_state_text(vr_sym_module_state(ctx->profile->sym, i))},
			       {.u = m->start},
			       {.null = !id[0], .s = id},
			       {.s = vr_file_string(file, m->path)},
			   });
		free(id);
	}
	fputc('\n', ctx->out);
	vr_table_print(table, ctx->out, ctx->width);
	vr_table_free(table);
}

static json_t *run_json(const struct vr_file *file)
{
	const struct vprof_header *h = &file->header;
	json_t *run = json_object();

	vr_json_set_text(run, "exe", vr_file_string(file, h->exe));
	vr_json_set_text(run, "cmdline", vr_file_string(file, h->cmdline));
	vr_json_set_text(run, "cwd", vr_file_string(file, h->cwd));
	vr_json_set_text(run, "options", vr_file_string(file, h->options));
	vr_json_set_text(run, "library_version", vr_file_string(file, h->library_version));
	vr_json_set_text(run, "host", vr_file_string(file, h->host));
	vr_json_set_text(run, "boot_id", vr_file_string(file, h->boot_id));
	vr_json_set_u64(run, "pid", h->pid);
	vr_json_set_u64(run, "ppid", h->ppid);
	json_object_set_new(run, "forked", json_boolean(h->flags & VPROF_F_FORKED));
	vr_json_set_u64(run, "cpu_count", h->cpu_count);
	vr_json_set_u64(run, "start_real_ns", h->start_real_ns);
	vr_json_set_u64(run, "duration_ns", vr_file_duration_ns(file));
	vr_json_set_text(run, "status", vr_status_name(file->status));
	vr_json_set_u64(run, "exit_kind", h->exit_kind);
	json_object_set_new(run, "exit_status",
			    file->status == VR_STATUS_EXITED ? json_integer(h->exit_status)
							     : json_null());
	vr_json_set_u64(run, "cpu_ns", h->cpu_ns);
	vr_json_set_u64(run, "cpu_user_ns", h->cpu_user_ns);
	vr_json_set_u64(run, "cpu_system_ns", h->cpu_system_ns);
	vr_json_set_u64(run, "pauses", h->pauses);
	vr_json_set_u64(run, "paused_ns", vr_paused_ns(file));
	return run;
}

static json_t *sampling_json(const struct vr_file *file)
{
	const struct vprof_header *h = &file->header;
	json_t *sampling = json_object();

	vr_json_set_text(sampling, "engine", vr_engine_name(h->engine));
	vr_json_set_text(sampling, "engine_note", vr_file_string(file, h->engine_note));
	vr_json_set_u64(sampling, "asked_hz", h->cpu_hz);
	vr_json_set_u64(sampling, "period_ns", h->cpu_period_ns);
	vr_json_set_u64(sampling, "samples", h->samples);
	vr_json_set_u64(sampling, "samples_expected", h->samples_expected);
	vr_json_set_u64(sampling, "sampled_ns", h->sampled_ns);
	json_object_set_new(sampling, "exclude_kernel",
			    json_boolean(h->flags & VPROF_F_EXCLUDE_KERNEL));
	vr_json_set_text(sampling, "heap_mode", vr_heap_mode_name(h->heap_mode));
	vr_json_set_u64(sampling, "heap_sample_bytes", h->heap_sample_bytes);
	json_object_set_new(sampling, "own_malloc", json_boolean(h->flags & VPROF_F_OWN_MALLOC));
	json_object_set_new(sampling, "operator_new_bypass",
			    json_boolean(h->flags & VPROF_F_OPERATOR_NEW_BYPASS));
	vr_json_set_text(sampling, "not_seen",
			 h->second_roads ? vr_file_string(file, h->second_roads) : "");
	vr_json_set_u64(sampling, "tick_ms", h->tick_ms);
	vr_json_set_u64(sampling, "timeline_step_ns", h->timeline_step_ns);
	return sampling;
}

static json_t *lost_json(const struct vr_file *file)
{
	json_t *lost = json_object();

	for (unsigned i = 0; i < VPROF_LOST_COUNT; i++)
		if (vr_lost_name(i))
			vr_json_set_u64(lost, vr_lost_name(i), file->header.lost[i]);
	return lost;
}

static json_t *modules_json(const struct vr_profile *profile)
{
	json_t *modules = json_array();

	for (uint32_t i = 0; i < profile->file->modules; i++) {
		const struct vprof_module *m = &profile->file->module[i];
		json_t *one = json_object();

		vr_json_set_text(one, "path", vr_file_string(profile->file, m->path));
		json_object_set_new(one, "build_id", vr_json_hex(m->build_id, m->build_id_bytes));
		vr_json_set_u64(one, "start", m->start);
		vr_json_set_u64(one, "end", m->end);
		vr_json_set_u64(one, "load_ns", m->load_ns);
		vr_json_set_u64(one, "unload_ns", m->unload_ns);
		vr_json_set_text(one, "symbols",
				 vr_sym_state_text(vr_sym_module_state(profile->sym, i)));
		json_array_append_new(modules, one);
	}
	return modules;
}

static json_t *sections_json(const struct vprof_header *h)
{
	json_t *sections = json_object();

	for (unsigned i = 1; i < VPROF_SEC_COUNT; i++) {
		const struct vprof_section *s = VPROF_HEADER_SECTION(h, i);
		json_t *one;

		if (!s->row_bytes)
			continue;
		one = json_object();
		vr_json_set_u64(one, "row_bytes", s->row_bytes);
		vr_json_set_u64(one, "rows", s->rows_used);
		vr_json_set_u64(one, "extents", s->extents_used);
		json_object_set_new(sections, vr_section_name(i), one);
	}
	return sections;
}

static json_t *to_json(const struct vr_profile *profile, const struct vr_cpu *cpu)
{
	const struct vprof_header *h = &profile->file->header;
	const struct vr_overhead cost = vr_overhead(profile, cpu);
	const struct vr_history history = vr_history(profile);
	json_t *root = json_object();
	json_t *own = json_object();
	json_t *kept = json_object();

	vr_json_set_u64(own, "cpu_ns", cost.cpu_ns);
	json_object_set_new(own, "run_percent", json_real(cost.run_percent));
	json_object_set_new(own, "cpu_percent", json_real(cost.cpu_percent));
	json_object_set_new(own, "hooks_percent", json_real(cost.hooks_percent));
	vr_json_set_u64(own, "memory_bytes", cost.memory_bytes);
	vr_json_set_u64(own, "heap_bytes", cost.heap_bytes);
	vr_json_set_u64(own, "unwinds", h->unwinds);
	vr_json_set_u64(own, "rows_learned", h->rows_learned);
	vr_json_set_u64(own, "full_steps", h->full_steps);
	json_object_set_new(kept, "wrapped", json_boolean(history.wrapped));
	vr_json_set_u64(kept, "events_kept", history.events_kept);
	vr_json_set_u64(kept, "events_written", history.events_written);
	vr_json_set_u64(kept, "blocks_overwritten", history.blocks_overwritten);
	vr_json_set_u64(kept, "blocks_reserved", h->blocks_reserved);
	vr_json_set_u64(kept, "blocks_capacity", h->blocks_capacity);
	vr_json_set_u64(kept, "kept_ns", history.kept_ns);
	vr_json_set_u64(kept, "lost_ns", history.lost_ns);
	json_object_set_new(root, "run", run_json(profile->file));
	json_object_set_new(root, "sampling", sampling_json(profile->file));
	json_object_set_new(root, "history", kept);
	json_object_set_new(root, "lost", lost_json(profile->file));
	json_object_set_new(root, "own", own);
	json_object_set_new(root, "sections", sections_json(h));
	json_object_set_new(root, "modules", modules_json(profile));
	return root;
}

static int run(struct vr_context *ctx)
{
	struct vr_cpu *cpu = vr_cpu_new(ctx->profile);

	/* Whether an object's symbols are of use shows when one is asked for. */
	for (uint32_t i = 1; i < ctx->profile->stacks->base; i++)
		vr_stacks_at(ctx->profile->stacks, i);
	vr_warn_rebuilt(ctx);
	if (ctx->format == VR_FORMAT_JSON) {
		ctx->json = to_json(ctx->profile, cpu);
	} else {
		print_run(ctx);
		print_sampling(ctx);
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
    .options = VR_TAKES(VR_OPT_FORMAT, VR_OPT_INLINES),
    .no_csv = 1,
    .run = run,
};
