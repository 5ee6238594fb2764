/* Works in steps, and after each tells stdout its own books so far, as JSON,
 * one line a step, until it is killed. A step allocates 50 blocks of 64 bytes,
 * frees 40 and burns a little. */
#include "probe.h"

int main(int argc, char **argv)
{
	long steps = argc > 1 ? atol(argv[1]) : 1000000;

	for (long step = 1; step <= steps; step++) {
		void *block[50];

		for (int i = 0; i < 50; i++)
			block[i] = opaque(malloc(64));
		for (int i = 0; i < 40; i++)
			free(block[i]);
		burn_ms(1);
		say("{\"allocs\":%ld,\"frees\":%ld,\"bytes_allocated\":%ld,\"live_bytes\":%ld,"
		    "\"live_blocks\":%ld}\n",
		    step * 50, step * 40, step * 3200, step * 640, step * 10);
	}
	return 0;
}
