#include "text/counts.h"

#include <stdlib.h>

#include "cli/text.h"
#include "cli/units.h"
#include "cli/xalloc.h"
#include "text/json.h"
#include "text/notes.h"

json_t *vr_counted_json(const struct vr_counts *counts)
{
	json_t *object = json_object(), *by = json_array();

	for (unsigned how = VPROF_COUNT_INSTRUMENT; how < VPROF_COUNT_END; how++)
		if (counts->how & 1u << how)
			json_array_append_new(
			    by, json_string(vr_count_how_name((enum vprof_count_how)how)));
	json_object_set_new(object, "by", by);
	json_object_set_new(object, "lost", json_integer((json_int_t)counts->lost));
	return object;
}

char *vr_trace_text(const struct vr_file *file)
{
	const struct vprof_header *h = &file->header;
	char traced[VR_UNIT_MAX];

	if (!h->trace_note)
		return NULL;
	return vr_xprintf("%s function%s; %s", vr_format_count(traced, h->traced),
			  vr_plural(h->traced), vr_file_string(file, h->trace_note));
}

json_t *vr_trace_json(const struct vr_file *file)
{
	const struct vprof_header *h = &file->header;
	json_t *object;

	if (!h->trace_note)
		return json_null();
	object = json_object();
	json_object_set_new(object, "functions", json_integer(h->traced));
	json_object_set_new(object, "refused", json_integer(h->trace_refused));
	json_object_set_new(object, "note", vr_json_text(vr_file_string(file, h->trace_note)));
	return object;
}

/* Of what was asked for, not all can be counted. */
static void warn_trace(const struct vr_context *ctx)
{
	const struct vprof_header *h = &ctx->profile->file->header;
	char *text;

	if (!h->trace_note || (h->traced && !h->trace_refused))
		return;
	text = vr_trace_text(ctx->profile->file);
	vr_note(ctx, "trace=: %s", text);
	free(text);
}

void vr_warn_counts(const struct vr_context *ctx, const struct vr_counts *counts, int wanted)
{
	char lost[VR_UNIT_MAX];

	if (wanted && counts->useless)
		vr_note(ctx, "%s: ordered by time", counts->useless);
	else if (wanted && !counts->how)
		vr_note(ctx, "no calls were counted: ordered by time; docs/counts.md says which "
			     "builds tell of them");
	else if (wanted && !vr_counts_of_program(counts))
		vr_note(ctx, "only calls of libc's functions that are hooked were counted; "
			     "docs/counts.md says which builds tell of their own");
	if (wanted)
		warn_trace(ctx);
	if (counts->lost && counts->how)
		vr_note(ctx, "%s call%s found no place to be counted in: ncalls are too low",
			vr_format_count(lost, counts->lost), vr_plural(counts->lost));
}
