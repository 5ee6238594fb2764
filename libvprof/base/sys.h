/* Raw system calls: return the result or -errno, never touch errno,
 * usable at any time and in signal handlers. */
#ifndef VP_BASE_SYS_H
#define VP_BASE_SYS_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

/* Calls that are never made, because a filter would kill for them (base/trial.h). */
#define VP_SYS_NUMBERS 512
extern uint64_t vp_sys_deadly[VP_SYS_NUMBERS / 64] __attribute__((visibility("hidden")));

static inline int vp_sys_may(long nr)
{
	return !(vp_sys_deadly[(unsigned long)nr % VP_SYS_NUMBERS / 64] >> (nr % 64) & 1);
}

/* From now on all are, in all threads, but those that malloc and ends make. */
void vp_sys_only_plain(void);

/* The result or -errno.  For the end of a process that a filter may end no worse. */
static inline long vp_sys6_unasked(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

/* The result or -errno; -ENOSYS, without the call, where it would kill. */
static inline long vp_sys6(long nr, long a, long b, long c, long d, long e, long f)
{
	if (__builtin_expect(!vp_sys_may(nr), 0))
		return -38; /* ENOSYS */
	return vp_sys6_unasked(nr, a, b, c, d, e, f);
}

#define vp_sys(nr, a, b, c) vp_sys6(nr, (long)(a), (long)(b), (long)(c), 0, 0, 0)

int vp_sys_open(const char *path, int flags, unsigned mode); /* adds O_CLOEXEC */
int vp_sys_close(int fd);
long vp_sys_read(int fd, void *buf, size_t len);
long vp_sys_write(int fd, const void *buf, size_t len);
/* mmap() away from the host's memory, so that a hole the host made, and may unmap or map
 * over once more, stays a hole; where the room is taken, anywhere (base/sys_map.c). */
long vp_sys_mmap(size_t bytes, int protection, int flags, int fd);
/* Anonymous private memory, lazily touched, not charged; NULL when refused. */
void *vp_sys_map(size_t bytes);
void vp_sys_unmap(void *start, size_t bytes);
int vp_sys_pid(void);
int vp_sys_tid(void);
uint64_t vp_sys_cpu_ns(int clockid); /* clock_gettime, 0 on error */
/* Reads at most len - 1 bytes of a small file and terminates it.
 * Returns the length or -errno. */
long vp_sys_read_file(const char *path, char *buf, size_t len);
/* Ends a child of ours. */
void vp_sys_end(int status) __attribute__((noreturn));
/* Copies memory of this process that may not be there; returns how many bytes were. */
size_t vp_sys_peek(void *to, uint64_t from, size_t len);
/* Closes all descriptors of the calling task but one (-1: none), without an effect on
 * the host.  Context: a task or child with a table of its own. */
void vp_sys_close_all_but(int keep);
/* Returns early when woken, interrupted or refused: callers look again. */
void vp_sys_futex_wait(uint32_t *word, uint32_t expected, uint64_t timeout_ns);
void vp_sys_futex_wake(uint32_t *word);

/* Handlers without libc, which would refuse its own signals.  The action as
 * the kernel has it: */
struct vp_sys_action {
	void (*handler)(int sig, siginfo_t *info, void *context);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};
/* All signals but SIGBUS, by which a cut record is noticed (control/guard.c): what we
 * block while we are at work. */
#define VP_SYS_SIGNALS (~(1ull << (SIGBUS - 1)))

/* Lets SIGBUS in on this thread (1) or not (0), which only the helper asks for: asleep,
 * it must not be where the kernel delivers one that every thread of the host blocks. */
void vp_sys_let_bus(int on);
extern int vp_sys_bus_guarded; /* 0: it is not let in */

/* Installs a handler that blocks these signals; flags besides SA_SIGINFO. */
long vp_sys_handle(int sig, void (*handler)(int sig, siginfo_t *info, void *context),
		   unsigned long flags);
long vp_sys_action(int sig, struct vp_sys_action *out); /* what is installed */

#endif
