/* L0  See docs/decisions/refused-calls.md.
 *
 * What is made untried is what libc itself makes for stdio, malloc and threads:
 * openat read close mmap rt_sigprocmask futex set_robust_list clone3 exit_group.
 * How the child died is told by the kernel's list of robust futexes, because wait4()
 * is one of the calls that have to be tried. */
#include "base/trial.h"
#include "base/sys.h"
#include "base/task.h"
#include "base/vdso.h"

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
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#define WAIT_NS	    (2000ull * 1000 * 1000) /* for a child that makes some fifty calls */
#define UNREAPED    2u			    /* children, where wait4() is deadly */
#define CPU_OF_SELF 3			    /* CLOCK_THREAD_CPUTIME_ID */

uint64_t vp_sys_deadly[VP_SYS_NUMBERS / 64];

static uint64_t scratch[512];
static const struct timespec no_time;
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
    {SYS_wait4, 0, {-1, 0, WNOHANG | __WALL}},
    {SYS_prlimit64, 0, {0, RLIMIT_CORE, AT(&no_core), 0}},
    {SYS_prctl, 0, {PR_SET_DUMPABLE, 0}},
    {SYS_getpid, 1, {0}},
    {SYS_gettid, 1, {0}},
    {SYS_rt_sigprocmask, 1, {SIG_SETMASK, 0, AT(scratch), 8}},
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
    {SYS_write, 0, {-1, AT(scratch), 1}},
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

/* One page that the child and we both see. */
struct shared {
	struct robust_list_head head;
	struct robust_list entry;
	uint32_t word; /* of the entry: the child's tid; the kernel marks its death */
	uint32_t next; /* the call under trial */
};

static void mark(int number)
{
	vp_sys_deadly[number / 64] |= 1ull << (number % 64);
}

/* libc makes clone3() as long as the kernel has it, else clone(). */
static long fork_quietly(uint32_t *tid)
{
	struct clone_args args = {.flags = CLONE_UNTRACED};
	long pid;

	if (tid)
		args.flags |= CLONE_CHILD_SETTID;
	args.child_tid = (uint64_t)(uintptr_t)tid;
	pid = vp_sys(SYS_clone3, &args, sizeof(args), 0);
	if (pid >= 0 || pid == -EAGAIN || pid == -ENOMEM)
		return pid;
	return vp_sys6(SYS_clone, (long)args.flags, 0, 0, (long)tid, 0, 0);
}

long vp_trial_fork(void)
{
	return fork_quietly(NULL);
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

static __attribute__((noreturn)) void run_child(struct shared *shared)
{
	vp_sys(SYS_set_robust_list, &shared->head, sizeof(shared->head), 0);
	shared->word |= FUTEX_WAITERS; /* the kernel has put the child's tid there */
	/* Each child anew, before what it may die of. */
	if (shared->next > 1)
		try_one(&calls[1]);
	if (shared->next > 2)
		try_one(&calls[2]);
	while (shared->next < CALLS) {
		try_one(&calls[shared->next]);
		__atomic_add_fetch(&shared->next, 1, __ATOMIC_RELEASE);
	}
	/* Where the kernel took no list, it does not tell. */
	__atomic_or_fetch(&shared->word, FUTEX_OWNER_DIED, __ATOMIC_RELEASE);
	vp_sys6(SYS_futex, (long)&shared->word, FUTEX_WAKE, 1, 0, 0, 0);
	vp_sys_end(0);
}

/* --- the parent ------------------------------------------------------------ */

static uint64_t now_ns(void)
{
	vp_vdso_init();
	return vp_vdso_ns(CLOCK_MONOTONIC); /* without a system call */
}

static int wait_for_death(struct shared *shared)
{
	uint64_t until = now_ns() + WAIT_NS;
	const struct timespec step = {0, 20000000};

	for (;;) {
		uint32_t word = __atomic_load_n(&shared->word, __ATOMIC_ACQUIRE);

		if (word & FUTEX_OWNER_DIED)
			return 1;
		if (now_ns() > until)
			return 0;
		vp_sys6(SYS_futex, (long)&shared->word, FUTEX_WAIT, (long)word, (long)&step, 0, 0);
	}
}

static void reap(long pid)
{
	for (int tries = 0; tries < 100; tries++) {
		if (vp_sys6(SYS_wait4, pid, 0, __WALL, 0, 0, 0) != -EINTR)
			return;
	}
}

static struct shared *map_shared(void)
{
	long map =
	    vp_sys6(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct shared *shared = (struct shared *)map;

	if (map < 0 && map > -4096)
		return NULL;
	shared->head.list.next = &shared->entry;
	shared->entry.next = &shared->head.list;
	shared->head.futex_offset = offsetof(struct shared, word) - offsetof(struct shared, entry);
	return shared;
}

/* One child for every deadly call, and the last one lives through the rest. */
static uint32_t run_children(struct shared *shared)
{
	uint32_t at = 0, unreaped = 0;

	while (at < CALLS) {
		uint64_t all = ~0ull, old = 0;
		long pid;

		/* A handler of the host's must not run there. */
		vp_sys6(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&old, 8, 0, 0);
		shared->next = at;
		shared->word = 0;
		pid = fork_quietly(&shared->word);
		if (pid == 0)
			run_child(shared);
		vp_sys6(SYS_rt_sigprocmask, SIG_SETMASK, (long)&old, 0, 8, 0, 0);
		if (pid < 0 || !wait_for_death(shared))
			return at;
		at = __atomic_load_n(&shared->next, __ATOMIC_ACQUIRE);
		if (at < CALLS)
			mark(calls[at++].number);
		if (vp_sys_may(SYS_wait4))
			reap(pid);
		else if (++unreaped >= UNREAPED)
			return at;
	}
	return at;
}

/* 1 also where it cannot be known. */
static int filter_stands(void)
{
	static const char key[] = "\nSeccomp:\t";
	static char text[4096];
	const char *at = NULL;

	if (vp_sys_read_file("/proc/self/status", text, sizeof(text)) > 0)
		at = strstr(text, key);
	return !at || at[sizeof(key) - 1] != '0';
}

int vp_trial_run(void)
{
	struct shared *shared;
	uint32_t tried = 0;
	int ret = 0;

	if (!filter_stands())
		return 0;
	shared = map_shared();
	if (shared) {
		tried = run_children(shared);
		if (vp_sys_may(SYS_munmap))
			vp_sys(SYS_munmap, shared, 4096, 0);
	}
	for (uint32_t i = 0; i < CALLS; i++) {
		if (i >= tried)
			mark(calls[i].number);
		if (calls[i].needed && !vp_sys_may(calls[i].number))
			ret = -EPERM;
	}
	return ret;
}
