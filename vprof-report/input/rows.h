/* Rows of one section, copied out of the file into an array. */
#ifndef VR_ROWS_H
#define VR_ROWS_H

#include "input/layout.h"

/* Reads section `kind` into a fresh array of elements of `size` bytes; rows
 * longer than that (a newer library) are cut.  Rows whose bytes are not in
 * the file are zero and reported as damage.
 *
 * Returns 0 with *array (free() it) and *rows, or -ENOMEM, -EIO and the like. */
int vr_rows_read(int fd, struct vr_file *file, const struct vr_layout *layout, unsigned kind,
		 size_t size, void **array, uint32_t *rows);

/* Reads the string rows unchanged into file->strings. */
int vr_rows_strings(int fd, struct vr_file *file, const struct vr_layout *layout);

#endif
