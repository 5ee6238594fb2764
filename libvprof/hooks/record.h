/* A call that may block, made and recorded by a hook. */
#ifndef VP_HOOKS_RECORD_H
#define VP_HOOKS_RECORD_H

#include "base/real.h"
#include "track/quick.h"

#include <sys/ipc.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

/* Makes the call and returns what it does.  Expanded in the function that the program called.
 *   kind	 of base/calls.h, without VP_CALL_
 *   object	 what it is about
 *   limit	 one of those below: how long it may last
 *   outcome	 one of those below: how its result, ret_, is read */
#define VP_RECORD(kind, object, limit, call, outcome)                                              \
	({                                                                                         \
		const struct vp_quick quick_ = {0};                                                \
		const uint32_t word_ = VP_CALL_WORD_##kind;                                        \
		const int over_ = 0;                                                               \
		struct vp_regs caller_ = VP_CALLER_REGS();                                         \
		struct vp_call call_;                                                              \
		__typeof__(call) ret_;                                                             \
                                                                                                   \
		vp_call_begin(&call_, word_, (uint64_t)(object), LIMIT_##limit, &caller_);         \
		ret_ = call;                                                                       \
		LIMIT_KNOWN_##limit;                                                               \
		END_##outcome;                                                                     \
		ret_;                                                                              \
	})

/* The same, with what most calls need in the hook itself: track/quick.h. */
#define VP_RECORD_QUICK(kind, object, limit, call, outcome)                                        \
	({                                                                                         \
		const uint32_t word_ = VP_CALL_WORD_##kind;                                        \
		const uint64_t object_ = (uint64_t)(object);                                       \
		struct vp_regs caller_;                                                            \
		struct vp_call call_;                                                              \
		struct vp_quick quick_ =                                                           \
		    vp_quick_begin(word_, object_, LIMIT_##limit, VP_CALLER_REGS());               \
		__typeof__(call) ret_;                                                             \
		int over_;                                                                         \
                                                                                                   \
		if (!LIKELY(quick_.row)) {                                                         \
			caller_ = VP_CALLER_REGS();                                                \
			vp_call_begin(&call_, word_, object_, LIMIT_##limit, &caller_);            \
		}                                                                                  \
		ret_ = call;                                                                       \
		over_ = vp_quick_is_over(quick_, (long)ret_ > 0);                                  \
		if (!LIKELY(over_)) {                                                              \
			if (quick_.row) {                                                          \
				caller_ = VP_CALLER_REGS();                                        \
				call_.limit_ns = LIMIT_##limit;                                    \
				call_.since_ns = quick_.since_ns;                                  \
				vp_quick_slept(&call_,                                             \
					       vp_quick_is_ours(quick_) ? quick_.row : NULL,       \
					       quick_.lock, word_, object_, &caller_);             \
			}                                                                          \
			LIMIT_KNOWN_##limit;                                                       \
		}                                                                                  \
		END_##outcome;                                                                     \
		ret_;                                                                              \
	})

/* The same of a function that returns nothing. */
#define VP_RECORD_VOID(kind, call)                                                                 \
	do {                                                                                       \
		if (vp_control.calls)                                                              \
			(void)VP_RECORD(kind, 0, NEVER, (call, 0), NONE);                          \
		else                                                                               \
			call;                                                                      \
	} while (0)

/* What a pointer leads to is read when the kernel has done so. */
#define LIMIT_NEVER		    VP_LOOP_NO_LIMIT
#define LIMIT_MS(ms)		    ((ms) < 0 ? VP_LOOP_NO_LIMIT : (uint64_t)(ms)*1000000u)
#define LIMIT_US(us)		    ((uint64_t)(us)*1000u)
#define LIMIT_S(s)		    ((uint64_t)(s)*1000000000u)
#define LIMIT_WAITS(flags)	    ((flags)&MSG_DONTWAIT ? 0 : VP_LOOP_NO_LIMIT)
#define LIMIT_UNLESS(it_looks)	    ((it_looks) ? 0 : VP_LOOP_NO_LIMIT)
#define LIMIT_SPEC(time)	    VP_LOOP_NO_LIMIT
#define LIMIT_KNOWN_NEVER	    (void)0
#define LIMIT_KNOWN_MS(ms)	    (void)0
#define LIMIT_KNOWN_US(us)	    (void)0
#define LIMIT_KNOWN_S(s)	    (void)0
#define LIMIT_KNOWN_WAITS(any)	    (void)0
#define LIMIT_KNOWN_UNLESS(any)	    (void)0
#define LIMIT_FROM_NOW(flags, time) VP_LOOP_NO_LIMIT
#define LIMIT_KNOWN_FROM_NOW(flags, time)                                                          \
	do {                                                                                       \
		if (ret_ == 0 && !((flags)&TIMER_ABSTIME))                                         \
			call_.limit_ns = vp_ns_of(time);                                           \
	} while (0)
#define LIMIT_KNOWN_SPEC(time)                                                                     \
	do {                                                                                       \
		if (ret_ >= 0 && (time))                                                           \
			call_.limit_ns = vp_ns_of(time);                                           \
	} while (0)

static inline uint64_t vp_ns_of(const struct timespec *time)
{
	return (uint64_t)time->tv_sec * 1000000000u + (uint64_t)time->tv_nsec;
}

/* Whether the kernel read the text that it was given is told by how it refused. */
int vp_unread(void);
#define FAILED (ret_ >= 0 ? 0 : vp_unread())
#define END(amount, failed)                                                                        \
	(over_ ? vp_quick_count(quick_, word_, (uint64_t)(amount), (failed))                       \
	       : vp_call_end(&call_, (uint64_t)(amount), (failed)))
#define END_BYTES  END(ret_ > 0 ? ret_ : 0, ret_ < 0)
#define END_EVENTS END_BYTES
#define END_STATUS END(0, FAILED)
#define END_PEER(peer, bytes)                                                                      \
	(over_ ? vp_quick_count(quick_, word_, 0, FAILED)                                          \
	       : vp_call_end_at(&call_, FAILED, peer, bytes))
#define END_ERROR END(0, ret_ != 0)
#define END_FOUND END(0, ret_ ? 0 : vp_unread())
/* Those read the name themselves. */
#define END_HOST	     END(0, !ret_)
#define END_LENGTH	     END(0, ret_ < 0)
#define END_NONE	     END(0, 0)
#define END_SENT(bytes)	     END(ret_ < 0 ? 0 : (bytes), ret_ < 0)
#define END_ITEMS(size)	     END(ret_ *(size), 0)
#define END_MESSAGES(vector) END(vp_bytes_of_messages(vector, ret_), ret_ < 0)

uint64_t vp_bytes_of_messages(const void *vector, int n);

#endif
