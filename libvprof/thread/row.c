#include "thread/row.h"
#include "base/clock.h"
#include "base/proc.h"
#include "base/schedstat.h"
#include "base/sys.h"
#include "stack/modules.h"

#include <string.h>
#include <sys/prctl.h>
#include <time.h>

void vp_thread_row_name(struct vprof_thread *row)
{
	char name[17] = "";

	vp_sys6(SYS_prctl, PR_GET_NAME, (long)name, 0, 0, 0, 0);
	memcpy(row->name, name, sizeof(row->name) - 1);
}

void vp_thread_row_start(struct vprof_thread *row, uint64_t routine)
{
	const struct vp_module *module = routine ? vp_module_find(routine) : NULL;

	row->start_routine = routine;
	row->start_module = module ? module->id : VPROF_NONE;
}

void vp_thread_row_stack(const struct vp_thread *thread)
{
	if (!thread->row_id)
		return;
	thread->row->stack_start = thread->stack.lo;
	thread->row->stack_end = thread->stack.hi;
}

/* What no other thread can tell exactly, and without a descriptor, which the host could
 * see. */
static void write_switches(struct vprof_thread *row)
{
	struct vp_switches switches;

	if (vp_schedstat_own(&switches) != 0)
		return;
	__atomic_store_n(&row->voluntary, switches.voluntary, __ATOMIC_RELAXED);
	__atomic_store_n(&row->involuntary, switches.involuntary, __ATOMIC_RELAXED);
	__atomic_fetch_or(&row->flags, VPROF_THREAD_SWITCHES, __ATOMIC_RELAXED);
}

void vp_thread_row_end(struct vprof_thread *row)
{
	write_switches(row);
	row->cpu_ns = vp_proc_thread_ns(row->tid, vp_sys_cpu_ns(CLOCK_THREAD_CPUTIME_ID));
	row->end_ns = vp_clock_now();
	vp_thread_row_name(row);
	/* Pairs with a reader of the file and vp_watch_refresh(). */
	__atomic_store_n(&row->state, VPROF_THREAD_ENDED, __ATOMIC_RELEASE);
}
