#include "base/held.h"

/* Takes entry number `at` out; those after it, which are newer, come one down. */
static void take_out(uint32_t at)
{
	for (uint32_t to = at; to + 1 != vp_tls.held; to++) {
		vp_tls.lock[to % VP_HELD] = vp_tls.lock[(to + 1) % VP_HELD];
		vp_tls.lock_pc[to % VP_HELD] = vp_tls.lock_pc[(to + 1) % VP_HELD];
		vp_tls.lock_sp[to % VP_HELD] = vp_tls.lock_sp[(to + 1) % VP_HELD];
	}
	vp_tls.held--;
}

/* One that is not among them was taken by another thread, or before the hooks were there. */
void vp_lock_given(uint64_t lock)
{
	uint32_t held = vp_tls.held, known = held < VP_HELD ? held : VP_HELD;

	for (uint32_t n = 1; n <= known; n++) {
		if (vp_held_address(vp_tls.lock[(held - n) % VP_HELD]) == lock) {
			take_out(held - n);
			return;
		}
	}
}
