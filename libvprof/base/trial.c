/* See docs/decisions/refused-calls.md.
 *
 * What is made untried is what libc itself makes at the start of any program, openat
 * read close mmap exit_group, and clone3 as for its threads.  We stand still until the
 * child has ended (CLONE_VFORK), because each call that would wait for it has to be
 * tried before; a page that both see tells how far it came. */
#include "base/trial.h"
#include "base/filters.h"
#include "base/sys.h"
#include "base/task.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <time.h>

#define UNREAPED    2u /* children, where wait4() is deadly */
#define CPU_OF_SELF 3  /* CLOCK_THREAD_CPUTIME_ID */

uint64_t vp_sys_deadly[VP_SYS_NUMBERS / 64];

static uint64_t scratch[512];
static const struct timespec no_time;
static const uint64_t all_signals = ~0ull;
/* No core is dumped of a child that dies.  1 and not 0, which does not hold for
 * dumps into a pipe. */
static const struct rlimit64 no_core = {1, 1};

#define AT(object) ((long)(uintptr_t)(object))

/* Each with arguments as we use it, on nothing: the child shares open files with the
 * host, and what stands in them or locks them is the host's. */
struct call {
	int number;
	int needed; /* nothing can be recorded without it */
	long args[5];
};

static const struct call calls[] = {
    {SYS_write, 0, {-1, AT(scratch), 1}}, /* to say why nothing is recorded */
    {SYS_rt_sigprocmask, 1, {SIG_SETMASK, AT(&all_signals), 0, 8}},
    {SYS_wait4, 0, {-1, 0, WNOHANG | __WALL}},
    {SYS_prlimit64, 0, {0, RLIMIT_CORE, AT(&no_core), 0}},
    {SYS_prctl, 0, {PR_SET_DUMPABLE, 0}},
    {SYS_getpid, 1, {0}},
    {SYS_gettid, 1, {0}},
    {SYS_futex, 1, {AT(scratch), FUTEX_WAKE, 1}},
    {SYS_getrandom, 1, {AT(scratch), 8, GRND_NONBLOCK}}, /* by the first malloc() */
    {SYS_munmap, 1, {0, 0}},
    {SYS_newfstatat, 1, {AT_FDCWD, AT("/"), AT(scratch), 0}},
    {SYS_fstat, 1, {-1, AT(scratch)}},
    {SYS_rt_sigaction, 0, {33, 0, AT(scratch), 8}},
    {SYS_clock_gettime, 0, {CPU_OF_SELF, AT(scratch)}},
    {SYS_sigaltstack, 0, {0, AT(scratch)}},
    {SYS_nanosleep, 0, {AT(&no_time), 0}},
    {SYS_madvise, 0, {0, 0, MADV_DONTFORK}},
    {SYS_mremap, 0, {0, 0, 0, 0}},
    {SYS_mprotect, 0, {0, 0, PROT_READ}},
    {SYS_munlock, 0, {0, 0}},
    {SYS_mlock2, 0, {0, 0, 0}},
    {SYS_mlockall, 0, {0}},
    {SYS_mincore, 0, {0, 0, AT(scratch)}},
    {SYS_brk, 0, {0}},
    {SYS_shmctl, 0, {-1, IPC_STAT, AT(scratch)}},
    {SYS_lseek, 0, {-1, 0, 0}},
    {SYS_pread64, 0, {-1, AT(scratch), 8, 0}},
    {SYS_pwrite64, 0, {-1, AT(scratch), 8, 0}},
    {SYS_getdents64, 0, {-1, AT(scratch), sizeof(scratch)}},
    {SYS_readlink, 0, {AT("/proc/self/exe"), AT(scratch), sizeof(scratch)}},
    {SYS_getcwd, 0, {AT(scratch), sizeof(scratch)}},
    {SYS_unlink, 0, {AT("")}},
    {SYS_chdir, 0, {AT("")}},
    {SYS_fcntl, 0, {-1, F_SETFD, 0}},
    {SYS_fstatfs, 0, {-1, AT(scratch)}},
    {SYS_flock, 0, {-1, LOCK_EX | LOCK_NB}},
    {SYS_fallocate, 0, {-1, 0, 0, 4096}},
    {SYS_ftruncate, 0, {-1, 0}},
    {SYS_ioctl, 0, {-1, (long)PERF_EVENT_IOC_SET_OUTPUT, -1}},
    {SYS_getppid, 0, {0}},
    {SYS_geteuid, 0, {0}},
    {SYS_uname, 0, {AT(scratch)}},
    {SYS_getrusage, 0, {RUSAGE_SELF, AT(scratch)}},
    {SYS_getrusage, 0, {RUSAGE_THREAD, AT(scratch)}},
    {SYS_sched_getaffinity, 0, {0, sizeof(scratch), AT(scratch)}},
    {SYS_sched_setaffinity, 0, {0, 0, AT(scratch)}},
    {SYS_sched_getscheduler, 0, {0}},
    {SYS_sched_setscheduler, 0, {0, -1, AT(scratch)}},
    {SYS_sched_yield, 0, {0}},
    {SYS_getgroups, 0, {0, 0}},
    {SYS_getpriority, 0, {PRIO_PROCESS, 0}},
    {SYS_setpriority, 0, {PRIO_PROCESS, 0, 10}},
    {SYS_kill, 0, {0}},
    {SYS_tgkill, 0, {0}},
    {SYS_rt_tgsigqueueinfo, 0, {0}},
    {SYS_rt_sigqueueinfo, 0, {0}},
    {SYS_timer_create, 0, {CPU_OF_SELF, 0, AT(scratch)}},
    {SYS_timer_settime, 0, {-1, 0, AT(scratch), 0}},
    {SYS_timer_delete, 0, {-1}},
    {SYS_process_vm_readv, 0, {0, 0, 0, 0, 0}},
    {SYS_perf_event_open, 0, {0, 0, -1, -1, 0}},
    {SYS_unshare, 0, {CLONE_FILES}},
    {SYS_close_range, 0, {-1, -1, 0}},
    {SYS_clone, 0, {0}},
};
#define CALLS (sizeof(calls) / sizeof(calls[0]))
enum { WRITE, MASK, WAIT4, NO_CORE, NO_DUMP }; /* the first of them */

static void mark(int number)
{
	vp_sys_deadly[number / 64] |= 1ull << (number % 64);
}

/* libc makes clone3() as long as the kernel has it, else clone(). */
static long fork_quietly(uint64_t flags)
{
	struct clone_args args = {.flags = CLONE_UNTRACED | flags};
	long pid = vp_sys(SYS_clone3, &args, sizeof(args), 0);

	if (pid >= 0 || pid == -EAGAIN || pid == -ENOMEM)
		return pid;
	return vp_sys6(SYS_clone, (long)(uint32_t)args.flags, 0, 0, 0, 0, 0);
}

long vp_trial_fork(void)
{
	return fork_quietly(0);
}

/* --- the child ------------------------------------------------------------- */

/* A filter may look at what is shared: both kinds that we make. */
static void try_clone(void)
{
	long pid = vp_sys6(SYS_clone, CLONE_UNTRACED, 0, 0, 0, 0, 0);

	if (pid == 0)
		vp_sys_end(0);
	if (pid > 0)
		vp_sys6(SYS_wait4, pid, 0, __WALL, 0, 0, 0);
	vp_task_try();
}

static void try_one(const struct call *call)
{
	siginfo_t info = {.si_code = SI_QUEUE};

	switch (call->number) {
	case SYS_kill:
		vp_sys(SYS_kill, vp_sys_pid(), 0, 0);
		break;
	case SYS_tgkill:
		vp_sys(SYS_tgkill, vp_sys_pid(), vp_sys_tid(), 0);
		break;
	case SYS_rt_tgsigqueueinfo:
		vp_sys6(SYS_rt_tgsigqueueinfo, vp_sys_pid(), vp_sys_tid(), 0, (long)&info, 0, 0);
		break;
	case SYS_rt_sigqueueinfo:
		vp_sys6(SYS_rt_sigqueueinfo, vp_sys_pid(), 0, (long)&info, 0, 0, 0);
		break;
	case SYS_clone:
		try_clone();
		break;
	default:
		vp_sys6(call->number, call->args[0], call->args[1], call->args[2], call->args[3],
			call->args[4], 0);
	}
}

/* `next` is the call under trial, in a page that the parent sees, too. */
static __attribute__((noreturn)) void run_child(volatile uint32_t *next)
{
	/* Each child anew, before what it may die of: no handler of the host's runs here,
	 * and no core is dumped. */
	for (uint32_t i = MASK; i <= NO_DUMP && i < *next; i++) {
		if (i != WAIT4 && vp_sys_may(calls[i].number))
			try_one(&calls[i]);
	}
	for (; *next < CALLS; ++*next)
		try_one(&calls[*next]);
	vp_sys_end(0);
}

/* --- the parent ------------------------------------------------------------ */

static void reap(long pid)
{
	for (int tries = 0; tries < 100; tries++) {
		if (vp_sys6(SYS_wait4, pid, 0, __WALL, 0, 0, 0) != -EINTR)
			return;
	}
}

/* One child for every deadly call, and the last one lives through the rest. */
static uint32_t run_children(volatile uint32_t *next)
{
	uint32_t unreaped = 0;
	int needed = 0;

	while (*next < CALLS && unreaped < UNREAPED && !needed) {
		/* Where only clone() may be made, handlers of the host's stay until the
		 * child has made its first call. */
		long pid = fork_quietly(CLONE_VFORK | CLONE_CLEAR_SIGHAND);

		if (pid == 0)
			run_child(next);
		if (pid < 0)
			break;
		if (*next < CALLS) {
			needed = calls[*next].needed;
			mark(calls[(*next)++].number);
		}
		if (*next > WAIT4 && vp_sys_may(SYS_wait4))
			reap(pid);
		else
			unreaped++;
	}
	return *next;
}

/* 1 also where it cannot be known. */
static int filter_stands(void)
{
	static char text[4096];
	int known = vp_sys_read_file("/proc/self/status", text, sizeof(text)) > 0;

	vp_filters_begin(known ? text : NULL);
	return !known || vp_filters_count(text) != 0;
}

int vp_trial_run(void)
{
	uint32_t tried = 0;
	int ret = 0;
	long page;

	if (!filter_stands())
		return 0;
	page = vp_sys_mmap(4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
	if (page > 0 || page < -4096) {
		tried = run_children((uint32_t *)page);
		if (tried == CALLS && vp_sys_may(SYS_munmap))
			vp_sys(SYS_munmap, page, 4096, 0);
	}
	for (uint32_t i = 0; i < CALLS; i++) {
		if (i >= tried)
			mark(calls[i].number);
		if (calls[i].needed && !vp_sys_may(calls[i].number))
			ret = -EPERM;
	}
	return ret;
}

void vp_sys_only_plain(void)
{
	static const int plain[] = {SYS_futex,		SYS_mmap, SYS_munmap,	 SYS_madvise,
				    SYS_rt_sigprocmask, SYS_exit, SYS_exit_group};
	uint64_t may[VP_SYS_NUMBERS / 64] = {0};

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		may[plain[i] / 64] |= 1ull << (plain[i] % 64);
	for (size_t i = 0; i < VP_SYS_NUMBERS / 64; i++)
		__atomic_fetch_or(&vp_sys_deadly[i], ~may[i], __ATOMIC_RELAXED);
}
