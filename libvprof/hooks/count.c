/* What compilers call at the begin and the end of a function, where they are asked to. */
#include "track/count.h"
#include "base/real.h"
#include "hooks/entry.h"
#include "hooks/hooks.h"

/* Where nothing is counted, perhaps because we have not started yet.  Returns whether the
 * hook may go on. */
static __attribute__((noinline)) int look_closer(void)
{
	if (!vp_entry_loaded())
		return 0;
	if (!vp_started)
		vp_entry_start();
	return 1;
}

#define TOLD(function_, caller_)                                                                   \
	((struct vp_told){(uint64_t)(uintptr_t)(function_), (uint64_t)(uintptr_t)(caller_),        \
			  (uint64_t)(uintptr_t)__builtin_frame_address(0) + 16,                    \
			  (uint64_t)(uintptr_t)__builtin_return_address(0)})

VP_HOOK void __cyg_profile_func_enter(void *function, void *caller)
{
	if (!vp_count_on() && !look_closer())
		return;
	if (vp_count_on())
		vp_count_begin(&TOLD(function, caller));
	vp_real.__cyg_profile_func_enter(function, caller);
}

VP_HOOK void __cyg_profile_func_exit(void *function, void *caller)
{
	if (!vp_count_on() && !look_closer())
		return;
	if (vp_count_on())
		vp_count_end(&TOLD(function, caller));
	vp_real.__cyg_profile_func_exit(function, caller);
}
