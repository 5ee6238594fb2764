/* Two symbols that come by one pipe to a pool of threads: how many iterations of their loops
 * each has, and how long those took, as the program counts it itself, as JSON.
 *
 * label_loop shares          SOL takes 3 ms and comes two times of three, BTC 1 ms
 * label_loop several         each message is of SOL, and then of BTC, in one iteration
 * label_loop around          each worker has a label of its own life, and begins no other
 * label_loop phases          each message is of SOL, with two phases inside, one after the other
 * label_loop names           each message has a label of its own, 3,000 of them */
#include "probe.h"

#include <pthread.h>
#include <vprof.h>

#define WORKERS	 3
#define MESSAGES 600

static int feed[2];
static struct symbol {
	const char *name;
	unsigned burn_ms;
	uint64_t iterations, ns, max_ns;
} symbols[2] = {{"SOL", 3, 0, 0, 0}, {"BTC", 1, 0, 0, 0}};
static const char *mode;
static int done; /* messages */

static int is(const char *name)
{
	return strcmp(mode, name) == 0;
}

static void count(struct symbol *symbol, uint64_t ns)
{
	uint64_t max = __atomic_load_n(&symbol->max_ns, __ATOMIC_RELAXED);

	__atomic_fetch_add(&symbol->iterations, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&symbol->ns, ns, __ATOMIC_RELAXED);
	while (ns > max && !__atomic_compare_exchange_n(&symbol->max_ns, &max, ns, 0,
							__ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

static __attribute__((noinline)) void handle(int message)
{
	struct symbol *symbol = &symbols[is("shares") && message % 3 == 0];
	char name[16];

	if (is("around"))
		return;
	snprintf(name, sizeof(name), "n%d", message);
	vprof_begin("symbol", is("names") ? name : symbol->name);
	if (is("shares"))
		burn_ms(symbol->burn_ms);
	if (is("phases")) {
		vprof_begin("phase", "read");
		vprof_end();
		vprof_begin("phase", "write");
		vprof_end();
	}
	vprof_end();
	if (is("several")) {
		vprof_begin("symbol", symbols[1].name);
		vprof_end();
	}
}

static void *worker(void *arg)
{
	int message;

	if (is("around"))
		vprof_begin("life", "long");
	while (read(feed[0], &message, sizeof(message)) == sizeof(message)) {
		uint64_t before = clock_ns(CLOCK_MONOTONIC);

		handle(message);
		count(&symbols[is("several") || (is("shares") && message % 3 == 0)],
		      clock_ns(CLOCK_MONOTONIC) - before);
		__atomic_fetch_add(&done, 1, __ATOMIC_RELEASE);
	}
	return arg;
}

int main(int argc, char **argv)
{
	pthread_t pool[WORKERS];
	int messages;

	mode = argc > 1 ? argv[1] : "shares";
	messages = is("names") ? 3000 : MESSAGES;
	if (pipe(feed))
		return 1;
	for (int i = 0; i < WORKERS; i++)
		pthread_create(&pool[i], NULL, worker, NULL);
	for (int i = 0; i < messages; i++) {
		/* However busy the machine, the pool waits for the next one. */
		do
			usleep(200);
		while (i - __atomic_load_n(&done, __ATOMIC_ACQUIRE) > 1);
		if (write(feed[1], &i, sizeof(i)) != sizeof(i))
			return 1;
	}
	sleep_ms(20);
	close(feed[1]);
	for (int i = 0; i < WORKERS; i++)
		pthread_join(pool[i], NULL);
	say("{");
	for (int i = 0; i < 2; i++)
		say("%s\"%s\":{\"iterations\":%lu,\"busy_ns\":%lu,\"max_ns\":%lu}", i ? "," : "",
		    symbols[i].name, symbols[i].iterations, symbols[i].ns, symbols[i].max_ns);
	say("}\n");
	return 0;
}
