/* The functions of libc that may block: their bodies are made of base/calls.def. */
#include "base/real.h"
#include "hooks/hooks.h"
#include "hooks/record.h"
#include "hooks/stream.h"
#include "track/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/socket.h>
#include <unistd.h>

uint64_t vp_bytes_of_messages(const void *vector, int n)
{
	const struct mmsghdr *messages = vector;
	uint64_t bytes = 0;

	for (int i = 0; i < n; i++)
		bytes += messages[i].msg_len;
	return bytes;
}

/* An error that tells of what was found at a path, a host, an address: it was read. */
int vp_unread(void)
{
	switch (errno) {
	case ENOENT:
	case ENOTDIR:
	case EISDIR:
	case EEXIST:
	case ENOTEMPTY:
	case ELOOP:
	case EROFS:
	case ENOSPC:
	case ENXIO:
	case EIO:
	case ESTALE:
	case EINTR:
	case ECONNREFUSED:
	case ECONNRESET:
	case ETIMEDOUT:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EINPROGRESS:
		return 1;
	default:
		return VP_CALL_UNREAD;
	}
}

/* Of fcntl's commands. */
#define WAITS_FOR_LOCK(what) ((what) == F_SETLKW || (what) == F_OFD_SETLKW)
/* Each does; and what was known of the descriptor is no more. */
#define CLOSES(fd) (vp_descriptor_closes(fd), 1)

#define CALL(name, kind, result, parameters, arguments, object, outcome, limit, when)              \
	VP_HOOK result vp_hook_##name parameters                                                   \
	{                                                                                          \
		if (!LIKELY(vp_control.calls && (when)))                                           \
			return (vp_real.name)arguments;                                            \
		return (VP_CALL_WORD_##kind >> 24 & VP_CALL_OWNS)                                  \
			   ? VP_RECORD(kind, object, limit, (vp_real.name)arguments, outcome)      \
			   : VP_RECORD_QUICK(kind, object, limit, (vp_real.name)arguments,         \
					     outcome);                                             \
	}

#define REAL(name, result, parameters, arguments, lacking)
#define HOOK_CALL(name, result, parameters, arguments, lacking, traits, target, object, outcome)   \
	CALL(name, name, result, parameters, arguments, object, outcome, NEVER, 1)
#define HOOK_CALL_IF(name, result, parameters, arguments, lacking, traits, target, object,         \
		     outcome, when)                                                                \
	CALL(name, name, result, parameters, arguments, object, outcome, NEVER, when)
#define HOOK_CALL_TIMED(name, result, parameters, arguments, lacking, traits, target, object,      \
			outcome, limit)                                                            \
	CALL(name, name, result, parameters, arguments, object, outcome, limit, 1)
#define HOOK_CALL_TIMED_AS(name, kind, result, parameters, arguments, lacking, object, outcome,    \
			   limit)                                                                  \
	CALL(name, kind, result, parameters, arguments, object, outcome, limit, 1)
#define HOOK_CALL_AS(name, kind, result, parameters, arguments, lacking, object, outcome, when)    \
	CALL(name, kind, result, parameters, arguments, object, outcome, NEVER, when)
#define ALSO_CALL(name, hook)                                                                      \
	VP_HOOK extern __typeof__(vp_hook_##hook) vp_hook_##name __asm__(#name)                    \
	    __attribute__((copy(vp_hook_##hook), alias(#hook)));
#include "base/real.def"
