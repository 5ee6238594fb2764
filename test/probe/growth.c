/* growth KIND SECONDS SEED: heaps that grow without bound, and heaps that only
 * look so; all of it stays reachable.  Prints the number of live blocks.
 *
 * map      an entry of every message, never let go          grows
 * tooth    batches that are let go but for a few            grows
 * slow     48 bytes a second under 100 MB/s of churn        grows
 * capped   a map with a cap that is soon reached
 * cache    fills for 80 % of the time, then levels
 * warm     builds its tables, then works in them
 * ring     the last messages only
 * wander   mean-reverting, autocorrelation 0.99 from one reading to the next
 * backlog  a queue whose consumer is 5 % too slow           grows
 * batches  one whose consumer takes batches, and too few    grows
 * steps    a large block lost track of at every reconnect   grows
 * sessions blocks of three sizes, at uneven times           grows
 * lazy     loaded on demand: 92 % are there at half time
 * words    a vocabulary by Zipf's law, kept at first sight
 * table    one block that doubles when it is full
 * traffic  more and more messages, each kept for a fixed time
 * stops    steps that end at 60 %
 * loop     24 bytes an iteration, marked by vprof_mark("iteration")  grows
 * steady   iterations that let go of all they take */
#include <dlfcn.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROOM	200000u
#define STEP_NS 5000000l

static void *kept[ROOM];
static size_t first, live; /* a ring of blocks, oldest first */
static uint64_t state;
static double seconds;
static struct timespec start;

static double uniform(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (double)(state >> 11) * 0x1p-53;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)(t.tv_sec - start.tv_sec) + (double)(t.tv_nsec - start.tv_nsec) / 1e9;
}

/* Waits a step; 0 when the time is over. */
static int step(void)
{
	nanosleep(&(struct timespec){0, STEP_NS}, NULL);
	return now() < seconds;
}

static __attribute__((noinline)) void keep_block(size_t bytes)
{
	void *block = malloc(bytes);

	if (!block || live == ROOM)
		exit(3);
	memset(block, 1, bytes);
	kept[(first + live++) % ROOM] = block;
}

static void drop_oldest(void)
{
	free(kept[first]);
	first = (first + 1) % ROOM;
	live--;
}

static void drop_youngest(void)
{
	free(kept[(first + --live) % ROOM]);
}

/* As many messages as are due by now at that rate, with a cap. */
static void messages(double rate, size_t cap)
{
	double due = 0;

	while (step()) {
		for (; due < now() * rate; due += 0.5 + uniform()) {
			keep_block(32 + (size_t)(uniform() * 200));
			if (live > cap)
				drop_oldest();
		}
	}
}

static void tooth(void)
{
	double next = 0;
	size_t floor = 0;

	while (step()) {
		keep_block(500);
		if (now() < next)
			continue;
		next = now() + 0.08 + 0.04 * uniform();
		for (floor += 2; live > floor;)
			drop_youngest();
	}
}

static __attribute__((noinline)) void churn(void)
{
	double until = now() * 25600; /* blocks of 4 KiB */
	static double done;

	for (; done < until; done++) {
		void *block = malloc(4096);

		memset(block, 1, 64);
		free(block);
	}
}

static void slow(void)
{
	double due = uniform();

	while (step()) {
		churn();
		for (; due < now() * 6; due++)
			keep_block(8);
	}
}

static void warm(void)
{
	double until = seconds * (0.2 + 0.3 * uniform());

	while (step()) {
		if (now() < until)
			for (int i = 0; i < 5; i++)
				keep_block(100);
		else if (uniform() < 0.5)
			keep_block(100);
		else
			drop_youngest();
	}
}

static double normal(void)
{
	return sqrt(-2 * log(1 - uniform())) * cos(2 * M_PI * uniform());
}

static void wander(void)
{
	double x = normal() / sqrt(1 - 0.99 * 0.99), next = 0;

	while (step()) {
		size_t wanted = (size_t)fmax(0, 2000 + 40 * x);

		while (live < wanted)
			keep_block(64);
		while (live > wanted)
			drop_oldest();
		for (; next < now(); next += seconds / 100)
			x = 0.99 * x + normal();
	}
}

static void backlog(double slower, double every)
{
	double made = 0, used = 0, next = 0;

	while (step()) {
		for (; made < now() * 8000; made++)
			keep_block(96);
		if (now() < next)
			continue;
		for (next = now() + every; used < now() * 8000 * (1 - slower) && live; used++)
			drop_oldest();
	}
}

/* n steps of some blocks; `until`: of the time. */
static void steps(double n, double uneven, size_t blocks, double until)
{
	double next = 0.3;

	while (step()) {
		for (; next < now() / seconds * n && now() < until * seconds;
		     next += 1 + uneven * (uniform() - 0.5))
			for (size_t i = 0; i < blocks; i++)
				keep_block(i ? 500 * i : 98304);
	}
}

static void lazy(void)
{
	while (step())
		while ((double)live < 8000 * (1 - exp(-now() / (seconds / 5))))
			keep_block(192);
}

#define WORDS 50000u

static void words(void)
{
	static double sum[WORDS];
	static unsigned char seen[WORDS];
	double due = 0;

	for (size_t i = 0; i < WORDS; i++)
		sum[i] = (i ? sum[i - 1] : 0) + 1 / pow((double)(i + 1), 1.05);
	for (; step();)
		for (; due < now() / seconds * 60000; due++) {
			double at = uniform() * sum[WORDS - 1];
			size_t low = 0, high = WORDS - 1;

			while (low < high) {
				size_t middle = (low + high) / 2;

				if (sum[middle] < at)
					low = middle + 1;
				else
					high = middle;
			}
			if (!seen[low])
				keep_block(100);
			seen[low] = 1;
		}
}

static void table(void)
{
	size_t room = 64;

	keep_block(room * 16);
	while (step())
		while ((double)room < now() / seconds * 50000) {
			room *= 2;
			keep_block(room * 16);
			drop_oldest();
		}
}

static void traffic(void)
{
	static double birth[ROOM];
	double due = 0;

	while (step()) {
		for (; due < 2000 * now() + 4000 * now() * now() / seconds; due++) {
			keep_block(64);
			birth[(first + live - 1) % ROOM] = now();
		}
		while (live && birth[first] < now() - seconds / 20)
			drop_oldest();
	}
}

static void iterate(size_t bytes)
{
	void (*mark)(const char *);

	*(void **)&mark = dlsym(RTLD_DEFAULT, "vprof_v1_mark");
	for (int i = 0; i < 40; i++) {
		for (int n = 0; n < 50; n++)
			keep_block(100 + (size_t)(uniform() * 4000));
		for (int n = 0; n < 50; n++)
			drop_youngest();
		if (bytes)
			keep_block(bytes);
		if (mark)
			mark("iteration");
	}
}

int main(int argc, char **argv)
{
	const char *kind = argc > 1 ? argv[1] : "";

	seconds = argc > 2 ? atof(argv[2]) : 3;
	state = 0x9e3779b97f4a7c15ull * (argc > 3 ? strtoull(argv[3], NULL, 10) + 1 : 1);
	for (int i = 0; i < 20; i++)
		uniform();
	clock_gettime(CLOCK_MONOTONIC, &start);
	if (strcmp(kind, "map") == 0)
		messages(100 + 300 * uniform(), ROOM);
	else if (strcmp(kind, "capped") == 0)
		messages(300, (size_t)(300 * seconds * (0.05 + 0.4 * uniform())));
	else if (strcmp(kind, "cache") == 0)
		messages(300, (size_t)(300 * seconds * 0.8));
	else if (strcmp(kind, "ring") == 0)
		messages(300, 10 + (size_t)(uniform() * 100));
	else if (strcmp(kind, "tooth") == 0)
		tooth();
	else if (strcmp(kind, "slow") == 0)
		slow();
	else if (strcmp(kind, "warm") == 0)
		warm();
	else if (strcmp(kind, "wander") == 0)
		wander();
	else if (strcmp(kind, "backlog") == 0)
		backlog(0.05, 0);
	else if (strcmp(kind, "batches") == 0)
		backlog(0.1 + 0.3 * uniform(), seconds / 100);
	else if (strcmp(kind, "steps") == 0)
		steps(14, 0, 1, 1);
	else if (strcmp(kind, "sessions") == 0)
		steps(18, 0.4, 3, 1);
	else if (strcmp(kind, "lazy") == 0)
		lazy();
	else if (strcmp(kind, "words") == 0)
		words();
	else if (strcmp(kind, "table") == 0)
		table();
	else if (strcmp(kind, "traffic") == 0)
		traffic();
	else if (strcmp(kind, "stops") == 0)
		steps(20, 0, 1, 0.6);
	else if (strcmp(kind, "loop") == 0)
		iterate(24);
	else if (strcmp(kind, "steady") == 0)
		iterate(0);
	else
		return 2;
	printf("%zu\n", live);
	return 0;
}
