/* libuv's loop: timers, and another thread that wakes it.  A watcher right after its poll
 * counts the iterations; `idle` has libuv measure its idle time itself, for which it polls
 * twice. */
#include "loop_truth.h"

#include <uv.h>

#define WAKES 150

static struct truth truth;
static uv_loop_t loop;
static uv_async_t async;
static volatile int handled;

static void on_wake(uv_async_t *handle)
{
	(void)handle;
	work_us(200);
	handled++;
}

static void on_timer(uv_timer_t *timer)
{
	(void)timer;
	work_us(700);
}

static void on_check(uv_check_t *check)
{
	(void)check;
	truth_back(&truth, 0, 0);
}

static void on_prepare(uv_prepare_t *prepare)
{
	(void)prepare;
	truth_waits(&truth);
	if (handled == WAKES)
		uv_stop(&loop);
}

static void *wake(void *unused)
{
	pthread_setname_np(pthread_self(), "feeder");
	for (int i = 0; i < WAKES; i++) {
		while (handled < i)
			sleep_us(100);
		sleep_us(700);
		uv_async_send(&async);
	}
	return unused;
}

int main(int argc, char **argv)
{
	uv_timer_t timer;
	uv_check_t check;
	uv_prepare_t prepare;
	pthread_t waker;
	uint64_t begin;
	int measured = argc > 1 && strcmp(argv[1], "idle") == 0;

	uv_loop_init(&loop);
	if (measured && uv_loop_configure(&loop, UV_METRICS_IDLE_TIME) != 0)
		DIE("UV_METRICS_IDLE_TIME");
	uv_async_init(&loop, &async, on_wake);
	uv_timer_init(&loop, &timer);
	uv_timer_start(&timer, on_timer, 5, 5);
	uv_check_init(&loop, &check);
	uv_check_start(&check, on_check);
	uv_prepare_init(&loop, &prepare);
	uv_prepare_start(&prepare, on_prepare);
	pthread_create(&waker, NULL, wake, NULL);
	truth_begin(&truth, "uv", "epoll_wait");
	begin = clock_ns(CLOCK_MONOTONIC);
	uv_run(&loop, UV_RUN_DEFAULT);
	begin = clock_ns(CLOCK_MONOTONIC) - begin;
	pthread_join(waker, NULL);
	/* Callbacks run within what libuv calls its poll: only it knows its idle time.  Where
	 * it polls twice, the machine may do something else in between. */
	say("{\"thread\":\"uv\",\"name\":\"epoll_wait\",\"iterations\":%lu,\"more\":%d}\n",
	    truth.iterations, measured ? 2 : 0);
	if (measured)
		say("{\"wall_ns\":%lu,\"uv_idle_ns\":%lu}\n", begin, uv_metrics_idle_time(&loop));
	return 0;
}
