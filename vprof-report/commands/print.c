#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xalloc.h"
#include "commands/command.h"
#include "model/cpu.h"

double vr_percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0.0;
}

/* 1 for "libx.so+0x12" and "[kernel]": the name says where it is. */
static int names_its_module(const struct vr_function *function)
{
	const char *base = vr_text_base(function->module);
	size_t len = strlen(base);

	return !len || strcmp(function->name, function->module) == 0 ||
	       (strncmp(function->name, base, len) == 0 && function->name[len] == '+');
}

/* The file, the object where the file is unknown, "~" where that is too. */
static const char *file_of(const struct vr_function *function, int strip_dirs)
{
	const char *file = function->file[0] ? function->file : function->module;

	if (!file[0] || strcmp(file, function->name) == 0)
		return "~";
	return strip_dirs || !function->file[0] ? vr_text_base(file) : file;
}

char *vr_location(const struct vr_function *function, int strip_dirs)
{
	return vr_xprintf("%s:%d(%s)", file_of(function, strip_dirs), function->line,
			  function->name);
}

static char *function_at(const struct vr_function *function, int line, int strip_dirs)
{
	if (!function->file[0])
		return names_its_module(function)
			   ? vr_xstrdup(function->name)
			   : vr_xprintf("%s (%s)", function->name, file_of(function, 1));
	if (line <= 0)
		return vr_xprintf("%s (%s)", function->name, file_of(function, strip_dirs));
	return vr_xprintf("%s (%s:%d)", function->name, file_of(function, strip_dirs), line);
}

char *vr_place_text(const struct vr_stacks *stacks, const struct vr_place *place, int strip_dirs)
{
	const struct vr_function *function = vr_place_function(stacks, place);

	return function_at(function, place->line, strip_dirs);
}

char *vr_function_text(const struct vr_function *function, int strip_dirs)
{
	return function_at(function, function->line, strip_dirs);
}

void vr_print_safe(struct vr_context *ctx, const char *text)
{
	vr_text_put(ctx->out, text);
}

void vr_print_lines(struct vr_context *ctx, const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");
		char *line = vr_xprintf("%.*s", (int)length, text);

		vr_print_safe(ctx, line);
		fputc('\n', ctx->out);
		free(line);
		text += length + (text[length] == '\n');
	}
}

void vr_print_stack(struct vr_context *ctx, uint32_t node, const char *indent, size_t max)
{
	struct vr_stacks *stacks = ctx->profile->stacks;
	size_t printed = 0;
	size_t left_out = 0;

	for (; node != VPROF_NODE_ROOT; node = vr_stacks_parent(stacks, node)) {
		struct vr_span span = vr_stacks_at(stacks, node);

		for (uint32_t i = 0; i < span.count; i++) {
			const struct vr_place *place = &stacks->place[span.first + i];
			char *text;

			if (max && printed == max) {
				left_out++;
				continue;
			}
			text = vr_place_text(stacks, place, ctx->opts->strip_dirs);
			fputs(indent, ctx->out);
			vr_print_safe(ctx, text);
			fputs(place->inlined ? " [inlined]\n" : "\n", ctx->out);
			free(text);
			printed++;
		}
	}
	if (left_out)
		fprintf(ctx->out, "%s... %zu more\n", indent, left_out);
}

void vr_print_table(struct vr_context *ctx, struct vr_table *table)
{
	if (ctx->format == VR_FORMAT_CSV)
		vr_table_csv(table, ctx->out);
	else
		vr_table_print(table, ctx->out, ctx->width);
	vr_table_free(table);
}

void vr_print_more(struct vr_context *ctx, size_t shown, size_t all, const char *what)
{
	if (ctx->format == VR_FORMAT_TABLE && shown < all)
		fprintf(ctx->out, "%zu more %s; -n 0 shows all\n", all - shown, what);
}

json_t *vr_json_text(const char *text)
{
	char *valid = vr_text_utf8(text);
	json_t *value = json_string(valid);

	free(valid);
	return value;
}

json_t *vr_json_u64(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

json_t *vr_json_hex(const uint8_t *bytes, size_t count)
{
	char *text = vr_xcalloc(2 * count + 1, 1);
	json_t *value;

	for (size_t i = 0; i < count; i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
	value = json_string(text);
	free(text);
	return value;
}

void vr_json_set_u64(json_t *object, const char *key, uint64_t value)
{
	json_object_set_new(object, key, vr_json_u64(value));
}

void vr_json_set_text(json_t *object, const char *key, const char *text)
{
	json_object_set_new(object, key, vr_json_text(text));
}

json_t *vr_json_frames(struct vr_stacks *stacks, uint32_t node)
{
	json_t *frames = json_array();

	for (; node != VPROF_NODE_ROOT; node = vr_stacks_parent(stacks, node)) {
		struct vr_span span = vr_stacks_at(stacks, node);

		for (uint32_t i = 0; i < span.count; i++) {
			const struct vr_place *place = &stacks->place[span.first + i];
			const struct vr_function *function = vr_place_function(stacks, place);
			json_t *frame = json_object();

			vr_json_set_text(frame, "function", function->name);
			vr_json_set_text(frame, "file", function->file);
			json_object_set_new(frame, "line", json_integer(place->line));
			vr_json_set_text(frame, "module", function->module);
			json_object_set_new(frame, "inlined", json_boolean(place->inlined));
			json_array_append_new(frames, frame);
		}
	}
	return frames;
}

void vr_note(const struct vr_context *ctx, const char *format, ...)
{
	char text[1024];
	va_list args;

	if (ctx->profile->file->damages)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	vr_warn("%s: %s", ctx->profile->file->path, text);
}

uint64_t vr_paused_ns(const struct vr_file *file)
{
	const struct vprof_header *h = &file->header;
	uint64_t end = vr_file_duration_ns(file);

	return h->paused_ns +
	       (h->paused && end > h->paused_since_ns ? end - h->paused_since_ns : 0);
}

static void warn_paused(const struct vr_context *ctx)
{
	char time[VR_UNIT_MAX];

	if (ctx->profile->file->header.pauses)
		vr_note(ctx, "recording was paused for %s: nothing of that time is counted",
			vr_format_ns(time, vr_paused_ns(ctx->profile->file)));
}

void vr_warn_cpu(const struct vr_context *ctx, const struct vr_cpu *cpu)
{
	char oldest[VR_UNIT_MAX];

	warn_paused(ctx);
	if (cpu->window_cut)
		vr_note(ctx,
			"the ring has wrapped: samples before %s are gone, the window begins there",
			vr_format_ns(oldest, ctx->profile->file->oldest_event_ns));
	if (cpu->window_no_kernel)
		vr_note(ctx, "kernel time was not sampled and is known for the whole run only");
	else if (cpu->label_no_kernel)
		vr_note(ctx, "kernel time was not sampled and belongs to no label");
}

void vr_warn_heap(const struct vr_context *ctx, const struct vr_heap *heap)
{
	const struct vprof_header *h = &ctx->profile->file->header;

	warn_paused(ctx);
	if (h->flags & VPROF_F_OWN_MALLOC)
		vr_note(ctx, "the program defines malloc itself: its own calls were not seen");
	if (h->flags & VPROF_F_OPERATOR_NEW_BYPASS)
		vr_note(ctx, "operator new does not call malloc here: C++ objects were not seen");
	if (h->lost[VPROF_LOST_SITES])
		vr_note(ctx,
			"the site table was full: %" PRIu64
			" events have no stack of their own; run with a larger size=",
			h->lost[VPROF_LOST_SITES]);
	if (h->lost[VPROF_LOST_BLOCKS])
		vr_note(ctx, "%" PRIu64 " live blocks found no place: live and peak are too low",
			h->lost[VPROF_LOST_BLOCKS]);
	if (heap->shared)
		vr_note(
		    ctx,
		    "other threads allocated at the same sites: what they did there is included");
}

void vr_warn_rebuilt(const struct vr_context *ctx)
{
	char *names = vr_profile_rebuilt(ctx->profile);

	if (names)
		vr_note(ctx, "not the objects that ran, so not used for names: %s", names);
	free(names);
}

char *vr_status_text(const struct vr_file *file)
{
	static const char *const how[] = {
	    [VPROF_EXIT_NONE] = "ended with",	    [VPROF_EXIT_EXIT] = "exited with",
	    [VPROF_EXIT_UNDERSCORE] = "_exit with", [VPROF_EXIT_QUICK] = "quick_exit with",
	    [VPROF_EXIT_EXEC] = "exec with",
	};
	const struct vprof_header *h = &file->header;

	switch (file->status) {
	case VR_STATUS_STARTING:
		return vr_xstrdup("still starting");
	case VR_STATUS_RUNNING:
		return vr_xstrdup("still running");
	case VR_STATUS_EXITED:
		return vr_xprintf("%s status %" PRId32,
				  h->exit_kind <= VPROF_EXIT_EXEC ? how[h->exit_kind] : how[0],
				  h->exit_status);
	case VR_STATUS_EXECED:
		return vr_xstrdup("replaced itself by another program (exec)");
	case VR_STATUS_KILLED:
		if (h->exit_kind == VPROF_EXIT_SIGNAL)
			return vr_xprintf("killed by signal %" PRId32, h->exit_status);
		return vr_xstrdup("killed (it left no exit status)");
	default:
		return vr_xprintf("did not finish: killed, or still running on %s",
				  vr_file_string(file, h->host));
	}
}

const char *vr_engine_name(uint32_t engine)
{
	static const char *const name[] = {
	    [VPROF_ENGINE_OFF] = "off",
	    [VPROF_ENGINE_PERF] = "perf",
	    [VPROF_ENGINE_TIMER] = "timer",
	    [VPROF_ENGINE_PERF_SIGNAL] = "perf-signal",
	};

	return engine < sizeof(name) / sizeof(name[0]) ? name[engine] : "unknown";
}

const char *vr_lost_name(unsigned which)
{
	static const char *const name[VPROF_LOST_COUNT] = {
	    [VPROF_LOST_SAMPLES] = "samples",
	    [VPROF_LOST_THROTTLES] = "throttles",
	    [VPROF_LOST_NODES] = "nodes",
	    [VPROF_LOST_SITES] = "sites",
	    [VPROF_LOST_THREADS] = "threads",
	    [VPROF_LOST_MODULES] = "modules",
	    [VPROF_LOST_CPU_ROWS] = "cpu_rows",
	    [VPROF_LOST_STRINGS] = "strings",
	    [VPROF_LOST_EVENTS] = "events",
	    [VPROF_LOST_BLOCKS] = "blocks",
	    [VPROF_LOST_UNKNOWN_FREES] = "unknown_frees",
	    [VPROF_LOST_REENTRANT] = "reentrant",
	    [VPROF_CUT_NO_INFO] = "cut_no_info",
	    [VPROF_CUT_COPY_END] = "cut_copy_end",
	    [VPROF_CUT_DEPTH] = "cut_depth",
	    [VPROF_CUT_BAD_FRAME] = "cut_bad_frame",
	    [VPROF_LOST_LOCK_ROWS] = "lock_rows",
	    [VPROF_LOST_THREAD_EVENTS] = "thread_events",
	    [VPROF_LOST_LABELS] = "labels",
	};

	return which < VPROF_LOST_COUNT ? name[which] : NULL;
}
