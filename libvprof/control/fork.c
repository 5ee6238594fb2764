/* L5  What every module does at fork, in one order.
 *
 * Before: the service is waited for, so that no row is being learned and the
 * private heap is quiet (jemalloc's own handlers, registered before ours, take
 * its locks after us).  In the child everything but the unwind rows and the
 * list of modules starts afresh, with a file of its own; locks that other
 * threads may have held are simply new. */
#include "base/config.h"
#include "base/service.h"
#include "base/thread.h"
#include "control/control.h"
#include "ring/events.h"
#include "ring/file.h"
#include "ring/tables.h"
#include "sample/engine.h"
#include "sample/ticker.h"
#include "stack/unwind.h"
#include "track/leakscan.h"
#include "track/spawn.h"

#include <errno.h>
#include <pthread.h>

void vp_end_fork_child(void);

static int busy_for_fork; /* written and read with the service held */

/* From here on this thread holds the service: a sample, or an allocation of
 * another handler, would wait for it for ever. */
static void prepare(void)
{
	int entered = vp_busy_enter();

	vp_service_fork_prepare();
	busy_for_fork = entered;
}

static void parent(void)
{
	int entered = busy_for_fork;

	vp_service_fork_parent();
	if (entered)
		vp_busy_leave();
}

static void child(void)
{
	int saved = errno;

	vp_service_fork_child();
	vp_unwind_fork_child();
	vp_tables_fork_child();
	vp_events_fork_child();
	vp_ticker_fork_child();
	vp_engine_fork_child();
	vp_leakscan_fork_child();
	vp_spawn_fork_child();
	vp_end_fork_child();
	vp_file_forget();
	vp_tls.self = NULL;
	vp_tls.waits_noted = 0;
	vp_tls.busy = 1;
	if (vp_config.follow_fork)
		vp_start_process(1);
	vp_tls.busy = 0;
	errno = saved;
}

void vp_fork_register(void)
{
	pthread_atfork(prepare, parent, child);
}
