#include "wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define READ_BYTES 4096

int virt_wire_send(int fd, const char *text)
{
	struct iovec parts[2] = {
	    {.iov_base = (char *)text, .iov_len = strlen(text)},
	    {.iov_base = (char *)"\n", .iov_len = 1},
	};
	struct msghdr msg = {.msg_iov = parts, .msg_iovlen = 2};
	size_t left = parts[0].iov_len + 1;

	while (left) {
		ssize_t done = sendmsg(fd, &msg, MSG_NOSIGNAL);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		left -= (size_t)done;
		for (size_t i = 0; i < 2; i++) {
			size_t part =
			    (size_t)done < parts[i].iov_len ? (size_t)done : parts[i].iov_len;

			parts[i].iov_base = (char *)parts[i].iov_base + part;
			parts[i].iov_len -= part;
			done -= (ssize_t)part;
		}
	}
	return 0;
}

static int reserve(struct virt_wire *wire)
{
	size_t cap = wire->cap ? wire->cap * 2 : 2 * READ_BYTES;
	char *bytes;

	if (wire->cap - wire->len >= READ_BYTES)
		return 0;
	bytes = realloc(wire->bytes, cap);
	if (!bytes)
		return -ENOMEM;
	wire->bytes = bytes;
	wire->cap = cap;
	return 0;
}

static void hand_out(struct virt_wire *wire, void (*fn)(void *arg, const char *line), void *arg)
{
	char *line = wire->bytes, *end = wire->bytes + wire->len, *newline;

	while ((newline = memchr(line, '\n', (size_t)(end - line)))) {
		*newline = '\0';
		fn(arg, line);
		line = newline + 1;
	}
	wire->len = (size_t)(end - line);
	memmove(wire->bytes, line, wire->len);
}

int virt_wire_receive(struct virt_wire *wire, void (*fn)(void *arg, const char *line), void *arg)
{
	ssize_t done;

	if (reserve(wire))
		return -ENOMEM;
	done = recv(wire->fd, wire->bytes + wire->len, READ_BYTES, MSG_DONTWAIT);
	if (done < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (!done) {
		wire->closed = true;
		return 0;
	}
	wire->len += (size_t)done;
	hand_out(wire, fn, arg);
	return 0;
}

void virt_wire_fini(struct virt_wire *wire)
{
	if (wire->fd >= 0)
		close(wire->fd);
	free(wire->bytes);
	*wire = (struct virt_wire){.fd = -1};
}
