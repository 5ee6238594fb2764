/* What a frame costs in the library's own unwinder, rows learned.
 *
 *   unwind_frames DEPTH COUNT
 *
 * Linked with the objects of the library, hooks left out.  Prints nanoseconds
 * a walk of its own stack, every frame by its row, and the frames there were. */
#include "bench.h"

#include "control/control.h"
#include "control/operators.h"
#include "stack/unwind.h"
#include "thread/threads.h"

#include <unistd.h>

static long count;
static volatile unsigned side;

__attribute__((noinline)) static void here(struct vp_regs *regs)
{
	uint64_t *frame = __builtin_frame_address(0);

	*regs = (struct vp_regs){frame[1], (uint64_t)(uintptr_t)(frame + 2), frame[0]};
}

static void walk(struct vp_thread *thread)
{
	uint64_t where[VP_STACK_DEPTH_MAX];
	struct vp_regs regs;
	size_t frames = 0;
	double from;

	here(&regs);
	for (long i = 0; i < 1000; i++)
		frames = vp_unwind_live(&thread->stack, &regs, 0, where, VP_STACK_DEPTH_MAX);
	from = bench_now();
	for (long i = 0; i < count; i++)
		frames = vp_unwind_live(&thread->stack, &regs, 0, where, VP_STACK_DEPTH_MAX);
	printf("%.2f %zu\n", (bench_now() - from) / (double)count, frames);
}

__attribute__((noinline)) static void down(struct vp_thread *thread, int frames)
{
	if (frames > 1)
		down(thread, frames - 1);
	else
		walk(thread);
	side++; /* no tail call */
}

int main(int argc, char **argv)
{
	int depth = (int)bench_arg(argc, argv, 1, 20);
	static const struct vp_operator_hooks none;
	struct vp_thread *thread;

	vp_begin(environ, &none);
	count = bench_arg(argc, argv, 2, 1000000);
	if (depth < 5 || depth > 200 || count < 1 || !vp_busy_enter())
		return 1;
	thread = vp_thread_self();
	if (!thread)
		return 1;
	down(thread, depth - 2); /* main and walk are frames too, and libc's below main */
	vp_busy_leave();
	return 0;
}
