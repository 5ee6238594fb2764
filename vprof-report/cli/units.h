/* Numbers as people read them, the same in every locale. */
#ifndef VR_UNITS_H
#define VR_UNITS_H

#include <stdint.h>

/* All return buf, which holds at least so many bytes. */
#define VR_UNIT_MAX 32

/* "1.5 MiB", "-1.5 MiB", "12.0 ms" or "1.234 s", "1,234,567". */
const char *vr_format_bytes(char buf[VR_UNIT_MAX], uint64_t bytes);
const char *vr_format_sbytes(char buf[VR_UNIT_MAX], int64_t bytes);
const char *vr_format_ns(char buf[VR_UNIT_MAX], uint64_t ns);
const char *vr_format_count(char buf[VR_UNIT_MAX], uint64_t count);
/* What a noun ends in behind such a count: "" behind 1, else "s". */
const char *vr_plural(uint64_t count);
/* "1.5 s", "12 s", "2 min 5 s", "3 h 20 min": of what takes a while, rounded. */
const char *vr_format_seconds(char buf[VR_UNIT_MAX], double seconds);

#endif
