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

/* How long a call may last, where its arguments say so: before it, and after it, when what a
 * pointer leads to has been read by the kernel without harm.  0: it does not wait. */
#define MS(ms)		      ((ms) < 0 ? VP_LOOP_NO_LIMIT : (uint64_t)(ms)*1000000u)
#define SPEC(time)	      (outcome_.failed ? VP_LOOP_NO_LIMIT : spec_ns((const struct timespec *)(time)))
#define FLAGS(flags)	      ((flags)&MSG_DONTWAIT ? 0 : VP_LOOP_NO_LIMIT)
#define LIMIT_poll	      _, MS(ms)
#define LIMIT_epoll_wait      _, MS(ms)
#define LIMIT_epoll_pwait     _, MS(ms)
#define LIMIT_ppoll	      _, SPEC(time)
#define LIMIT_pselect	      _, SPEC(time)
#define LIMIT_epoll_pwait2    _, SPEC(time)
#define LIMIT_nanosleep	      _, SPEC(time)
#define LIMIT_thrd_sleep      _, SPEC(time)
#define LIMIT_clock_nanosleep _, (flags)&TIMER_ABSTIME ? VP_LOOP_NO_LIMIT : SPEC(time)
#define LIMIT_usleep	      _, (uint64_t)us * 1000u
#define LIMIT_sleep	      _, (uint64_t)s * 1000000000u
#define LIMIT_recv	      _, FLAGS(flags)
#define LIMIT_recvfrom	      _, FLAGS(flags)
#define LIMIT_recvmsg	      _, FLAGS(flags)
#define LIMIT_recvmmsg	      _, FLAGS(flags)
#define SECOND(...)	      SECOND_(__VA_ARGS__, , )
#define SECOND_(a, b, ...)    b
/* Of a kind that is not among these, which makes one argument of LIMIT_KIND: none. */
#define LIMIT(kind) SECOND(LIMIT_##kind, VP_LOOP_NO_LIMIT)

static uint64_t spec_ns(const struct timespec *time)
{
	return time ? (uint64_t)time->tv_sec * 1000000000u + (uint64_t)time->tv_nsec
		    : VP_LOOP_NO_LIMIT;
}

#define CALL(name, kind, result, parameters, arguments, object, outcome, when)                     \
	VP_HOOK result vp_hook_##name parameters                                                   \
	{                                                                                          \
		struct vp_regs caller_ = VP_CALLER_REGS();                                         \
		struct vp_call call_;                                                              \
		struct vp_call_outcome outcome_ = {0, 1};                                          \
		result ret_;                                                                       \
                                                                                                   \
		if (!vp_control.calls || !(when))                                                  \
			return (vp_real.name)arguments;                                            \
		vp_call_begin_within(&call_, VP_CALL_##kind, (uint64_t)(object), LIMIT(kind),      \
				     &caller_);                                                    \
		ret_ = (vp_real.name)arguments;                                                    \
		outcome_ = OUTCOME_##outcome;                                                      \
		call_.limit_ns = LIMIT(kind);                                                      \
		vp_call_end(&call_, outcome_);                                                     \
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
