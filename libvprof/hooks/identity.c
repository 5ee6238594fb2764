/* The setuid() family.  libc makes the call in every thread it knows; our helper,
 * which it does not know, makes it after them. */
#include "base/real.h"
#include "control/control.h"
#include "hooks/hooks.h"

#include <errno.h>
#include <grp.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

static int follow(int ret, long number, long a, long b, long c)
{
	const long call[6] = {number, a, b, c, 0, 0};

	if (ret == 0)
		vp_credentials_changed(call, VP_OF_ALL);
	return ret;
}

VP_HOOK int setuid(uid_t uid)
{
	return follow(vp_real.setuid(uid), SYS_setuid, uid, 0, 0);
}

VP_HOOK int setgid(gid_t gid)
{
	return follow(vp_real.setgid(gid), SYS_setgid, gid, 0, 0);
}

VP_HOOK int seteuid(uid_t uid)
{
	return follow(vp_real.seteuid(uid), SYS_setresuid, -1, uid, -1);
}

VP_HOOK int setegid(gid_t gid)
{
	return follow(vp_real.setegid(gid), SYS_setresgid, -1, gid, -1);
}

VP_HOOK int setreuid(uid_t real, uid_t effective)
{
	return follow(vp_real.setreuid(real, effective), SYS_setreuid, real, effective, 0);
}

VP_HOOK int setregid(gid_t real, gid_t effective)
{
	return follow(vp_real.setregid(real, effective), SYS_setregid, real, effective, 0);
}

VP_HOOK int setresuid(uid_t real, uid_t effective, uid_t kept)
{
	return follow(vp_real.setresuid(real, effective, kept), SYS_setresuid, real, effective,
		      kept);
}

VP_HOOK int setresgid(gid_t real, gid_t effective, gid_t kept)
{
	return follow(vp_real.setresgid(real, effective, kept), SYS_setresgid, real, effective,
		      kept);
}

VP_HOOK int setgroups(size_t count, const gid_t *groups)
{
	return follow(vp_real.setgroups(count, groups), SYS_setgroups, (long)count, (long)groups,
		      0);
}

/* It ends in setgroups(), inside libc: the helper gets what it came to. */
VP_HOOK int initgroups(const char *user, gid_t group)
{
	int ret = vp_real.initgroups(user, group), saved = errno;

	if (ret == 0)
		vp_groups_changed();
	errno = saved;
	return ret;
}

/* These two return what was, and are the calling thread's only. */
VP_HOOK int setfsuid(uid_t uid)
{
	const long call[6] = {SYS_setfsuid, uid, 0, 0, 0, 0};
	int ret = vp_real.setfsuid(uid);

	vp_credentials_changed(call, VP_OF_CALLER);
	return ret;
}

VP_HOOK int setfsgid(gid_t gid)
{
	const long call[6] = {SYS_setfsgid, gid, 0, 0, 0, 0};
	int ret = vp_real.setfsgid(gid);

	vp_credentials_changed(call, VP_OF_CALLER);
	return ret;
}
