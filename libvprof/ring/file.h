/* L1  The ring file: created, reserved, mapped, cut.  Holds no descriptor of
 * its own; the helper thread keeps one in its private table. */
#ifndef VP_FILE_H
#define VP_FILE_H

#include "vprof_format.h"

#include <stddef.h>

struct vp_file {
	uint8_t *base; /* NULL: no file */
	struct vprof_header *header;
	struct vprof_extent *extent;
	uint64_t bytes;
	char path[4096];
};
extern struct vp_file vp_file;

/* Creates the file at vp_file.path, reserves every block of it and maps it.
 * Never touches a file that is not a finished profile of ours: a foreign file
 * is refused, and that of a living process is left alone by appending ".PID".
 *
 *   bytes  1 MiB or more
 *   fd     [out] open descriptor, to be closed or handed to the helper
 * Returns 0 or -errno (-EEXIST: a foreign file is in the way; -EFBIG:
 * RLIMIT_FSIZE; -ENOSPC: disk full; -ENOMEM: RLIMIT_AS).
 * Context: constructor or fork handler, one thread. */
int vp_file_create(uint64_t bytes, int *fd);

/* Forgets the mapping (a forked child gets one of its own). */
void vp_file_forget(void);

/* Gives back the blocks beyond the used extents; no extent can be added from
 * then on.  fd as from vp_file_create. */
void vp_file_cut(int fd);
/* Undoes vp_file_cut after a failed exec.  Returns 0 or -errno. */
int vp_file_extend(int fd);

#endif
