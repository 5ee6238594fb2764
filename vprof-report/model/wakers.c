#include "model/wakers.h"

#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "cli/xalloc.h"
#include "model/blame.h"

/* A thundering herd: a broadcast wakes at least so many on average, and at least this share of
 * them waits again without having done anything; seen so often at least. */
#define HERD_WOKEN	 2.0
#define HERD_FOR_NOTHING 0.5
#define HERD_BROADCASTS	 5u
/* More threads of one name that woke at one place are told as one: each lives for one job. */
#define ALIKE_MOST 4u

/* A pthread_t is an address only by accident: joins are one. */
static struct vprof_blame row_of(const struct vprof_blame *row)
{
	struct vprof_blame copy = *row;

	if (copy.kind == VPROF_LOCK_JOIN) {
		copy.address = 0;
		copy.place = VPROF_LOCK_UNPLACED;
	}
	return copy;
}

static int by_object(const struct vprof_blame *x, const struct vprof_blame *y)
{
	int c = vr_smaller_first(x->kind, y->kind);

	return c ? c : vr_blame_by_lock(x, y);
}

static const char *name_of(const struct vr_file *file, const struct vprof_blame *row)
{
	return row->thread == VPROF_NONE ? "" : file->thread[row->thread].name;
}

/* The same way, at the same place, by threads of one name. */
static int by_kind_of_waker(const struct vprof_blame *x, const struct vprof_blame *y,
			    const struct vr_file *file)
{
	int c = by_object(x, y);

	c = c ? c : vr_smaller_first(x->how, y->how);
	c = c ? c : vr_smaller_first(x->thread == VPROF_NONE, y->thread == VPROF_NONE);
	c = c ? c : vr_smaller_first(x->node, y->node);
	return c ? c : strcmp(name_of(file, x), name_of(file, y));
}

static int by_waker(const void *a, const void *b, void *file)
{
	const struct vprof_blame *x = a;
	const struct vprof_blame *y = b;
	int c = by_kind_of_waker(x, y, file);

	return c ? c : vr_smaller_first(x->thread, y->thread);
}

static int by_time(const void *a, const void *b)
{
	const struct vr_waker *x = a;
	const struct vr_waker *y = b;
	int c = vr_larger_first(x->ns, y->ns);

	c = c ? c : vr_smaller_first(x->thread, y->thread);
	return c ? c : vr_smaller_first(x->node, y->node);
}

static void add_row(struct vr_woken *woken, const struct vprof_blame *row)
{
	struct vr_waker *waker = &woken->waker[woken->n_wakers - 1];

	waker->times += row->times;
	waker->ns += row->ns;
	waker->max_ns = waker->max_ns > row->max_ns ? waker->max_ns : row->max_ns;
	waker->late_ns += row->span_ns;
	waker->again += row->again;
	waker->wakes += row->wakes;
	woken->times += row->times;
	woken->ns += row->ns;
	if (row->how != VPROF_WAKE_BROADCAST)
		return;
	woken->broadcasts += row->wakes;
	woken->woken += row->times;
	woken->again += row->again;
}

/* How many threads woke as the first of these rows did. */
static uint32_t alike(const struct vprof_blame *row, size_t count, const struct vr_file *file)
{
	uint32_t threads = 1;

	for (size_t i = 1; i < count && !by_kind_of_waker(&row[0], &row[i], file); i++)
		threads += row[i].thread != row[i - 1].thread;
	return threads;
}

/* Sorted by what was waited for, and by waker. */
static void group(struct vr_wakers *wakers, struct vprof_blame *row, size_t count,
		  struct vr_file *file)
{
	uint32_t threads = 1;
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		int another = !i || by_kind_of_waker(&row[i - 1], &row[i], file);
		struct vr_woken *woken;

		if (another)
			threads = alike(&row[i], count - i, file);
		if (!i || by_object(&row[i - 1], &row[i]))
			wakers->woken[wakers->n_woken++] =
			    (struct vr_woken){.address = row[i].address,
					      .kind = row[i].kind,
					      .place = row[i].place,
					      .site = row[i].site,
					      .offset = row[i].offset,
					      .waker = &wakers->waker[used]};
		woken = &wakers->woken[wakers->n_woken - 1];
		if (another || (threads <= ALIKE_MOST && by_waker(&row[i - 1], &row[i], file))) {
			wakers->waker[used++] =
			    (struct vr_waker){.thread = row[i].thread,
					      .threads = threads <= ALIKE_MOST ? 1 : threads,
					      .node = row[i].node,
					      .how = row[i].how};
			woken->n_wakers++;
		}
		add_row(woken, &row[i]);
	}
	for (size_t i = 0; i < wakers->n_woken; i++)
		qsort(wakers->woken[i].waker, wakers->woken[i].n_wakers, sizeof(*wakers->waker),
		      by_time);
}

struct vr_wakers *vr_wakers_new(const struct vr_profile *profile)
{
	const struct vr_select *select = &profile->select;
	struct vr_file *file = profile->file;
	struct vr_wakers *wakers = vr_xcalloc(1, sizeof(*wakers));
	struct vprof_blame *row;
	size_t count = 0;

	if (select->windowed || select->thread || select->module || select->label)
		return wakers;
	row = vr_xcalloc(file->n_blames + 1, sizeof(*row));
	for (uint32_t i = 0; i < file->n_blames; i++)
		if (file->blame[i].what == VPROF_BLAME_WOKEN)
			row[count++] = row_of(&file->blame[i]);
	qsort_r(row, count, sizeof(*row), by_waker, file);
	wakers->woken = vr_xcalloc(count + 1, sizeof(*wakers->woken));
	wakers->waker = vr_xcalloc(count + 1, sizeof(*wakers->waker));
	group(wakers, row, count, file);
	free(row);
	return wakers;
}

void vr_wakers_free(struct vr_wakers *wakers)
{
	if (!wakers)
		return;
	free(wakers->woken);
	free(wakers->waker);
	free(wakers);
}

const struct vr_woken *vr_woken_of(const struct vr_wakers *wakers, const struct vr_lock *lock)
{
	for (size_t i = 0; wakers && i < wakers->n_woken; i++) {
		const struct vr_woken *woken = &wakers->woken[i];

		if (woken->kind == lock->kind &&
		    (lock->kind == VPROF_LOCK_JOIN ||
		     vr_lock_is_at(lock, woken->place, woken->site, woken->offset, woken->address)))
			return woken;
	}
	return NULL;
}

const struct vr_woken *vr_woken_at(const struct vr_wakers *wakers, uint32_t kind, uint64_t address)
{
	for (size_t i = 0; i < wakers->n_woken; i++)
		if (wakers->woken[i].kind == kind && wakers->woken[i].address == address)
			return &wakers->woken[i];
	return NULL;
}

int vr_woken_is_herd(const struct vr_woken *woken)
{
	return woken->broadcasts >= HERD_BROADCASTS &&
	       (double)woken->woken >= HERD_WOKEN * (double)woken->broadcasts &&
	       (double)woken->again >= HERD_FOR_NOTHING * (double)woken->woken;
}
