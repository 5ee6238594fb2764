/* Opens ring files. */
#ifndef VR_READ_H
#define VR_READ_H

#include "base/err.h"
#include "input/file.h"

/* Reads the file at `path`, which may be live, cut short or damaged.
 *
 * Returns 0 and the file in *out (look at out->damages), or -errno with *out
 * NULL and err->text saying in one line why nothing could be read. */
int vr_file_open(const char *path, struct vr_file **out, struct vr_err *err);

/* The same of header and strings alone: who wrote it, and what became of them, and how much
 * was lost.  Quick, however large the file; it has no rows but strings. */
int vr_file_open_head(const char *path, struct vr_file **out, struct vr_err *err);

#endif
