#include "loop.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum source_kind {
	SOURCE_COUNTER, /* timerfd and eventfd: one 64-bit count */
	SOURCE_SIGNAL,
};

struct source {
	int fd;
	enum source_kind kind;
	struct mon_handler handler;
	struct source *next;
};

struct mon_loop {
	int epoll_fd;
	bool stopping;
	struct source *sources;
};

int mon_loop_create(struct mon_loop **out)
{
	struct mon_loop *loop = calloc(1, sizeof(*loop));
	int err;

	if (!loop)
		return -ENOMEM;
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0) {
		err = -errno;
		free(loop);
		return err;
	}
	*out = loop;
	return 0;
}

void mon_loop_destroy(struct mon_loop *loop)
{
	struct source *source;

	if (!loop)
		return;
	while ((source = loop->sources)) {
		loop->sources = source->next;
		close(source->fd);
		free(source);
	}
	close(loop->epoll_fd);
	free(loop);
}

/* Takes fd over: it is closed here when adding fails, with the loop otherwise. */
static int add_source(struct mon_loop *loop, int fd, enum source_kind kind,
		      struct mon_handler handler)
{
	struct source *source = malloc(sizeof(*source));
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = source};
	int err;

	if (!source) {
		close(fd);
		return -ENOMEM;
	}
	*source = (struct source){fd, kind, handler, loop->sources};
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event)) {
		err = -errno;
		close(fd);
		free(source);
		return err;
	}
	loop->sources = source;
	return 0;
}

static struct timespec timespec_of(int64_t ns)
{
	return (struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
}

int mon_loop_add_timer(struct mon_loop *loop, int64_t first_ns, int64_t period_ns,
		       struct mon_handler handler)
{
	struct itimerspec spec = {
	    .it_value = timespec_of(first_ns),
	    .it_interval = timespec_of(period_ns),
	};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	if (timerfd_settime(fd, 0, &spec, NULL)) {
		err = -errno;
		close(fd);
		return err;
	}
	return add_source(loop, fd, SOURCE_COUNTER, handler);
}

int mon_loop_add_event(struct mon_loop *loop, struct mon_handler handler, int *event_fd)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = add_source(loop, fd, SOURCE_COUNTER, handler);
	if (!err)
		*event_fd = fd;
	return err;
}

int mon_loop_add_signals(struct mon_loop *loop, const sigset_t *signals, struct mon_handler handler)
{
	int fd = signalfd(-1, signals, SFD_NONBLOCK | SFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	return add_source(loop, fd, SOURCE_SIGNAL, handler);
}

/* Reads what made the source ready; false when there was nothing after all. */
static bool drain(const struct source *source, uint64_t *value)
{
	struct signalfd_siginfo info;

	if (source->kind == SOURCE_COUNTER)
		return read(source->fd, value, sizeof(*value)) == (ssize_t)sizeof(*value);
	if (read(source->fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return false;
	*value = info.ssi_signo;
	return true;
}

int mon_loop_run(struct mon_loop *loop)
{
	struct epoll_event ready[16];
	uint64_t value;

	while (!loop->stopping) {
		int nr = epoll_wait(loop->epoll_fd, ready, 16, -1);

		if (nr < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < nr && !loop->stopping; i++) {
			const struct source *source = ready[i].data.ptr;

			if (drain(source, &value))
				source->handler.fn(source->handler.arg, value);
		}
	}
	return 0;
}

void mon_loop_stop(struct mon_loop *loop)
{
	loop->stopping = true;
}

void mon_event_signal(int event_fd)
{
	const uint64_t one = 1;
	ssize_t done;

	do
		done = write(event_fd, &one, sizeof(one));
	while (done < 0 && errno == EINTR);
}
