/* base/sys, base/vdso, base/proc, base/log, base/filters: what the kernel says, past libc. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/filters.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/schedstat.h"
#include "base/sys.h"
#include "base/vdso.h"
#include "check_main.h"

START_TEST(errors_are_returned_and_errno_stays)
{
	char buf[64];

	errno = 4711;
	ck_assert_int_eq(vp_sys_open("/nonexistent", O_RDONLY, 0), -ENOENT);
	ck_assert_int_eq(vp_sys_close(-1), -EBADF);
	ck_assert_int_eq(vp_sys_read(-1, buf, sizeof(buf)), -EBADF);
	ck_assert_int_eq(vp_sys(SYS_kill, getpid(), 12345, 0), -EINVAL);
	ck_assert_int_eq(vp_sys_read_file("/nonexistent", buf, sizeof(buf)), -ENOENT);
	ck_assert_int_eq(errno, 4711);
	ck_assert_int_eq(vp_sys_pid(), getpid());
	ck_assert_int_eq(vp_sys_tid(), gettid());
}
END_TEST

START_TEST(memory_that_is_not_there_is_peeked_at_without_a_fault)
{
	char *page = vp_sys_map(8192), copy[8192];

	ck_assert_ptr_nonnull(page);
	memset(page, 'a', 8192);
	ck_assert_uint_eq(vp_sys_peek(copy, (uintptr_t)page, 8192), 8192);
	ck_assert_mem_eq(copy, page, 8192);
	munmap(page + 4096, 4096);
	ck_assert_uint_eq(vp_sys_peek(copy, (uintptr_t)page, 8192), 4096);
	ck_assert_uint_eq(vp_sys_peek(copy, 16, 8), 0);
	vp_sys_unmap(page, 4096);
}
END_TEST

START_TEST(a_call_that_would_kill_is_not_made)
{
	ck_assert_int_gt(vp_sys(SYS_getppid, 0, 0, 0), 0);
	vp_sys_deadly[SYS_getppid / 64] |= 1ull << SYS_getppid % 64;
	ck_assert_int_eq(vp_sys(SYS_getppid, 0, 0, 0), -ENOSYS);
	ck_assert_int_gt(vp_sys6_unasked(SYS_getppid, 0, 0, 0, 0, 0, 0), 0);
}
END_TEST

/* Between two looks at libc's clock. */
static void is_between(int clock)
{
	struct timespec before, after;
	uint64_t ns;

	clock_gettime(clock, &before);
	ns = vp_vdso_ns(clock);
	clock_gettime(clock, &after);
	ck_assert_uint_ge(ns, (uint64_t)before.tv_sec * 1000000000u + (uint64_t)before.tv_nsec);
	ck_assert_uint_le(ns, (uint64_t)after.tv_sec * 1000000000u + (uint64_t)after.tv_nsec);
}

START_TEST(filters_are_counted_as_far_as_the_kernel_tells)
{
	ck_assert_int_eq(vp_filters_count("Uid:\t0\nSeccomp:\t0\nSeccomp_filters:\t0\n"), 0);
	ck_assert_int_eq(vp_filters_count("Uid:\t0\nSeccomp:\t2\nSeccomp_filters:\t3\n"), 3);
	ck_assert_int_eq(vp_filters_count("Uid:\t0\nSeccomp:\t2\nSpeculation:\n"), 1);
	ck_assert_int_eq(vp_filters_count("Uid:\t0\nGroups:\t1 2 3"), -1);
}
END_TEST

START_TEST(the_kernel_s_clock_is_libc_s)
{
	is_between(CLOCK_MONOTONIC); /* by a system call */
	vp_vdso_init();
	is_between(CLOCK_MONOTONIC);
	is_between(CLOCK_REALTIME);
	ck_assert_uint_eq(vp_vdso_ns(12345), 0);
}
END_TEST

static int tasks, found_self;

static void each(int tid, void *arg)
{
	ck_assert_ptr_eq(arg, &tasks);
	tasks++;
	found_self += tid == getpid();
}

START_TEST(proc_tells_of_this_process)
{
	struct vp_statm statm;
	struct vp_smaps smaps;
	struct vp_procstat stat;
	char name[16];
	sigset_t set;

	ck_assert_int_eq(vp_proc_open(), 0);
	ck_assert_int_eq(vp_proc_statm(&statm), 0);
	ck_assert_uint_gt(statm.rss, 100000);
	ck_assert_uint_gt(statm.vms, statm.rss);
	ck_assert_int_eq(vp_proc_smaps(&smaps), 0);
	ck_assert_uint_gt(smaps.pss, 0);
	ck_assert_int_eq(vp_proc_stat(&stat), 0);
	ck_assert_uint_eq(stat.threads, 1);
	ck_assert_int_eq(stat.state, 'R');
	ck_assert_int_eq(vp_proc_tasks(each, &tasks), 0);
	ck_assert_int_eq(tasks, 1);
	ck_assert_int_eq(found_self, 1);
	prctl(PR_SET_NAME, "a) (name");
	ck_assert_int_eq(vp_proc_comm(getpid(), name), 0);
	ck_assert_str_eq(name, "a) (name");
	ck_assert_int_lt(vp_proc_comm(1 << 30, name), 0);
	ck_assert_str_eq(name, "");
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	ck_assert_uint_eq(vp_proc_blocked(getpid()) >> (SIGUSR1 - 1) & 1, 1);
	vp_proc_close();
}
END_TEST

static int slept_tid;
static volatile int slept, may_end;

static void *sleep_and_wait(void *arg)
{
	slept_tid = gettid();
	for (int i = 0; i < 3; i++)
		usleep(1000);
	slept = 1;
	while (!may_end)
		usleep(1000);
	return arg;
}

START_TEST(the_scheduler_tells_of_each_thread)
{
	struct vp_switches switches, later;
	struct vp_schedstat stat;
	pthread_t thread;
	int waits = 0;

	for (int i = 0; i < 5; i++)
		usleep(1000);
	vp_schedstat_start(); /* what was before does not count */
	ck_assert_int_eq(vp_schedstat_own(&switches), 0);
	ck_assert_uint_le(switches.voluntary, 1);
	ck_assert_int_eq(vp_schedstat_read(getpid(), &stat), 0);
	ck_assert_uint_ge(stat.slices, 5);
	vp_schedstat_open();
	ck_assert_int_eq(vp_schedstat_read(getpid(), &stat), 0);
	ck_assert_uint_le(stat.slices, 2);
	pthread_create(&thread, NULL, sleep_and_wait, NULL);
	while (!slept)
		usleep(1000);
	ck_assert_int_eq(vp_schedstat_read(slept_tid, &stat), 0);
	ck_assert_uint_gt(stat.cpu_ns, 0);
	ck_assert_uint_ge(stat.slices, 3);
	ck_assert_int_eq(vp_schedstat_switches(slept_tid, &switches), 0);
	ck_assert_uint_ge(switches.voluntary, 3);
	ck_assert_int_eq(vp_schedstat_own(&later), 0);
	ck_assert_int_eq(vp_schedstat_switches(getpid(), &switches), 0);
	ck_assert_uint_ge(switches.voluntary, later.voluntary);
	ck_assert_uint_le(switches.voluntary, later.voluntary + 5);
	/* It sleeps nearly all the time; we run. */
	for (int i = 0; i < 100 && !waits; i++)
		waits = vp_schedstat_waits(slept_tid);
	ck_assert_int_eq(waits, 1);
	ck_assert_int_eq(vp_schedstat_waits(getpid()), 0);
	may_end = 1;
	pthread_join(thread, NULL);
	ck_assert_int_lt(vp_schedstat_read(slept_tid, &stat), 0);
	ck_assert_uint_eq(stat.slices, 0);
	/* Somebody else's process, though /proc tells of it. */
	ck_assert_int_eq(vp_schedstat_read(getppid(), &stat), -ESRCH);
	ck_assert_int_eq(vp_schedstat_switches(getppid(), &switches), -ESRCH);
}
END_TEST

START_TEST(a_line_is_one_write)
{
	char buf[4096];
	struct vp_log log;
	int ends[2], kept = dup(2);
	ssize_t got;

	ck_assert_int_eq(pipe2(ends, O_DIRECT), 0); /* a write is a packet */
	dup2(ends[1], 2);
	vp_log_line("hello");
	vp_log_error("a", "b", -ENOENT);
	vp_log_begin(&log);
	for (int i = 0; i < 5000; i++)
		vp_text_char(&log.text, 'x');
	vp_log_end(&log);
	dup2(kept, 2);
	got = read(ends[0], buf, sizeof(buf));
	ck_assert_int_eq(got, 16);
	ck_assert(memcmp(buf, "libvprof: hello\n", 16) == 0);
	got = read(ends[0], buf, sizeof(buf) - 1);
	ck_assert_int_gt(got, 0);
	buf[got] = '\0';
	ck_assert_ptr_nonnull(strstr(buf, "No such file"));
	got = read(ends[0], buf, sizeof(buf));
	ck_assert_int_gt(got, 500);
	ck_assert_int_le(got, VP_LOG_MAX + 16);
	ck_assert_int_eq(buf[got - 1], '\n'); /* cut, and still a line */
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, errors_are_returned_and_errno_stays);
	tcase_add_test(tests, memory_that_is_not_there_is_peeked_at_without_a_fault);
	tcase_add_test(tests, a_call_that_would_kill_is_not_made);
	tcase_add_test(tests, filters_are_counted_as_far_as_the_kernel_tells);
	tcase_add_test(tests, the_kernel_s_clock_is_libc_s);
	tcase_add_test(tests, proc_tells_of_this_process);
	tcase_add_test(tests, the_scheduler_tells_of_each_thread);
	tcase_add_test(tests, a_line_is_one_write);
}

int main(void)
{
	return check_main("vp_kernel", cases);
}
