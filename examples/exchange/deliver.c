#include "deliver.h"
#include "fault_texts.h"

static bool is_due(struct ex_client *client, enum ex_fault fault)
{
	bool due = ex_fault_is_due(&client->faults, fault);

	client->exchange->faults += due;
	return due;
}

/* Of deltas. Returns whether the message was dealt with. */
static bool happen_to_delta(struct ex_client *client, struct ex_topic *topic,
			    struct ex_message *message)
{
	struct ex_faults *faults = &client->faults;

	if (faults->held && faults->held_of == topic) {
		ex_client_send(client, message);
		ex_client_give(client, faults->held);
		faults->held = NULL;
		return true;
	}
	if (is_due(client, EX_GAP))
		return true;
	if (!faults->held && is_due(client, EX_REORDER)) {
		faults->held = ex_message_ref(message);
		faults->held_of = topic;
		return true;
	}
	if (is_due(client, EX_DUPLICATE))
		ex_client_send(client, message);
	if (is_due(client, EX_CROSSED)) {
		ex_client_send(client, message);
		ex_client_give(client, ex_fault_crossed(topic));
		return true;
	}
	return false;
}

static void happen_to_connection(struct ex_client *client, struct ex_topic *topic)
{
	struct ex_faults *faults = &client->faults;

	if (is_due(client, EX_MALFORMED))
		ex_client_give(client, ex_fault_malformed(faults->malformed++));
	if (is_due(client, EX_HOSTILE))
		ex_client_give(client, ex_fault_hostile(faults->hostile++));
	if (is_due(client, EX_RESTART))
		topic->restart = topic->kind == EX_BOOK;
	if (is_due(client, EX_SILENCE))
		faults->silent = true;
	if (is_due(client, EX_FRAME))
		faults->bad_frame = true;
	if (is_due(client, EX_CLOSE))
		client->ending = EX_AWAY;
	if (is_due(client, EX_RESET))
		client->ending = EX_ABORT;
	if (client->ending != EX_STAYS && client->wake)
		client->wake(client);
}

void ex_deliver(struct ex_client *client, struct ex_topic *topic, struct ex_message *message,
		bool is_delta)
{
	bool any = client->faults.any;

	client->exchange->messages++;
	if (!any || !is_delta || !happen_to_delta(client, topic, message))
		ex_client_send(client, message);
	if (any)
		happen_to_connection(client, topic);
}
