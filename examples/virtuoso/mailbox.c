#include "mailbox.h"

#include <errno.h>
#include <stdlib.h>

void virt_mailbox_init(struct virt_mailbox *box)
{
	pthread_mutex_init(&box->lock, NULL);
	pthread_cond_init(&box->filled, NULL);
	pthread_cond_init(&box->idle, NULL);
	box->head = NULL;
	box->tail = &box->head;
	box->nr = 0;
	/* Until its first receive the receiver counts as busy: it may still start up. */
	box->working = true;
}

void virt_note_free(struct virt_note *note)
{
	free(note->text);
	free(note);
}

void virt_mailbox_fini(struct virt_mailbox *box)
{
	struct virt_note *note;

	while ((note = box->head)) {
		box->head = note->next;
		virt_note_free(note);
	}
	pthread_cond_destroy(&box->idle);
	pthread_cond_destroy(&box->filled);
	pthread_mutex_destroy(&box->lock);
}

int virt_mailbox_send(struct virt_mailbox *box, enum virt_note_kind kind, int64_t ts_ms, char *text)
{
	struct virt_note *note = malloc(sizeof(*note));

	if (!note) {
		free(text);
		return -ENOMEM;
	}
	*note = (struct virt_note){kind, ts_ms, text, NULL};
	pthread_mutex_lock(&box->lock);
	*box->tail = note;
	box->tail = &note->next;
	box->nr++;
	pthread_cond_signal(&box->filled);
	pthread_mutex_unlock(&box->lock);
	return 0;
}

struct virt_note *virt_mailbox_receive(struct virt_mailbox *box)
{
	struct virt_note *note;

	pthread_mutex_lock(&box->lock);
	box->working = false;
	if (!box->head)
		pthread_cond_broadcast(&box->idle);
	while (!box->head)
		pthread_cond_wait(&box->filled, &box->lock);
	note = box->head;
	box->head = note->next;
	if (!box->head)
		box->tail = &box->head;
	box->nr--;
	box->working = true;
	pthread_mutex_unlock(&box->lock);
	return note;
}

size_t virt_mailbox_nr(struct virt_mailbox *box)
{
	size_t nr;

	pthread_mutex_lock(&box->lock);
	nr = box->nr;
	pthread_mutex_unlock(&box->lock);
	return nr;
}

void virt_mailbox_wait_idle(struct virt_mailbox *box)
{
	pthread_mutex_lock(&box->lock);
	while (box->head || box->working)
		pthread_cond_wait(&box->idle, &box->lock);
	pthread_mutex_unlock(&box->lock);
}
