#include "text/ranges.h"

#include <stdio.h>

#include "cli/columns.h"

const char *vr_error_text(char text[VR_ERROR_MAX], const struct vr_interval *interval,
			  uint64_t total)
{
	double percent = vr_interval_percent(interval, total);

	text[0] = '\0';
	if (percent > 9999)
		snprintf(text, VR_ERROR_MAX, "%s>9999%%", vr_out_utf8() ? "±" : "+-");
	else if (interval->known && total)
		snprintf(text, VR_ERROR_MAX, "%s%.*f%%", vr_out_utf8() ? "±" : "+-", percent < 9.95,
			 percent);
	return text;
}

const char *vr_range_text(char text[VR_RANGE_MAX], const struct vr_interval *interval)
{
	char a[VR_UNIT_MAX], b[VR_UNIT_MAX];

	if (interval->known)
		snprintf(text, VR_RANGE_MAX, "%s to %s", vr_format_bytes(a, interval->low),
			 vr_format_bytes(b, interval->high));
	else
		snprintf(text, VR_RANGE_MAX, "certain");
	return text;
}
