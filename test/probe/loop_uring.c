/* A loop that waits for completions of io_uring, by liburing's shared library: reads of a
 * pipe that another thread writes to. */
#include "loop_truth.h"

#include <liburing.h>

#define TURNS 100

static int end[2];
static volatile int handled;

static void *feed(void *unused)
{
	pthread_setname_np(pthread_self(), "feeder");
	for (int i = 0; i < TURNS; i++) {
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
	struct io_uring ring;
	struct truth truth;
	pthread_t feeder;
	char byte;
	int err = io_uring_queue_init(8, &ring, 0);

	if (err < 0) {
		say("{\"refused\":\"%s\"}\n", strerror(-err));
		return 0;
	}
	if (pipe(end))
		DIE("pipe");
	pthread_create(&feeder, NULL, feed, NULL);
	truth_begin(&truth, "uring", "__io_uring_get_cqe");
	for (int i = 0; i < TURNS; i++) {
		struct io_uring_cqe *cqe;

		io_uring_prep_read(io_uring_get_sqe(&ring), end[0], &byte, 1, 0);
		io_uring_submit(&ring);
		truth_waits(&truth);
		err = io_uring_wait_cqe(&ring, &cqe);
		truth_back(&truth, 0, 0);
		if (err || cqe->res != 1)
			DIE("io_uring");
		io_uring_cqe_seen(&ring, cqe);
		work_us(150);
		handled++;
	}
	pthread_join(feeder, NULL);
	truth.empty = 3; /* it is there already: an inline function sees it, and does not call */
	truth.busy_ns = truth.idle_ns = truth.max_ns = 0;
	truth_say(&truth);
	return 0;
}
