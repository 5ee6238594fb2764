#include "helper/nap.h"
#include "base/clock.h"
#include "base/sys.h"
#include "helper/stalls.h"
#include "thread/arrivals.h"

static uint64_t until(const struct vp_nap *nap)
{
	uint64_t look = vp_stalls_due();

	return look < nap->due_ns ? look : nap->due_ns;
}

static int is_woken(const struct vp_nap *nap)
{
	return __atomic_load_n(&vp_helper_wakeups, __ATOMIC_ACQUIRE) != nap->wakeups;
}

void vp_nap(const struct vp_nap *nap)
{
	uint64_t now = vp_clock_mono(), due = until(nap);

	if (due <= now)
		return;
	/* Damage to the file is noticed by SIGBUS, of which the host's own are not ours to take. */
	vp_sys_let_bus(0);
	do {
		due = until(nap);
		if (due <= now)
			break;
		vp_sys_futex_wait(&vp_helper_wakeups, nap->wakeups, due - now);
		now = vp_clock_mono();
	} while (now < nap->due_ns && now < nap->soon_ns && !is_woken(nap) &&
		 vp_stalls_glance(now));
	vp_sys_let_bus(1);
	vp_stalls_woke(due, now);
}
