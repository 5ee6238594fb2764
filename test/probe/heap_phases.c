/* heap_phases [BURSTS]: three phases with half a second of nothing around each, marked; in each
 * two symbols allocate, keep and free. Prints what they did, as JSON by phase and symbol; "live"
 * is what the symbol holds at the phase's end; "peak SOL" what it held when both together held
 * most.
 *
 * BURSTS (0): before all that, so many bursts 20 ms apart, each from another call path, so that
 * there is more to note than there is room for. */
#include "probe.h"

#include <pthread.h>
#include <vprof.h>

#define KEPT 4096

static const char *const symbol[2] = {"SOL", "BTC"};
static void *kept[2][KEPT];
static int n_kept[2];
static uint64_t live[2], peak[2];

struct counts {
	uint64_t allocs, bytes, frees, freed, temporary;
};

static void look_at_peak(int which, uint64_t bytes)
{
	if (live[0] + live[1] + bytes <= peak[0] + peak[1])
		return;
	peak[0] = live[0] + (which == 0 ? bytes : 0);
	peak[1] = live[1] + (which == 1 ? bytes : 0);
}

/* Blocks of `bytes`: one of three is freed at once, one of three by and by, one stays. */
static __attribute__((noinline)) struct counts work(int which, int blocks, size_t bytes)
{
	struct counts counts = {0, 0, 0, 0, 0};

	vprof_begin("symbol", symbol[which]);
	for (int i = 0; i < blocks; i++) {
		void *block = opaque(malloc(bytes));

		look_at_peak(which, bytes);
		counts.allocs++;
		counts.bytes += bytes;
		if (i % 3 == 0) {
			free(block);
			counts.frees++;
			counts.temporary++;
			counts.freed += bytes;
		} else if (n_kept[which] < KEPT) {
			kept[which][n_kept[which]++] = block;
			live[which] += bytes;
		}
	}
	vprof_end();
	return counts;
}

/* In another thread, under no label: blocks of the last phase. */
static void *free_some(void *arg)
{
	struct counts *counts = arg;

	for (int which = 0; which < 2; which++) {
		for (int i = 0; i < 5 && n_kept[which] > 0; i++) {
			free(kept[which][--n_kept[which]]);
			counts[which].frees++;
		}
	}
	return NULL;
}

static __attribute__((noinline)) void burst(int depth)
{
	if (depth > 0)
		burst(depth - 1);
	else
		free(opaque(malloc(33)));
	__asm__ volatile("");
}

static void phase(int number, int blocks, size_t bytes)
{
	static const char *const name[] = {"one", "two", "three"};
	struct counts counts[2], freed[2] = {{0, 0, 0, 0, 0}, {0, 0, 0, 0, 0}};
	pthread_t other;

	sleep_ms(500);
	vprof_mark(name[number]);
	for (int which = 0; which < 2; which++)
		counts[which] = work(which, blocks * (which + 1), bytes);
	if (number == 2) {
		pthread_create(&other, NULL, free_some, freed);
		pthread_join(other, NULL);
	}
	for (int which = 0; which < 2; which++) {
		counts[which].frees += freed[which].frees;
		live[which] -= freed[which].frees * bytes;
		say("%s\"%s %s\":{\"allocs\":%lu,\"bytes_allocated\":%lu,\"frees\":%lu,"
		    "\"temporary\":%lu,\"live_bytes\":%lu}",
		    number || which ? "," : "{", name[number], symbol[which], counts[which].allocs,
		    counts[which].bytes, counts[which].frees, counts[which].temporary, live[which]);
	}
	sleep_ms(500);
}

int main(int argc, char **argv)
{
	int bursts = argc > 1 ? atoi(argv[1]) : 0;

	for (int i = 0; i < bursts; i++) {
		for (int depth = 0; depth < 200; depth++)
			burst(depth);
		sleep_ms(20);
	}
	phase(0, 100, 64);
	phase(1, 300, 1000);
	phase(2, 50, 20000);
	for (int which = 0; which < 2; which++)
		say(",\"peak %s\":%lu", symbol[which], peak[which]);
	say("}\n");
	return 0;
}
