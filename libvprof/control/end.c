/* L5  The ends of a process: exit, exec, and the unloading of objects. */
#include "base/clock.h"
#include "base/sys.h"
#include "base/thread.h"
#include "control/control.h"
#include "ring/file.h"
#include "sample/ticker.h"
#include "stack/unwind.h"

#include <errno.h>

static int quick_status;
static uint32_t finished;

/* A vfork child runs in our memory but is not us. */
int vp_owns_process(void)
{
	return vp_control.alive && vp_control.pid == vp_sys_pid();
}

void vp_quick_exit_status(int status)
{
	quick_status = status;
}

static void write_end(enum vprof_exit_kind kind, int status, enum vprof_state state)
{
	struct vprof_header *header = vp_file.header;

	header->exit_kind = kind;
	header->exit_status = status;
	header->end_ns = vp_clock_now();
	__atomic_store_n(&header->state, state, __ATOMIC_RELEASE);
}

void vp_finish_process(enum vprof_exit_kind kind, int status)
{
	int saved = errno, entered;

	if (!vp_owns_process() || __atomic_exchange_n(&finished, 1, __ATOMIC_ACQ_REL))
		return;
	entered = vp_busy_enter();
	vp_ticker_finish(1);
	write_end(kind, kind == VPROF_EXIT_QUICK ? quick_status : status, VPROF_STATE_EXITED);
	if (entered)
		vp_busy_leave();
	errno = saved;
}

void vp_exec_begin(void)
{
	int saved = errno, entered;

	if (!vp_owns_process())
		return;
	entered = vp_busy_enter();
	vp_ticker_finish(1);
	write_end(VPROF_EXIT_EXEC, 0, VPROF_STATE_EXECED);
	if (entered)
		vp_busy_leave();
	errno = saved;
}

void vp_exec_failed(void)
{
	int saved = errno, entered;

	if (!vp_owns_process())
		return;
	entered = vp_busy_enter();
	vp_ticker_resume();
	write_end(VPROF_EXIT_NONE, 0, VPROF_STATE_RUNNING);
	vp_file.header->end_ns = 0;
	if (entered)
		vp_busy_leave();
	errno = saved;
}

/* Samples taken in the object are unwound while its tables are still there. */
void vp_dlclose_begin(void)
{
	if (vp_owns_process() && vp_busy_enter()) {
		vp_ticker_drain();
		vp_busy_leave();
	}
}

void vp_dlclose_done(void)
{
	int saved = errno;

	if (vp_owns_process() && vp_busy_enter()) {
		vp_unwind_after_dlclose();
		vp_busy_leave();
	}
	errno = saved;
}

/* See control.h; the child starts its life unfinished. */
void vp_end_fork_child(void);
void vp_end_fork_child(void)
{
	finished = 0;
}
