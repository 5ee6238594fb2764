/* What goes wrong with a connection because somebody asked for it. */
#ifndef EX_FAULTS_H
#define EX_FAULTS_H

#include "message.h"

#include <stdbool.h>
#include <stdint.h>

struct ex_topic;

/* The first four happen to deltas of books, the others to any news. */
enum ex_fault {
	EX_GAP,	      /* a delta is not sent */
	EX_DUPLICATE, /* a delta is sent twice */
	EX_REORDER,   /* two deltas are sent the wrong way round */
	EX_CROSSED,   /* a delta with a best bid above the best ask */
	EX_RESTART,   /* the topic's next message is a snapshot that counts from 1, for all */
	EX_CLOSE,     /* the connection is closed as by a server that goes away */
	EX_RESET,     /* the connection is reset */
	EX_SILENCE,   /* nothing is sent for two seconds */
	EX_MALFORMED, /* a message that is no JSON, or lacks something; another one each time */
	EX_HOSTILE,   /* JSON that nobody expects: deep, huge, numbers out of range; the same */
	EX_FRAME,     /* a frame that WebSocket does not have */
	EX_FAULTS
};
#define EX_SILENCE_US 2000000

struct ex_faults {
	bool any;
	uint32_t every[EX_FAULTS];   /* so many messages; 0: not again */
	uint32_t left[EX_FAULTS];    /* until it happens; 0: it does not */
	uint32_t malformed, hostile; /* how many of them there were */
	struct ex_message *held;     /* REORDER: the one that comes later */
	struct ex_topic *held_of;
	bool silent, bad_frame; /* for whoever sends */
};

/* Takes "gap" (at the next message), or "gap:100" (each hundredth).
 *
 * Returns 0, or -EINVAL. */
int ex_faults_ask(struct ex_faults *faults, const char *text);
/* "gap, duplicate, ...", for messages. */
const char *ex_faults_names(void);
void ex_faults_fini(struct ex_faults *faults);

/* Whether it happens at this message, which counts. */
bool ex_fault_is_due(struct ex_faults *faults, enum ex_fault fault);

#endif
