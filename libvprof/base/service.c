/* L0 */
#include "base/service.h"
#include "base/lock.h"
#include "base/sys.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>

#define SERVICE_STACK (192u << 10)

static _Alignas(64) unsigned char service_stack[SERVICE_STACK];
static struct vp_lock service_lock;

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

void vp_service(void (*fn)(void *), void *arg)
{
	uint64_t all = ~0ull, old = 0;
	int saved = errno;

	vp_sys6(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&old, sizeof(all), 0, 0);
	vp_lock_take(&service_lock);
	call_on(fn, arg, service_stack + SERVICE_STACK);
	vp_lock_drop(&service_lock);
	vp_sys6(SYS_rt_sigprocmask, SIG_SETMASK, (long)&old, 0, sizeof(old), 0, 0);
	errno = saved;
}

void vp_service_fork_prepare(void)
{
	vp_lock_take(&service_lock);
}

void vp_service_fork_done(void)
{
	service_lock.word = 0;
}
