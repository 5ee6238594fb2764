#include "control/guard.h"
#include "base/config.h"
#include "base/lock.h"
#include "base/real.h"
#include "base/service.h"
#include "base/state.h"
#include "base/sys.h"
#include "ring/damage.h"

#include <string.h>
#include <ucontext.h>

static struct vp_lock lock;
static struct sigaction host;		 /* as the kernel would have it without us ... */
static struct vp_sys_action host_kernel; /* ... to the last bit */
static int started;
static uint64_t mask_before; /* of the thread that has the lock */

static void on_bus(int sig, siginfo_t *info, void *context);

static void block_here(ucontext_t *context)
{
	sigaddset(&context->uc_sigmask, SIGBUS);
}

/* Sent again, and let through as soon as we are back. */
static void send_again(siginfo_t *info, int to_thread)
{
	long pid = vp_sys6_unasked(SYS_getpid, 0, 0, 0, 0, 0, 0);
	long tid = vp_sys6_unasked(SYS_gettid, 0, 0, 0, 0, 0, 0);

	if (to_thread)
		vp_sys6_unasked(SYS_rt_tgsigqueueinfo, pid, tid, SIGBUS, (long)info, 0, 0);
	else
		vp_sys6_unasked(SYS_rt_sigqueueinfo, pid, SIGBUS, (long)info, 0, 0, 0);
}

static void to_default(void)
{
	struct vp_sys_action action;

	memset(&action, 0, sizeof(action));
	vp_sys6_unasked(SYS_rt_sigaction, SIGBUS, (long)&action, 0, sizeof(action.mask), 0, 0);
}

/* A fault (si_code above 0) comes again by itself when we return; what was sent has to
 * be sent again. */
static void pass_on(int sig, siginfo_t *info, void *context)
{
	int fault = info->si_code > 0;
	void (*handler)(int, siginfo_t *, void *) = host.sa_sigaction;

	if (!fault && (vp_service_is_here() || (vp_tls.busy && vp_tls.self == VP_TLS_ENDED))) {
		block_here(context);	/* no handler of the host runs on our stacks */
		vp_sys_bus_guarded = 0; /* not here any more */
		send_again(info, vp_service_is_here());
		return;
	}
	if (host.sa_handler == SIG_IGN && !fault)
		return;
	if (host.sa_handler == SIG_IGN || host.sa_handler == SIG_DFL) {
		to_default();
		if (!fault)
			send_again(info, 1);
		return;
	}
	if ((unsigned)host.sa_flags & SA_RESETHAND) {
		host.sa_handler = SIG_DFL;
		host_kernel.handler = NULL;
	}
	handler(sig, info, context);
}

static void on_bus(int sig, siginfo_t *info, void *context)
{
	if (info->si_code > 0 && vp_control.alive && vp_damage_heal((uintptr_t)info->si_addr))
		return;
	pass_on(sig, info, context);
}

/* Our handler with the host's flags and mask, so that a handler of the host that we
 * call finds itself on the stack, and with the signals blocked, that it asked for.
 * Context: lock held. */
static void install(void)
{
	int has_handler = host.sa_handler != SIG_DFL;
	struct sigaction ours = host;

	ours.sa_sigaction = on_bus;
	ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
	if (has_handler)
		ours.sa_flags =
		    SA_SIGINFO | (host.sa_flags & (SA_ONSTACK | SA_RESTART | SA_NODEFER));
	/* What is ignored is inherited by what the host executes. */
	vp_sys_bus_guarded = host.sa_handler != SIG_IGN;
	if (vp_sys_bus_guarded)
		vp_real.sigaction(SIGBUS, &ours, NULL);
}

/* libc adds flags of its own to what it installs, and shows what the kernel has. */
static int read_host(void)
{
	return vp_real.sigaction(SIGBUS, NULL, &host) == 0 &&
	       vp_sys_action(SIGBUS, &host_kernel) == 0;
}

void vp_guard_start(void)
{
	if (!vp_config.guard || !vp_sys_may(SYS_rt_sigaction) || !read_host())
		return;
	started = 1;
	install();
}

int vp_guard_lift(int sig)
{
	struct sigaction now;

	uint64_t all = ~0ull, before = 0;

	if (sig != SIGBUS || !started)
		return 0;
	/* Or a handler of the host would wait for the lock that it interrupted. */
	vp_sys6(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&before, sizeof(all), 0, 0);
	vp_lock_take(&lock);
	mask_before = before;
	/* What a bare system call installed is the host's, and stays. */
	if (vp_real.sigaction(SIGBUS, NULL, &now) == 0 && now.sa_sigaction == on_bus)
		vp_sys6(SYS_rt_sigaction, SIGBUS, (long)&host_kernel, 0, sizeof(host_kernel.mask),
			0, 0);
	return 1;
}

void vp_guard_lower(int lifted)
{
	uint64_t before;

	if (!lifted)
		return;
	if (read_host())
		install();
	before = mask_before;
	vp_lock_drop(&lock);
	vp_sys6(SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0, sizeof(before), 0, 0);
}

void (*vp_guard_after_sigset(int sig, void (*before)(int)))(int)
{
	struct sigaction now, was = host;

	if (sig != SIGBUS || !started || vp_real.sigaction(SIGBUS, NULL, &now) != 0)
		return before;
	if (now.sa_sigaction != on_bus && read_host())
		install();
	return before == (void (*)(int))(uintptr_t)on_bus ? was.sa_handler : before;
}

void vp_guard_fork_child(void)
{
	lock.word = 0;
	if (started) /* another thread may have lifted it */
		install();
}
