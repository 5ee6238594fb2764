/* What a process may do changes: credentials, namespaces, filters.
 *
 * libc and the kernel take the helper for a thread of the host, or for none, as it
 * suits them: it follows, makes room, or goes. */
#include "base/clock.h"
#include "base/state.h"
#include "base/sys.h"
#include "base/tracker.h"
#include "control/control.h"
#include "control/term.h"
#include "helper/engine.h"
#include "helper/helper.h"
#include "helper/pause.h"
#include "helper/restricted.h"
#include "leak/search.h"
#include "ring/file.h"
#include "sample/engines.h"

#include <errno.h>

static void go_without(const char *why)
{
	__atomic_fetch_or(&vp_file.header->flags, VPROF_F_NO_HELPER, __ATOMIC_RELAXED);
	vp_engine_note(why);
	vp_engine_fall_back();
	vp_pause_without_helper(0);
}

void vp_restrict(void)
{
	struct vp_inside inside;

	if (!vp_owns_process())
		return;
	inside = vp_inside_begin();
	vp_term_stop();
	vp_trackers_finish(1);
	vp_helper_finish(1);
	vp_helper_stop();
	vp_timer_stop();
	vp_restricted();
	vp_inside_end(inside);
}

/* A helper that may do what its host may not do any more has to go.  One that does not
 * answer, because it has no CPU, goes as soon as it has one. */
void vp_credentials_changed(const long call[6], enum vp_whose whose)
{
	struct vp_inside inside;
	int err;

	/* In a handler amid our own code nothing can be asked: the helper will see it. */
	if (!vp_owns_process() || (whose == VP_OF_CALLER && vp_sys_tid() != vp_sys_pid()) ||
	    !vp_inside_try(&inside))
		return;
	err = vp_helper_repeat(call);
	if (err < 0 && err != -ESRCH) {
		vp_helper_stop();
		go_without("the helper ended: it could not give up what the process gave up");
	}
	vp_inside_end(inside);
}

void vp_groups_changed(void)
{
	long count = vp_sys(SYS_getgroups, 0, 0, 0);
	size_t bytes = ((size_t)(count > 0 ? count : 0) + 1) * sizeof(gid_t);
	gid_t *groups = vp_owns_process() ? vp_sys_map(bytes) : NULL;

	if (!groups)
		return;
	count = vp_sys(SYS_getgroups, count, groups, 0);
	if (count >= 0)
		vp_credentials_changed((const long[6]){SYS_setgroups, count, (long)groups},
				       VP_OF_ALL);
	vp_sys_unmap(groups, bytes);
}

/* A thread in a handler may be inside our own code: it is left alone, and the call
 * fails as it does in a program with threads. */
int vp_make_alone(void)
{
	struct vp_inside inside;
	int fd = -1;

	if (!vp_owns_process() || !vp_helper_running() || !vp_inside_try(&inside))
		return VP_NOT_ALONE;
	vp_helper_finish(0);
	fd = vp_helper_file();
	vp_helper_stop();
	vp_inside_end(inside);
	return fd;
}

void vp_alone_no_more(int fd)
{
	struct vp_inside inside;

	if (fd == VP_NOT_ALONE || !vp_inside_try(&inside))
		return;
	if (vp_helper_start(fd) != 0)
		go_without("no helper in another namespace: the system refused a task");
	if (fd >= 0)
		vp_sys_close(fd);
	vp_inside_end(inside);
}
