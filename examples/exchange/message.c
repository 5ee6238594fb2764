#include "message.h"

#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>

struct ex_message *ex_message_create(const void *text, size_t len)
{
	struct ex_message *message = malloc(sizeof(*message) + LWS_PRE + len);

	if (!message)
		return NULL;
	message->refs = 1;
	message->len = len;
	message->text = (unsigned char *)(message + 1) + LWS_PRE;
	if (len)
		memcpy(message->text, text, len);
	return message;
}

struct ex_message *ex_message_of(struct ex_text *text)
{
	struct ex_message *message =
	    text->failed ? NULL : ex_message_create(text->bytes, text->len);

	ex_text_clear(text);
	return message;
}

struct ex_message *ex_message_ref(struct ex_message *message)
{
	message->refs++;
	return message;
}

void ex_message_unref(struct ex_message *message)
{
	if (message && !--message->refs)
		free(message);
}
