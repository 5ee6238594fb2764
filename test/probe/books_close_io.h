/* Programs of books_close whose threads wait for files, sockets and the like. */
#ifndef BOOKS_CLOSE_IO_H
#define BOOKS_CLOSE_IO_H

#include "books_close.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

/* A file of which nothing is in memory any more. */
static volatile char *cold_file(size_t bytes)
{
	int fd = open("cold", O_RDWR | O_CREAT | O_TRUNC, 0600);
	static char block[1 << 20];
	char *at;

	memset(block, 1, sizeof(block));
	for (size_t done = 0; done < bytes; done += sizeof(block))
		if (write(fd, block, sizeof(block)) != (ssize_t)sizeof(block))
			_exit(96);
	if (fsync(fd) || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED))
		_exit(96);
	at = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	madvise(at, bytes, MADV_RANDOM);
	close(fd);
	return at;
}

static void *touches(void *arg)
{
	const volatile char *at = arg;

	begin("toucher");
	nap(20);
	for (int i = 0; i < 400; i++) {
		DO(FAULT, (void)at[(size_t)(i * 7919 % 8192) * 4096]);
		spin(0.5);
	}
	end();
	return NULL;
}

static void faults(void)
{
	volatile char *at;

	/* What writing it waits for is not the matter here. */
	DO(BLOCKED, at = cold_file(32u << 20));
	join(start(touches, (void *)(uintptr_t)at));
	DO(BLOCKED, unlink("cold"));
}

/* Where liburing's wait is a hook of ours. */
static int sees_uring(void)
{
	Dl_info info;
	void *at = dlsym(RTLD_DEFAULT, "__io_uring_get_cqe");

	return at && dladdr(at, &info) && strstr(info.dli_fname, "libvprof");
}

static void uring(void)
{
	enum class class = sees_uring() ? IDLE : UNHOOKED;
	struct io_uring ring;

	if (io_uring_queue_init(8, &ring, 0))
		_exit(77);
	for (int i = 0; i < 40; i++) {
		struct __kernel_timespec t = {0, 12000000};
		struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
		struct io_uring_cqe *cqe;

		io_uring_prep_timeout(sqe, &t, 0, 0);
		io_uring_submit(&ring);
		DO(class, io_uring_wait_cqe(&ring, &cqe));
		io_uring_cqe_seen(&ring, cqe);
		spin(1);
	}
	io_uring_queue_exit(&ring);
}

/* A loop whose iterations block, sleep and work. */
static void epolls(void)
{
	int epoll = epoll_create1(0), timer = timerfd_create(CLOCK_MONOTONIC, 0);
	struct itimerspec every = {{0, 10000000}, {0, 10000000}};
	struct epoll_event event = {.events = EPOLLIN};
	uint64_t times;

	timerfd_settime(timer, 0, &every, NULL);
	epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event);
	for (int i = 0; i < 60; i++) {
		int seen;

		DO(IDLE, seen = epoll_wait(epoll, &event, 1, -1));
		DO(BLOCKED, (void)!read(timer, &times, sizeof(times)));
		if (seen == 1 && i >= 20)
			DO(BLOCKED, sleep_ms(4));
		spin(2);
	}
	close(epoll);
	close(timer);
}

static void polls(void)
{
	int fds[2];
	struct pollfd fd;

	if (pipe(fds))
		_exit(97);
	fd = (struct pollfd){fds[0], POLLIN, 0};
	for (int i = 0; i < 40; i++) {
		DO(IDLE, poll(&fd, 1, 10));
		spin(1);
	}
}

static void files(void)
{
	static char block[1 << 18];
	int fd;

	DO(BLOCKED, fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600));
	for (int i = 0; i < 12; i++) {
		DO(BLOCKED, (void)!write(fd, block, sizeof(block)));
		DO(BLOCKED, fsync(fd));
		nap(10);
	}
	DO(BLOCKED, close(fd));
	DO(BLOCKED, unlink("file"));
}

static void *answers(void *arg)
{
	int fd = *(int *)arg;
	char byte;

	begin("server");
	for (int i = 0; i < 10; i++) {
		DO(BLOCKED, (void)!recv(fd, &byte, 1, 0));
		nap(20);
		DO(PREEMPTED, (void)!send(fd, "y", 1, 0));
	}
	end();
	return NULL;
}

static void sockets(void)
{
	int fds[2];
	pthread_t other;
	char byte;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
		_exit(97);
	other = start(answers, &fds[1]);
	for (int i = 0; i < 10; i++) {
		DO(PREEMPTED, (void)!send(fds[0], "x", 1, 0));
		DO(BLOCKED, (void)!recv(fds[0], &byte, 1, 0));
		spin(2);
	}
	join(other);
}

#endif
