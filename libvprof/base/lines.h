/* L0  The lines of a file of /proc, one after the other, through a caller's buffer. */
#ifndef VP_LINES_H
#define VP_LINES_H

#include <stddef.h>

struct vp_lines {
	char *buf;
	size_t size;	  /* of buf */
	size_t at, bytes; /* in buf, not handed out yet: where, how many */
	int fd;
	int cut;   /* the rest of the last line is still to be skipped */
	int error; /* of read() */
};

/* Opens the file; size > 1.  Returns 0 or -errno of open().
 * Context: any thread that may have a descriptor for a moment. */
int vp_lines_open(struct vp_lines *lines, const char *path, char *buf, size_t size);

/* The same over an open file, from its start on, which is not closed.
 * Returns 0 or -errno of lseek(). */
int vp_lines_over(struct vp_lines *lines, int fd, char *buf, size_t size);

/* The next line, terminated, without its newline, until the next call; of one that is
 * as long as the buffer the beginning.  NULL behind the last, or when read() fails. */
char *vp_lines_next(struct vp_lines *lines);

/* Closes it.  Returns 0, or -errno when read() had failed. */
int vp_lines_close(struct vp_lines *lines);

#endif
