/* What the private jemalloc asks of its surroundings besides memory.
 *
 * Any function of libc may be somebody else's in a process with more than one
 * preload: the clock may stand still, open may be logged, sbrk belongs to the
 * host.  So what jemalloc needs comes from the kernel, and what it does not need
 * (profiles, names, threads bound to CPUs, the program break) is refused. */
#include "base/sys.h"
#include "base/vdso.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

int vpje_clock_gettime(int clock, struct timespec *out);
int vpje_gettimeofday(struct timeval *out, void *zone);
int vpje_open(const char *path, int flags, ...);
int vpje_creat(const char *path, unsigned mode);
int vpje_close(int fd);
long vpje_syscall(long nr, ...);
int vpje_getpid(void);
int vpje_mprotect(void *start, size_t bytes, int protection);
void *vpje_sbrk(intptr_t more);
long vpje_sysconf(int name);
int vpje_sched_getcpu(void);
int vpje_sched_getaffinity(int pid, size_t bytes, void *set);
int vpje_sched_setaffinity(int pid, size_t bytes, const void *set);
int vpje_sched_yield(void);
int vpje_pthread_getname(unsigned long thread, char *name, size_t bytes);
int vpje_pthread_setname(unsigned long thread, const char *name);
char *vpje_strerror_r(int number, char *text, size_t bytes);
int vpje_cond_init(void *cond, const void *attr);
int vpje_cond_signal(void *cond);
int vpje_cond_wait(void *cond, void *mutex);
int vpje_cond_timedwait(void *cond, void *mutex, const struct timespec *until);
int vpje_pthread_join(unsigned long thread, void **result);
int vpje_pthread_sigmask(int how, const void *set, void *old);
void vpje_exit_now(int status);

static long as_libc(long ret)
{
	if (ret >= 0 || ret < -4095)
		return ret;
	errno = (int)-ret;
	return -1;
}

int vpje_clock_gettime(int clock, struct timespec *out)
{
	uint64_t ns = vp_vdso_ns(clock);

	out->tv_sec = (time_t)(ns / 1000000000u);
	out->tv_nsec = (long)(ns % 1000000000u);
	return 0;
}

int vpje_gettimeofday(struct timeval *out, void *zone)
{
	uint64_t us = vp_vdso_ns(CLOCK_REALTIME) / 1000;

	(void)zone;
	out->tv_sec = (time_t)(us / 1000000u);
	out->tv_usec = (long)(us % 1000000u);
	return 0;
}

int vpje_open(const char *path, int flags, ...)
{
	return (int)as_libc(vp_sys_open(path, flags, 0));
}

int vpje_creat(const char *path, unsigned mode)
{
	(void)path, (void)mode;
	return (int)as_libc(-EACCES);
}

int vpje_close(int fd)
{
	return (int)as_libc(vp_sys_close(fd));
}

/* It opens, reads, writes and closes files this way: four arguments at most.  open() is
 * a call that libc makes no more; and what it would tell on stderr is for nobody. */
long vpje_syscall(long nr, ...)
{
	long arg[4];
	va_list list;

	va_start(list, nr);
	for (int i = 0; i < 4; i++)
		arg[i] = va_arg(list, long);
	va_end(list);
	if (nr == SYS_open)
		return as_libc(vp_sys_open((const char *)arg[0], (int)arg[1], 0));
	if (nr == SYS_write)
		return arg[2];
	return as_libc(vp_sys6(nr, arg[0], arg[1], arg[2], arg[3], 0, 0));
}

int vpje_getpid(void)
{
	return vp_sys_pid();
}

int vpje_mprotect(void *start, size_t bytes, int protection)
{
	return (int)as_libc(vp_sys(SYS_mprotect, start, bytes, protection));
}

void *vpje_sbrk(intptr_t more)
{
	(void)more;
	return (void *)as_libc(-ENOMEM); /* NOLINT(performance-no-int-to-ptr) */
}

/* One arena, so one CPU will do: their number only scales it. */
long vpje_sysconf(int name)
{
	return name == _SC_PAGESIZE ? 4096 : name == _SC_NPROCESSORS_ONLN ? 1 : -1;
}

int vpje_sched_getcpu(void)
{
	return 0;
}

int vpje_sched_getaffinity(int pid, size_t bytes, void *set)
{
	(void)pid;
	memset(set, 0, bytes);
	*(unsigned char *)set = 1;
	return 0;
}

int vpje_sched_setaffinity(int pid, size_t bytes, const void *set)
{
	(void)pid, (void)bytes, (void)set;
	return (int)as_libc(-EPERM);
}

int vpje_sched_yield(void)
{
	return (int)as_libc(vp_sys(SYS_sched_yield, 0, 0, 0));
}

int vpje_pthread_getname(unsigned long thread, char *name, size_t bytes)
{
	(void)thread;
	if (bytes)
		*name = '\0';
	return 0;
}

int vpje_pthread_setname(unsigned long thread, const char *name)
{
	(void)thread, (void)name;
	return 0;
}

char *vpje_strerror_r(int number, char *text, size_t bytes)
{
	(void)number;
	if (bytes)
		*text = '\0';
	return text;
}

/* Its background thread is never started: nobody is to be woken, waited for or masked. */
int vpje_cond_init(void *cond, const void *attr)
{
	(void)cond, (void)attr;
	return 0;
}

int vpje_cond_signal(void *cond)
{
	(void)cond;
	return 0;
}

int vpje_cond_wait(void *cond, void *mutex)
{
	(void)cond, (void)mutex;
	return EPERM;
}

int vpje_cond_timedwait(void *cond, void *mutex, const struct timespec *until)
{
	(void)cond, (void)mutex, (void)until;
	return EPERM;
}

int vpje_pthread_join(unsigned long thread, void **result)
{
	(void)thread, (void)result;
	return ESRCH;
}

int vpje_pthread_sigmask(int how, const void *set, void *old)
{
	(void)how, (void)set, (void)old;
	return EPERM;
}

/* Of a heap profile that could not be written, which nobody asks for. */
void vpje_exit_now(int status)
{
	vp_sys(SYS_exit_group, status, 0, 0);
}
