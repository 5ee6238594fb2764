/* L6  dlclose.  dlopen is left alone: it looks at its caller to find the
 * run path, and objects are noticed when code in them is first seen. */
#include "base/real.h"
#include "control/control.h"
#include "hooks/hooks.h"

VP_HOOK int dlclose(void *handle)
{
	int begun = vp_dlclose_begin(), ret = vp_real.dlclose_fn(handle);

	vp_dlclose_done(begun);
	return ret;
}
