#include "helper/restricted.h"
#include "base/clock.h"
#include "base/state.h"
#include "base/sys.h"
#include "leak/search.h"
#include "ring/file.h"

void vp_restricted(void)
{
	vp_control.heap = vp_control.threads = vp_control.cpu_timer = 0;
	vp_control.lock_kinds = vp_control.maps = vp_control.calls = vp_control.counts = 0;
	vp_control.quiet = 1;
	__atomic_fetch_or(&vp_file.header->flags, VPROF_F_RESTRICTED, __ATOMIC_RELAXED);
	vp_leak_search_note("not searched: the process restricted its system calls");
	vp_file.header->end_ns = vp_clock_now();
	vp_sys_only_plain(); /* other threads may be amid a hook */
}
