/* Raw system calls.  The glibc wrappers would set errno, are
 * cancellation points and may be hooked by the host or by ourselves; these
 * are none of that, so they fit any thread at any moment. */
#include "base/sys.h"
#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>

/* The kernel reserves the last page of the address space for errors. */
int vp_sys_open(const char *path, int flags, unsigned mode)
{
	return (int)vp_sys6(SYS_openat, AT_FDCWD, (long)path, flags | O_CLOEXEC, (long)mode, 0, 0);
}

int vp_sys_close(int fd)
{
	/* Never retried: Linux frees the descriptor even when it says EINTR,
	 * and the number may already be somebody else's. */
	return (int)vp_sys(SYS_close, fd, 0, 0);
}

/* A call is begun again where a signal interrupted it, but not without end: a filter
 * may give any answer for ever. */
#define TRIES 100

long vp_sys_read(int fd, void *buf, size_t len)
{
	long ret = -EINTR;

	for (int i = 0; i < TRIES && ret == -EINTR; i++)
		ret = vp_sys(SYS_read, fd, buf, len);
	return ret;
}

long vp_sys_write(int fd, const void *buf, size_t len)
{
	long ret = -EINTR;

	for (int i = 0; i < TRIES && ret == -EINTR; i++)
		ret = vp_sys(SYS_write, fd, buf, len);
	return ret;
}

int vp_sys_pid(void)
{
	return (int)vp_sys(SYS_getpid, 0, 0, 0);
}

int vp_sys_tid(void)
{
	return (int)vp_sys(SYS_gettid, 0, 0, 0);
}

uint64_t vp_sys_cpu_ns(int clockid)
{
	struct timespec ts = {0, 0};

	if (vp_sys(SYS_clock_gettime, clockid, &ts, 0) != 0)
		return 0;
	return (uint64_t)ts.tv_sec * 1000000000U + (uint64_t)ts.tv_nsec;
}

long vp_sys_read_file(const char *path, char *buf, size_t len)
{
	size_t have = 0;
	long ret = 0;
	int fd;

	if (len == 0)
		return -EINVAL;
	buf[0] = '\0';
	fd = vp_sys_open(path, O_RDONLY, 0);
	if (fd < 0)
		return fd;
	/* seq_file hands out at most a page a call, so one read is not all. */
	while (have < len - 1) {
		ret = vp_sys_read(fd, buf + have, len - 1 - have);
		if (ret <= 0)
			break;
		have += (size_t)ret;
	}
	buf[have] = '\0';
	vp_sys_close(fd);
	if (ret < 0)
		return ret;
	return (long)have;
}

#define REFUSED_NS 50000

void vp_sys_futex_wait(uint32_t *word, uint32_t expected, uint64_t timeout_ns)
{
	struct timespec ts = {
	    .tv_sec = (time_t)(timeout_ns / 1000000000U),
	    .tv_nsec = (long)(timeout_ns % 1000000000U),
	};
	long ret;

	ret = vp_sys6(SYS_futex, (long)word, FUTEX_WAIT_PRIVATE, (long)expected, (long)&ts, 0, 0);
	if (ret == 0 || ret == -ETIMEDOUT || timeout_ns < REFUSED_NS ||
	    __atomic_load_n(word, __ATOMIC_ACQUIRE) != expected)
		return;
	/* Interrupted, or refused: our callers come again, and not in a busy loop. */
	ts = (struct timespec){0, REFUSED_NS};
	vp_sys(SYS_nanosleep, &ts, NULL, 0);
}

void vp_sys_futex_wake(uint32_t *word)
{
	vp_sys(SYS_futex, word, FUTEX_WAKE_PRIVATE, 0x7fffffff);
}

void vp_sys_end(int status)
{
	for (;;) {
		vp_sys(SYS_exit_group, status, 0, 0);
		vp_sys(SYS_exit, status, 0, 0);
	}
}

/* The kernel reads the word to compare it, and would wait for no time. */
static int is_readable(uint64_t address)
{
	const struct timespec none = {0, 0};
	long ret = vp_sys6(SYS_futex, (long)(address & ~3ull), FUTEX_WAIT_PRIVATE, 0x5a16e3c7,
			   (long)&none, 0, 0);

	return ret == -EAGAIN || ret == -ETIMEDOUT;
}

/* Where the kernel's copy is refused, each page is looked at before it is read.  That
 * leaves a moment in which it could go; the kernel's leaves none. */
static size_t copy_pages(void *to, uint64_t from, size_t len)
{
	size_t done = 0;

	while (done < len) {
		size_t piece = 4096 - ((from + done) & 4095);

		if (!is_readable(from + done))
			break;
		piece = piece < len - done ? piece : len - done;
		memcpy((char *)to + done, (const void *)(uintptr_t)(from + done), piece);
		done += piece;
	}
	return done;
}

size_t vp_sys_peek(void *to, uint64_t from, size_t len)
{
	static uint32_t refused;
	size_t page = 4096 - (from & 4095), got = 0;

	while (!__atomic_load_n(&refused, __ATOMIC_RELAXED) && got < len) {
		struct iovec local = {(char *)to + got, got + page > len ? len - got : page};
		struct iovec remote = {(void *)(uintptr_t)(from + got), local.iov_len};
		long ret = vp_sys6(SYS_process_vm_readv, vp_sys_pid(), (long)&local, 1,
				   (long)&remote, 1, 0);

		if (ret > 0)
			got += (size_t)ret;
		else if (ret == -EFAULT || ret == 0)
			return got;
		else if (ret != -ENOSYS && ret != -EPERM)
			break;
		else
			__atomic_store_n(&refused, 1, __ATOMIC_RELAXED);
		page = 4096;
	}
	return got < len ? got + copy_pages((char *)to + got, from + got, len - got) : got;
}

/* The bytes debuggers and unwinders know a signal frame by. */
__asm__(".pushsection .text\n"
	"	.type vp_sys_restore, @function\n"
	"	nop\n"
	"vp_sys_restore:\n"
	"	movq $15, %rax\n"
	"	syscall\n"
	"	.size vp_sys_restore, . - vp_sys_restore\n"
	"	.popsection");
void vp_sys_restore(void) __attribute__((visibility("hidden")));

int vp_sys_bus_guarded;

void vp_sys_let_bus(int on)
{
	uint64_t bus = ~VP_SYS_SIGNALS;

	if (!on || vp_sys_bus_guarded)
		vp_sys6(SYS_rt_sigprocmask, on ? SIG_UNBLOCK : SIG_BLOCK, (long)&bus, 0,
			sizeof(bus), 0, 0);
}

#define VP_SA_RESTORER 0x04000000ul

long vp_sys_handle(int sig, void (*handler)(int sig, siginfo_t *info, void *context),
		   unsigned long flags)
{
	struct vp_sys_action action = {handler, flags | SA_SIGINFO | VP_SA_RESTORER, vp_sys_restore,
				       VP_SYS_SIGNALS};

	return vp_sys6(SYS_rt_sigaction, sig, (long)&action, 0, sizeof(action.mask), 0, 0);
}

long vp_sys_action(int sig, struct vp_sys_action *out)
{
	return vp_sys6(SYS_rt_sigaction, sig, 0, (long)out, sizeof(out->mask), 0, 0);
}
