#include "helper/bounds.h"
#include "base/clock.h"
#include "base/proc.h"
#include "base/state.h"
#include "base/sys.h"

#include <time.h>

struct bound {
	uint64_t ns, cpu_ns;
	uint32_t tid;
};
static struct bound first, last;

void vp_bounds_init(void)
{
	first.ns = last.ns = 0;
}

static void set(struct bound *bound)
{
	uint64_t cpu_ns = vp_sys_cpu_ns(CLOCK_THREAD_CPUTIME_ID);

	bound->tid = (uint32_t)vp_sys_tid();
	bound->cpu_ns = vp_proc_thread_ns(bound->tid, cpu_ns);
	/* Pairs with the helper's look at it. */
	__atomic_store_n(&bound->ns, vp_clock_now(), __ATOMIC_RELEASE);
}

void vp_bounds_begin(void)
{
	set(&first);
}

void vp_bounds_end(void)
{
	set(&last);
}

uint64_t vp_bounds_begun(const struct vprof_thread *row, uint64_t *cpu_ns)
{
	uint64_t ns = __atomic_load_n(&first.ns, __ATOMIC_ACQUIRE);

	*cpu_ns = 0;
	if (row->tid != (uint32_t)vp_control.pid)
		return row->start_ns;
	*cpu_ns = first.cpu_ns;
	return ns;
}

uint64_t vp_bounds_last(const struct vprof_thread *row, uint64_t *cpu_ns)
{
	uint64_t ns = __atomic_load_n(&last.ns, __ATOMIC_ACQUIRE);

	if (row->state == VPROF_THREAD_ENDED) {
		*cpu_ns = row->cpu_ns;
		return row->end_ns;
	}
	*cpu_ns = last.cpu_ns;
	return ns && row->tid == last.tid ? ns : 0;
}
