#include "text/counts.h"

#include "cli/text.h"
#include "cli/units.h"
#include "text/notes.h"

json_t *vr_counted_json(const struct vr_counts *counts)
{
	json_t *object = json_object(), *by = json_array();

	for (unsigned how = VPROF_COUNT_INSTRUMENT; how <= VPROF_COUNT_HOOKED; how++)
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
		vr_note(ctx, "no calls were counted: ordered by time; docs/counts.md says which "
			     "builds tell of them");
	else if (wanted && !vr_counts_of_program(counts))
		vr_note(ctx, "only calls of libc's functions that are hooked were counted; "
			     "docs/counts.md says which builds tell of their own");
	if (counts->lost && counts->how)
		vr_note(ctx, "%s call%s found no place to be counted in: ncalls are too low",
			vr_format_count(lost, counts->lost), vr_plural(counts->lost));
}
