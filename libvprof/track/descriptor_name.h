/* What a descriptor of the host is, in words: a path, "pipe:[4711]", a socket's other end.
 *
 * Found out by the helper, off the host's way: the host's descriptors are not the helper's,
 * but /proc leads to them. */
#ifndef VP_TRACK_DESCRIPTOR_NAME_H
#define VP_TRACK_DESCRIPTOR_NAME_H

#include <stddef.h>
#include <stdint.h>

/*   tid   of a thread of the host that has it
 * Returns the length of the text, 0: not known.  Context: helper thread. */
size_t vp_descriptor_name(int tid, uint64_t fd, char *text, size_t size);

/* The same as /proc says it: "socket:[4711]" of a socket, for which no list is read. */
size_t vp_descriptor_link(int tid, uint64_t fd, char *text, size_t size);

#endif
