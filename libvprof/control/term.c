#include "control/term.h"
#include "base/config.h"
#include "base/real.h"
#include "base/state.h"
#include "base/sys.h"
#include "control/control.h"
#include "helper/ending.h"
#include "helper/helper.h"
#include "leak/search.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#define BUSY_TRIES 50u /* of a millisecond each */

static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
#define SIGNALS (sizeof(signals) / sizeof(signals[0]))

static uint32_t wanted;	 /* 1: this process or one it was forked from takes them */
static uint32_t started; /* 1: a signal is ending the process */
static uint32_t tries;	 /* times it came while the library was at work */
/* What the host set along with the default action, which has no use but to be read. */
static struct sigaction shown[SIGNALS];
static sigset_t interrupting; /* signals of which siginterrupt() said so */

static void handler(int sig, siginfo_t *info, void *context);

static int is_ours(const void *function)
{
	void (*ours)(int, siginfo_t *, void *) = handler;

	return memcmp(&function, &ours, sizeof(ours)) == 0;
}

static struct sigaction *shown_of(int sig)
{
	for (size_t i = 0; i < SIGNALS; i++)
		if (signals[i] == sig)
			return &shown[i];
	return NULL;
}

int vp_term_covers(int sig)
{
	return wanted && shown_of(sig);
}

static long kernel_action(int sig, const struct vp_sys_action *act, struct vp_sys_action *old)
{
	return vp_sys6(SYS_rt_sigaction, sig, (long)act, (long)old, sizeof(old->mask), 0, 0);
}

static void make_default(int sig)
{
	struct vp_sys_action act = {0};

	kernel_action(sig, &act, NULL);
}

/* Somebody else's handler that came meanwhile is put back. */
static void take(int sig)
{
	struct vp_sys_action now, late;

	if (vp_sys_action(sig, &now) != 0 || now.handler)
		return;
	/* On an alternate stack if there is one: that of a coroutine may be small. */
	if (vp_sys_handle(sig, handler, SA_ONSTACK | SA_RESTART) != 0)
		return;
	vp_sys_action(sig, &late);
	if (!is_ours(*(void **)&late.handler))
		kernel_action(sig, &late, NULL);
}

static int takes_signals(void)
{
	return wanted && vp_owns_process() && vp_helper_running() &&
	       !__atomic_load_n(&started, __ATOMIC_ACQUIRE) && vp_sys_pid() != 1;
}

static void give_back(int sig)
{
	struct vp_sys_action now;

	if (vp_sys_action(sig, &now) == 0 && is_ours(*(void **)&now.handler))
		make_default(sig);
}

void vp_term_stop(void)
{
	if (!wanted)
		return;
	wanted = 0;
	for (size_t i = 0; i < SIGNALS; i++)
		give_back(signals[i]);
}

void vp_term_start(void)
{
	started = tries = 0;
	if (!(vp_config.leakscan & VPROF_SCAN_WHEN_TERM) || vp_config.heap != VPROF_HEAP_EXACT)
		return;
	wanted = 1;
	for (size_t i = 0; i < SIGNALS; i++) {
		if (takes_signals())
			take(signals[i]);
		else
			give_back(signals[i]);
	}
}

/* --- the signal ---------------------------------------------------------------- */

/* The default action, as it would have come.  Returns only where that is to live. */
static void die(int sig)
{
	uint64_t one = 1ull << (sig - 1);

	make_default(sig);
	vp_sys6(SYS_rt_sigprocmask, SIG_UNBLOCK, (long)&one, 0, sizeof(one), 0, 0);
	vp_sys(SYS_tgkill, vp_sys_pid(), vp_sys_tid(), sig);
}

/* From here on each of the signals ends the process at once, even where this is its
 * only thread; what the thread had blocked stays blocked. */
static void open_way(const ucontext_t *uc)
{
	uint64_t open = 0, blocked;

	memcpy(&blocked, &uc->uc_sigmask, sizeof(blocked));
	for (size_t i = 0; i < SIGNALS; i++) {
		give_back(signals[i]);
		open |= 1ull << (signals[i] - 1);
	}
	open &= ~blocked;
	vp_sys6(SYS_rt_sigprocmask, SIG_UNBLOCK, (long)&open, 0, sizeof(open), 0, 0);
}

static void handler(int sig, siginfo_t *info, void *context)
{
	static struct vp_exit_stack end; /* stacks may be small */

	(void)info;
	if (!vp_owns_process() || !vp_helper_running() || vp_end_begun()) {
		die(sig);
		return;
	}
	/* The library may hold a lock here that the search needs. */
	if (vp_tls.busy && __atomic_add_fetch(&tries, 1, __ATOMIC_RELAXED) < BUSY_TRIES) {
		vp_ending_signal_again(sig);
		return;
	}
	if (__atomic_exchange_n(&started, 1, __ATOMIC_ACQ_REL)) {
		die(sig);
		return;
	}
	open_way(context);
	end.tid = vp_sys_tid();
	vp_exit_stack_at_signal(&end, context);
	vp_ending_by_signal(&end, sig, vp_config.leakscan_wait_ms * 1000000ull);
	die(sig);
	started = 0;
}

void vp_term_let_die(void)
{
	struct timespec nap = {0, 10 * 1000 * 1000};

	if (!__atomic_load_n(&started, __ATOMIC_ACQUIRE) || vp_control.pid != vp_sys_pid())
		return;
	for (uint32_t ms = 0; ms < vp_config.leakscan_wait_ms + 1000; ms += 10)
		vp_sys(SYS_nanosleep, &nap, NULL, 0);
}

/* --- what the host sees --------------------------------------------------------- */
static void show(int sig, struct sigaction *old)
{
	if (is_ours(*(void **)&old->sa_sigaction))
		*old = *shown_of(sig);
}

int vp_term_sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	struct sigaction ours = {.sa_sigaction = handler,
				 .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
	struct sigaction asked = {0}, before;
	int taken = 0, ret;

	if (act) {
		asked = *act;
		taken = asked.sa_handler == SIG_DFL && takes_signals();
		memset(&ours.sa_mask, -1, sizeof(ours.sa_mask));
	}
	ret = vp_real.sigaction(sig, taken ? &ours : act, old ? &before : NULL);
	if (ret != 0)
		return ret;
	if (old) {
		*old = before;
		show(sig, old);
	}
	if (taken)
		*shown_of(sig) = asked;
	return 0;
}

vp_term_handler vp_term_signal(int sig, vp_term_handler new_handler, int flags,
			       vp_term_handler (*real)(int, vp_term_handler))
{
	struct sigaction act = {.sa_handler = SIG_DFL, .sa_flags = flags}, old;
	vp_term_handler before;

	if (new_handler == SIG_DFL && takes_signals()) {
		if (flags & SA_RESTART) {
			sigaddset(&act.sa_mask, sig);
			if (sigismember(&interrupting, sig))
				act.sa_flags = 0;
		}
		return vp_term_sigaction(sig, &act, &old) == 0 ? old.sa_handler : SIG_ERR;
	}
	before = real(sig, new_handler);
	return is_ours(*(void **)&before) ? SIG_DFL : before;
}

void vp_term_interrupts(int sig, int on)
{
	struct sigaction *as = shown_of(sig);

	if (on)
		sigaddset(&interrupting, sig);
	else
		sigdelset(&interrupting, sig);
	as->sa_flags = on ? as->sa_flags & ~SA_RESTART : as->sa_flags | SA_RESTART;
}

void vp_term_settle(int sig, void *old)
{
	struct vp_sys_action *seen = old;

	if (seen && is_ours(*(void **)&seen->handler)) {
		const struct sigaction *as = shown_of(sig);

		memset(seen, 0, sizeof(*seen));
		seen->flags = (unsigned)as->sa_flags;
		memcpy(&seen->mask, &as->sa_mask, sizeof(seen->mask));
	}
	if (takes_signals())
		take(sig);
}

vp_term_handler vp_term_after_sigset(int sig, vp_term_handler asked, vp_term_handler before)
{
	if (asked == SIG_DFL)
		memset(shown_of(sig), 0, sizeof(struct sigaction));
	vp_term_settle(sig, NULL);
	return is_ours(*(void **)&before) ? SIG_DFL : before;
}
