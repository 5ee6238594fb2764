/* dlopen, dlmopen, dlsym and dlclose.
 *
 * dlopen looks at its caller to find the run path.  Where we cannot stand in for
 * the caller the hook jumps, and has left its frame by then; what was opened is
 * looked at later.  The frame that stays otherwise is left out of stacks. */
#include "base/real.h"
#include "control/control.h"
#include "control/roads.h"
#include "hooks/hooks.h"

#define VP_STAYS __attribute__((section("vp_trampoline"), noinline))

static VP_STAYS void *open_seen(const char *file, int mode)
{
	int begun = vp_roads_begin();
	void *handle = vp_real.dlopen(file, mode);

	vp_roads_done(begun, handle, mode);
	return handle;
}

static VP_STAYS void *open_apart(long space, const char *file, int mode)
{
	void *handle = vp_real.dlmopen(space, file, mode);

	if (handle)
		vp_roads_other_world(file);
	return handle;
}

VP_HOOK void *dlopen(const char *file, int mode)
{
	if (vp_roads_stands_in(file, __builtin_return_address(0)))
		return open_seen(file, mode);
	vp_roads_jumped(mode);
	return vp_real.dlopen(file, mode);
}

/* What was opened by a jump is looked at before anything in it is found.  The
 * next definition, RTLD_NEXT, is told by the caller: a jump, too. */
VP_HOOK void *dlsym(void *handle, const char *name)
{
	if (__builtin_expect(vp_roads_waiting, 0))
		vp_roads_catch_up(handle);
	return vp_real.dlsym(handle, name);
}

VP_HOOK void *dlmopen(long space, const char *file, int mode)
{
	if (!vp_roads_stands_in(file, __builtin_return_address(0)))
		return vp_real.dlmopen(space, file, mode);
	return space ? open_apart(space, file, mode) : open_seen(file, mode);
}

VP_HOOK int dlclose(void *handle)
{
	int begun = vp_dlclose_begin(), ret = vp_real.dlclose(handle);

	vp_dlclose_done(begun);
	return ret;
}
