/* The functions of libc that may block: their bodies are made of base/calls.def. */
#include "track/call.h"
#include "base/real.h"
#include "hooks/hooks.h"
#include "hooks/stream.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/socket.h>
#include <unistd.h>

/* How the result of a call, ret_, is read. */
#define OUTCOME(amount, failed)	 ((struct vp_call_outcome){(amount), (failed)})
#define OUTCOME_BYTES		 OUTCOME(ret_ > 0 ? (uint64_t)ret_ : 0, ret_ < 0)
#define OUTCOME_EVENTS		 OUTCOME_BYTES
#define OUTCOME_STATUS		 OUTCOME(0, ret_ < 0)
#define OUTCOME_ERROR		 OUTCOME(0, ret_ != 0)
#define OUTCOME_FOUND		 OUTCOME(0, !ret_)
#define OUTCOME_NONE		 OUTCOME(0, 0)
#define OUTCOME_SENT(bytes)	 OUTCOME(ret_ < 0 ? 0 : (bytes), ret_ < 0)
#define OUTCOME_ITEMS(size)	 OUTCOME(ret_ *(size), 0)
#define OUTCOME_MESSAGES(vector) OUTCOME(bytes_of(vector, ret_), ret_ < 0)

static uint64_t bytes_of(const struct mmsghdr *messages, int n)
{
	uint64_t bytes = 0;

	for (int i = 0; i < n; i++)
		bytes += messages[i].msg_len;
	return bytes;
}

/* Of fcntl's commands. */
#define WAITS_FOR_LOCK(what) ((what) == F_SETLKW || (what) == F_OFD_SETLKW)

#define CALL(name, kind, result, parameters, arguments, object, outcome, when)                     \
	VP_HOOK result vp_hook_##name parameters                                                   \
	{                                                                                          \
		struct vp_regs caller_ = VP_CALLER_REGS();                                         \
		struct vp_call call_;                                                              \
		result ret_;                                                                       \
                                                                                                   \
		if (!vp_control.calls || !(when))                                                  \
			return (vp_real.name)arguments;                                            \
		vp_call_begin(&call_, VP_CALL_##kind, (uint64_t)(object), &caller_);               \
		ret_ = (vp_real.name)arguments;                                                    \
		vp_call_end(&call_, OUTCOME_##outcome);                                            \
		return ret_;                                                                       \
	}

#define REAL(name, result, parameters, arguments, lacking)
#define HOOK_CALL(name, result, parameters, arguments, lacking, traits, target, object, outcome)   \
	CALL(name, name, result, parameters, arguments, object, outcome, 1)
#define HOOK_CALL_IF(name, result, parameters, arguments, lacking, traits, target, object,         \
		     outcome, when)                                                                \
	CALL(name, name, result, parameters, arguments, object, outcome, when)
#define HOOK_CALL_AS(name, kind, result, parameters, arguments, lacking, object, outcome, when)    \
	CALL(name, kind, result, parameters, arguments, object, outcome, when)
#define ALSO_CALL(name, hook)                                                                      \
	VP_HOOK extern __typeof__(vp_hook_##hook) vp_hook_##name __asm__(#name)                    \
	    __attribute__((copy(vp_hook_##hook), alias(#hook)));
#include "base/real.def"
