#ifndef EX_JSON_SEND_H
#define EX_JSON_SEND_H

#include <jansson.h>

struct ex_client;

/* Sends an object, whose reference it takes; NULL, no memory, is nothing. */
void ex_json_send(struct ex_client *client, json_t *object);

#endif
