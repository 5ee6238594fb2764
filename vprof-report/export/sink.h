/* The file an export goes to, compressed on the way where asked. */
#ifndef VR_SINK_H
#define VR_SINK_H

#include <stdio.h>

enum vr_pack { VR_PACK_NONE, VR_PACK_GZIP, VR_PACK_ZSTD };

struct vr_sink {
	FILE *out;  /* write here */
	FILE *file; /* the file itself; the same as `out` where nothing is packed */
	char *path;
};

/* By the end of the name: .gz, .zst. */
enum vr_pack vr_pack_of(const char *path);

/* Creates or replaces `path`; "-" is standard output.
 * Returns 0 or -errno. */
int vr_sink_open(struct vr_sink *sink, const char *path, enum vr_pack pack);

/* Writes what is left and closes.  A regular file that could not be written
 * wholly is removed.  Returns 0, or -errno of the first failure. */
int vr_sink_close(struct vr_sink *sink);

#endif
