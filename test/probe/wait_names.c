/* Calls that wait for something that has a name; says each call's function and what it
 * waited for, as the record should have it.  "?" is: or not at all. */
#include "probe.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

static int ends[2];

static void *writes(void *fd)
{
	sleep_ms(20);
	return (void *)(uintptr_t)(write((int)(intptr_t)fd, "12345678", 8) == 8);
}

static pthread_t later(int fd)
{
	pthread_t thread;

	pthread_create(&thread, NULL, writes, (void *)(intptr_t)fd);
	return thread;
}

__attribute__((noinline)) static long name_read(int fd)
{
	char text[8];

	return read(fd, text, 8) + 1;
}

__attribute__((noinline)) static long name_reused(int fd)
{
	char text[8];

	return read(fd, text, 8) + 2;
}

__attribute__((noinline)) static long name_closed(int fd)
{
	char text[8];

	return read(fd, text, 8) + 3;
}

__attribute__((noinline)) static long name_recv(int fd)
{
	char text[8];

	return recv(fd, text, 8, 0) + 1;
}

__attribute__((noinline)) static long name_epoll(int fd)
{
	struct epoll_event event;

	return epoll_wait(fd, &event, 1, -1) + 1;
}

__attribute__((noinline)) static long name_open(const char *path)
{
	return open(path, O_RDONLY) + 1;
}

__attribute__((noinline)) static long name_connect(int fd, const struct sockaddr_un *to,
						   socklen_t n)
{
	return connect(fd, (const struct sockaddr *)to, n) + 1;
}

__attribute__((noinline)) static long name_resolve(const char *name)
{
	struct addrinfo *found = NULL, want = {.ai_family = AF_INET};

	return getaddrinfo(name, NULL, &want, &found) + 1;
}

static void *opens(void *path)
{
	sleep_ms(20);
	return (void *)(intptr_t)open(path, O_RDWR);
}

static void *accepts(void *fd)
{
	sleep_ms(20);
	return (void *)(intptr_t)accept((int)(intptr_t)fd, NULL, NULL);
}

static void internet(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0), near = socket(AF_INET, SOCK_STREAM, 0), far;
	pthread_t thread;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 1) != 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &size) != 0 ||
	    connect(near, (struct sockaddr *)&address, size) != 0)
		_exit(3);
	far = accept(listener, NULL, NULL);
	thread = later(far);
	name_recv(near);
	pthread_join(thread, NULL);
	say("name_recv tcp 127.0.0.1:%u\n", ntohs(address.sin_port));
}

static void local(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	pthread_t thread;

	unlink("socket");
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(listener, 0) != 0 ||
	    connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address,
		    sizeof(address)) != 0)
		_exit(3);
	pthread_create(&thread, NULL, accepts, (void *)(intptr_t)listener);
	name_connect(socket(AF_UNIX, SOCK_STREAM, 0), &address, sizeof(address));
	pthread_join(thread, NULL);
	say("name_connect socket\n");
}

int main(void)
{
	struct epoll_event wanted = {.events = EPOLLIN};
	struct stat status;
	pthread_t thread;
	int again[2], epoll = epoll_create1(0), fifo;

	internet();
	local();
	if (pipe(ends) != 0 || fstat(ends[0], &status) != 0)
		return 3;
	thread = later(ends[1]);
	name_read(ends[0]);
	pthread_join(thread, NULL);
	say("name_read pipe:[%lu]\n", (unsigned long)status.st_ino);

	if (pipe(again) != 0)
		return 3;
	epoll_ctl(epoll, EPOLL_CTL_ADD, again[0], &wanted);
	thread = later(again[1]);
	name_epoll(epoll);
	pthread_join(thread, NULL);
	say("name_epoll anon_inode:[eventpoll]\n");

	unlink("fifo");
	if (mkfifo("fifo", 0600) != 0)
		return 3;
	pthread_create(&thread, NULL, opens, (char[]){"fifo"});
	name_open("fifo");
	pthread_join(thread, NULL);
	say("name_open fifo\n");

	/* Another pipe gets the number before anybody can look. */
	if (pipe(again) != 0 || fstat(again[0], &status) != 0)
		return 3;
	thread = later(again[1]);
	name_reused(again[0]);
	fifo = open("fifo", O_RDWR);
	if (dup2(fifo, again[0]) != again[0])
		return 3;
	pthread_join(thread, NULL);
	say("name_reused ?pipe:[%lu]\n", (unsigned long)status.st_ino);
	if (pipe(again) != 0 || fstat(again[0], &status) != 0)
		return 3;
	thread = later(again[1]);
	name_closed(again[0]);
	close(again[0]);
	if (dup(fifo) != again[0])
		return 4;
	pthread_join(thread, NULL);
	say("name_closed ?pipe:[%lu]\n", (unsigned long)status.st_ino);

	name_resolve("no.such.host.vprof.invalid");
	say("name_resolve no.such.host.vprof.invalid\n");
	poll(NULL, 0, 300); /* the helper comes by */
	return 0;
}
