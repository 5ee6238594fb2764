/* One hot path at a time, for count_steps.
 *
 *   hot_paths NAME TURNS
 *
 * Each turn does one thing once, 20 frames deep, after so many turns that the library knows
 * all stacks of it. A second thread sleeps: libc takes shorter ways in a process of one.
 * Sizes and paths are drawn from the seed. */
#include "bench.h"
#include "paths.h"
#include "steps.h"

#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vprof.h>

#define DEPTH  20
#define WARM   3 /* times all paths */
#define WINDOW 64

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static uint64_t seed;
static size_t size[PATHS];
static void *window[WINDOW];

static void pair(struct walk *walk)
{
	void *volatile block = malloc(size[walk->path]);

	free(block);
}

static void zeroed(struct walk *walk)
{
	void *volatile block = calloc(1, size[walk->path]);

	free(block);
}

static void resized(struct walk *walk)
{
	void *volatile block = malloc(size[walk->path]);

	block = realloc(block, size[walk->path] + 200);
	free(block);
}

static void in_window(struct walk *walk)
{
	unsigned place = path_random(&seed) % WINDOW;

	free(window[place]);
	window[place] = malloc(size[walk->path] * 8);
}

static void locked(struct walk *walk)
{
	(void)walk;
	pthread_mutex_lock(&mutex);
	pthread_mutex_unlock(&mutex);
}

static void child(struct walk *walk)
{
	pid_t pid = fork();

	(void)walk;
	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
}

static void *nothing(void *arg)
{
	return arg;
}

static void thread(struct walk *walk)
{
	pthread_t id;

	(void)walk;
	if (pthread_create(&id, NULL, nothing, NULL) == 0)
		pthread_join(id, NULL);
}

/* Of an event loop: there is always something to do. */
static void turn(struct walk *walk)
{
	static int set = -1;
	struct epoll_event event = {.events = EPOLLIN};

	(void)walk;
	if (set < 0) {
		set = epoll_create1(0);
		epoll_ctl(set, EPOLL_CTL_ADD, eventfd(1, 0), &event);
	}
	epoll_wait(set, &event, 1, 1000);
}

static void span(struct walk *walk)
{
	static int warm;

	(void)walk;
	/* The library asks the kernel for the time until it knows the counter. */
	for (double from = bench_now(); !warm && bench_now() - from < 6e8;)
		;
	warm = 1;
	vprof_span_begin("decode a message", 0);
	vprof_span_end();
}

static const struct hot_path {
	const char *name;
	void (*work)(struct walk *);
	int walks; /* every turn comes by a path of its own, drawn from the seed */
} hot_path[] = {
    {"pair", pair, 0},	     {"pair-paths", pair, 1},  {"calloc", zeroed, 0},
    {"realloc", resized, 0}, {"window", in_window, 1}, {"mutex", locked, 0},
    {"thread", thread, 0},   {"fork", child, 0},       {"turn", turn, 0},
    {"span", span, 0},
};
static const struct hot_path *chosen;
static long turns;

static void loop(struct walk *walk)
{
	long warm = chosen->walks ? WARM * (long)PATHS : turns < 100 ? turns : 100;
	struct walk each = {0, DEPTH - 3, chosen->work};

	(void)walk;
	/* One call site for all: the stacks of the turns ahead are those that count. */
	for (long i = -warm; i < turns; i++) {
		if (i == 0)
			steps_begin();
		if (i >= 0)
			steps_turn();
		each.path = i < 0 ? (uint32_t)(i + warm) % PATHS : path_random(&seed);
		if (chosen->walks)
			path_walk(&each);
		else
			chosen->work(&each);
	}
	steps_end();
}

static void *sleeper(void *arg)
{
	for (;;)
		pause();
	return arg;
}

int main(int argc, char **argv)
{
	struct walk walk = {0, DEPTH - 3, loop};
	pthread_t id;

	turns = bench_arg(argc, argv, 2, 200);
	seed = bench_seed();
	for (size_t i = 0; i < PATHS; i++)
		size[i] = bench_size(&seed, 16, 256);
	for (size_t i = 0; argc > 1 && i < sizeof(hot_path) / sizeof(hot_path[0]); i++)
		if (!strcmp(hot_path[i].name, argv[1]))
			chosen = &hot_path[i];
	if (!chosen || turns < 1 || pthread_create(&id, NULL, sleeper, NULL))
		return 1;
	if (chosen->walks)
		loop(&walk);
	else
		path_walk(&walk);
	return 0;
}
