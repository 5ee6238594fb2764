/* What the probes of loops share: a thread that loops notes when each of its waits came
 * back and when the next began, and says so at its end in one line of JSON.
 *
 * The iteration after which it does not wait again is none. */
#ifndef LOOP_TRUTH_H
#define LOOP_TRUTH_H

#include "probe.h"

#include <pthread.h>

struct truth {
	const char *thread; /* its name */
	const char *name;   /* the function that waits */
	uint64_t returns, events, bytes;
	uint64_t busy_ns, idle_ns, max_ns;
	uint64_t blocked_ns; /* of busy_ns; what it planted */
	uint64_t back_ns;
	uint64_t wait_ns;
	uint64_t iterations;
	uint64_t empty; /* of them, those that had nothing to do */
	volatile int waiting;
};

__attribute__((unused)) static void truth_begin(struct truth *truth, const char *thread,
						const char *name)
{
	memset(truth, 0, sizeof(*truth));
	truth->thread = thread;
	truth->name = name;
	pthread_setname_np(pthread_self(), thread);
}

/* Right before the wait. */
__attribute__((unused)) static void truth_waits(struct truth *truth)
{
	truth->wait_ns = clock_ns(CLOCK_MONOTONIC);
	if (truth->back_ns) {
		uint64_t ns = truth->wait_ns - truth->back_ns;

		truth->iterations++;
		truth->busy_ns += ns;
		truth->max_ns = ns > truth->max_ns ? ns : truth->max_ns;
	}
	truth->back_ns = 0;
	truth->waiting = 1;
}

/* Right after it.  Returns what it is given. */
__attribute__((unused)) static long truth_back(struct truth *truth, long events, long bytes)
{
	truth->waiting = 0;
	truth->back_ns = clock_ns(CLOCK_MONOTONIC);
	truth->idle_ns += truth->back_ns - truth->wait_ns;
	truth->returns++;
	truth->events += events > 0 ? (uint64_t)events : 0;
	truth->bytes += bytes > 0 ? (uint64_t)bytes : 0;
	return events;
}

__attribute__((unused)) static void truth_say(const struct truth *truth)
{
	say("{\"thread\":\"%s\",\"name\":\"%s\",\"iterations\":%lu,\"events\":%lu,\"bytes\":%lu,"
	    "\"busy_ns\":%lu,\"idle_ns\":%lu,\"max_ns\":%lu,\"blocked_ns\":%lu,\"empty\":%lu}\n",
	    truth->thread, truth->name, truth->iterations, truth->events, truth->bytes,
	    truth->busy_ns, truth->idle_ns, truth->max_ns, truth->blocked_ns, truth->empty);
}

/* Burns CPU time: what handling an event costs. */
__attribute__((unused, noinline)) static void work_us(unsigned us)
{
	uint64_t end = clock_ns(CLOCK_MONOTONIC) + us * 1000ull;

	while (clock_ns(CLOCK_MONOTONIC) < end)
		;
}

__attribute__((unused)) static void sleep_us(unsigned us)
{
	struct timespec t = {0, us * 1000l};

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &t) == EINTR)
		;
}

#endif
