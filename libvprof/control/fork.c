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

#include <errno.h>
#include <pthread.h>

void vp_end_fork_child(void);

static void prepare(void)
{
	vp_service_fork_prepare();
}

static void parent(void)
{
	vp_service_fork_done();
}

static void child(void)
{
	int saved = errno;

	vp_service_fork_done();
	vp_tables_fork_child();
	vp_events_fork_child();
	vp_ticker_fork_child();
	vp_engine_fork_child();
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
