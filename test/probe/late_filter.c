/* Two threads that hand a byte to and fro so often that they are sampled in windows only, for
 * which events are opened again and again; amid that a filter is put on all threads that kills
 * the process for what only a profiler asks for.
 *
 * late_filter syscall|raw|other  [strict|fork]
 *   syscall  by libc's syscall()
 *   raw      by the bare instruction, as a runtime without libc does
 *   other    the same, by the other thread of the two
 *   strict   kills for all that the program itself does not make from then on
 *   fork     a child goes on, too, from right after the filter */
#include "probe.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define ROUNDS_BEFORE 60000
#define SECONDS_AFTER 1

static int there[2], back[2], strict;
static const char *how;
static int asked, done; /* of the other thread */

static long bare(long number, long a, long b, long c)
{
	register long d __asm__("r10") = 0;
	register long e __asm__("r8") = 0;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(d), "r"(e)
			 : "rcx", "r11", "memory");
	return ret;
}

#define ON(name, then)                                                                             \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), BPF_STMT(BPF_RET | BPF_K, then)
#define LOAD BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))

static void put(struct sock_fprog *program)
{
	long flags = SECCOMP_FILTER_FLAG_TSYNC, ret;

	if (how[0] == 's')
		ret = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, program);
	else
		ret = bare(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, (long)program);
	if (ret)
		DIE("seccomp");
}

static void filter(void)
{
	struct sock_filter some[] = {
	    LOAD,
	    ON(perf_event_open, SECCOMP_RET_KILL_PROCESS),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_filter most[] = {
	    LOAD,
	    ON(read, SECCOMP_RET_ALLOW),
	    ON(write, SECCOMP_RET_ALLOW),
	    ON(pread64, SECCOMP_RET_ALLOW),
	    ON(close, SECCOMP_RET_ALLOW),
	    ON(mmap, SECCOMP_RET_ALLOW),
	    ON(munmap, SECCOMP_RET_ALLOW),
	    ON(madvise, SECCOMP_RET_ALLOW),
	    ON(mprotect, SECCOMP_RET_ALLOW),
	    ON(futex, SECCOMP_RET_ALLOW),
	    ON(rt_sigprocmask, SECCOMP_RET_ALLOW),
	    ON(clock_gettime, SECCOMP_RET_ALLOW),
	    ON(exit, SECCOMP_RET_ALLOW),
	    ON(exit_group, SECCOMP_RET_ALLOW),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog program = {sizeof(some) / sizeof(*some), some};

	if (strict)
		program = (struct sock_fprog){sizeof(most) / sizeof(*most), most};
	if (how[0] == 's' ? prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
			  : bare(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0))
		DIE("no_new_privs");
	put(&program);
}

static void *answers(void *arg)
{
	char byte;

	while (read(there[0], &byte, 1) == 1 && write(back[1], &byte, 1) == 1) {
		if (!__atomic_load_n(&asked, __ATOMIC_ACQUIRE) || done)
			continue;
		filter();
		__atomic_store_n(&done, 1, __ATOMIC_RELEASE);
	}
	return arg;
}

static void round_trip(void)
{
	char byte = 'x';

	if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
		DIE("pipe");
}

static void have_a_child(void)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		burn_ms(300);
		_exit(3);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		DIE("fork");
	say("child: %d\n", status);
}

int main(int argc, char **argv)
{
	uint64_t until;
	pthread_t other;
	long rounds = 0;

	if (argc < 2 || pipe(there) || pipe(back) || pthread_create(&other, NULL, answers, NULL))
		DIE("arguments, pipe, thread");
	how = argv[1];
	strict = argc > 2 && argv[2][0] == 's';
	until = clock_ns(CLOCK_MONOTONIC) + 1500 * 1000000ull;
	while (rounds++ < ROUNDS_BEFORE || clock_ns(CLOCK_MONOTONIC) < until)
		round_trip();
	if (how[0] == 'o') {
		__atomic_store_n(&asked, 1, __ATOMIC_RELEASE);
		while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE))
			round_trip();
	} else {
		filter();
	}
	if (argc > 2 && argv[2][0] == 'f')
		have_a_child();
	until = clock_ns(CLOCK_MONOTONIC) + SECONDS_AFTER * 1000000000ull;
	while (clock_ns(CLOCK_MONOTONIC) < until)
		round_trip();
	close(there[1]);
	pthread_join(other, NULL);
	say("worked on\n");
	return 12;
}
