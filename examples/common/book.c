#include "book.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void app_book_init(struct app_book *book)
{
	*book = (struct app_book){0};
}

void app_book_fini(struct app_book *book)
{
	free(book->bids.levels);
	free(book->asks.levels);
	app_book_init(book);
}

/* First level that is not better than price. */
static size_t find_level(const struct app_side *side, bool bid, double price)
{
	size_t low = 0, high = side->nr;

	while (low < high) {
		size_t mid = (low + high) / 2;
		bool better =
		    bid ? side->levels[mid].price > price : side->levels[mid].price < price;

		if (better)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int insert_level(struct app_side *side, size_t idx, double price, double size)
{
	if (idx == APP_BOOK_LEVELS_MAX)
		return 0;
	if (side->nr == APP_BOOK_LEVELS_MAX)
		side->nr--;
	if (side->nr == side->cap) {
		size_t cap = side->cap ? side->cap * 2 : 32;
		struct app_level *levels = reallocarray(side->levels, cap, sizeof(*levels));

		if (!levels)
			return -ENOMEM;
		side->levels = levels;
		side->cap = cap;
	}
	memmove(&side->levels[idx + 1], &side->levels[idx],
		(side->nr - idx) * sizeof(side->levels[0]));
	side->levels[idx] = (struct app_level){price, size};
	side->nr++;
	return 0;
}

static void delete_level(struct app_side *side, size_t idx)
{
	side->nr--;
	memmove(&side->levels[idx], &side->levels[idx + 1],
		(side->nr - idx) * sizeof(side->levels[0]));
}

int app_book_set(struct app_book *book, bool bid, double price, double size)
{
	struct app_side *side = bid ? &book->bids : &book->asks;
	size_t idx = find_level(side, bid, price);
	/* Equal texts make equal doubles, so a level is found again exactly. */
	bool present = idx < side->nr && !(side->levels[idx].price < price) &&
		       !(side->levels[idx].price > price);

	book->stats.updates++;
	if (size > 0 && !present)
		return insert_level(side, idx, price, size);
	if (size > 0)
		side->levels[idx].size = size;
	else if (present)
		delete_level(side, idx);
	return 0;
}

static void empty_book(struct app_book *book)
{
	book->bids.nr = 0;
	book->asks.nr = 0;
}

int app_book_commit(struct app_book *book)
{
	struct app_level bid, ask;

	if (!app_book_best(book, &bid, &ask) || bid.price < ask.price)
		return 0;
	book->stats.crossed++;
	book->synced = false;
	empty_book(book);
	return -EILSEQ;
}

enum app_book_fate app_book_begin(struct app_book *book, bool is_snapshot, uint64_t seq)
{
	bool gap = seq > book->seq + 1;

	if (is_snapshot) {
		empty_book(book);
		book->synced = true;
	} else if (!book->synced) {
		book->stats.ignored++;
		return APP_BOOK_WAITING;
	} else if (seq <= book->seq) {
		book->stats.stale++;
		return APP_BOOK_STALE;
	}
	book->seq = seq;
	book->in_snapshot = is_snapshot;
	if (is_snapshot || !gap)
		return APP_BOOK_TAKEN;
	book->stats.gaps++;
	return APP_BOOK_GAP;
}

int app_book_end(struct app_book *book)
{
	return app_book_commit(book);
}

int app_book_snapshot(struct app_book *book, uint64_t seq, bool bid, double price, double size)
{
	int err = 0, set_err = 0;

	if (!book->in_snapshot || seq != book->seq) {
		err = app_book_commit(book);
		app_book_begin(book, true, seq);
	}
	if (size > 0)
		set_err = app_book_set(book, bid, price, size);
	return set_err ? set_err : err;
}

int app_book_delta(struct app_book *book, uint64_t seq, bool bid, double price, double size)
{
	bool same = book->synced && !book->in_snapshot && seq == book->seq;
	enum app_book_fate fate;
	int err = 0, set_err;

	if (!same) {
		/* A stale row says nothing of the message that it came after. */
		if (book->synced && seq > book->seq)
			err = app_book_commit(book);
		fate = app_book_begin(book, false, seq);
		if (fate == APP_BOOK_STALE || fate == APP_BOOK_WAITING)
			return err;
	}
	set_err = app_book_set(book, bid, price, size);
	return set_err ? set_err : err;
}

bool app_book_best(const struct app_book *book, struct app_level *bid, struct app_level *ask)
{
	if (!book->bids.nr || !book->asks.nr)
		return false;
	*bid = book->bids.levels[0];
	*ask = book->asks.levels[0];
	return true;
}
