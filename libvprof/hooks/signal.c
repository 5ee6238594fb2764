/* Signal dispositions and masks.  They matter only while the timer engine
 * has a signal of its own, which the host must neither reset (the default
 * action would kill it) nor block. */
#include "base/real.h"
#include "control/guard.h"
#include "control/signals.h"
#include "control/term.h"
#include "hooks/hooks.h"

#define SYSV_FLAGS (int)(SA_RESETHAND | SA_NODEFER)

VP_HOOK int sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	int lifted, ret;

	if (vp_signal_is_ours(sig) && !vp_signal_wanted(act))
		return vp_signal_pretend(old);
	if (vp_term_covers(sig))
		return vp_term_sigaction(sig, act, old);
	lifted = vp_guard_lift(sig);
	ret = vp_real.sigaction(sig, act, old);
	vp_guard_lower(lifted);
	return ret;
}

VP_HOOK void (*signal(int sig, void (*handler)(int)))(int)
{
	struct sigaction act = {.sa_handler = handler};
	void (*before)(int);
	int lifted;

	if (vp_signal_is_ours(sig) && !vp_signal_wanted(&act))
		return SIG_DFL;
	if (vp_term_covers(sig))
		return vp_term_signal(sig, handler, SA_RESTART, vp_real.signal);
	lifted = vp_guard_lift(sig);
	before = vp_real.signal(sig, handler);
	vp_guard_lower(lifted);
	return before;
}

VP_HOOK_ALSO(bsd_signal, signal);
VP_HOOK_ALSO(ssignal, signal);

/* Other names and ways of the same: those of System V. */
VP_HOOK void (*sysv_signal(int sig, void (*handler)(int)))(int)
{
	void (*before)(int);
	int lifted;

	if (vp_term_covers(sig))
		return vp_term_signal(sig, handler, SYSV_FLAGS, vp_real.sysv_signal);
	lifted = vp_guard_lift(sig);
	before = vp_real.sysv_signal(sig, handler);
	vp_guard_lower(lifted);
	return before;
}

VP_HOOK_ALSO(__sysv_signal, sysv_signal);

VP_HOOK void (*sigset(int sig, void (*handler)(int)))(int)
{
	void (*before)(int);

	before = vp_guard_after_sigset(sig, vp_real.sigset(sig, handler));
	return vp_term_covers(sig) ? vp_term_after_sigset(sig, handler, before) : before;
}

VP_HOOK int siginterrupt(int sig, int interrupt)
{
	int ret, lifted;

	lifted = vp_guard_lift(sig);
	ret = vp_real.siginterrupt(sig, interrupt);
	vp_guard_lower(lifted);
	if (ret == 0 && vp_term_covers(sig))
		vp_term_interrupts(sig, interrupt);
	return ret;
}

VP_HOOK int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	sigset_t without;

	if (vp_signal_mask_stays(old))
		return 0;
	return vp_real.sigprocmask(how, vp_signal_unblock(set, &without), old);
}

VP_HOOK int pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
	sigset_t without;

	if (vp_signal_mask_stays(old))
		return 0;
	return vp_real.pthread_sigmask(how, vp_signal_unblock(set, &without), old);
}
