/* Reads the feed file event by event (format: examples/feed/README.md), and starts
 * over at its end with later times. Belongs to the market data thread. */
#ifndef VIRT_TAPE_H
#define VIRT_TAPE_H

#include "symbol.h"

#include <stdbool.h>
#include <stdint.h>

enum virt_event_type {
	VIRT_EVENT_KLINE,
	VIRT_EVENT_SNAPSHOT,
	VIRT_EVENT_DELTA,
	VIRT_EVENT_TRADE,
	VIRT_EVENT_TICKER,
};

struct virt_event {
	enum virt_event_type type;
	char symbol[APP_SYMBOL_MAX];
	int64_t ts_ms;
	bool is_buy; /* bid level, or the taker bought */
	uint64_t seq;
	double price, size;
	double open, high, low; /* KLINE */
	double funding;		/* TICKER: rate per interval */
};

struct virt_tape;

/* Opens a feed at its start. Returns 0, -ENOMEM, or -errno of open. */
int virt_tape_open(const char *path, struct virt_tape **out);

/* NULL is fine. */
void virt_tape_close(struct virt_tape *tape);

/* Takes the next event if it is due.
 *
 *   until_ms  events with ts_ms <= until_ms are due
 *
 * Returns 1 with *out filled, 0 when the next event is later, -ENODATA when the file
 * holds none with ts_ms >= 0, -ENOMEM, or -errno of read. */
int virt_tape_next(struct virt_tape *tape, int64_t until_ms, struct virt_event *out);

/* Rows that could not be read; each is counted once, however often the file is. */
uint64_t virt_tape_bad_rows(const struct virt_tape *tape);

/* Looks for a symbol. Returns 1, 0, or an error as virt_tape_open and _next. */
int virt_tape_has_symbol(const char *path, const char *symbol);

#endif
