/* /tmp/perf-PID.map: what a JIT compiler says about the code it made. */
#ifndef VR_SYM_PERFMAP_H
#define VR_SYM_PERFMAP_H

#include <stddef.h>
#include <stdint.h>

#include "symbols/sym_range.h"

/* Zeroed: no map. */
struct vr_perfmap {
	char *text; /* the file; names end in NULs written into it */
	size_t length;
	struct vr_ranges ranges; /* disjoint; what = offset of the name in text */
};

/* Reads "START SIZE name" lines (hexadecimal); a line that is none is skipped.
 * Where lines overlap the later one wins, because code memory is reused.
 * Returns 0, -ENOENT and other errors of vr_text_read(), or -ENOMEM. */
int vr_perfmap_load(struct vr_perfmap *map, const char *path);

/* The same for text in memory.  Takes over `text`, malloc()ed, of `length`
 * bytes and a NUL, also when it fails. */
int vr_perfmap_parse(struct vr_perfmap *map, char *text, size_t length);

/* Name of the code at `address`, valid until vr_perfmap_free(), or NULL. */
const char *vr_perfmap_find(const struct vr_perfmap *map, uint64_t address);

void vr_perfmap_free(struct vr_perfmap *map);

#endif
