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

/* Every std::thread is started with one function of libstdc++, whose argument is an object: it
 * has a table of methods, of which the third calls what the program gave, and behind it that. */
static int is_libstdcxx(const struct vp_module *module)
{
	const char *name = module->path ? strrchr(module->path, '/') : NULL;

	return name && strncmp(name, "/libstdc++.so", 13) == 0;
}

static void find_method(struct vprof_thread *row, uint64_t argument)
{
	uint64_t object[2], methods[3];

	if (!argument || argument & 7 ||
	    vp_sys_peek(object, argument, sizeof(object)) != sizeof(object) || object[0] & 7 ||
	    !vp_module_find(object[0]) ||
	    vp_sys_peek(methods, object[0], sizeof(methods)) != sizeof(methods) ||
	    !vp_module_find(methods[2]))
		return;
	row->start_method = methods[2];
	row->start_target = vp_module_find(object[1]) ? object[1] : 0;
}

void vp_thread_row_start(struct vprof_thread *row, uint64_t routine, uint64_t argument)
{
	const struct vp_module *module = routine ? vp_module_find(routine) : NULL;

	row->start_routine = routine;
	row->start_module = module ? module->id : VPROF_NONE;
	if (module && is_libstdcxx(module))
		find_method(row, argument);
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
