/* Text files of unknown origin: /tmp is writable by everybody. */
#include "symbols/sym_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_ROOM 65536u

static int read_all(int fd, size_t max_bytes, char **text, size_t *length)
{
	size_t room = FIRST_ROOM, used = 0;
	char *buffer = malloc(room + 1), *grown;
	int error = 0;
	ssize_t got;

	if (!buffer)
		return -ENOMEM;
	for (;;) {
		got = read(fd, buffer + used, room - used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			error = -errno;
		if (got <= 0)
			break;
		used += (size_t)got;
		if (used == room && room >= max_bytes)
			break;
		if (used < room)
			continue;
		room *= 2;
		grown = realloc(buffer, room + 1);
		if (!grown) {
			free(buffer);
			return -ENOMEM;
		}
		buffer = grown;
	}
	if (error) {
		free(buffer);
		return error;
	}
	buffer[used] = '\0';
	*text = buffer;
	*length = used;
	return 0;
}

int vr_text_read(const char *path, size_t max_bytes, char **text, size_t *length)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY);
	struct stat st;
	int ret;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		ret = -errno;
	else if (!S_ISREG(st.st_mode))
		ret = -EINVAL;
	else
		ret = read_all(fd, max_bytes, text, length);
	close(fd);
	return ret;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int vr_text_hex(const char **at, uint64_t *value)
{
	const char *p = *at;
	uint64_t sum = 0;

	if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X') && digit(p[2]) >= 0)
		p += 2;
	if (digit(*p) < 0)
		return -EINVAL;
	for (; digit(*p) >= 0; p++) {
		if (sum >> 60)
			return -EINVAL;
		sum = sum << 4 | (uint64_t)digit(*p);
	}
	*at = p;
	*value = sum;
	return 0;
}
