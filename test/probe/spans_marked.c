/* Spans around a mark, and in a process that is looked at while it runs.
 *
 * spans_marked mark   spans before and after a mark "warm": those of "tick" allocate only before,
 *                     those of "grow" only after it
 * spans_marked live   a thread in a span within a span, one that has left its own, until stdin
 *                     ends */
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
	else
		live();
	return 0;
}
