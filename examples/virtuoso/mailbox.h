/* A queue of notes for one thread. Any thread may send; one thread receives. */
#ifndef VIRT_MAILBOX_H
#define VIRT_MAILBOX_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum virt_note_kind {
	VIRT_NOTE_CLOCK, /* the market has reached ts_ms */
	VIRT_NOTE_TEXT,	 /* a message in JSON */
	VIRT_NOTE_STOP,	 /* the last note */
};

struct virt_note {
	enum virt_note_kind kind;
	int64_t ts_ms;
	char *text; /* malloc'd; owned by the note; NULL without one */
	struct virt_note *next;
};

struct virt_mailbox {
	pthread_mutex_t lock;
	pthread_cond_t filled;	/* a note came */
	pthread_cond_t idle;	/* the receiver has nothing left to do */
	struct virt_note *head; /* protected by lock, like all below */
	struct virt_note **tail;
	size_t nr;
	bool working; /* the receiver is between two receives */
};

void virt_mailbox_init(struct virt_mailbox *box);

/* Frees what was never received. Nobody may use the box any more. */
void virt_mailbox_fini(struct virt_mailbox *box);

/* Queues a note.
 *
 *   text  malloc'd or NULL; taken over, also on error
 *
 * Returns 0, or -ENOMEM: the note is lost. */
int virt_mailbox_send(struct virt_mailbox *box, enum virt_note_kind kind, int64_t ts_ms,
		      char *text);

/* Waits for the next note, to be freed with virt_note_free(). */
struct virt_note *virt_mailbox_receive(struct virt_mailbox *box);

void virt_note_free(struct virt_note *note);

/* How many notes wait. */
size_t virt_mailbox_nr(struct virt_mailbox *box);

/* Waits until every note is received and dealt with. */
void virt_mailbox_wait_idle(struct virt_mailbox *box);

#endif
