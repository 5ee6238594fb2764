/* News on their way to a client, and what goes wrong there. */
#ifndef EX_DELIVER_H
#define EX_DELIVER_H

#include "client.h"

/* Queues news of a topic; faults that were asked for happen to them.
 *
 *   is_delta  of a book, and not to be understood without the message before */
void ex_deliver(struct ex_client *client, struct ex_topic *topic, struct ex_message *message,
		bool is_delta);

#endif
