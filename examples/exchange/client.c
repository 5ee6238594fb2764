#include "client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct ex_client *ex_client_create(struct ex_exchange *exchange, bool is_private)
{
	struct ex_client *client;

	if (exchange->client_nr == EX_CLIENTS_MAX)
		return NULL;
	client = calloc(1, sizeof(*client));
	if (!client)
		return NULL;
	client->topics = calloc(exchange->topic_nr, sizeof(struct ex_topic *));
	if (!client->topics) {
		free(client);
		return NULL;
	}
	client->exchange = exchange;
	client->is_private = is_private;
	client->id = ++exchange->connected;
	client->next = exchange->clients;
	exchange->clients = client;
	exchange->client_nr++;
	return client;
}

void ex_client_destroy(struct ex_client *client)
{
	struct ex_client **at = &client->exchange->clients;

	while (*at != client)
		at = &(*at)->next;
	*at = client->next;
	client->exchange->client_nr--;
	while (client->topic_nr)
		(void)ex_client_leave(client, client->topics[0]);
	while (client->waiting)
		ex_message_unref(ex_client_take(client));
	ex_faults_fini(&client->faults);
	free(client->orders.open);
	ex_text_fini(&client->request);
	free(client->topics);
	free(client);
}

void ex_client_send(struct ex_client *client, struct ex_message *message)
{
	if (!message || client->ending != EX_STAYS)
		return;
	if (client->waiting == EX_QUEUE_MAX || client->bytes + message->len > EX_QUEUE_BYTES) {
		client->ending = EX_TOO_SLOW;
		client->exchange->slow++;
	} else {
		client->queue[(client->head + client->waiting++) % EX_QUEUE_MAX] =
		    ex_message_ref(message);
		client->bytes += message->len;
	}
	if (client->wake)
		client->wake(client);
}

void ex_client_give(struct ex_client *client, struct ex_message *message)
{
	ex_client_send(client, message);
	ex_message_unref(message);
}

struct ex_message *ex_client_take(struct ex_client *client)
{
	struct ex_message *message = client->queue[client->head];

	if (!client->waiting)
		return NULL;
	client->head = (client->head + 1) % EX_QUEUE_MAX;
	client->waiting--;
	client->bytes -= message->len;
	return message;
}

static size_t place_of(const struct ex_client *client, const struct ex_topic *topic)
{
	size_t i = 0;

	while (i < client->topic_nr && client->topics[i] != topic)
		i++;
	return i;
}

int ex_client_listen(struct ex_client *client, struct ex_topic *topic)
{
	int err;

	if (place_of(client, topic) < client->topic_nr)
		return -EEXIST;
	if (client->topic_bytes + strlen(topic->name) > EX_ARGS_BYTES)
		return -E2BIG;
	err = ex_topic_add(topic, client);
	if (err)
		return err;
	client->topics[client->topic_nr++] = topic;
	client->topic_bytes += strlen(topic->name);
	return 0;
}

int ex_client_leave(struct ex_client *client, struct ex_topic *topic)
{
	size_t i = place_of(client, topic);

	if (i == client->topic_nr)
		return -ENOENT;
	client->topics[i] = client->topics[--client->topic_nr];
	client->topic_bytes -= strlen(topic->name);
	ex_topic_remove(topic, client);
	return 0;
}
