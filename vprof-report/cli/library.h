/* Where libvprof.so lies, and whether a program's C library will do for it. */
#ifndef VR_LIBRARY_H
#define VR_LIBRARY_H

#include "cli/binary.h"

/* Path of a program or library of ours: beside the running program, or in `other` relative
 * to it (NULL: nowhere else).  free() it; NULL: not there. */
char *vr_beside(const char *name, const char *other);

/* libvprof.so: beside us, as the build leaves it, in ../lib, as `make install` does, or in
 * one of the directories that loaders look into.  free() it; NULL: nowhere. */
char *vr_library_find(void);

/* LD_PRELOAD is a list, parted at both: no path with one of them can be in it. */
int vr_library_splits(const char *path);

/* The version (GLIBC_2.35, say) that the library asks for and the C library or the loader of
 * a program does not have, with the path of that in *where; free() both.  NULL: all are
 * there, or nobody can tell.
 *
 *   path  the program's */
char *vr_library_missing(const char *library, const struct vr_binary *program, const char *path,
			 char **where);

#endif
