/* Calls that the kernel refuses to a process with more than one thread. */
#include "base/real.h"
#include "control/control.h"
#include "hooks/hooks.h"

#include <sched.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

int vp_wants_to_be_alone(long flags)
{
	return (flags & (CLONE_NEWUSER | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM)) != 0;
}

/* 0: whatever the descriptor is of, which may be a user or a time namespace. */
int vp_joins_alone(long type)
{
	return type == 0 || (type & (CLONE_NEWUSER | CLONE_NEWTIME)) != 0;
}

VP_HOOK int unshare(int flags)
{
	int before = VP_NOT_ALONE, ret;

	if (vp_wants_to_be_alone(flags))
		before = vp_make_alone();
	ret = vp_real.unshare(flags);
	vp_alone_no_more(before);
	return ret;
}

VP_HOOK int setns(int fd, int type)
{
	int before = VP_NOT_ALONE, ret;

	if (vp_joins_alone(type))
		before = vp_make_alone();
	ret = vp_real.setns(fd, type);
	vp_alone_no_more(before);
	return ret;
}
