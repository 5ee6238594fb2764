/* arrivals MS SEED: a loop that polls a pipe for MS milliseconds, to which a thread writes at
 * Poisson times, 2,000 a second. An iteration takes 1 ms, 3 of 200 take 20 ms, each a fifth
 * more or less (a bucket of the histogram is a sixteenth wide), whatever came;
 * the program notes when each began and ended. Then events come at Poisson times of their own,
 * 100,000 a second, so that chance tells little: the delay of each is what is left of the
 * iteration that it falls into, 0 where the loop waits. Prints
 *   p50_ns p99_ns p999_ns events iterations
 * of the delays. */
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define SENT_NS	   500000.0
#define EVENT_NS   10000.0
#define SPANS_MOST 200000

static int pipe_fd[2];
static atomic_int over;
static uint64_t rng;

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static double uniform(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (double)(rng >> 11) * 0x1p-53;
}

static double gap_ns(double mean_ns)
{
	return -log(1 - uniform()) * mean_ns;
}

static void *sender(void *unused)
{
	(void)unused;
	while (!atomic_load(&over)) {
		struct timespec gap = {0, (long)gap_ns(SENT_NS)};

		nanosleep(&gap, NULL);
		if (write(pipe_fd[1], "x", 1) != 1)
			break;
	}
	return NULL;
}

struct span {
	uint64_t begin_ns, end_ns;
};

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Of events from the first iteration to the last, sorted; returns how many. */
static size_t delays(const struct span *span, size_t spans, double **delay)
{
	double from = (double)span[0].begin_ns, to = (double)span[spans - 1].end_ns;
	size_t most = (size_t)((to - from) / EVENT_NS * 1.1) + 1000, events = 0, at = 0;

	*delay = calloc(most, sizeof(**delay));
	for (double when = from; events < most && *delay; events++) {
		when += gap_ns(EVENT_NS);
		while (at < spans && (double)span[at].end_ns <= when)
			at++;
		if (at == spans)
			break;
		if (when >= (double)span[at].begin_ns)
			(*delay)[events] = (double)span[at].end_ns - when;
	}
	qsort(*delay, events, sizeof(**delay), by_value);
	return events;
}

static void iterate(size_t number, struct span *span)
{
	struct pollfd poll_fd = {.fd = pipe_fd[0], .events = POLLIN};
	char sent[4096];
	uint64_t until;

	poll(&poll_fd, 1, -1);
	span->begin_ns = now_ns();
	if (read(pipe_fd[0], sent, sizeof(sent)) < 0)
		exit(1);
	until = number % 200 % 67 == 66 ? 20000000 : 1000000;
	until = span->begin_ns + until * (80 + number * 37 % 41) / 100;
	while ((span->end_ns = now_ns()) < until)
		continue;
}

int main(int argc, char **argv)
{
	static const double share[] = {0.5, 0.99, 0.999};
	uint64_t end = now_ns() + strtoull(argc > 1 ? argv[1] : "1000", NULL, 10) * 1000000u;
	struct span *span = calloc(SPANS_MOST, sizeof(*span));
	double *delay = NULL;
	size_t iterations = 0, events;
	pthread_t thread;

	rng = 0x9e3779b97f4a7c15ull * (strtoull(argc > 2 ? argv[2] : "1", NULL, 10) + 1);
	if (!span || pipe(pipe_fd) || pthread_create(&thread, NULL, sender, NULL))
		return 1;
	do
		iterate(iterations, &span[iterations]);
	while (span[iterations++].end_ns < end && iterations < SPANS_MOST);
	atomic_store(&over, 1);
	pthread_join(thread, NULL);
	events = delays(span, iterations, &delay);
	for (size_t i = 0; i < sizeof(share) / sizeof(share[0]) && events; i++)
		printf("%.0f ", delay[(size_t)ceil(share[i] * (double)events) - 1]);
	printf("%zu %zu\n", events, iterations);
	return 0;
}
