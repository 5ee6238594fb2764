#include "window.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void mon_window_init(struct mon_window *window, size_t row_bytes, size_t limit)
{
	*window = (struct mon_window){.row_bytes = row_bytes, .limit = limit};
}

void mon_window_fini(struct mon_window *window)
{
	free(window->rows);
	window->rows = NULL;
	window->nr = window->cap = 0;
}

static char *row_at(const struct mon_window *window, size_t idx)
{
	return (char *)window->rows + idx * window->row_bytes;
}

static int grow(struct mon_window *window)
{
	size_t cap = window->cap ? window->cap * 2 : 64;
	void *rows = reallocarray(window->rows, cap, window->row_bytes);

	if (!rows)
		return -ENOMEM;
	window->rows = rows;
	window->cap = cap;
	return 0;
}

/* Drops the rows beyond the limit. Done only when twice the limit is held, so that
 * moving the rest costs a constant per push. */
static void trim(struct mon_window *window)
{
	size_t drop = window->nr - window->limit;

	memmove(window->rows, row_at(window, drop), window->limit * window->row_bytes);
	window->nr = window->limit;
}

int mon_window_push(struct mon_window *window, const void *row)
{
	if (window->limit && window->nr >= window->limit * 2)
		trim(window);
	if (window->nr == window->cap && grow(window))
		return -ENOMEM;
	memcpy(row_at(window, window->nr++), row, window->row_bytes);
	return 0;
}

void *mon_window_last(const struct mon_window *window)
{
	return window->nr ? row_at(window, window->nr - 1) : NULL;
}

size_t mon_window_nr(const struct mon_window *window)
{
	return window->limit && window->nr > window->limit ? window->limit : window->nr;
}

int mon_window_copy(const struct mon_window *window, void **out, size_t *nr)
{
	size_t bytes;

	*nr = mon_window_nr(window);
	bytes = *nr * window->row_bytes;
	*out = malloc(bytes ? bytes : 1);
	if (!*out)
		return -ENOMEM;
	if (bytes)
		memcpy(*out, row_at(window, window->nr - *nr), bytes);
	return 0;
}
