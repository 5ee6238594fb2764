#include "text/counts.h"

#include <inttypes.h>

#include "cli/text.h"
#include "cli/units.h"
#include "cli/xalloc.h"
#include "text/notes.h"

char *vr_counted_text(const struct vr_counts *counts)
{
	char *text = NULL;

	for (unsigned how = VPROF_COUNT_INSTRUMENT; how <= VPROF_COUNT_HOOK; how++) {
		const char *name = vr_count_how_name((enum vprof_count_how)how);

		if (!(counts->how & 1u << how))
			continue;
		text = text ? vr_xappend(text, ", %s", name) : vr_xstrdup(name);
	}
	return text;
}

json_t *vr_counted_json(const struct vr_counts *counts)
{
	json_t *object = json_object(), *by = json_array();

	for (unsigned how = VPROF_COUNT_INSTRUMENT; how <= VPROF_COUNT_HOOK; how++)
		if (counts->how & 1u << how)
			json_array_append_new(
			    by, json_string(vr_count_how_name((enum vprof_count_how)how)));
	json_object_set_new(object, "by", by);
	json_object_set_new(object, "lost", json_integer((json_int_t)counts->lost));
	return object;
}

void vr_warn_counts(const struct vr_context *ctx, const struct vr_counts *counts, int wanted)
{
	char lost[VR_UNIT_MAX];

	if (wanted && counts->useless)
		vr_note(ctx, "%s: ordered by time", counts->useless);
	else if (wanted && !counts->how)
		vr_note(ctx, "calls are not counted exactly in this profile: ordered by time");
	else if (wanted && !(counts->how & ~(1u << VPROF_COUNT_HOOK)))
		vr_note(ctx, "of the program's own functions calls are not counted in this build; "
			     "docs/counts.md says which builds tell of them");
	if (counts->lost && counts->how)
		vr_note(ctx, "%s call%s found no place to be counted in: ncalls are too low",
			vr_format_count(lost, counts->lost), vr_plural(counts->lost));
}
