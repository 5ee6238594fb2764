/* What became of the process that wrote a file. */
#ifndef VR_INPUT_STATUS_H
#define VR_INPUT_STATUS_H

#include "input/file.h"

/* Fills file->status and file->same_boot from header, strings and /proc. */
void vr_status_find(struct vr_file *file);

/* "running", "exited", ... */
const char *vr_status_name(enum vr_status status);

#endif
