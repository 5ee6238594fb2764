/* What reports say of totals that are estimates (heap=sample). */
#ifndef VR_RANGES_H
#define VR_RANGES_H

#include "cli/units.h"
#include "model/interval.h"

#define VR_ERROR_MAX 24

/* "±7%", "+-7%" where the locale has no such sign, "" without an interval. */
const char *vr_error_text(char text[VR_ERROR_MAX], const struct vr_interval *interval,
			  uint64_t total);

/* "51.2 MiB to 61.9 MiB", "certain" without an interval. */
#define VR_RANGE_MAX (2 * VR_UNIT_MAX + 4)
const char *vr_range_text(char text[VR_RANGE_MAX], const struct vr_interval *interval);

#endif
