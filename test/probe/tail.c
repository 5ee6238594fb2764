/* An event loop whose slow iterations have known causes, and that says what each of them cost.
 *
 *   tail SEED COUNT KIND
 *
 * KIND: causes   3 of 100 iterations take some 8 ms longer: of them 60 of 100 by a read that
 *                waits, in flush_journal(), 30 by computing, in rebuild_index(), 10 by a lock
 *                that another thread has, in apply_book()
 *       work     iterations have more or fewer events, and nothing else
 *       alike    3 of 100 do everything ten times
 *       spans    as causes, but 60 by the lock, 30 by the read and 10 by computing, in spans
 *                "step", which no loop is around; between them spans "steady", without causes
 *
 * Prints for each iteration: when it began, by CLOCK_MONOTONIC, its time, and what the planted
 * cause took, all in nanoseconds, and the number of the cause, 0 for none. */
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include <vprof.h>

#define MS 1000000u
#define US 1000u

static uint64_t state;

static double uniform(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (double)(state >> 11) * 0x1p-53;
}

static double normal(void)
{
	return sqrt(-2 * log(1 - uniform())) * cos(6.283185307179586 * uniform());
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- the thread that has what the loop waits for ------------------------------- */

static pthread_mutex_t book = PTHREAD_MUTEX_INITIALIZER;
static int asked[2], answer[2];

struct wish {
	int lock;
	uint64_t ns;
};

static void sleep_ns(uint64_t ns)
{
	struct timespec t = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};

	nanosleep(&t, NULL);
}

static void *journal(void *arg)
{
	struct wish wish;

	while (read(asked[0], &wish, sizeof(wish)) == sizeof(wish)) {
		if (wish.lock) {
			pthread_mutex_lock(&book);
			if (write(answer[1], "l", 1) != 1)
				exit(1);
		}
		sleep_ns(wish.ns);
		if (wish.lock)
			pthread_mutex_unlock(&book);
		else if (write(answer[1], "j", 1) != 1)
			exit(1);
	}
	return arg;
}

/* ---- causes -------------------------------------------------------------------- */

static volatile uint64_t sink;

static void spin(uint64_t cpu_ns)
{
	uint64_t until = now_ns(CLOCK_THREAD_CPUTIME_ID) + cpu_ns;

	while (now_ns(CLOCK_THREAD_CPUTIME_ID) < until)
		for (int i = 0; i < 2000; i++)
			sink += (uint64_t)i;
}

__attribute__((noinline)) static void flush_journal(uint64_t ns)
{
	struct wish wish = {0, ns};
	char byte;

	if (write(asked[1], &wish, sizeof(wish)) != sizeof(wish) || read(answer[0], &byte, 1) != 1)
		exit(1);
	sink++;
}

__attribute__((noinline)) static void rebuild_index(uint64_t ns)
{
	spin(ns);
	sink++;
}

__attribute__((noinline)) static void apply_book(uint64_t ns)
{
	struct wish wish = {1, ns};
	char byte;

	if (write(asked[1], &wish, sizeof(wish)) != sizeof(wish) || read(answer[0], &byte, 1) != 1)
		exit(1);
	pthread_mutex_lock(&book);
	pthread_mutex_unlock(&book);
	sink++;
}

__attribute__((noinline)) static void parse(uint64_t ns)
{
	spin(ns);
	sink++;
}

/* ---- the loop ------------------------------------------------------------------ */

static int causes(const int *of, uint64_t *ns)
{
	static void (*const run[])(uint64_t) = {flush_journal, rebuild_index, apply_book};
	uint64_t length = (uint64_t)(8 * MS * exp(0.2 * normal())), begin;
	double which = uniform();
	int cause = of[which < 0.6 ? 0 : which < 0.9 ? 1 : 2];

	parse((uint64_t)(150 * US * exp(0.3 * normal())));
	if (uniform() >= 0.03)
		return 0;
	begin = now_ns(CLOCK_MONOTONIC);
	run[cause - 1](length);
	*ns = now_ns(CLOCK_MONOTONIC) - begin;
	return cause;
}

static void work(uint64_t events)
{
	for (uint64_t i = 0; i < events; i++)
		parse(60 * US);
}

static void alike(void)
{
	int times = uniform() < 0.03 ? 10 : 1;

	for (int i = 0; i < times; i++) {
		parse((uint64_t)(150 * US * exp(0.2 * normal())));
		flush_journal((uint64_t)(150 * US * exp(0.2 * normal())));
	}
}

static int one(const char *kind, uint64_t events, uint64_t *ns)
{
	static const int in_loops[] = {1, 2, 3}, in_spans[] = {3, 1, 2};

	*ns = 0;
	if (strcmp(kind, "causes") == 0)
		return causes(in_loops, ns);
	if (strcmp(kind, "spans") == 0)
		return causes(in_spans, ns);
	if (strcmp(kind, "work") == 0)
		work(events);
	else
		alike();
	return 0;
}

#define SOCKETS 64

static int ep, timer, fd[SOCKETS];

static int add(int what)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.fd = what};

	epoll_ctl(ep, EPOLL_CTL_ADD, what, &event);
	return what;
}

/* What the next turn brings: events that are there, or a timer 300 us from now. */
static void make_ready(int events)
{
	struct itimerspec at = {.it_value.tv_nsec = 300 * US};
	uint64_t one_more = 1;

	if (!events)
		timerfd_settime(timer, 0, &at, NULL);
	for (int i = 0; i < events; i++)
		if (write(fd[i], &one_more, sizeof(one_more)) != sizeof(one_more))
			exit(1);
}

struct turn {
	uint64_t begin_ns, ns, cause_ns;
	int cause;
};

static void take(const char *kind, uint64_t events, struct turn *turn)
{
	turn->begin_ns = now_ns(CLOCK_MONOTONIC);
	turn->cause = one(kind, events, &turn->cause_ns);
	turn->ns = now_ns(CLOCK_MONOTONIC) - turn->begin_ns;
}

static void step(struct turn *turn)
{
	vprof_span_begin("step", 0);
	take("spans", 0, turn);
	vprof_span_end();
	vprof_span_begin("steady", 0);
	parse((uint64_t)(150 * US * exp(0.3 * normal())));
	vprof_span_end();
}

int main(int argc, char **argv)
{
	int count = argc > 2 ? atoi(argv[2]) : 100;
	const char *kind = argc > 3 ? argv[3] : "causes";
	struct turn *turn = calloc((size_t)count + 1, sizeof(*turn));
	struct epoll_event event[SOCKETS];
	pthread_t thread;

	state = 0x9e3779b97f4a7c15u * (argc > 1 ? (uint64_t)atoi(argv[1]) + 1 : 1);
	if (!turn || pipe(asked) || pipe(answer) || pthread_create(&thread, NULL, journal, NULL))
		return 1;
	ep = epoll_create1(0);
	timer = add(timerfd_create(CLOCK_MONOTONIC, 0));
	for (int i = 0; i < SOCKETS; i++)
		fd[i] = add(eventfd(0, 0));
	for (int i = 0; i < count; i++) {
		int events;

		if (strcmp(kind, "spans") == 0) {
			step(&turn[i]);
			continue;
		}
		events = (int)fmin(SOCKETS, ceil(exp(1.1 * fabs(normal()))));

		make_ready(strcmp(kind, "work") == 0 ? events : 0);
		events = epoll_wait(ep, event, SOCKETS, 1000);
		take(kind, (uint64_t)events, &turn[i]);
	}
	for (int i = 0; i < count; i++)
		printf("%llu %llu %llu %d\n", (unsigned long long)turn[i].begin_ns,
		       (unsigned long long)turn[i].ns, (unsigned long long)turn[i].cause_ns,
		       turn[i].cause);
	close(asked[1]);
	pthread_join(thread, NULL);
	free(turn);
	return 0;
}
