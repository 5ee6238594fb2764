/* Units to text, for tables and for CSV. */
#include "output/out_cell.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/units.h"

/* A locale may have a decimal comma, which in CSV would be another column. */
static const char *real(char buf[VR_CELL_MAX], const char *format, double value)
{
	if (!isfinite(value))
		return "";
	if (strchr(format, 'f') && fabs(value) > 1e40)
		format = "%g"; /* 300 digits help nobody */
	snprintf(buf, VR_CELL_MAX, format, value);
	for (char *p = buf; *p; p++) {
		if (*p == ',')
			*p = '.';
	}
	return buf;
}

static const char *seconds(char buf[VR_CELL_MAX], uint64_t ns)
{
	uint64_t ms = ns / 1000000 + (ns % 1000000 >= 500000);

	snprintf(buf, VR_CELL_MAX, "%" PRIu64 ".%03" PRIu64, ms / 1000, ms % 1000);
	return buf;
}

static const char *format_plain(char buf[VR_CELL_MAX], enum vr_unit unit,
				const struct vr_cell *cell)
{
	switch (unit) {
	case VR_SBYTES:
		snprintf(buf, VR_CELL_MAX, "%" PRId64, cell->i);
		return buf;
	case VR_PERCENT:
	case VR_NUMBER:
		return real(buf, "%.10g", cell->f);
	case VR_ADDRESS:
		snprintf(buf, VR_CELL_MAX, "0x%" PRIx64, cell->u);
		return buf;
	default:
		snprintf(buf, VR_CELL_MAX, "%" PRIu64, cell->u);
		return buf;
	}
}

const char *vr_cell_format(char buf[VR_CELL_MAX], enum vr_unit unit, const struct vr_cell *cell,
			   int plain)
{
	if (plain)
		return format_plain(buf, unit, cell);
	switch (unit) {
	case VR_COUNT:
		return vr_format_count(buf, cell->u);
	case VR_BYTES:
		return vr_format_bytes(buf, cell->u);
	case VR_SBYTES:
		return vr_format_sbytes(buf, cell->i);
	case VR_NS:
		return vr_format_ns(buf, cell->u);
	case VR_SECONDS:
		return seconds(buf, cell->u);
	case VR_PERCENT:
		return real(buf, "%.1f", cell->f);
	case VR_NUMBER:
		return real(buf, "%.6g", cell->f);
	default:
		return format_plain(buf, unit, cell);
	}
}
