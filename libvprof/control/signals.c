#include "control/signals.h"
#include "base/service.h"
#include "base/state.h"
#include "sample/engines.h"

#include <string.h>

int vp_signal_is_ours(int sig)
{
	return vp_control.cpu_timer && sig == vp_timer_signal();
}

int vp_signal_wanted(const struct sigaction *act)
{
	if (!act || act->sa_handler == SIG_DFL || act->sa_handler == SIG_IGN)
		return 0;
	vp_control.cpu_timer = 0;
	vp_timer_stop();
	return 1;
}

int vp_signal_pretend(struct sigaction *old)
{
	if (old) {
		memset(old, 0, sizeof(*old));
		old->sa_handler = SIG_DFL;
	}
	return 0;
}

int vp_signal_mask_stays(sigset_t *old)
{
	if (!vp_tls.busy || !vp_service_is_here())
		return 0;
	if (old)
		sigfillset(old);
	return 1;
}

const sigset_t *vp_signal_unblock(const sigset_t *set, sigset_t *without)
{
	int sig = vp_control.cpu_timer ? vp_timer_signal() : 0;

	/* Our own libraries mask everything while they are at work, rightly. */
	if (!sig || !set || vp_tls.busy || sigismember(set, sig) != 1)
		return set;
	*without = *set;
	sigdelset(without, sig);
	return without;
}
