/* The least that whoever times calls can cost: a library that hands each on and looks at the
 * clock, and does nothing else.
 *
 *   LD_PRELOAD=looks_only.so LOOKS=0|1|2 ...
 *
 * LOOKS: at the clock, a call; one that returns at once needs one or none, one that sleeps two. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <x86intrin.h>

static int looks;
static __thread volatile uint64_t began, lasted;

static void before(void)
{
	if (looks > 0)
		began = __rdtsc();
}

static void after(void)
{
	if (looks > 1)
		lasted += __rdtsc() - began;
}

#define HANDS_ON(ret, name, parameters, arguments)                                                 \
	static ret(*real_##name) parameters;                                                       \
	ret name parameters                                                                        \
	{                                                                                          \
		ret result;                                                                        \
                                                                                                   \
		before();                                                                          \
		result = real_##name arguments;                                                    \
		after();                                                                           \
		return result;                                                                     \
	}

HANDS_ON(int, epoll_wait, (int fd, struct epoll_event *events, int most, int limit_ms),
	 (fd, events, most, limit_ms))
HANDS_ON(ssize_t, read, (int fd, void *bytes, size_t count), (fd, bytes, count))
HANDS_ON(ssize_t, write, (int fd, const void *bytes, size_t count), (fd, bytes, count))
HANDS_ON(ssize_t, recv, (int fd, void *bytes, size_t count, int flags), (fd, bytes, count, flags))
HANDS_ON(ssize_t, send, (int fd, const void *bytes, size_t count, int flags),
	 (fd, bytes, count, flags))
/* What nginx calls for a file of a page, besides. */
HANDS_ON(ssize_t, writev, (int fd, const struct iovec *pieces, int count), (fd, pieces, count))
HANDS_ON(ssize_t, pread64, (int fd, void *bytes, size_t count, int64_t at), (fd, bytes, count, at))
int open64(const char *path, int flags, unsigned mode); /* <fcntl.h> has it with ... */
HANDS_ON(int, open64, (const char *path, int flags, unsigned mode), (path, flags, mode))
HANDS_ON(int, close, (int fd), (fd))

__attribute__((constructor)) static void find(void)
{
	const char *text = getenv("LOOKS");

	looks = text ? atoi(text) : 0;
	*(void **)&real_epoll_wait = dlsym(RTLD_NEXT, "epoll_wait");
	*(void **)&real_read = dlsym(RTLD_NEXT, "read");
	*(void **)&real_write = dlsym(RTLD_NEXT, "write");
	*(void **)&real_recv = dlsym(RTLD_NEXT, "recv");
	*(void **)&real_send = dlsym(RTLD_NEXT, "send");
	*(void **)&real_writev = dlsym(RTLD_NEXT, "writev");
	*(void **)&real_pread64 = dlsym(RTLD_NEXT, "pread64");
	*(void **)&real_open64 = dlsym(RTLD_NEXT, "open64");
	*(void **)&real_close = dlsym(RTLD_NEXT, "close");
}
