/* What every module does at fork, in one order.
 *
 * Before: the service is waited for, so that no row is being learned and the
 * private heap is quiet (jemalloc's own handlers, registered before ours, take
 * its locks after us).  In the child everything but the unwind rows and the
 * list of modules starts afresh, with a file of its own; locks that other
 * threads may have held are simply new. */
#include "base/config.h"
#include "base/private_heap.h"
#include "base/service.h"
#include "base/state.h"
#include "base/sys.h"
#include "base/tracker.h"
#include "control/control.h"
#include "control/guard.h"
#include "helper/pause.h"
#include "ring/file.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>

static int busy_for_fork; /* written and read with the service held */
static uint64_t mask_for_fork;

/* No signal between our part before the fork and the one after: a handler that
 * allocates would, in the child, wait for locks that libc has not let go yet. */
static uint64_t block_signals(void)
{
	uint64_t all = VP_SYS_SIGNALS, old = 0;

	vp_sys6(SYS_rt_sigprocmask, SIG_BLOCK, (long)&all, (long)&old, sizeof(all), 0, 0);
	return old;
}

static void restore_signals(uint64_t mask)
{
	vp_sys6(SYS_rt_sigprocmask, SIG_SETMASK, (long)&mask, 0, sizeof(mask), 0, 0);
}

/* From here on this thread holds the service: a sample, or an allocation of
 * another handler, would wait for it for ever. */
static void prepare(void)
{
	uint64_t mask = block_signals();
	int entered = vp_busy_enter();

	vp_service_fork_prepare();
	busy_for_fork = entered;
	mask_for_fork = mask;
}

static void parent(void)
{
	int entered = busy_for_fork;
	uint64_t mask = mask_for_fork;

	vp_private_heap_thread_done();
	vp_service_fork_parent();
	if (entered)
		vp_busy_leave();
	restore_signals(mask);
}

static void child(void)
{
	int saved = errno;

	vp_private_heap_thread_done();
	vp_service_fork_child();
	vp_trackers_fork_child();
	vp_end_fork_child();
	vp_guard_fork_child();
	vp_file_forget();
	vp_lock_memory_fork_child();
	vp_tls.self = NULL;
	vp_tls.waits_noted = 0;
	vp_tls.busy = 1;
	if (vp_config.follow_fork && !vp_pause_is_over())
		vp_start_process(1);
	vp_tls.busy = 0;
	restore_signals(mask_for_fork);
	errno = saved;
}

void vp_fork_register(void)
{
	pthread_atfork(prepare, parent, child);
}
