/* Closes every descriptor it does not know, then opens its own, which get the
 * lowest numbers, and exchanges messages over them while it allocates and
 * burns CPU time. A byte too many, too few or changed ends it with status 1.
 *
 * fd_hygiene list    prints the open descriptors and their kinds instead */
#include "probe.h"
#include <dirent.h>
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

int main(int argc, char **argv)
{
	int pair[2], other[2];
	uint64_t sent = 0, got;

	if (argc > 1 && !strcmp(argv[1], "list"))
		return list();
	burn_ms(30); /* let helpers open what they open */
	syscall(SYS_close_range, 3u, ~0u, 0u);
	if (pipe(other) || socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		DIE("socketpair");
	say("descriptors %d %d %d %d\n", other[0], other[1], pair[0], pair[1]);
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
	}
	if (recv(pair[1], &got, 1, MSG_DONTWAIT) != -1 || errno != EAGAIN)
		DIE("bytes nobody sent");
	say("%lu messages\n", sent);
	return 0;
}
