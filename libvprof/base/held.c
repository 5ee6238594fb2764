#include "base/held.h"

/* One that is not among them was taken by another thread, or before the hooks were there. */
void vp_lock_given(uint64_t lock)
{
	uint32_t newest = vp_tls.held - 1;
	uint32_t known = vp_tls.held < VP_HELD ? vp_tls.held : VP_HELD;

	if (vp_lock_newest_given(lock))
		return;

	for (uint32_t n = 1; n < known; n++) {
		uint64_t *at = &vp_tls.lock[(newest - n) % VP_HELD];

		if (*at == lock) {
			*at = vp_tls.lock[newest % VP_HELD];
			vp_tls.held = newest;
			return;
		}
	}
}
