/* Ties itself down after start and works on.
 * limits as        an address space limit a little above what is used
 * limits fsize     RLIMIT_FSIZE of two pages
 * limits nofile    no new descriptors
 * limits seccomp_errno   a filter on all threads: unknown calls fail with EPERM
 * limits seccomp_kill    a filter on this thread: unknown calls kill
 * limits seccomp_other   such a filter on all threads, put by one of them while others
 *                        allocate by ever new call paths, take locks and end */
#include "probe.h"
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static void limit(int which, rlim_t value)
{
	struct rlimit r = {value, value};

	if (setrlimit(which, &r))
		DIE("setrlimit");
}

static void work(void)
{
	for (int i = 0; i < 20000; i++) {
		void *p = opaque(malloc((size_t)(i % 700) * 100));

		p = opaque(realloc(p, 10));
		free(p);
	}
	burn_ms(100);
}

static void address_space(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");
	int got = 0;

	if (!f || fscanf(f, "%lu", &pages) != 1)
		DIE("statm");
	fclose(f);
	limit(RLIMIT_AS, pages * 4096 + (64 << 20));
	for (int i = 0; i < 100; i++) {
		void *p = opaque(malloc(8 << 20));
		got += p != NULL; /* must end in NULL, not in a crash */
	}
	say("refused in the end: %d\n", got < 100);
}

#define ALLOW(name)                                                                                \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1),                                     \
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

/* What malloc, write, clocks and the end of a process need. */
static void filter(unsigned otherwise, unsigned flags)
{
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    ALLOW(read),
	    ALLOW(write),
	    ALLOW(mmap),
	    ALLOW(munmap),
	    ALLOW(mprotect),
	    ALLOW(mremap),
	    ALLOW(madvise),
	    ALLOW(brk),
	    ALLOW(futex),
	    ALLOW(getrandom),
	    ALLOW(clock_gettime),
	    ALLOW(clock_nanosleep),
	    ALLOW(rt_sigreturn),
	    ALLOW(rt_sigprocmask), /* the end of a thread */
	    ALLOW(exit),
	    ALLOW(exit_group),
	    BPF_STMT(BPF_RET | BPF_K, otherwise),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program))
		DIE("seccomp");
}

/* --- a filter from another thread ---------------------------------------------- */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int filtered, started;
static long turns;

/* Each of 2^depth ways is a stack of its own. */
static __attribute__((noinline)) void left(unsigned way, unsigned depth);
static __attribute__((noinline)) void right(unsigned way, unsigned depth)
{
	void *p = opaque(malloc(depth * 50u + 1));

	if (depth)
		(way & 1 ? left : right)(way >> 1, depth - 1);
	free(p);
}

static void left(unsigned way, unsigned depth)
{
	void *p = opaque(calloc(1, depth * 90u + 1));

	if (depth)
		(way & 1 ? left : right)(way >> 1, depth - 1);
	free(opaque(realloc(p, 500)));
}

static void *wander(void *arg)
{
	unsigned way = (unsigned)(uintptr_t)arg;

	free(opaque(malloc(1))); /* the start of a thread makes calls of its own */
	__atomic_add_fetch(&started, 1, __ATOMIC_RELEASE);
	for (int after = 0; after < 300; after += __atomic_load_n(&filtered, __ATOMIC_ACQUIRE)) {
		right(way += 0x9e3779b9u, 12);
		pthread_mutex_lock(&mutex);
		turns++;
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

static void *restrict_all(void *arg)
{
	while (__atomic_load_n(&started, __ATOMIC_ACQUIRE) < 3)
		usleep(1000);
	filter(SECCOMP_RET_KILL_PROCESS, SECCOMP_FILTER_FLAG_TSYNC);
	__atomic_store_n(&filtered, 1, __ATOMIC_RELEASE);
	return arg;
}

static void from_another_thread(void)
{
	pthread_t thread[4];

	for (uintptr_t i = 0; i < 4; i++) {
		if (i == 3)
			burn_ms(20);
		if (pthread_create(&thread[i], NULL, i == 3 ? restrict_all : wander, (void *)i))
			DIE("thread");
	}
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	say("turns: %d\n", turns >= 900);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "as";

	work();
	if (!strcmp(mode, "as"))
		address_space();
	else if (!strcmp(mode, "fsize"))
		limit(RLIMIT_FSIZE, 8192);
	else if (!strcmp(mode, "nofile"))
		limit(RLIMIT_NOFILE, 3);
	else if (!strcmp(mode, "seccomp_errno"))
		filter(SECCOMP_RET_ERRNO | EPERM, SECCOMP_FILTER_FLAG_TSYNC);
	else if (!strcmp(mode, "seccomp_kill"))
		filter(SECCOMP_RET_KILL_PROCESS, 0);
	else if (!strcmp(mode, "seccomp_other"))
		from_another_thread();
	else
		return 64;
	work();
	say("worked on\n");
	return 12;
}
