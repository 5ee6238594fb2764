/* What became of the process that wrote a file. */
#ifndef VR_INPUT_STATUS_H
#define VR_INPUT_STATUS_H

#include "input/file.h"

/* Does a process have the record mapped?  Told by a lock, which means the same in every
 * pid namespace; 0 also where the process could set none.  To be asked before the header
 * is read, whose state is then the later word. */
int vr_status_is_mapped(int fd);

/* Fills file->status and file->same_boot from header, strings and /proc.
 *   mapped   what vr_status_is_mapped() said */
void vr_status_find(struct vr_file *file, int mapped);

/* "running", "exited", ... */
const char *vr_status_name(enum vr_status status);

#endif
