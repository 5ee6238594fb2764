#include "input/textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/xalloc.h"

#define FIRST_ROOM 4096u
/* O_NONBLOCK: a pipe must not make us wait in open(). */
#define READ_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int refuse(int fd, struct vr_err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return vr_err_set(err, -errno, "%s", strerror(errno));
	if (S_ISDIR(st.st_mode))
		return vr_err_set(err, -EISDIR, "is a directory");
	if (S_ISBLK(st.st_mode))
		return vr_err_set(err, -EINVAL, "is a device");
	if (isatty(fd))
		return vr_err_set(err, -EINVAL, "is a terminal");
	return 0;
}

/* Waits until something can be read.  Returns 0, or -ETIMEDOUT. */
static int await(int fd, int64_t until_ms, struct vr_err *err)
{
	struct pollfd one = {.fd = fd, .events = POLLIN};
	int64_t left = until_ms - now_ms();

	while (left > 0) {
		if (poll(&one, 1, (int)left) > 0)
			return 0;
		left = until_ms - now_ms();
	}
	return vr_err_set(err, -ETIMEDOUT, "nobody wrote its end in %d s",
			  VR_TEXTFILE_WAIT_MS / 1000);
}

/* Reads to the end or to more than max_bytes. */
static int read_all(int fd, size_t max_bytes, char **text, size_t *length, struct vr_err *err)
{
	int64_t until_ms = now_ms() + VR_TEXTFILE_WAIT_MS;
	size_t room = FIRST_ROOM;
	int ret;

	*text = vr_xcalloc(room, 1);
	*length = 0;
	for (;;) {
		ssize_t got;

		ret = await(fd, until_ms, err);
		if (ret < 0)
			return ret;
		got = read(fd, *text + *length, room - 1 - *length);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got < 0)
			return vr_err_set(err, -errno, "%s", strerror(errno));
		if (got == 0)
			break;
		*length += (size_t)got;
		if (*length > max_bytes)
			return vr_err_set(err, -EFBIG, "is too large (more than %zu MiB)",
					  max_bytes >> 20);
		if (*length + 1 == room) {
			room *= 2;
			*text = vr_xrealloc(*text, room, 1);
		}
	}
	(*text)[*length] = '\0';
	return 0;
}

int vr_textfile_read(const char *path, size_t max_bytes, char **text, size_t *length,
		     struct vr_err *err)
{
	int fd = open(path, READ_FLAGS);
	int ret;

	*text = NULL;
	*length = 0;
	if (fd < 0)
		return vr_err_set(err, -errno, "%s",
				  errno == ENXIO ? "is a socket, or a device that is not there"
						 : strerror(errno));
	ret = refuse(fd, err);
	if (ret == 0)
		ret = read_all(fd, max_bytes, text, length, err);
	close(fd);
	if (ret < 0) {
		free(*text);
		*text = NULL;
	}
	return ret;
}

size_t vr_textfile_start(const char *path, void *start, size_t size)
{
	int fd = open(path, READ_FLAGS);
	struct stat st;
	ssize_t got = 0;

	if (fd < 0)
		return 0;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		got = pread(fd, start, size, 0);
	close(fd);
	return got > 0 ? (size_t)got : 0;
}
