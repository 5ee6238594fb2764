/* Reads messages of one market from stdin, a line each, as examples/common reads them, and writes
 * to stdout what the book is after each: the number of bids and of asks, whether it is in step,
 * then price and size of every level, all as doubles. For test/consumers/exchange.sh. */
#include "book.h"
#include "bybit.h"

#include <stdio.h>
#include <stdlib.h>

const char app_name[] = "book_replay";

static void apply(struct app_book *book, const struct app_bybit_msg *msg)
{
	enum app_book_fate fate = app_book_begin(book, msg->is_snapshot, msg->u);

	if (fate != APP_BOOK_TAKEN && fate != APP_BOOK_GAP)
		return;
	for (size_t i = 0; i < msg->bid_nr; i++)
		app_book_set(book, true, msg->bids[i].price, msg->bids[i].size);
	for (size_t i = 0; i < msg->ask_nr; i++)
		app_book_set(book, false, msg->asks[i].price, msg->asks[i].size);
	(void)app_book_end(book);
}

static void write_side(const struct app_side *side)
{
	for (size_t i = 0; i < side->nr; i++) {
		double level[] = {side->levels[i].price, side->levels[i].size};

		fwrite(level, sizeof(level), 1, stdout);
	}
}

int main(void)
{
	struct app_bybit_reader *reader;
	const struct app_bybit_msg *msg;
	struct app_book book;
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	if (app_bybit_reader_create(&reader))
		return 1;
	app_book_init(&book);
	while ((len = getline(&line, &size, stdin)) > 0) {
		double head[3];

		if (!app_bybit_read(reader, line, (size_t)len - 1, &msg) &&
		    msg->type == APP_BYBIT_BOOK)
			apply(&book, msg);
		head[0] = (double)book.bids.nr;
		head[1] = (double)book.asks.nr;
		head[2] = book.synced;
		fwrite(head, sizeof(head), 1, stdout);
		write_side(&book.bids);
		write_side(&book.asks);
	}
	fprintf(stderr, "gaps %ju stale %ju crossed %ju ignored %ju\n", (uintmax_t)book.stats.gaps,
		(uintmax_t)book.stats.stale, (uintmax_t)book.stats.crossed,
		(uintmax_t)book.stats.ignored);
	free(line);
	app_book_fini(&book);
	app_bybit_reader_destroy(reader);
	return 0;
}
