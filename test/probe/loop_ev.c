/* libev's loop: a timer and a pipe that another thread writes to.  Watchers right before and
 * after its poll count the iterations. */
#include "loop_truth.h"

#include <ev.h>

#define WAKES 150

static struct truth truth;
static int end[2];
static volatile int handled;
static int did; /* something, since the last poll */

static void on_byte(struct ev_loop *loop, ev_io *io, int events)
{
	char byte;

	(void)loop;
	(void)events;
	if (read(io->fd, &byte, 1) != 1)
		DIE("read");
	work_us(200);
	handled++;
	did = 1;
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)timer;
	(void)events;
	work_us(700);
	did = 1;
}

static void on_check(struct ev_loop *loop, ev_check *check, int events)
{
	(void)loop;
	(void)check;
	(void)events;
	truth_back(&truth, 1, 0);
	did = 0;
}

static void on_prepare(struct ev_loop *loop, ev_prepare *prepare, int events)
{
	(void)prepare;
	(void)events;
	if (handled == WAKES) {
		ev_break(loop, EVBREAK_ALL); /* it polls no more */
		return;
	}
	truth.empty += truth.back_ns && !did;
	truth_waits(&truth);
}

static void *wake(void *unused)
{
	pthread_setname_np(pthread_self(), "feeder");
	for (int i = 0; i < WAKES; i++) {
		while (handled < i)
			sleep_us(100);
		sleep_us(700);
		if (write(end[1], "x", 1) != 1)
			DIE("write");
	}
	return unused;
}

int main(void)
{
	struct ev_loop *loop = ev_loop_new(EVBACKEND_EPOLL);
	ev_io io;
	ev_timer timer;
	ev_check check;
	ev_prepare prepare;
	pthread_t waker;

	if (pipe(end))
		DIE("pipe");
	ev_io_init(&io, on_byte, end[0], EV_READ);
	ev_timer_init(&timer, on_timer, 0.005, 0.005);
	ev_check_init(&check, on_check);
	ev_prepare_init(&prepare, on_prepare);
	ev_set_priority(&check, EV_MAXPRI); /* before those whose events came */
	ev_io_start(loop, &io);
	ev_timer_start(loop, &timer);
	ev_check_start(loop, &check);
	ev_prepare_start(loop, &prepare);
	pthread_create(&waker, NULL, wake, NULL);
	truth_begin(&truth, "ev", "epoll_wait");
	ev_run(loop, 0);
	pthread_join(waker, NULL);
	truth.events = handled;
	truth_say(&truth);
	return 0;
}
