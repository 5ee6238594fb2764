/* What a call that may block waited for. */
#ifndef VR_CALL_NAMES_H
#define VR_CALL_NAMES_H

#include "model/profile.h"

/* "/data/journal", "fd 7", "book_mutex (app)", "exchange.example"; "": nothing is known.
 *
 *   kind    enum vprof_target
 *   target  string id, VPROF_NONE
 *   object  descriptor, address or process
 *   at_ns   when it was waited for: what lay at the address then
 *
 * free() it. */
char *vr_target_text(struct vr_profile *profile, uint32_t kind, uint32_t target, uint64_t object,
		     uint64_t at_ns);

#endif
