/* The bodies of vprof.h. */
#include "control/api.h"
#include "base/state.h"
#include "control/control.h"
#include "helper/helper.h"
#include "helper/pause.h"
#include "leak/search.h"
#include "ring/file.h"
#include "thread/threads.h"
#include "track/label.h"
#include "track/mark.h"
#include "vprof.h"

#include <errno.h>

/* 1: this process records, and the thread was not in our code already. */
static int enter(struct vp_inside *inside)
{
	return vp_control.alive && !vp_control.quiet && vp_inside_try(inside);
}

static int ask_pause(void *on)
{
	return vp_pause_ask(on != NULL);
}

/* The helper has no CPU to do more. */
static void pause_alone(int on)
{
	vp_set_paused((uint32_t)on);
	vp_control.pauses += (uint32_t)on;
}

static void set_pause(int on)
{
	struct vp_inside inside;
	int err;

	if (!enter(&inside))
		return;
	err = vp_owns_process() ? vp_helper_call(ask_pause, on ? &vp_control : NULL) : 0;
	if (err == -ESRCH && vp_file.header->flags & VPROF_F_NO_HELPER)
		vp_pause_ask_alone(on);
	else if (err == -ESRCH || err == -ETIME)
		pause_alone(on);
	vp_inside_end(inside);
}

void vprof_v1_stop(void)
{
	set_pause(1);
}

void vprof_v1_start(void)
{
	set_pause(0);
}

void vprof_v1_mark(const char *name)
{
	struct vp_thread *thread;
	struct vp_inside inside;

	if (!name || !*name || !enter(&inside))
		return;
	thread = vp_thread_self();
	vp_mark_add(name, thread ? thread->row_id : 0);
	vp_inside_end(inside);
}

void vprof_v1_begin(const char *key, const char *value)
{
	struct vp_thread *thread;
	struct vp_inside inside;

	if (!enter(&inside))
		return;
	thread = vp_thread_self();
	if (thread)
		vp_label_begin(thread, key, value);
	vp_inside_end(inside);
}

void vprof_v1_end(void)
{
	struct vp_thread *thread = vp_tls.self;
	struct vp_inside inside;

	if (!enter(&inside))
		return;
	if (thread > VP_TLS_ENDED)
		vp_label_end(thread);
	vp_inside_end(inside);
}

unsigned long long vprof_v1_label_take(void)
{
	const struct vp_thread *thread = vp_tls.self;
	struct vp_inside inside;
	uint64_t taken;

	if (!enter(&inside))
		return 0;
	taken = thread > VP_TLS_ENDED ? vp_label_take(thread) : 0;
	vp_inside_end(inside);
	return taken;
}

void vprof_v1_label_give(unsigned long long labels)
{
	struct vp_thread *thread;
	struct vp_inside inside;

	if (!enter(&inside))
		return;
	thread = vp_thread_self();
	if (thread)
		vp_label_give(thread, labels);
	vp_inside_end(inside);
}

int vprof_v1_leak_scan(void)
{
	struct vp_inside inside;
	int ret = -EAGAIN;

	if (!enter(&inside))
		return -EAGAIN;
	if (vp_owns_process())
		ret = vp_helper_scan();
	vp_inside_end(inside);
	return ret;
}

int vprof_v1_version(void)
{
	return VPROF_VERSION;
}
