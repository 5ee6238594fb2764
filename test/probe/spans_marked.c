/* Spans around a mark, and in a process that is looked at while it runs.
 *
 * spans_marked mark   spans before and after a mark "warm": those of "tick" allocate only before,
 *                     those of "grow" only after it
 * spans_marked window N  a time between marks "from" and "until": spans of which all are in it,
 * none, or a part; how many began in it (JSON), of "often" N spans_marked live   a thread in a span
 * within a span, one that has left its own, until stdin ends */
#include "probe.h"

#include <pthread.h>
#include <vprof.h>

static void tick(int grows)
{
	void *block = NULL;

	vprof_span_begin("tick", 0);
	if (grows)
		block = opaque(malloc(64));
	vprof_span_end();
	free(block);
}

static void grow(void)
{
	void *block[2];

	vprof_span_begin("grow", 0);
	for (int i = 0; i < 2; i++)
		block[i] = opaque(malloc(100));
	vprof_span_end();
	free(block[0]);
	free(block[1]);
}

static void mark(void)
{
	struct timespec long_ago = {.tv_nsec = 20000000};

	vprof_span_begin("before", 0);
	vprof_span_end();
	vprof_span_begin("tick", 0);
	nanosleep(&long_ago, NULL);
	vprof_span_end();
	for (int i = 0; i < 49; i++)
		tick(1);
	vprof_span_async("handed", 1);
	vprof_mark("warm");
	vprof_span_async("handed", 1);
	for (int i = 0; i < 100; i++)
		tick(0);
	for (int i = 0; i < 20; i++)
		grow();
	vprof_span_begin("open", 0);
	vprof_span_end();
	vprof_span_begin("open", 0);
	say("{}\n");
}

static void spans_of(const char *name, unsigned count, uint64_t ns)
{
	for (unsigned i = 0; i < count; i++) {
		uint64_t end;

		vprof_span_begin(name, 0);
		end = clock_ns(CLOCK_MONOTONIC) + ns;
		while (clock_ns(CLOCK_MONOTONIC) < end)
			;
		vprof_span_end();
	}
}

/* The library has to find a name before its spans are kept. */
static void be_found(void)
{
	struct timespec some = {.tv_nsec = 400000000};

	spans_of("often", 20, 2000);
	spans_of("some", 20, 2000);
	nanosleep(&some, NULL);
}

static void window(unsigned often)
{
	be_found();
	spans_of("before", 30, 2000);
	spans_of("few", 3, 2000);
	spans_of("some", 200, 2000);
	spans_of("often", 20000, 2000);
	vprof_mark("from");
	spans_of("once", 1, 2000);
	spans_of("few", 3, 2000);
	spans_of("some", 150, 2000);
	spans_of("often", often, 20000);
	spans_of("within", 40, 2000);
	vprof_mark("until");
	spans_of("often", 10000, 2000);
	spans_of("some", 50, 2000);
	spans_of("after", 30, 2000);
	say("{\"often\":%u,\"some\":150,\"once\":1,\"within\":40}\n", often);
}

static void *left_it(void *arg)
{
	vprof_span_begin("over", 0);
	vprof_span_end();
	say("ready\n");
	pause();
	return arg;
}

static void live(void)
{
	pthread_t thread;
	char byte;

	vprof_span_begin("around", 0);
	for (int i = 0; i < 3; i++) {
		vprof_span_begin("short", 0);
		vprof_span_end();
	}
	vprof_span_begin("waits", 0);
	if (pthread_create(&thread, NULL, left_it, NULL))
		return;
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	vprof_span_end();
	vprof_span_end();
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	if (!strcmp(argv[1], "mark"))
		mark();
	else if (!strcmp(argv[1], "window") && argc > 2)
		window((unsigned)strtoul(argv[2], NULL, 10));
	else
		live();
	return 0;
}
