/* The ring file: created, mapped piece by piece, cut.  Holds no descriptor of
 * its own; the helper thread keeps one in its private table. */
#ifndef VP_RING_FILE_H
#define VP_RING_FILE_H

#include "vprof_format.h"

#include <stddef.h>

/* A part of the file where it is mapped.  Pieces follow each other in the file,
 * not in memory, and never move. */
struct vp_piece {
	uint8_t *base;
	uint64_t offset, bytes;
};
#define VP_PIECES_MOST 128u

struct vp_file {
	struct vprof_header *header; /* NULL: no file */
	struct vprof_extent *extent;
	uint64_t bytes; /* never more than this */
	uint32_t extent_bytes, extent_count;
	struct vp_piece piece[VP_PIECES_MOST];
	uint32_t pieces;
	int reserved; /* all of it has blocks: this kernel cannot reserve a part */
	char path[4096];
	int unique; /* the path says which process: a record that is there stays */
};
extern struct vp_file vp_file;

/* Creates the file at vp_file.path and maps its beginning.  How it is named and
 * what is never touched: ring/name.h.
 *
 *   bytes  1 MiB or more; less will do where limits or room leave less
 *   fd     [out] open descriptor, to be closed or handed to the helper
 * Returns 0 or -errno (-EEXIST: a foreign file is in the way; -EPERM: one of
 * somebody else; -EFBIG: RLIMIT_FSIZE; -ENOSPC: no room; -ENOMEM: RLIMIT_AS).
 * Context: constructor or fork handler, one thread. */
int vp_file_create(uint64_t bytes, int *fd);

/* Where an extent is mapped; maps more of the file for it.  NULL: refused.
 * Context: the lock of ring/tables.c held. */
uint8_t *vp_file_extent(uint32_t number);

/* Gives blocks to bytes of a mapped extent, so that a store there cannot fail
 * for want of room.  Returns 0 or -errno.  Context: any thread. */
int vp_file_reserve(uint8_t *start, uint64_t bytes);

/* The pieces are in a forked child (1), or not (0, as from the start). */
void vp_file_inherit(int on);

/* Once a tick: is there room to grow?  Context: helper thread. */
void vp_file_look(int fd);

/* Forgets the mapping (a forked child gets one of its own). */
void vp_file_forget(void);

/* Gives back the room beyond the used extents; no extent can be added from
 * then on.  fd as from vp_file_create. */
void vp_file_cut(int fd);
/* Undoes vp_file_cut after a failed exec.  Returns 0 or -errno. */
int vp_file_extend(int fd);

#endif
