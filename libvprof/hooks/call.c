/* The functions of libc that may block: their bodies are made of base/real.def. */
#include "track/call.h"
#include "base/real.h"
#include "hooks/hooks.h"

/* How the result of a call is read. */
#define OUTCOME_BYTES(ret)  ((struct vp_call_outcome){(ret) > 0 ? (uint64_t)(ret) : 0, (ret) < 0})
#define OUTCOME_EVENTS(ret) OUTCOME_BYTES(ret)
#define OUTCOME_STATUS(ret) ((struct vp_call_outcome){0, (ret) < 0})

#define REAL(name, result, parameters, arguments, lacking)
#define HOOK_CALL(name, result, parameters, arguments, lacking, traits, target, object, outcome)   \
	VP_HOOK result name parameters                                                             \
	{                                                                                          \
		struct vp_regs caller_ = VP_CALLER_REGS();                                         \
		struct vp_call call_;                                                              \
		result ret_;                                                                       \
                                                                                                   \
		if (!vp_control.calls)                                                             \
			return vp_real.name arguments;                                             \
		vp_call_begin(&call_, VP_CALL_##name, (uint64_t)(object), &caller_);               \
		ret_ = vp_real.name arguments;                                                     \
		vp_call_end(&call_, OUTCOME_##outcome(ret_));                                      \
		return ret_;                                                                       \
	}
#include "base/real.def"
