/* The order book of one symbol, kept from snapshots and deltas. Rows with the same
 * sequence number are one message; a book is judged only between messages. */
#ifndef MON_BOOK_H
#define MON_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mon_level {
	double price; /* quote currency */
	double size;  /* base currency, > 0 */
};

struct mon_side {
	struct mon_level *levels; /* best first */
	size_t nr, cap;
};

struct mon_book_stats {
	uint64_t updates; /* levels set or deleted */
	uint64_t crossed; /* messages after which best bid >= best ask */
	uint64_t gaps;	  /* sequence numbers that jumped */
	uint64_t stale;	  /* deltas at or below the book's sequence number */
	uint64_t ignored; /* deltas while the book waits for a snapshot */
};

struct mon_book {
	struct mon_side bids; /* price falls */
	struct mon_side asks; /* price rises */
	uint64_t seq;	      /* of the message being applied */
	bool in_snapshot;     /* that message is a snapshot */
	bool synced;	      /* a snapshot came, and no crossing since */
	struct mon_book_stats stats;
};

/* Makes an empty book that waits for a snapshot. */
void mon_book_init(struct mon_book *book);

void mon_book_fini(struct mon_book *book);

/* Applies one level of a snapshot; the first row of a new seq empties the book.
 *
 *   size  > 0; a level of size 0 is not stored
 *
 * Returns 0, -EILSEQ when the message before left the book crossed, or -ENOMEM. */
int mon_book_snapshot(struct mon_book *book, uint64_t seq, bool bid, double price, double size);

/* Applies one changed level: inserts it, replaces it, or with size 0 deletes it
 * (deleting an absent level is nothing). Stale deltas and those of a book that is
 * not in sync are counted and dropped; a gap is counted and the delta applied.
 *
 * Returns 0, -EILSEQ when the message before left the book crossed, or -ENOMEM. */
int mon_book_delta(struct mon_book *book, uint64_t seq, bool bid, double price, double size);

/* Ends the current message: call it before looking at the book.
 *
 * Returns 0, or -EILSEQ: the book is crossed, was counted and emptied, and waits for
 * a snapshot. */
int mon_book_commit(struct mon_book *book);

/* Best bid and ask; returns false when either side is empty. */
bool mon_book_best(const struct mon_book *book, struct mon_level *bid, struct mon_level *ask);

#endif
