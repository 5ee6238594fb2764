#include "track/mark.h"
#include "base/clock.h"
#include "base/lock.h"
#include "ring/events.h"
#include "ring/tables.h"
#include "thread/threads.h"
#include "track/copies.h"
#include "track/series.h"
#include "vprof.h"

#include <string.h>

#define NAMES_MAX ((uint32_t)VPROF_MARKS_MAX)
#define SLOTS	  (2u * NAMES_MAX)

static struct vp_lock lock;
static struct {
	uint32_t row; /* + 1 */
	uint32_t name;
} slot[SLOTS];
static uint32_t names;	/* in `slot`: it must never be full */
static uint32_t copies; /* of counters, taken so far */
static struct vp_event_writer writer;

int vp_marks_init(void)
{
	lock.word = 0;
	if (names) /* or it is empty still */
		memset(slot, 0, sizeof(slot));
	names = copies = 0;
	writer.block = NULL;
	return 0;
}

/* NULL where there is no room.  Context: lock held. */
static struct vprof_mark *add_row(const char *name, size_t len, uint32_t *id)
{
	struct vprof_mark *mark;
	uint32_t string;

	/* The row first: a name that finds none may come again and again, and must
	 * not fill the file with its text. */
	mark = names < NAMES_MAX ? vp_table_add(VPROF_SEC_MARKS, id) : NULL;
	if (!mark)
		return NULL;
	string = vp_string_add(name, len);
	if (string == VPROF_NONE) {
		vp_table_shrink(VPROF_SEC_MARKS, *id);
		return NULL;
	}
	mark->first_ns = vp_clock_now();
	mark->name = string;
	names++;
	return mark;
}

/* Context: lock held. */
static struct vprof_mark *row_of(const char *name, uint32_t *id)
{
	uint64_t hash = 0xcbf29ce484222325u;
	size_t len = 0;

	for (; len < VPROF_MARK_BYTES && name[len]; len++)
		hash = (hash ^ (uint8_t)name[len]) * 0x100000001b3u;
	for (uint64_t at = hash ^ hash >> 32;; at++) {
		uint32_t place = at % SLOTS;
		struct vprof_mark *mark;
		const char *known;
		size_t most = 0;

		if (!slot[place].row) {
			mark = add_row(name, len, id);
			slot[place].row = mark ? *id + 1 : 0;
			slot[place].name = mark ? mark->name : 0;
			return mark;
		}
		*id = slot[place].row - 1;
		known = vp_string_at(slot[place].name, &most);
		if (known && most > len && strncmp(known, name, len) == 0 && !known[len])
			return vp_table_row(VPROF_SEC_MARKS, *id);
	}
}

/* Returns whether counters are to be copied: it is the first of its name, and that is one of
 * the first. */
static int count(const char *name, uint32_t thread_row, int copied, uint32_t *row)
{
	struct vp_thread_sums sums;
	struct vprof_event event = {.thread = thread_row, .kind = VPROF_EV_MARK};
	struct vprof_mark *mark;
	int first = 0;

	vp_threads_sum(&sums);
	vp_lock_take(&lock);
	mark = row_of(name, row);
	if (mark) {
		event.arg = *row;
		event.t_ns = vp_clock_now();
		event.value = sums.alloc_bytes - sums.freed_bytes;
		mark->last_ns = event.t_ns;
		first = copied && mark->count == 0 && copies < VPROF_COPIES_MAX;
		copies += (uint32_t)first;
		mark->count++;
		vp_event_put(&writer, &event);
	} else {
		vp_lost(VPROF_LOST_LABELS, 1);
	}
	vp_lock_drop(&lock);
	return first;
}

void vp_mark_add(const char *name, uint32_t thread_row)
{
	uint32_t row;

	if (count(name, thread_row, 1, &row))
		vp_copies_take(row); /* others may go on: it takes its time */
	if (strcmp(name, "iteration") == 0)
		vp_series_iteration();
}

void vp_mark_note(const char *name, uint32_t thread_row)
{
	uint32_t row;

	count(name, thread_row, 0, &row);
}
