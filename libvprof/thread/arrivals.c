#include "thread/arrivals.h"
#include "base/clock.h"
#include "base/sys.h"
#include "thread/threads.h"

#include <string.h>

uint32_t vp_helper_wakeups;

/* All under the registry's lock. */
static struct {
	struct vp_thread *thread; /* NULL: has ended meanwhile */
	uint64_t t_ns;
} started[VP_ARRIVALS_MAX];
static int ended[VP_ARRIVALS_MAX];
static uint32_t started_count, ended_count;
static int missed;

static uint32_t wanted;
static uint32_t awake; /* the helper will look within milliseconds */

void vp_helper_wake(void)
{
	__atomic_add_fetch(&vp_helper_wakeups, 1, __ATOMIC_ACQ_REL);
	vp_sys_futex_wake(&vp_helper_wakeups);
}

void vp_arrivals_init(void)
{
	started_count = ended_count = 0;
	missed = 0;
	wanted = awake = 0;
}

void vp_arrivals_want(int on)
{
	/* Pairs with vp_arrivals_start(). */
	__atomic_store_n(&wanted, (uint32_t)on, __ATOMIC_RELEASE);
}

int vp_arrivals_waiting(void)
{
	return __atomic_load_n(&awake, __ATOMIC_ACQUIRE) != 0;
}

void vp_arrivals_start(struct vp_thread *thread)
{
	if (!__atomic_load_n(&wanted, __ATOMIC_ACQUIRE))
		return;
	if (started_count == VP_ARRIVALS_MAX) {
		missed = 1;
	} else {
		started[started_count].thread = thread;
		started[started_count++].t_ns = vp_clock_now();
	}
	if (!__atomic_exchange_n(&awake, 1, __ATOMIC_ACQ_REL))
		vp_helper_wake();
}

void vp_arrivals_end(struct vp_thread *thread)
{
	uint32_t at = started_count;

	/* Those that end before the helper looked are among the newest. */
	while (at && started[at - 1].thread != thread)
		at--;
	if (at) {
		started[at - 1].thread = NULL;
		while (started_count && !started[started_count - 1].thread)
			started_count--;
	} else if (ended_count < VP_ARRIVALS_MAX) {
		ended[ended_count++] = thread->tid;
	} else {
		missed = 1;
	}
}

void vp_arrivals_take(struct vp_arrivals *out, uint64_t old_ns)
{
	uint32_t kept = 0;

	out->started_count = 0;
	vp_threads_lock();
	for (uint32_t i = 0; i < started_count; i++) {
		struct vp_thread *thread = started[i].thread;

		if (!thread)
			continue;
		if (started[i].t_ns < old_ns) {
			out->started[out->started_count++] = thread->tid;
		} else {
			started[kept++] = started[i];
		}
	}
	started_count = kept;
	memcpy(out->ended, ended, ended_count * sizeof(ended[0]));
	out->ended_count = ended_count;
	out->missed = missed;
	ended_count = 0;
	missed = 0;
	/* After a look at which nothing happened the next arrival rings. */
	if (!kept && !out->started_count && !out->ended_count)
		/* Pairs with vp_arrivals_start() and vp_arrivals_waiting(). */
		__atomic_store_n(&awake, 0, __ATOMIC_RELEASE);
	vp_threads_unlock();
}
