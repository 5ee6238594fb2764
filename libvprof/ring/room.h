/* How much room the file may take: it is shared with the host. */
#ifndef VP_RING_ROOM_H
#define VP_RING_ROOM_H

#include <stdint.h>

/* Lowers *bytes to what the limits of the process allow: RLIMIT_FSIZE, beyond which
 * SIGXFSZ would hit the host, and a quarter of RLIMIT_AS.
 * Returns 0, or -EFBIG or -ENOMEM where that is less than the smallest file. */
int vp_room_limits(uint64_t *bytes);

/* Lowers *bytes to a quarter of what is free where the file lies; on a file system in
 * memory also to an eighth of what the memory cgroup has left.
 * Returns 0 or -ENOSPC. */
int vp_room_of_file(int fd, uint64_t *bytes);

/* Is there still room for the file to grow?  Called every tick.
 * Context: helper thread. */
int vp_room_left(int fd);

#endif
