/* Where the rows of each section lie in a file: header and extent table. */
#ifndef VR_LAYOUT_H
#define VR_LAYOUT_H

#include "base/err.h"
#include "input/file.h"

struct vr_section {
	uint32_t row_bytes; /* 0: no such section, or one that cannot be read */
	uint32_t rows_per_extent;
	uint32_t claimed;		    /* rows the header says were handed out */
	uint32_t rows;			    /* of which lie in extents that are in the file */
	uint32_t extents;		    /* highest index in the file, plus one */
	uint32_t extent[VPROF_EXTENTS_MAX]; /* extent number by index, 0: missing */
};

struct vr_layout {
	struct vprof_header header;
	uint64_t size_bytes;
	struct vr_section section[VPROF_SEC_END]; /* kinds that are known here */
};

/* No file larger than this is read. */
#define VR_INPUT_MAX (16ull << 30)

/* Reads header and extent table.  Damage that costs rows goes to `file`.
 * Returns 0, or -errno with err filled when nothing can be read. */
int vr_layout_read(int fd, struct vr_file *file, struct vr_layout *layout, struct vr_err *err);

/* Offset of a row in the file, of the section's end for a missing extent. */
uint64_t vr_layout_offset(const struct vr_layout *layout, unsigned kind, uint32_t row);

/* "cpu"; "section 40" for a kind of a newer library, below VPROF_SEC_COUNT. */
const char *vr_section_name(unsigned kind);

/* Remembers damage for the report.  `total` 0: no rows are meant. */
void vr_damage_add(struct vr_file *file, const char *section, const char *reason, uint64_t offset,
		   uint64_t kept, uint64_t total);

/* 1 while the process may still be writing: half-written rows are normal. */
int vr_layout_unfinished(const struct vr_layout *layout);

#endif
