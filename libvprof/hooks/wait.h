/* A wait, made and recorded by a hook.  For the hooks of locks and of what else is waited for. */
#ifndef VP_HOOKS_WAIT_H
#define VP_HOOKS_WAIT_H

#include "base/likely.h"
#include "base/state.h"
#include "stack/regs.h"
#include "track/wait.h"

#define SLOW __attribute__((noinline, cold)) static int

/* Makes the call and records how long it took.  Expanded in the function that
 * the program, or a hook by a jump, called. */
#define WAIT_GIVING(lock, kind, mutex, call)                                                       \
	({                                                                                         \
		struct vp_regs caller_ = VP_CALLER_REGS();                                         \
		struct vp_wait wait_;                                                              \
		int ret_;                                                                          \
                                                                                                   \
		vp_wait_begin(&wait_, (uint64_t)(uintptr_t)(lock), VPROF_LOCK_##kind,              \
			      (uint64_t)(uintptr_t)(mutex), &caller_);                             \
		ret_ = call;                                                                       \
		vp_wait_end(&wait_, ret_);                                                         \
		ret_;                                                                              \
	})
#define WAIT(lock, kind, call) WAIT_GIVING(lock, kind, NULL, call)

#endif
