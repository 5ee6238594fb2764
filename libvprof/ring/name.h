/* The name of the ring file: which one may be taken. */
#ifndef VP_RING_NAME_H
#define VP_RING_NAME_H

#include <stddef.h>
#include <stdint.h>

/* Opens a fresh file at `path`, or at a name made from it where that of a living
 * process stands there, or one that must stay (see below); `path` becomes what was
 * taken.  Two processes never get one file, in whatever pid namespaces they
 * are.  Replaced are an empty file and a finished record, if they are ours.
 *
 *   unique  the name has the number of the process in it, so what stands there
 *           was made by another that had it: a finished record stays, too
 * Returns a descriptor, locked by flock(LOCK_EX) until the caller lets go and
 * marked as a living process's until nobody has the file mapped or open; or -errno
 * (-EEXIST: not a record; -EPERM: somebody else's; -EBUSY: no name was free). */
int vp_name_open(char *path, size_t size, int unique);

/* Inode of /proc/self/ns/pid; 0: not known. */
uint64_t vp_name_pid_namespace(void);

#endif
