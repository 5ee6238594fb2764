#include "json_send.h"
#include "client.h"

#include <stdlib.h>
#include <string.h>

void ex_json_send(struct ex_client *client, json_t *object)
{
	char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;

	if (text)
		ex_client_give(client, ex_message_create(text, strlen(text)));
	free(text);
	json_decref(object);
}
