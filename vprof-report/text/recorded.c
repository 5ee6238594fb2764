#include "text/recorded.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/text.h"
#include "cli/units.h"
#include "cli/xalloc.h"
#include "model/run.h"
#include "text/json.h"

#define WINDOWS_SHOWN 4u

static char *seconds_text(uint64_t ns)
{
	return vr_xprintf("%g", (double)ns / 1e9);
}

/* Why nothing is recorded at the end; "" where something is. */
static char *why_text(const struct vprof_header *h)
{
	char *seconds, *text;

	if (!h->paused)
		return vr_xstrdup("");
	if (h->pause_why == VPROF_PAUSE_START)
		return vr_xstrdup(" (start=paused)");
	if (h->pause_why == VPROF_PAUSE_ASKED)
		return vr_xstrdup(" (then paused by ctl or the program)");
	if (h->pause_why != VPROF_PAUSE_DELAY && h->pause_why != VPROF_PAUSE_OVER)
		return vr_xstrdup(" (then paused)");
	seconds = seconds_text(h->pause_why == VPROF_PAUSE_DELAY ? h->delay_ns : h->duration_ns);
	text = h->pause_why == VPROF_PAUSE_DELAY
		   ? vr_xprintf(" (delay=%s was not over)", seconds)
		   : vr_xprintf(" (then duration=%s was over)", seconds);
	free(seconds);
	return text;
}

char *vr_recorded_text(const struct vr_file *file)
{
	struct vprof_window window[VPROF_WINDOWS];
	char a[VR_UNIT_MAX], b[VR_UNIT_MAX];
	char *text, *why;
	size_t count;
	int known;

	if (!file->header.pauses)
		return NULL;
	count = vr_windows(file, window, &known);
	if (known && !count)
		text = vr_xprintf("nothing of %s", vr_format_ns(b, vr_file_duration_ns(file)));
	else
		text = vr_xprintf("%s of %s", vr_format_ns(a, vr_recorded_ns(file)),
				  vr_format_ns(b, vr_file_duration_ns(file)));
	for (size_t i = 0; i < count && i < WINDOWS_SHOWN; i++)
		text = vr_xappend(text, "%s %s to %s", i ? "," : ", from",
				  vr_format_ns(a, window[i].from_ns),
				  vr_format_ns(b, window[i].to_ns));
	if (count > WINDOWS_SHOWN || file->header.windows > VPROF_WINDOWS)
		text = vr_xappend(text, ", ... (%" PRIu32 " span%s)", file->header.windows,
				  vr_plural(file->header.windows));
	if (file->n_members)
		return vr_xappend(text, " by the process that recorded longest");
	why = why_text(&file->header);
	text = vr_xappend(text, "%s", why);
	free(why);
	return text;
}

json_t *vr_windows_json(const struct vr_file *file)
{
	struct vprof_window window[VPROF_WINDOWS];
	int known;
	size_t count = vr_windows(file, window, &known);
	json_t *array;

	if (!known)
		return json_null();
	array = json_array();
	for (size_t i = 0; i < count; i++) {
		json_t *one = json_object();

		vr_json_set_u64(one, "from_ns", window[i].from_ns);
		vr_json_set_u64(one, "to_ns", window[i].to_ns);
		json_array_append_new(array, one);
	}
	return array;
}

static size_t count_words(const char *text)
{
	size_t count = 0;

	for (const char *at = text; *at; at++)
		count += *at != ' ' && (at == text || at[-1] == ' ');
	return count;
}

char *vr_command_text(const struct vr_file *file, enum vr_args args)
{
	const char *command = vr_file_string(file, file->header.cmdline);
	int shown = file->header.args == VPROF_ARGS_MASKED || file->header.args == VPROF_ARGS_NONE;
	size_t words = count_words(command), program = strcspn(command, " ");

	if (!words)
		return vr_xstrdup(vr_file_string(file, file->header.exe));
	if (shown || words == 1 || args == VR_ARGS_ALL)
		return vr_xstrdup(command);
	return vr_xprintf("%.*s (%zu word%s of arguments, not masked: --args=all shows them)",
			  (int)program, command, words - 1, vr_plural(words - 1));
}
