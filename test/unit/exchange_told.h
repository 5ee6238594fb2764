/* What the exchange has told a client, read as JSON by a test. */
#ifndef TEST_UNIT_EXCHANGE_TOLD_H
#define TEST_UNIT_EXCHANGE_TOLD_H

#include "client.h"

#include <check.h>
#include <jansson.h>

/* The next message that waits, which is JSON; the caller owns it. NULL: none waits. */
static inline json_t *told_next(struct ex_client *client)
{
	struct ex_message *message = ex_client_take(client);
	json_t *told;

	if (!message)
		return NULL;
	told = json_loadb((const char *)message->text, message->len, 0, NULL);
	ex_message_unref(message);
	ck_assert_ptr_nonnull(told);
	return told;
}

/* A member that is text; "": it is not there. */
static inline const char *told_word(const json_t *told, const char *key)
{
	const char *text = json_string_value(json_object_get(told, key));

	return text ? text : "";
}

#endif
