#include "text/spans.h"

#include <inttypes.h>

#include "base/order.h"
#include "cli/units.h"
#include "cli/xalloc.h"

char *vr_spans_line(const struct vr_spans *spans)
{
	const struct vr_span_sum *most = NULL;
	char count[VR_UNIT_MAX], time[VR_UNIT_MAX], p50[VR_UNIT_MAX], p99[VR_UNIT_MAX];
	char max[VR_UNIT_MAX], *text;
	size_t others = spans->n_names - (spans->n_names != 0);

	for (size_t i = 0; i < spans->n_spans; i++)
		if (spans->span[i].sum.count &&
		    (!most || spans->span[i].sum.time_ns > most->sum.time_ns))
			most = &spans->span[i];
	if (!most)
		return NULL;
	text = vr_xprintf(
	    "%s: %s took %s, p50 %s, p99 %s, at most %s", vr_span_name(most),
	    vr_format_count(count, most->sum.count), vr_format_ns(time, most->sum.time_ns),
	    vr_format_ns(p50, most->took[VR_LOOP_P50].ns),
	    vr_format_ns(p99, most->took[VR_LOOP_P99].ns), vr_format_ns(max, most->sum.max_ns));
	if (others)
		text = vr_xappend(text, "; %s other name%s", vr_format_count(count, others),
				  vr_plural(others));
	return text;
}
