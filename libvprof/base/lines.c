/* L0 */
#include "base/lines.h"
#include "base/sys.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int vp_lines_open(struct vp_lines *lines, const char *path, char *buf, size_t size)
{
	memset(lines, 0, sizeof(*lines));
	lines->buf = buf;
	lines->size = size;
	lines->fd = vp_sys_open(path, O_RDONLY, 0);
	return lines->fd < 0 ? lines->fd : 0;
}

int vp_lines_over(struct vp_lines *lines, int fd, char *buf, size_t size)
{
	long ret = vp_sys(SYS_lseek, fd, 0, SEEK_SET);

	memset(lines, 0, sizeof(*lines));
	lines->buf = buf;
	lines->size = size;
	lines->fd = fd;
	return ret < 0 ? (int)ret : 0;
}

/* More behind what is there, which moves to the front.  Returns 0 when there is none. */
static int fill(struct vp_lines *lines)
{
	long got;

	memmove(lines->buf, lines->buf + lines->at, lines->bytes);
	lines->at = 0;
	got = vp_sys_read(lines->fd, lines->buf + lines->bytes, lines->size - 1 - lines->bytes);
	if (got < 0)
		lines->error = (int)got;
	if (got <= 0)
		return 0;
	lines->bytes += (size_t)got;
	return 1;
}

/* Takes so many bytes, and what ends them, out of the buffer; terminates them. */
static char *take(struct vp_lines *lines, size_t len, size_t end)
{
	char *line = lines->buf + lines->at;

	line[len] = '\0';
	lines->at += len + end;
	lines->bytes -= len + end;
	return line;
}

char *vp_lines_next(struct vp_lines *lines)
{
	for (;;) {
		char *from = lines->buf + lines->at, *end = memchr(from, '\n', lines->bytes);
		int rest = lines->cut; /* of a line that was handed out */
		char *line = NULL;

		if (end) {
			lines->cut = 0;
			line = take(lines, (size_t)(end - from), 1);
		} else if (lines->bytes == lines->size - 1) {
			lines->cut = 1;
			line = take(lines, lines->bytes, 0);
		} else if (!fill(lines)) {
			if (!lines->bytes || lines->error)
				return NULL;
			line = take(lines, lines->bytes, 0); /* the last one, unended */
		} else {
			continue;
		}
		if (!rest)
			return line;
	}
}

int vp_lines_close(struct vp_lines *lines)
{
	vp_sys_close(lines->fd);
	return lines->error;
}
