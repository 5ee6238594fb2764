/* Rows of one size, oldest first, of which the last `limit` are kept. */
#ifndef MON_WINDOW_H
#define MON_WINDOW_H

#include <stddef.h>

struct mon_window {
	void *rows;
	size_t nr;  /* rows held; may exceed limit until the next trim */
	size_t cap; /* rows */
	size_t row_bytes;
	size_t limit; /* 0 = keep everything */
};

/* Makes an empty window; allocates nothing yet. */
void mon_window_init(struct mon_window *window, size_t row_bytes, size_t limit);

void mon_window_fini(struct mon_window *window);

/* Copies one row to the end. Returns 0, or -ENOMEM with the window unchanged. */
int mon_window_push(struct mon_window *window, const void *row);

/* The newest row, or NULL. Valid until the next push. */
void *mon_window_last(const struct mon_window *window);

/* How many of the newest rows count: the limit, or fewer. */
size_t mon_window_nr(const struct mon_window *window);

/* Copies the newest rows, oldest first, into memory of their own.
 *
 *   out  [out] malloc'd, to be freed by the caller; never NULL on success
 *   nr   [out] rows
 *
 * Returns 0, or -ENOMEM. */
int mon_window_copy(const struct mon_window *window, void **out, size_t *nr);

#endif
