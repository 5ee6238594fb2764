/* Descriptors that are closed for another's sake: what was known of them is no more; and
 * what is written of all of them. */
#include "track/descriptor.h"
#include "hooks/hooks.h"
#include "hooks/record.h"

VP_HOOK int dup2(int fd, int to)
{
	if (fd != to)
		vp_descriptor_closes(to);
	return vp_real.dup2(fd, to);
}

VP_HOOK_ALSO(__dup2, dup2);

VP_HOOK int dup3(int fd, int to, int flags)
{
	vp_descriptor_closes(to);
	return vp_real.dup3(fd, to, flags);
}

VP_HOOK int close_range(unsigned first, unsigned last, int flags)
{
	vp_descriptors_close();
	return vp_real.close_range(first, last, flags);
}

VP_HOOK void closefrom(int first)
{
	vp_descriptors_close();
	vp_real.closefrom(first);
}

VP_HOOK void sync(void)
{
	VP_RECORD_VOID(sync, vp_real.sync());
}
