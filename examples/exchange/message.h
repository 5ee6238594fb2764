/* The text of one message. It is made once and shared by all clients that get it. */
#ifndef EX_MESSAGE_H
#define EX_MESSAGE_H

#include "text.h"

#include <stddef.h>

struct ex_message {
	size_t refs;
	size_t len;
	unsigned char *text; /* with room in front for what libwebsockets writes there */
};

/* Makes one with a reference that is the caller's. Returns NULL where there is no memory. */
struct ex_message *ex_message_create(const void *text, size_t len);
/* The same of what was written into a text, which is cleared. */
struct ex_message *ex_message_of(struct ex_text *text);

struct ex_message *ex_message_ref(struct ex_message *message);
/* Gives a reference back; NULL is fine. */
void ex_message_unref(struct ex_message *message);

#endif
