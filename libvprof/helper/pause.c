#include "helper/pause.h"
#include "base/clock.h"
#include "base/state.h"
#include "helper/engine.h"
#include "helper/watch.h"
#include "ring/file.h"

static void begin(struct vprof_header *header)
{
	vp_control.paused = 1;
	vp_engine_pause(1);
	vp_watch_pause(1);
	header->paused_since_ns = vp_clock_now();
	/* Pairs with a reader of the file. */
	__atomic_store_n(&header->pauses, header->pauses + 1, __ATOMIC_RELEASE);
	/* Pairs with a reader of the file. */
	__atomic_store_n(&header->paused, 1, __ATOMIC_RELEASE);
}

static void end(struct vprof_header *header)
{
	vp_watch_pause(0);
	/* Pairs with a reader of the file. */
	__atomic_store_n(&header->paused, 0, __ATOMIC_RELEASE);
	header->paused_ns += vp_clock_now() - header->paused_since_ns;
	vp_engine_pause(0);
	vp_control.paused = 0;
}

void vp_pause_set(int on)
{
	struct vprof_header *header = vp_file.header;

	if (on && !header->paused)
		begin(header);
	else if (!on && header->paused)
		end(header);
}
