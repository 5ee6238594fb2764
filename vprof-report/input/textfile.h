/* Text files that options name: baselines, suppressions. */
#ifndef VR_TEXTFILE_H
#define VR_TEXTFILE_H

#include <stddef.h>

#include "base/err.h"

/* All of them together may keep us waiting so long: a pipe into which nobody writes. */
#define VR_TEXTFILE_WAIT_MS 5000

/* Reads the file at `path` to its end: a regular file, a pipe ("<(...)"), /dev/null.
 *
 *   max_bytes  more than that is an error
 *   *text      NUL-terminated, whatever is in it; free() it
 *
 * Returns 0, or -errno with one line in err: no such file, a directory, a socket, a
 * terminal, a pipe that nobody filled in time, too large. */
int vr_textfile_read(const char *path, size_t max_bytes, char **text, size_t *length,
		     struct vr_err *err);

/* Up to `size` bytes from the start of a regular file into `start`; returns how many,
 * 0 for any other kind of file and for one that cannot be read. */
size_t vr_textfile_start(const char *path, void *start, size_t size);

#endif
