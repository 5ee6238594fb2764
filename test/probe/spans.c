/* Uses the spans of vprof.h, and prints what is true as JSON.
 *
 * spans truth SEED N  two threads with N spans each, of 2 us to 128 us: how long each was by the
 *                     program's own clock, looked at just outside ("most"), just inside ("least")
 * spans nest          spans within spans, which sleep: times of each and of what lies within
 * spans async         N orders, sent by one thread, acknowledged by another after known times
 * spans labels        the same name under two labels, in two threads, with sizes
 * spans misuse        ends without a beginning, beginnings without an end, longjmp, wrappers, too
 *                     deep, signal handlers, threads that end amid a span: what is to be told
 * spans names N       N names, three spans each, of names made up in one buffer
 * spans fork          a child within a span, which has spans of its own
 * spans pause         what is recorded before, in and after a pause
 * spans heap          allocations within spans */
#include "probe.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/wait.h>
#include <vprof.h>

#define MOST 400000u

static uint64_t now(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void spin_ns(uint64_t ns)
{
	uint64_t end = now() + ns;

	while (now() < end)
		;
}

/* ---- truth ------------------------------------------------------------------ */

struct times {
	uint64_t *least, *most, seed;
	unsigned n;
};

static void *timed(void *arg)
{
	struct times *times = arg;
	uint64_t a, b, c, d;

	for (unsigned i = 0; i < times->n; i++) {
		uint64_t r = next_random(&times->seed);
		uint64_t ns = (2000u << (r % 6)) + (r >> 8) % (2000u << (r % 6));

		a = now();
		vprof_span_begin("timed", ns);
		b = now();
		spin_ns(ns);
		c = now();
		vprof_span_end();
		d = now();
		times->least[i] = c - b;
		times->most[i] = d - a;
	}
	return NULL;
}

static void say_times(const char *name, const uint64_t *ns, unsigned n)
{
	say("\"%s\":[", name);
	for (unsigned i = 0; i < n; i++)
		say("%s%lu", i ? "," : "", ns[i]);
	say("]");
}

static void truth(uint64_t seed, unsigned n)
{
	static uint64_t least[MOST], most[MOST];
	struct times one = {least, most, seed * 2 + 1, n},
		     two = {least + n, most + n, seed * 2 + 2, n};
	pthread_t other;

	if (!n || 2 * n > MOST)
		_exit(2);
	pthread_create(&other, NULL, timed, &two);
	timed(&one);
	pthread_join(other, NULL);
	say("{");
	say_times("least", least, 2 * n);
	say(",");
	say_times("most", most, 2 * n);
	say("}\n");
}

/* ---- within each other ------------------------------------------------------ */

static void nest(void)
{
	uint64_t outer = 0, inner = 0, leaf = 0, begin, middle;

	for (int i = 0; i < 10; i++) {
		begin = now();
		vprof_span_begin("outer", 0);
		sleep_ms(3);
		for (int k = 0; k < 2; k++) {
			middle = now();
			vprof_span_begin("inner", 7);
			sleep_ms(2);
			{
				uint64_t last = now();
				VPROF_SPAN("leaf", 0);

				sleep_ms(1);
				leaf += now() - last;
			}
			vprof_span_end();
			inner += now() - middle;
		}
		vprof_span_end();
		outer += now() - begin;
	}
	say("{\"outer\":%lu,\"inner\":%lu,\"leaf\":%lu}\n", outer, inner, leaf);
}

/* ---- across threads ----------------------------------------------------------- */

#define ORDERS 40u
static uint64_t sent_ns[ORDERS];

static void *acknowledge(void *arg)
{
	uint64_t *sum = arg;

	for (unsigned i = 0; i < ORDERS - 4; i++) { /* the last four never are */
		while (!__atomic_load_n(&sent_ns[i], __ATOMIC_ACQUIRE))
			sleep_ms(1);
		sleep_ms(i == 17 ? 30 : 2);
		vprof_span_async("order", i);
		*sum += now() - sent_ns[i];
	}
	return NULL;
}

static void async(void)
{
	uint64_t sum = 0;
	pthread_t other;

	pthread_create(&other, NULL, acknowledge, &sum);
	for (unsigned i = 0; i < ORDERS; i++) {
		uint64_t begin = now();

		vprof_span_async("order", i);
		__atomic_store_n(&sent_ns[i], begin, __ATOMIC_RELEASE);
		sleep_ms(1);
	}
	pthread_join(other, NULL);
	/* As many again as there may be at a time, none of which ends. */
	for (unsigned i = 0; i < 2 * VPROF_ASYNC_MAX; i++)
		vprof_span_async("flood", i);
	say("{\"ended\":%u,\"open\":4,\"sum\":%lu,\"flood\":%u}\n", ORDERS - 4, sum,
	    2 * VPROF_ASYNC_MAX);
}

/* ---- labels ------------------------------------------------------------------- */

static void *labelled(void *arg)
{
	const char *path = arg;

	for (unsigned i = 1; i <= 100; i++) {
		vprof_begin("path", path);
		vprof_span_begin("step", *path == 'a' ? i : 10 * i);
		spin_ns(*path == 'a' ? 20000 : 60000);
		vprof_span_end();
		vprof_end();
	}
	vprof_span_begin("step", 0);
	vprof_span_end();
	return NULL;
}

static void labels(void)
{
	pthread_t other;

	pthread_create(&other, NULL, labelled, "b");
	labelled("a");
	pthread_join(other, NULL);
	say("{}\n");
}

/* ---- misuse ------------------------------------------------------------------- */

static jmp_buf out;
static void (*volatile leave_by)(struct __jmp_buf_tag *, int) = longjmp;

__attribute__((noinline)) static void go_down(volatile int n)
{
	vprof_span_begin("left", 0);
	if (n > 0)
		go_down(n - 1);
	else
		leave_by(out, 1);
	vprof_span_end();
}

/* What others begin and end spans by. */
__attribute__((noinline)) static void begin_for(const char *name)
{
	vprof_span_begin(name, 0);
	__asm__ volatile("");
}

__attribute__((noinline)) static void end_for(void)
{
	vprof_span_end();
	__asm__ volatile("");
}

__attribute__((noinline)) static void recurse(volatile int n)
{
	vprof_span_begin("recursion", 0);
	if (n > 1)
		recurse(n - 1);
	vprof_span_end();
}

__attribute__((noinline)) static void forgets(volatile int how)
{
	vprof_span_begin("forgotten", 0);
	if (how)
		return;
	vprof_span_end();
}

static volatile sig_atomic_t handled;

static void handler(int signal)
{
	(void)signal;
	vprof_span_begin("handler", 0);
	handled++;
	vprof_span_end();
}

static void *ends_amid(void *arg)
{
	(void)arg;
	vprof_span_begin("amid", 0);
	return NULL;
}

static void *is_cancelled(void *arg)
{
	VPROF_SPAN("cancelled", 0);

	(void)arg;
	for (;;)
		pause();
	return NULL;
}

static void signals_in_between(void)
{
	struct itimerspec often = {{0, 50000}, {0, 50000}};
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	uint64_t end = now() + 200000000;
	timer_t timer;

	signal(SIGUSR1, handler);
	timer_create(CLOCK_MONOTONIC, &event, &timer);
	timer_settime(timer, 0, &often, NULL);
	while (now() < end) {
		vprof_span_begin("around", 0);
		vprof_span_begin("within", 0);
		vprof_span_end();
		vprof_span_end();
	}
	timer_delete(timer);
}

static void misuse(void)
{
	static unsigned long lefts;
	pthread_t thread;

	vprof_span_end();
	vprof_span_end();
	vprof_span_begin(NULL, 0);
	vprof_span_end();
	for (volatile int i = 0; i < 200; i++) {
		vprof_span_begin("catcher", 0);
		if (setjmp(out) == 0)
			go_down(i % 10);
		vprof_span_end();
		lefts += (unsigned)i % 10 + 1;
	}
	for (int i = 0; i < 100; i++) {
		begin_for("outer by wrapper");
		begin_for("inner by wrapper");
		end_for();
		end_for();
	}
	recurse(200);
	for (int i = 0; i < 300; i++)
		forgets(i % 3 == 0);
	signals_in_between();
	pthread_create(&thread, NULL, ends_amid, NULL);
	pthread_join(thread, NULL);
	pthread_create(&thread, NULL, is_cancelled, NULL);
	sleep_ms(20);
	pthread_cancel(thread);
	pthread_join(thread, NULL);
	errno = 77;
	vprof_span_begin("at the end", 0);
	say("{\"left\":%lu,\"handled\":%d,\"errno\":%d}\n", lefts, (int)handled, errno);
}

/* ---- names -------------------------------------------------------------------- */

static void names(unsigned n)
{
	static char name[300];

	for (unsigned i = 0; i < 3 * n; i++) {
		snprintf(name, sizeof(name), "name %u", i % n);
		vprof_span_begin(name, 1);
		vprof_span_end();
	}
	memset(name, 'x', sizeof(name) - 1);
	for (int i = 0; i < 2; i++) { /* alike as far as they are kept */
		name[200] = (char)('a' + i);
		vprof_span_begin(name, 1);
		vprof_span_end();
	}
	say("{}\n");
}

/* ---- processes and pauses ------------------------------------------------------ */

static void forks(void)
{
	pid_t child;

	vprof_span_begin("around the fork", 0);
	child = fork();
	if (child == 0) {
		vprof_span_begin("child", 0);
		vprof_span_end();
		vprof_span_end(); /* of what the parent began */
		exit(0);
	}
	waitpid(child, NULL, 0);
	vprof_span_end();
	say("{}\n");
}

static void pauses(void)
{
	vprof_span_begin("open at the pause", 0);
	vprof_span_begin("before", 0);
	vprof_span_end();
	vprof_stop();
	vprof_span_begin("in the pause", 0);
	vprof_span_end();
	vprof_span_begin("from the pause", 0);
	vprof_start();
	vprof_span_end();
	vprof_span_end(); /* open at the pause */
	for (int i = 0; i < 3; i++) {
		vprof_span_begin("after", 0);
		vprof_span_end();
	}
	say("{}\n");
}

static void heap(void)
{
	void *block[30];

	for (int i = 0; i < 10; i++) {
		vprof_span_begin("allocates", 0);
		block[3 * i] = opaque(malloc(100));
		vprof_span_begin("within", 0);
		block[3 * i + 1] = opaque(malloc(20));
		block[3 * i + 2] = opaque(malloc(30));
		vprof_span_end();
		vprof_span_end();
	}
	for (int i = 0; i < 30; i++)
		free(block[i]);
	say("{}\n");
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	unsigned long number = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;

	if (!strcmp(what, "truth") && argc > 3)
		truth(number, (unsigned)strtoul(argv[3], NULL, 10));
	else if (!strcmp(what, "nest"))
		nest();
	else if (!strcmp(what, "async"))
		async();
	else if (!strcmp(what, "labels"))
		labels();
	else if (!strcmp(what, "misuse"))
		misuse();
	else if (!strcmp(what, "names"))
		names((unsigned)number);
	else if (!strcmp(what, "fork"))
		forks();
	else if (!strcmp(what, "pause"))
		pauses();
	else if (!strcmp(what, "heap"))
		heap();
	else
		return 2;
	return 0;
}
