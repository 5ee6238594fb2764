/* What a call that is under way waits for, in words: the file behind a descriptor, a path, a
 * host, a process.
 *
 * Found out by the helper, off the host's way: the descriptors of the host are not the
 * helper's, but /proc leads to them, and memory of the host is copied by the kernel, since it
 * may be gone.
 * Context: helper thread. */
#ifndef VP_HELPER_TARGET_H
#define VP_HELPER_TARGET_H

#include "vprof_format.h"

/*   tid     of a thread of the host that has that descriptor
 *   object  what the call was given
 * Returns a string id; VPROF_NONE where there is nothing to say. */
uint32_t vp_target_text(int tid, enum vprof_target kind, uint64_t object);

#endif
