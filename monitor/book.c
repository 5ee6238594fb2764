#include "book.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void mon_book_init(struct mon_book *book)
{
	*book = (struct mon_book){0};
}

void mon_book_fini(struct mon_book *book)
{
	free(book->bids.levels);
	free(book->asks.levels);
	mon_book_init(book);
}

/* First level that is not better than price. */
static size_t find_level(const struct mon_side *side, bool bid, double price)
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

static int insert_level(struct mon_side *side, size_t idx, double price, double size)
{
	if (side->nr == side->cap) {
		size_t cap = side->cap ? side->cap * 2 : 32;
		struct mon_level *levels = reallocarray(side->levels, cap, sizeof(*levels));

		if (!levels)
			return -ENOMEM;
		side->levels = levels;
		side->cap = cap;
	}
	memmove(&side->levels[idx + 1], &side->levels[idx],
		(side->nr - idx) * sizeof(side->levels[0]));
	side->levels[idx] = (struct mon_level){price, size};
	side->nr++;
	return 0;
}

static void delete_level(struct mon_side *side, size_t idx)
{
	side->nr--;
	memmove(&side->levels[idx], &side->levels[idx + 1],
		(side->nr - idx) * sizeof(side->levels[0]));
}

static int set_level(struct mon_book *book, bool bid, double price, double size)
{
	struct mon_side *side = bid ? &book->bids : &book->asks;
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

static void empty_book(struct mon_book *book)
{
	book->bids.nr = 0;
	book->asks.nr = 0;
}

int mon_book_commit(struct mon_book *book)
{
	struct mon_level bid, ask;

	if (!mon_book_best(book, &bid, &ask) || bid.price < ask.price)
		return 0;
	book->stats.crossed++;
	book->synced = false;
	empty_book(book);
	return -EILSEQ;
}

int mon_book_snapshot(struct mon_book *book, uint64_t seq, bool bid, double price, double size)
{
	int err = 0, set_err = 0;

	if (!book->in_snapshot || seq != book->seq) {
		err = mon_book_commit(book);
		empty_book(book);
		book->seq = seq;
		book->in_snapshot = true;
		book->synced = true;
	}
	if (size > 0)
		set_err = set_level(book, bid, price, size);
	return set_err ? set_err : err;
}

/* Ends the message before and starts one with this number. */
static int begin_delta(struct mon_book *book, uint64_t seq)
{
	int err = mon_book_commit(book);

	if (seq > book->seq + 1)
		book->stats.gaps++;
	book->seq = seq;
	book->in_snapshot = false;
	return err;
}

int mon_book_delta(struct mon_book *book, uint64_t seq, bool bid, double price, double size)
{
	int err = 0, set_err;

	if (!book->synced) {
		book->stats.ignored++;
		return 0;
	}
	if (seq < book->seq || (book->in_snapshot && seq == book->seq)) {
		book->stats.stale++;
		return 0;
	}
	if (seq != book->seq || book->in_snapshot)
		err = begin_delta(book, seq);
	if (!book->synced) {
		book->stats.ignored++;
		return err;
	}
	set_err = set_level(book, bid, price, size);
	return set_err ? set_err : err;
}

bool mon_book_best(const struct mon_book *book, struct mon_level *bid, struct mon_level *ask)
{
	if (!book->bids.nr || !book->asks.nr)
		return false;
	*bid = book->bids.levels[0];
	*ask = book->asks.levels[0];
	return true;
}
