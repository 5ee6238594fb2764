#include "base/held.h"

/* One that is not among them was taken by another thread, or before the hooks were there. */
void vp_lock_given_amid(uint64_t lock)
{
	for (uint32_t n = 1; n <= vp_tls.older_count; n++) {
		if (vp_held_address(vp_held_before(n)->entry) != lock)
			continue;
		/* Those after it, which are newer, come one down. */
		for (; n > 1; n--)
			vp_tls.older[(vp_tls.older_top - n) % VP_HELD] = *vp_held_before(n - 1);
		vp_tls.older_top--;
		vp_tls.older_count--;
		return;
	}
}
