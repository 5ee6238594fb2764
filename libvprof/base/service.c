#include "base/service.h"
#include "base/lock.h"
#include "base/sys.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <time.h>

#define SERVICE_STACK (192u << 10)

static _Alignas(64) unsigned char service_stack[SERVICE_STACK];
static struct vp_lock service_lock;
static uint32_t forking; /* forks under way */

#define WAIT_NS (1000u * 1000)

/* The frame of this function is rbp-based, so the old stack pointer is found
 * again whatever fn does to rsp; CFI stays right because the CFA is rbp. */
static __attribute__((noinline)) void call_on(void (*fn)(void *), void *arg, void *top)
{
	__asm__ volatile("movq %%rsp, %%rbx\n\t"
			 "movq %2, %%rsp\n\t"
			 "callq *%0\n\t"
			 "movq %%rbx, %%rsp"
			 : "+r"(fn), "+D"(arg)
			 : "r"(top)
			 : "rax", "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "memory",
			   "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
			   "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

/* A fork holds the service while libc takes its own locks, and threads come
 * here with locks of the host in their hands, even libc's (a sample's signal).
 * Either would wait for the other for ever, so a thread waits for a fork only
 * so long: little where it can do without. */
#define FORK_WAIT_NS (1000u * 1000 * 1000)
#define FORK_TRY_NS  (5u * 1000 * 1000)

static int take_service(int can_do_without)
{
	uint64_t waited = 0;

	for (;;) {
		for (int spin = 0; spin < 100; spin++) {
			if (vp_lock_try(&service_lock))
				return 1;
			__builtin_ia32_pause();
		}
		if (!__atomic_load_n(&forking, __ATOMIC_ACQUIRE))
			waited = 0;
		else if (waited >= (can_do_without ? FORK_TRY_NS : FORK_WAIT_NS))
			return 0;
		waited += WAIT_NS;
		if (__atomic_exchange_n(&service_lock.word, 2, __ATOMIC_ACQUIRE) == 0)
			return 1;
		vp_sys_futex_wait(&service_lock.word, 2, WAIT_NS);
	}
}

static int serve(void (*fn)(void *), void *arg, int can_do_without)
{
	uint64_t all = VP_SYS_SIGNALS, old = 0;
	int saved = errno, taken;

	vp_sys6(SYS_rt_sigprocmask, SIG_BLOCK, (long)&all, (long)&old, sizeof(all), 0, 0);
	taken = take_service(can_do_without);
	if (taken) {
		call_on(fn, arg, service_stack + SERVICE_STACK);
		vp_lock_drop(&service_lock);
	}
	vp_sys6(SYS_rt_sigprocmask, SIG_SETMASK, (long)&old, 0, sizeof(old), 0, 0);
	errno = saved;
	return taken;
}

int vp_service(void (*fn)(void *), void *arg)
{
	return serve(fn, arg, 0);
}

int vp_service_try(void (*fn)(void *), void *arg)
{
	return serve(fn, arg, 1);
}

int vp_service_is_here(void)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	return here - (uintptr_t)service_stack < SERVICE_STACK;
}

int vp_service_hold(uint64_t wait_ns)
{
	for (uint64_t waited = 0; waited < wait_ns; waited += WAIT_NS / 10) {
		if (vp_lock_try(&service_lock))
			return 1;
		vp_sys(SYS_nanosleep, (&(struct timespec){0, WAIT_NS / 10}), NULL, 0);
	}
	return 0;
}

void vp_service_drop(void)
{
	vp_lock_drop(&service_lock);
}

void vp_service_fork_prepare(void)
{
	__atomic_add_fetch(&forking, 1, __ATOMIC_ACQ_REL);
	vp_lock_take(&service_lock);
}

void vp_service_fork_parent(void)
{
	__atomic_sub_fetch(&forking, 1, __ATOMIC_ACQ_REL);
	vp_lock_drop(&service_lock);
}

void vp_service_fork_child(void)
{
	forking = 0;
	service_lock.word = 0;
}
