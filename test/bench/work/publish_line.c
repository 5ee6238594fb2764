/* What it costs to say in the thread's own line which call it is in, and that it is over.
 *
 *   publish_line COUNT
 *
 * Linked with the objects of the library, hooks left out.  Prints nanoseconds a write of the
 * line, of which a call has two. */
#include "bench.h"

#include "control/control.h"
#include "control/operators.h"
#include "track/call.h"

#include <unistd.h>

int main(int argc, char **argv)
{
	static const struct vp_operator_hooks none;
	long count = bench_arg(argc, argv, 1, 10000000);
	uint64_t *frame = __builtin_frame_address(0);
	const struct vp_regs caller = {frame[1], (uint64_t)(uintptr_t)(frame + 2), frame[0]};
	struct vp_thread *thread;
	struct vp_call call;
	double from;

	vp_begin(environ, &none);
	if (count < 1 || !vp_busy_enter())
		return 1;
	thread = vp_thread_self();
	if (!thread)
		return 1;
	from = bench_now();
	for (long i = 0; i < count; i++) {
		vp_call_enter(&call, thread, VP_CALL_MUTEX, (uint64_t)i, &caller, (uint64_t)i);
		vp_call_leave(&call, (struct vp_call_outcome){0}, (uint64_t)i);
	}
	printf("%.3f\n", (bench_now() - from) / (double)count / 2);
	vp_busy_leave();
	return 0;
}
