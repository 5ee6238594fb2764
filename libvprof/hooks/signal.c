/* L6  Signal dispositions and masks.  They matter only while the timer engine
 * has a signal of its own, which the host must neither reset (the default
 * action would kill it) nor block. */
#include "base/real.h"
#include "control/signals.h"
#include "hooks/hooks.h"

VP_HOOK int sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	vp_real_resolve();
	if (vp_signal_is_ours(sig) && !vp_signal_wanted(act))
		return vp_signal_pretend(old);
	return vp_real.sigaction_fn(sig, act, old);
}

VP_HOOK void (*signal(int sig, void (*handler)(int)))(int)
{
	struct sigaction act = {.sa_handler = handler};

	vp_real_resolve();
	if (vp_signal_is_ours(sig) && !vp_signal_wanted(&act))
		return SIG_DFL;
	return vp_real.signal_fn(sig, handler);
}

VP_HOOK int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	sigset_t without;

	if (vp_signal_mask_stays(old))
		return 0;
	vp_real_resolve();
	return vp_real.sigprocmask_fn(how, vp_signal_unblock(set, &without), old);
}

VP_HOOK int pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
	sigset_t without;

	if (vp_signal_mask_stays(old))
		return 0;
	vp_real_resolve();
	return vp_real.pthread_sigmask_fn(how, vp_signal_unblock(set, &without), old);
}
