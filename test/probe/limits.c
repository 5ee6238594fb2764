/* Ties itself down after start and works on.
 * limits as        an address space limit a little above what is used
 * limits fsize     RLIMIT_FSIZE of two pages
 * limits nofile    no new descriptors
 * limits seccomp_errno   a filter on all threads: unknown calls fail with EPERM
 * limits seccomp_kill    a filter on this thread: unknown calls kill */
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
	    ALLOW(exit),
	    ALLOW(exit_group),
	    BPF_STMT(BPF_RET | BPF_K, otherwise),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program))
		DIE("seccomp");
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
	else
		return 64;
	work();
	say("worked on\n");
	return 12;
}
