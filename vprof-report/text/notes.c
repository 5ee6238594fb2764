#include "text/notes.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/text.h"
#include "cli/units.h"
#include "cli/warn.h"
#include "cli/xalloc.h"
#include "text/recorded.h"

#define NAMES_MOST 300 /* letters of a list of names */

void vr_note(const struct vr_context *ctx, const char *format, ...)
{
	char text[1024];
	va_list args;

	if (ctx->profile->file->n_damages)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	vr_warn("%s: %s", ctx->profile->file->path, text);
}

static void warn_paused(const struct vr_context *ctx)
{
	char *recorded = ctx->recorded_said ? NULL : vr_recorded_text(ctx->profile->file);

	if (recorded)
		vr_note(ctx, "recorded: %s", recorded);
	free(recorded);
}

/* What the wall clock does not know of this profile. */
static void warn_wall(const struct vr_context *ctx, const struct vr_cpu *cpu)
{
	const struct vr_file *file = ctx->profile->file;
	const char *why =
	    file->header.layers_note ? vr_file_string(file, file->header.layers_note) : "";

	if (!cpu->wall)
		return;
	if (!cpu->wall->calls_known)
		vr_note(ctx, "calls that may block were not recorded: waits=on records them; "
			     "of the time off the CPU there are waits for locks alone");
	if (ctx->profile->keep_label)
		vr_note(ctx, "of time off the CPU, calls and waits for locks alone belong to a "
			     "label, as long as they took");
	else if (ctx->profile->select.windowed)
		vr_note(ctx,
			"preempted, waiting for pages and unhooked are known for the whole run "
			"only");
	else if (cpu->wall->calls_known && !cpu->wall->books_known)
		vr_note(ctx,
			"the kernel did not tell when threads were off the CPU%s%s: calls and "
			"locks are as long as they took, and the rest is not known",
			*why ? ": " : "", why);
}

/* Names of objects, each once, as many as a line bears, blanks around them; free() it. */
static char *object_names(const struct vr_file *file)
{
	char *names = vr_xstrdup(" ");

	for (uint32_t i = 0; i < file->n_modules && strlen(names) < NAMES_MOST; i++) {
		const char *name = vr_text_base(vr_file_string(file, file->module[i].path));
		char *between = vr_xprintf(" %s ", name);

		if (*name && !strstr(names, between))
			names = vr_xappend(names, "%s ", name);
		free(between);
	}
	if (strlen(names) >= NAMES_MOST)
		names = vr_xappend(names, "...");
	else
		names[strlen(names) - 1] = '\0';
	return names;
}

void vr_warn_module(const struct vr_context *ctx)
{
	const struct vr_file *file = ctx->profile->file;
	const char *glob = ctx->profile->select.module;
	char *names;

	if (!glob || (*glob == '[' && glob[strlen(glob) - 1] == ']'))
		return; /* "[kernel]" is none of the objects */
	for (uint32_t i = 0; i < file->n_modules; i++)
		if (vr_text_glob(glob, vr_file_string(file, file->module[i].path)))
			return;
	names = object_names(file);
	vr_note(ctx, "no object matches --module '%.200s'; there are:%s", glob, names);
	free(names);
}

void vr_warn_cpu(const struct vr_context *ctx, const struct vr_cpu *cpu)
{
	const struct vprof_header *h = &ctx->profile->file->header;
	char oldest[VR_UNIT_MAX];

	warn_paused(ctx);
	if (h->lost[VPROF_CUT_COPY_END] * 100 >= h->samples && h->samples)
		vr_note(
		    ctx,
		    "%.0f%% of the samples have a stack longer than what is copied of it: their "
		    "outer frames are [stack cut]",
		    100.0 * (double)h->lost[VPROF_CUT_COPY_END] / (double)h->samples);
	if (cpu->window_cut)
		vr_note(ctx,
			"the ring has wrapped: samples before %s are gone, the window begins there",
			vr_format_ns(oldest, ctx->profile->file->oldest_event_ns));
	if (cpu->window_no_kernel)
		vr_note(ctx, "kernel time was not sampled and is known for the whole run only");
	else if (cpu->label_no_kernel)
		vr_note(ctx, "kernel time was not sampled and belongs to no label");
	warn_wall(ctx, cpu);
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
			"the site table was full: %" PRIu64 " event%s own; run with a larger size=",
			h->lost[VPROF_LOST_SITES],
			h->lost[VPROF_LOST_SITES] == 1 ? " has no stack of its"
						       : "s have no stack of their");
	if (h->lost[VPROF_LOST_BLOCKS])
		vr_note(ctx, "%" PRIu64 " live block%s found no place: live and peak are too low",
			h->lost[VPROF_LOST_BLOCKS], vr_plural(h->lost[VPROF_LOST_BLOCKS]));
	if (heap->shared)
		vr_note(
		    ctx,
		    "other threads allocated at the same sites: what they did there is included");
}

void vr_warn_symbols(const struct vr_context *ctx)
{
	char *names = vr_profile_replaced(ctx->profile);
	char *notes = vr_profile_symbol_notes(ctx->profile);

	if (names)
		vr_note(ctx, "replaced since they ran, so not used for names: %s", names);
	if (notes && !ctx->profile->file->n_damages)
		vr_warn_lines(ctx->profile->file->path, notes);
	free(names);
	free(notes);
}
