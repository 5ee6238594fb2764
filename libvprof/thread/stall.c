#include "thread/stall.h"
#include "base/state.h"
#include "thread/arrivals.h"

void vp_stall_wake(void)
{
	struct vp_inside inside;

	if (!vp_control.alive || vp_control.quiet || !vp_inside_try(&inside))
		return;
	if (__atomic_exchange_n(&vp_control.stall_asleep, 0, __ATOMIC_ACQ_REL))
		vp_helper_wake();
	vp_inside_end(inside);
}
