/* liburing's functions that wait.  Its system calls do not come by libc; those who wait by
 * another way than these are seen by the kernel's records only. */
#include "base/real.h"
#include "hooks/hooks.h"
#include "hooks/record.h"

#include <linux/io_uring.h>

/* Expanded in the hook: the library that the program means may be known to its own caller
 * only, as one that was opened is. */
#define BEHIND(name)                                                                               \
	((__typeof__(vp_real.name))vp_real_late((void *)&vp_real.name, #name,                      \
						__builtin_return_address(0)))
#define WAITS(name, object, when, arguments)                                                       \
	({                                                                                         \
		__typeof__(vp_real.name) behind_ = BEHIND(name);                                   \
                                                                                                   \
		if (!vp_control.calls || !(when))                                                  \
			return behind_ arguments;                                                  \
		VP_RECORD(name, object, NEVER, behind_ arguments, STATUS);                         \
	})

VP_HOOK int io_uring_enter(unsigned fd, unsigned submit, unsigned n, unsigned flags, void *mask)
{
	return WAITS(io_uring_enter, fd, n && flags & IORING_ENTER_GETEVENTS,
		     (fd, submit, n, flags, mask));
}

VP_HOOK int io_uring_enter2(unsigned fd, unsigned submit, unsigned n, unsigned flags, void *mask,
			    size_t size)
{
	__typeof__(vp_real.io_uring_enter2) behind = BEHIND(io_uring_enter2);

	if (!vp_control.calls || !n || !(flags & IORING_ENTER_GETEVENTS))
		return behind(fd, submit, n, flags, mask, size);
	return VP_RECORD(io_uring_enter, fd, NEVER, behind(fd, submit, n, flags, mask, size),
			 STATUS);
}

VP_HOOK int __io_uring_get_cqe(void *ring, void **to, unsigned submit, unsigned n, void *mask)
{
	return WAITS(__io_uring_get_cqe, 0, n, (ring, to, submit, n, mask));
}

VP_HOOK int io_uring_wait_cqes(void *ring, void **to, unsigned n, void *time, void *mask)
{
	return WAITS(io_uring_wait_cqes, 0, n, (ring, to, n, time, mask));
}

VP_HOOK int io_uring_wait_cqe_timeout(void *ring, void **to, void *time)
{
	return WAITS(io_uring_wait_cqe_timeout, 0, 1, (ring, to, time));
}

VP_HOOK int io_uring_submit_and_wait(void *ring, unsigned n)
{
	return WAITS(io_uring_submit_and_wait, 0, n, (ring, n));
}

VP_HOOK int io_uring_submit_and_wait_timeout(void *ring, void **to, unsigned n, void *time,
					     void *mask)
{
	return WAITS(io_uring_submit_and_wait_timeout, 0, n, (ring, to, n, time, mask));
}
