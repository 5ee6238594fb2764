/* Closes every descriptor it does not know, then opens its own, which get the
 * lowest numbers, and exchanges messages over them while it allocates and
 * burns CPU time. A byte too many, too few or changed ends it with status 1.
 *
 * fd_hygiene list    prints the open descriptors and their kinds instead */
#include "probe.h"
#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>

__attribute__((noinline)) static int deep(int n)
{
	volatile char pad[200];

	pad[0] = (char)n;
	if (n)
		return deep(n - 1) + pad[0];
	free(opaque(malloc(100)));
	return 0;
}

static int list(void)
{
	char path[64], target[64];

	for (int fd = 0; fd < 1024; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		ssize_t n = readlink(path, target, 5);
		if (n > 0)
			say("%d %.5s\n", fd, target);
	}
	return 0;
}

/* A connection over TCP and two datagram sockets, all on the loopback. */
static void connect_all(int tcp[2], int udp[2])
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	if (listener < 0 || bind(listener, (struct sockaddr *)&at, len) || listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&at, &len))
		DIE("listen");
	tcp[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (tcp[0] < 0 || connect(tcp[0], (struct sockaddr *)&at, len))
		DIE("connect");
	tcp[1] = accept(listener, NULL, NULL);
	close(listener);
	at.sin_port = 0;
	udp[0] = socket(AF_INET, SOCK_DGRAM, 0);
	udp[1] = socket(AF_INET, SOCK_DGRAM, 0);
	if (tcp[1] < 0 || udp[0] < 0 || bind(udp[1], (struct sockaddr *)&at, len) ||
	    getsockname(udp[1], (struct sockaddr *)&at, &len) ||
	    connect(udp[0], (struct sockaddr *)&at, len))
		DIE("datagrams");
}

/* Sends a message of some length over it and compares every byte. */
static void exchange(int from, int to, unsigned seed)
{
	unsigned char sent[3000], got[sizeof(sent) + 1];
	size_t bytes = 1 + seed * 37 % sizeof(sent), have = 0;
	ssize_t n;

	for (size_t i = 0; i < bytes; i++)
		sent[i] = (unsigned char)(seed * 31 + i * 7);
	if (send(from, sent, bytes, 0) != (ssize_t)bytes)
		DIE("send");
	while (have < bytes) {
		n = recv(to, got + have, sizeof(got) - have, 0);
		if (n <= 0)
			DIE("recv");
		have += (size_t)n;
	}
	if (have != bytes || memcmp(sent, got, bytes))
		DIE("message of %zu bytes came back as %zu others", bytes, have);
}

int main(int argc, char **argv)
{
	int pair[2], other[2], tcp[2], udp[2];
	uint64_t sent = 0, got;

	if (argc > 1 && !strcmp(argv[1], "list"))
		return list();
	burn_ms(30); /* let helpers open what they open */
	syscall(SYS_close_range, 3u, ~0u, 0u);
	if (pipe(other) || socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		DIE("socketpair");
	connect_all(tcp, udp);
	say("descriptors %d %d %d %d\n", other[0], other[1], pair[0], pair[1]);
	say("sockets %d %d %d %d\n", tcp[0], tcp[1], udp[0], udp[1]);
	for (int i = 0; i < 400; i++) {
		deep(i % 60);
		burn_ms(2);
		sent++;
		if (write(pair[0], &sent, sizeof(sent)) != sizeof(sent) ||
		    write(other[1], &sent, sizeof(sent)) != sizeof(sent))
			DIE("write");
		deep(i % 40);
		if (read(pair[1], &got, sizeof(got)) != sizeof(got) || got != sent ||
		    read(other[0], &got, sizeof(got)) != sizeof(got) || got != sent)
			DIE("message %lu came back as %lu", sent, got);
		exchange(tcp[i % 2], tcp[!(i % 2)], (unsigned)i);
		exchange(udp[0], udp[1], (unsigned)i);
	}
	for (int fd = other[0]; fd <= udp[1]; fd++) {
		struct pollfd p = {fd, POLLIN, 0};

		if (poll(&p, 1, 0) > 0 && p.revents & POLLIN)
			DIE("bytes nobody sent, in %d", fd);
	}
	say("%lu messages\n", sent);
	return 0;
}
