/* CPU samples from one CPU-time timer and a signal per thread: the engine
 * where perf is refused.
 *
 * The kernel looks at these timers on its tick only (250 a second here), so
 * faster than that cannot be had, and a plain 4 ms interval would keep meeting
 * the same tick.  Hence one-shot timers, each deadline a jittered step after
 * the one before (not after the late arrival, which would halve the rate), and
 * weights that are CPU time really used. */
#include "sample/engines.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>

#include "base/real.h"
#include "base/sys.h"
#include "stack/regs.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

/* Static TLS is scarce in a process that never expected us: 32 bytes. */
struct vp_timer_thread {
	uint64_t last_ns;     /* CPU time at the last sample */
	uint64_t deadline_ns; /* CPU time the timer is set to */
	uint32_t random;      /* xorshift state, never 0 */
	int armed;	      /* 0: a signal that still comes is stale */
	int timer_id;
};
_Static_assert(sizeof(struct vp_timer_thread) <= 32, "static TLS budget");

static __thread struct vp_timer_thread vp_timer_self;

static struct {
	vp_timer_sink *sink; /* NULL: stopped, or not started */
	uint64_t period_ns;
	uint64_t lost;
	int signal; /* stays set after a stop: the handler stays too */
	int pid;    /* timers do not outlive a fork */
} vp_timer;

static uint32_t vp_timer_random(struct vp_timer_thread *t)
{
	uint32_t x = t->random;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	t->random = x;
	return x;
}

/* 0.75 to 1.25 periods. */
static uint64_t vp_timer_step(struct vp_timer_thread *t)
{
	uint64_t half = vp_timer.period_ns / 2;

	return vp_timer.period_ns - half / 2 + (half * vp_timer_random(t) >> 32);
}

static long vp_timer_set(const struct vp_timer_thread *t)
{
	struct itimerspec when;

	memset(&when, 0, sizeof(when)); /* no interval: one shot */
	when.it_value.tv_sec = (time_t)(t->deadline_ns / 1000000000U);
	when.it_value.tv_nsec = (long)(t->deadline_ns % 1000000000U);
	return vp_sys6(SYS_timer_settime, t->timer_id, TIMER_ABSTIME, (long)&when, 0, 0, 0);
}

/* Sets the next deadline after `now`; those already past made no sample. */
static void vp_timer_next(struct vp_timer_thread *t, uint64_t now)
{
	t->deadline_ns += vp_timer_step(t);
	if (t->deadline_ns <= now) {
		uint64_t missed = (now - t->deadline_ns) / vp_timer.period_ns + 1;

		__atomic_fetch_add(&vp_timer.lost, missed, __ATOMIC_RELAXED);
		t->deadline_ns += missed * vp_timer.period_ns;
	}
	vp_timer_set(t);
}

static void vp_timer_handler(int sig, siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;
	struct vp_timer_thread *t = &vp_timer_self;
	vp_timer_sink *sink;
	struct vp_regs regs;
	uint64_t now, weight;
	int saved;

	(void)sig;
	/* kill() and sigqueue() by others, and timers not of ours.  Nothing in
	 * siginfo may be believed before si_code. */
	if (info->si_code != SI_TIMER || info->si_value.sival_ptr != (void *)&vp_timer)
		return;
	sink = __atomic_load_n(&vp_timer.sink, __ATOMIC_ACQUIRE);
	/* Not re-armed after a stop, so at most one late signal per thread. */
	if (!t->armed || !sink)
		return;
	saved = errno;
	now = vp_sys_cpu_ns(CLOCK_THREAD_CPUTIME_ID);
	weight = now - t->last_ns;
	t->last_ns = now;
	regs.pc = (uint64_t)uc->uc_mcontext.gregs[REG_RIP];
	regs.sp = (uint64_t)uc->uc_mcontext.gregs[REG_RSP];
	regs.bp = (uint64_t)uc->uc_mcontext.gregs[REG_RBP];
	sink(&regs, weight);
	vp_timer_next(t, now);
	errno = saved;
}

/* A real-time signal nobody handles, from the top: libraries that take one by
 * number count from SIGRTMIN.  Our own handler, inherited over fork, will do. */
static int vp_timer_pick_signal(void)
{
	if (!vp_sys_may(SYS_rt_sigaction))
		return 0;
	for (int sig = SIGRTMAX - 2; sig >= SIGRTMIN; sig--) {
		struct sigaction sa;

		if (vp_real.sigaction(sig, NULL, &sa) != 0)
			continue;
		if ((sa.sa_flags & SA_SIGINFO) ? sa.sa_sigaction == vp_timer_handler
					       : sa.sa_handler == SIG_DFL)
			return sig;
	}
	return 0;
}

static int vp_timer_install(int sig)
{
	struct sigaction sa;

	memset(&sa, 0, sizeof(sa));
	sa.sa_sigaction = vp_timer_handler;
	/* SA_ONSTACK: the thread may run on a coroutine stack of a few KiB. */
	sa.sa_flags = SA_RESTART | SA_SIGINFO | SA_ONSTACK;
	/* None of the host's handlers on top of ours: one that leaves with
	 * siglongjmp would abandon the sample half way.  Faults stay open. */
	sigfillset(&sa.sa_mask);
	sigdelset(&sa.sa_mask, SIGSEGV);
	sigdelset(&sa.sa_mask, SIGBUS);
	sigdelset(&sa.sa_mask, SIGFPE);
	sigdelset(&sa.sa_mask, SIGILL);
	sigdelset(&sa.sa_mask, SIGTRAP);
	sigdelset(&sa.sa_mask, SIGSYS);
	return vp_real.sigaction(sig, &sa, NULL) == 0 ? 0 : -EINVAL;
}

/* Before a handler is installed that nothing would ever call. */
static int vp_timer_try(void)
{
	struct sigevent ev = {.sigev_notify = SIGEV_NONE};
	const struct itimerspec never = {{0, 0}, {0, 0}};
	int id = -1;
	long ret = vp_sys(SYS_timer_create, CLOCK_THREAD_CPUTIME_ID, &ev, &id);

	if (ret)
		return (int)ret;
	ret = vp_sys6(SYS_timer_settime, id, TIMER_ABSTIME, (long)&never, 0, 0, 0);
	vp_sys(SYS_timer_delete, id, 0, 0);
	return (int)ret;
}

/* Above, the 32-bit jitter would overflow. */
static int is_period(uint64_t ns)
{
	return ns >= 40000U && ns <= 4000000000U;
}

int vp_timer_set_period(uint64_t period_ns)
{
	if (!is_period(period_ns))
		return -EINVAL;
	__atomic_store_n(&vp_timer.period_ns, period_ns, __ATOMIC_RELAXED);
	return 0;
}

int vp_timer_start(uint64_t period_ns, vp_timer_sink *sink)
{
	int saved = errno;
	int sig, ret;

	if (!is_period(period_ns) || !sink)
		return -EINVAL;
	ret = vp_timer_try();
	if (ret)
		return ret;
	sig = vp_timer_pick_signal();
	ret = sig ? vp_timer_install(sig) : -EBUSY;
	errno = saved;
	if (ret)
		return ret;
	/* In a forked child the calling thread's timer is gone, and its number
	 * may already be one of the host's. */
	if (vp_timer.pid != vp_sys_pid()) {
		memset(&vp_timer_self, 0, sizeof(vp_timer_self));
		vp_timer.lost = 0;
	}
	vp_timer.pid = vp_sys_pid();
	vp_timer.signal = sig;
	vp_timer.period_ns = period_ns;
	/* Pairs with the handler. */
	__atomic_store_n(&vp_timer.sink, sink, __ATOMIC_RELEASE);
	return 0;
}

void vp_timer_stop(void)
{
	struct vp_timer_thread *t = &vp_timer_self;

	/* Pairs with the handler. */
	__atomic_store_n(&vp_timer.sink, NULL, __ATOMIC_RELEASE);
	/* The handler stays installed: with the default action a signal still
	 * on its way to some thread would kill the host. */
	if (t->armed)
		vp_timer_thread_end(t->timer_id);
}

/* The signal is ours alone, so letting it through changes nothing the host
 * can see but a bit of its mask; blocked, it would pile up in front of a
 * sigwait() for all signals. */
static void vp_timer_unblock(void)
{
	uint64_t bit = 1ULL << (vp_timer.signal - 1);

	vp_sys6(SYS_rt_sigprocmask, SIG_UNBLOCK, (long)&bit, 0, sizeof(bit), 0, 0);
}

int vp_timer_thread_start(int *timer_id)
{
	struct vp_timer_thread *t = &vp_timer_self;
	struct sigevent ev;
	long ret;

	*timer_id = -1;
	if (!__atomic_load_n(&vp_timer.sink, __ATOMIC_ACQUIRE))
		return -EINVAL;
	if (t->armed)
		return -EALREADY;
	memset(&ev, 0, sizeof(ev));
	ev.sigev_notify = SIGEV_THREAD_ID;
	ev.sigev_signo = vp_timer.signal;
	ev.sigev_value.sival_ptr = &vp_timer;
	ev.sigev_notify_thread_id = vp_sys_tid();
	/* glibc's timer_create allocates, and hands out pointers for ids. */
	ret = vp_sys(SYS_timer_create, CLOCK_THREAD_CPUTIME_ID, &ev, &t->timer_id);
	if (ret)
		return (int)ret;
	t->last_ns = vp_sys_cpu_ns(CLOCK_THREAD_CPUTIME_ID);
	t->random = (uint32_t)((uint64_t)vp_sys_tid() * 2654435761U ^ t->last_ns) | 1U;
	/* Anywhere in the first period, so that threads which live shorter
	 * than one are seen in proportion to their time. */
	t->deadline_ns = t->last_ns + 1 + (vp_timer.period_ns / 2 * vp_timer_random(t) >> 31);
	vp_timer_unblock();
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	t->armed = 1;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	ret = vp_timer_set(t);
	if (ret) {
		vp_timer_thread_end(t->timer_id);
		return (int)ret;
	}
	*timer_id = t->timer_id;
	return 0;
}

void vp_timer_thread_end(int timer_id)
{
	if (timer_id < 0)
		return;
	/* First: a signal already queued outlives the timer. */
	vp_timer_self.armed = 0;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	/* In a forked child that number is nobody's, or the host's. */
	if (vp_timer.pid == vp_sys_pid())
		vp_sys(SYS_timer_delete, timer_id, 0, 0);
}

int vp_timer_signal(void)
{
	return vp_timer.signal;
}

uint64_t vp_timer_lost(void)
{
	return __atomic_load_n(&vp_timer.lost, __ATOMIC_RELAXED);
}
