/* A strategy runs on fiber stacks; then the process puts itself in a seccomp box that kills on
 * anything but what it needs itself (memory, write, exit), and goes on.  cc -g -O1 fiberbox.c -o
 * fiberbox */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>
static ucontext_t mainc, fib;
static int allow[] = {
    SYS_write,	     SYS_mmap,	     SYS_munmap, SYS_mremap,	     SYS_brk,	       SYS_madvise,
    SYS_mprotect,    SYS_exit_group, SYS_exit,	 SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_futex,
    SYS_sched_yield, SYS_newfstatat, SYS_fstat,	 SYS_clock_gettime,  SYS_getpid,       SYS_gettid};
static int box(void)
{
	struct sock_filter f[64];
	int k = 0;
	f[k++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					      offsetof(struct seccomp_data, nr));
	for (unsigned i = 0; i < sizeof(allow) / sizeof(*allow); i++) {
		f[k++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, allow[i], 0, 1);
		f[k++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	}
	f[k++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	struct sock_fprog p = {k, f};
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &p);
}
static void *keep[64];
static int n;
__attribute__((noinline)) static void step(void)
{
	keep[n++ % 64] = malloc(100);
	free(keep[(n * 7) % 64]);
	keep[(n * 7) % 64] = 0;
}
static void fiber(void)
{
	for (;;) {
		step();
		swapcontext(&fib, &mainc);
	}
}
int main(int argc, char **argv)
{
	size_t len = 256 << 10;

	(void)argv;
	getcontext(&fib);
	fib.uc_stack.ss_sp =
	    mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fib.uc_stack.ss_size = len;
	makecontext(&fib, fiber, 0);
	for (int i = 0; i < 10; i++)
		swapcontext(&mainc, &fib);
	if (argc > 1 && box())
		return 9;
	for (int i = 0; i < 1000; i++)
		swapcontext(&mainc, &fib);
	printf("ok %d\n", n);
	fflush(stdout);
	return 0;
}
