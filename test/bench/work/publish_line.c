/* What it costs to say in the thread's own line which call it is in, and that it is over.
 *
 *   publish_line COUNT
 *
 * Prints nanoseconds a write of the line, of which a call has two: the least of many runs of
 * a thousand. */
#include "bench.h"

#include "thread/line.h"

#define RUN 1000

int main(int argc, char **argv)
{
	long runs = bench_arg(argc, argv, 1, 10000000) / RUN;
	uint64_t *frame = __builtin_frame_address(0);
	const struct vp_regs caller = {frame[1], (uint64_t)(uintptr_t)(frame + 2), frame[0]};
	static struct vp_call_line line;
	double least = 0;

	if (runs < 1)
		return 1;
	for (long i = 0; i < runs; i++) {
		double from = bench_now(), took;

		for (uint64_t k = 0; k < RUN; k++) {
			uint32_t sequence = vp_line_open(&line);

			vp_line_put(&line, VP_CALL_read, 0, k, k, &caller);
			vp_line_close(&line, sequence);
			vp_line_clear(&line);
		}
		took = bench_now() - from;
		least = i && least < took ? least : took;
	}
	printf("%.3f\n", least / RUN / 2);
	return 0;
}
