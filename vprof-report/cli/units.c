/* Integer arithmetic where a value may be exact, and never a decimal comma. */
#include "cli/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define KIB 1024u

const char *vr_format_bytes(char buf[VR_UNIT_MAX], uint64_t bytes)
{
	static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	uint64_t whole = bytes, part = 0;
	size_t i = 0;

	if (bytes < KIB) {
		snprintf(buf, VR_UNIT_MAX, "%" PRIu64 " B", bytes);
		return buf;
	}
	while (whole >= KIB) {
		part = whole % KIB;
		whole /= KIB;
		i++;
	}
	part = (part * 10 + KIB / 2) / KIB; /* tenths, rounded */
	if (part == 10) {
		whole++;
		part = 0;
	}
	if (whole == KIB) { /* 1023.97 KiB is 1.0 MiB */
		whole = 1;
		i++;
	}
	snprintf(buf, VR_UNIT_MAX, "%" PRIu64 ".%" PRIu64 " %s", whole, part, unit[i]);
	return buf;
}

const char *vr_format_sbytes(char buf[VR_UNIT_MAX], int64_t bytes)
{
	char positive[VR_UNIT_MAX];

	if (bytes >= 0)
		return vr_format_bytes(buf, (uint64_t)bytes);
	vr_format_bytes(positive, 0 - (uint64_t)bytes);
	snprintf(buf, VR_UNIT_MAX, "-%.*s", VR_UNIT_MAX - 2, positive);
	return buf;
}

const char *vr_format_ns(char buf[VR_UNIT_MAX], uint64_t ns)
{
	uint64_t tenths_us = ns / 100 + (ns % 100 >= 50);
	uint64_t tenths_ms = ns / 100000 + (ns % 100000 >= 50000);
	uint64_t ms = ns / 1000000 + (ns % 1000000 >= 500000);

	if (ns < 1000)
		snprintf(buf, VR_UNIT_MAX, "%" PRIu64 " ns", ns);
	else if (tenths_us < 10000)
		snprintf(buf, VR_UNIT_MAX, "%" PRIu64 ".%" PRIu64 " us", tenths_us / 10,
			 tenths_us % 10);
	else if (tenths_ms < 10000)
		snprintf(buf, VR_UNIT_MAX, "%" PRIu64 ".%" PRIu64 " ms", tenths_ms / 10,
			 tenths_ms % 10);
	else
		snprintf(buf, VR_UNIT_MAX, "%" PRIu64 ".%03" PRIu64 " s", ms / 1000, ms % 1000);
	return buf;
}

const char *vr_format_count(char buf[VR_UNIT_MAX], uint64_t count)
{
	char digits[VR_UNIT_MAX];
	size_t length = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, count);
	char *out = buf;

	for (size_t i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			*out++ = ',';
		*out++ = digits[i];
	}
	*out = '\0';
	return buf;
}

const char *vr_plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

const char *vr_format_seconds(char buf[VR_UNIT_MAX], double seconds)
{
	unsigned long whole = (unsigned long)(seconds < 0 ? 0 : seconds + 0.5);

	if (seconds > 0 && seconds < 9.95 && (double)whole != seconds)
		snprintf(buf, VR_UNIT_MAX, "%.1f s", seconds);
	else if (whole < 120)
		snprintf(buf, VR_UNIT_MAX, "%lu s", whole);
	else if (whole < 7200)
		snprintf(buf, VR_UNIT_MAX, "%lu min %lu s", whole / 60, whole % 60);
	else
		snprintf(buf, VR_UNIT_MAX, "%lu h %lu min", whole / 3600, whole / 60 % 60);
	return buf;
}
