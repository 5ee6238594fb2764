/* Lines over a stream socket. */
#ifndef VIRT_WIRE_H
#define VIRT_WIRE_H

#include <stdbool.h>
#include <stddef.h>

/* Sends a text and a newline, waiting for room if need be.
 * Returns 0, or -errno of send. */
int virt_wire_send(int fd, const char *text);

/* The receiving end. Zero bytes with fd set are a fresh one. */
struct virt_wire {
	int fd;	     /* non-blocking */
	char *bytes; /* an unfinished line */
	size_t len, cap;
	bool closed; /* the sender is gone and all was read */
};

/* Reads what has come and hands out its lines.
 *
 *   fn  called once a line, without the newline; line is valid during the call
 *
 * Returns 0, -ENOMEM, or -errno of recv. */
int virt_wire_receive(struct virt_wire *wire, void (*fn)(void *arg, const char *line), void *arg);

/* Closes the socket and frees the buffer. */
void virt_wire_fini(struct virt_wire *wire);

#endif
