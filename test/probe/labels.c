/* Uses vprof.h, and prints what is true as JSON.
 *
 * labels split [MS]    two threads burn CPU time in one function under labels,
 *                      70:20:10, 3 in 100 under none; prints it by label
 * labels fast ROUNDS WORK   begin and end with little between; prints ns a pair
 * labels marks [N]     marks: N (1000) "step" in each of two threads, 7 "phase",
 *                      and blocks of 100 bytes kept from "from" to "to"
 * labels pause         blocks and CPU time before, in and after a pause
 * labels misuse        what nobody should do; must end with status 0
 * labels wait          keeps 500 bytes for every byte of its stdin
 * labels scan          loses 3 blocks of 1000 bytes, keeps 2, and asks for a search */
#include "probe.h"

#include <alloca.h>
#include <pthread.h>
#include <vprof.h>

static uint64_t spent[4]; /* a, b, c, none */

static void burn_under(int which, unsigned ms)
{
	static const char *const name[] = {"seventy", "twenty", "ten"};
	uint64_t before, used;

	if (which < 3)
		vprof_begin("part", name[which]);
	before = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	burn_ms(ms);
	used = clock_ns(CLOCK_THREAD_CPUTIME_ID) - before;
	if (which < 3)
		vprof_end();
	__atomic_fetch_add(&spent[which], used, __ATOMIC_RELAXED);
}

static void *split_thread(void *arg)
{
	uint64_t end = clock_ns(CLOCK_THREAD_CPUTIME_ID) + *(unsigned *)arg * 1000000ull;

	vprof_begin("round", "all");
	while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < end) {
		burn_under(0, 7);
		burn_under(1, 2);
		burn_under(2, 1);
	}
	vprof_end();
	burn_under(3, *(unsigned *)arg * 3 / 100);
	return NULL;
}

static void split(unsigned ms)
{
	pthread_t other;

	pthread_create(&other, NULL, split_thread, &ms);
	split_thread(&ms);
	pthread_join(other, NULL);
	say("{\"seventy\":%lu,\"twenty\":%lu,\"ten\":%lu,\"none\":%lu}\n", spent[0], spent[1],
	    spent[2], spent[3]);
}

static void fast(long rounds, int work)
{
	uint64_t before = clock_ns(CLOCK_MONOTONIC);

	for (long i = 0; i < rounds; i++) {
		vprof_begin("indicator", i & 1 ? "price_structure" : "ema");
		for (volatile int k = 0; k < work; k++)
			;
		vprof_end();
	}
	say("{\"ns\":%.1f}\n",
	    (double)(clock_ns(CLOCK_MONOTONIC) - before) / (double)(rounds ? rounds : 1));
}

static void *marks_thread(void *arg)
{
	for (long i = 0; i < *(long *)arg; i++)
		vprof_mark("step");
	return NULL;
}

static void marks(long steps)
{
	pthread_t other;

	pthread_create(&other, NULL, marks_thread, &steps);
	marks_thread(&steps);
	pthread_join(other, NULL);
	for (int i = 0; i < 7; i++)
		vprof_mark("phase");
	vprof_mark("heap");
	for (int i = 0; i < 100; i++)
		opaque(malloc(100));
	vprof_mark("heap");
	say("{\"step\":%ld,\"phase\":7,\"heap\":2,\"bytes\":10000}\n", 2 * steps);
}

static __attribute__((noinline)) void burn_before(void)
{
	burn_ms(300);
}
static __attribute__((noinline)) void burn_paused(void)
{
	burn_ms(300);
}
static __attribute__((noinline)) void burn_after(void)
{
	burn_ms(300);
}

/* 10 blocks stay from before; 5 of before and all of the pause are freed. */
static void pause_case(void)
{
	void *before[15], *paused[20], *after[3];

	for (int i = 0; i < 15; i++)
		before[i] = malloc(1000);
	burn_before();
	vprof_stop();
	vprof_stop();
	for (int i = 0; i < 20; i++)
		paused[i] = malloc(2000);
	for (int i = 0; i < 5; i++)
		free(before[i]);
	burn_paused();
	for (int i = 0; i < 10; i++)
		free(paused[i]);
	vprof_start();
	for (int i = 0; i < 3; i++)
		after[i] = malloc(300);
	for (int i = 10; i < 20; i++)
		free(paused[i]);
	free(after[0]);
	burn_after();
	say("{\"allocs\":18,\"frees\":6,\"bytes_allocated\":15900,\"live_bytes\":10600,"
	    "\"live_blocks\":12}\n");
}

static void misuse(void)
{
	char name[3000];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (int i = 0; i < 10; i++)
		vprof_end();
	for (int i = 0; i < 100; i++)
		vprof_begin(name, name);
	vprof_mark(name);
	vprof_mark("");
	for (int i = 0; i < 90; i++)
		vprof_end();
	vprof_begin("two\nlines", "a\nb=c");
	for (int i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "many-%d", i);
		vprof_begin("many", name);
		vprof_mark(name);
		vprof_end();
	}
	burn_ms(100);
	say("done\n");
}

static void *kept[2];

static __attribute__((noinline)) void lose(void)
{
	for (int i = 0; i < 3; i++)
		memset(opaque(malloc(1000)), 0, 1000);
}

static void scan(void)
{
	int ret;

	for (int i = 0; i < 2; i++)
		kept[i] = malloc(1000);
	lose();
	memset(alloca(4096), 0, 4096); /* what lose() left on the stack */
	ret = vprof_leak_scan();
	sleep_ms(vprof_present() ? 1500 : 0);
	say("{\"ret\":%d}\n", ret);
	_exit(0);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	char c;

	if (!strcmp(what, "split"))
		split(argc > 2 ? (unsigned)atoi(argv[2]) : 2000);
	else if (!strcmp(what, "fast"))
		fast(argc > 2 ? atol(argv[2]) : 1000000, argc > 3 ? atoi(argv[3]) : 0);
	else if (!strcmp(what, "marks"))
		marks(argc > 2 ? atol(argv[2]) : 1000);
	else if (!strcmp(what, "pause"))
		pause_case();
	else if (!strcmp(what, "misuse"))
		misuse();
	else if (!strcmp(what, "scan"))
		scan();
	else if (!strcmp(what, "wait"))
		while (read(0, &c, 1) > 0) /* a byte: a block of 500 bytes */
			opaque(malloc(500));
	else
		return 1;
	return 0;
}
