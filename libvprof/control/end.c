/* The ends of a process: exit, exec, and the unloading of objects. */
#include "base/clock.h"
#include "base/config.h"
#include "base/state.h"
#include "base/sys.h"
#include "base/tracker.h"
#include "control/control.h"
#include "control/term.h"
#include "helper/bounds.h"
#include "helper/helper.h"
#include "helper/reading.h"
#include "leak/search.h"
#include "ring/damage.h"
#include "ring/file.h"
#include "stack/unwind.h"

#include <errno.h>

static int quick_status;
static uint32_t finished;

/* A vfork child runs in our memory but is not us. */
int vp_owns_process(void)
{
	if (vp_control.quiet)
		return 0;
	return vp_control.alive && vp_control.pid == vp_sys_pid();
}

int vp_end_begun(void)
{
	return __atomic_load_n(&finished, __ATOMIC_ACQUIRE) != 0;
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
	/* Pairs with a reader of the file. */
	__atomic_store_n(&header->state, state, __ATOMIC_RELEASE);
}

static void finish(struct vp_exit_stack *here)
{
	struct vp_exit_stack below_exit = {0};

	if (!vp_config.leakscan || vp_control.heap != VPROF_HEAP_EXACT) {
		vp_helper_end(NULL);
		return;
	}
	if (here)
		here->tid = vp_sys_tid();
	else
		vp_exit_stack_below_exit(here = &below_exit);
	vp_exit_stack_add_kept(here);
	vp_helper_end(here);
}

void vp_finish_process(enum vprof_exit_kind kind, int status, struct vp_exit_stack *here)
{
	struct vp_inside inside;

	vp_term_let_die();
	if (vp_control.quiet && vp_control.alive) {
		write_end(kind, status, VPROF_STATE_EXITED);
		return;
	}
	if (!vp_owns_process() || __atomic_exchange_n(&finished, 1, __ATOMIC_ACQ_REL))
		return;
	inside = vp_inside_begin();
	vp_bounds_end();
	vp_trackers_finish(1);
	finish(here);
	vp_reading_at_end();
	write_end(kind, kind == VPROF_EXIT_QUICK ? quick_status : status, VPROF_STATE_EXITED);
	vp_damage_say();
	vp_inside_end(inside);
}

/* A thread that ends past libc, which counts the threads that end and runs exit()
 * with the last one. */
void vp_thread_exits(int status, struct vp_exit_stack *here)
{
	struct vp_inside inside;

	if (!vp_owns_process())
		return;
	inside = vp_inside_begin();
	if (inside.entered && vp_helper_count_tasks() <= 1) {
		vp_finish_process(VPROF_EXIT_UNDERSCORE, status, here);
		vp_helper_stop(); /* the status of a process is its last thread's */
	}
	vp_inside_end(inside);
}

void vp_exec_begin(void)
{
	struct vp_inside inside;

	if (!vp_owns_process())
		return;
	vp_term_let_die();
	inside = vp_inside_begin();
	vp_trackers_finish(0);
	vp_helper_finish(1);
	write_end(VPROF_EXIT_EXEC, 0, VPROF_STATE_EXECED);
	vp_inside_end(inside);
}

void vp_exec_failed(void)
{
	struct vp_inside inside;

	if (!vp_owns_process())
		return;
	inside = vp_inside_begin();
	vp_helper_resume();
	write_end(VPROF_EXIT_NONE, 0, VPROF_STATE_RUNNING);
	vp_file.header->end_ns = 0;
	vp_inside_end(inside);
}

/* Samples taken in the object are unwound while its tables are still there. */
int vp_dlclose_begin(void)
{
	if (vp_owns_process() && vp_busy_enter()) {
		vp_helper_drain();
		vp_unwind_close_begin();
		vp_busy_leave();
		return 1;
	}
	return 0;
}

void vp_dlclose_done(int begun)
{
	struct vp_inside inside;

	if (!begun)
		return;
	inside = vp_inside_begin();
	if (inside.entered) {
		vp_helper_drain(); /* before another object takes its place */
		vp_unwind_close_done();
	}
	vp_inside_end(inside);
}

void vp_end_fork_child(void)
{
	finished = 0;
}
