/* The order book of one symbol, kept from snapshots and deltas. A book is judged only between
 * messages: app_book_begin(), levels, app_book_end(); or, where rows with the same number are one
 * message, app_book_snapshot() and app_book_delta() for each row. */
#ifndef APP_BOOK_H
#define APP_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define APP_BOOK_LEVELS_MAX 4096 /* of a side: a feed that never deletes fills no memory */

struct app_level {
	double price; /* quote currency */
	double size;  /* base currency, > 0 */
};

struct app_side {
	struct app_level *levels; /* best first */
	size_t nr, cap;
};

struct app_book_stats {
	uint64_t updates; /* levels set or deleted */
	uint64_t crossed; /* messages after which best bid >= best ask */
	uint64_t gaps;	  /* sequence numbers that jumped */
	uint64_t stale;	  /* deltas, or rows of them, at or below the book's sequence number */
	uint64_t ignored; /* deltas, or rows of them, while the book waits for a snapshot */
};

struct app_book {
	struct app_side bids; /* price falls */
	struct app_side asks; /* price rises */
	uint64_t seq;	      /* of the message being applied */
	bool in_snapshot;     /* that message is a snapshot */
	bool synced;	      /* a snapshot came, and no crossing since */
	struct app_book_stats stats;
};

/* Makes an empty book that waits for a snapshot. */
void app_book_init(struct app_book *book);

void app_book_fini(struct app_book *book);

/* What becomes of a message. */
enum app_book_fate {
	APP_BOOK_TAKEN,	  /* its levels are to be applied */
	APP_BOOK_GAP,	  /* so are this one's, but messages before it are missing */
	APP_BOOK_STALE,	  /* it is older than the book: its levels are not for it */
	APP_BOOK_WAITING, /* a snapshot has to come first: the same */
};

/* Begins a message. A snapshot empties the book, whatever its number.
 *
 *   seq  the message's number; of deltas each is one above that of the message before */
enum app_book_fate app_book_begin(struct app_book *book, bool is_snapshot, uint64_t seq);

/* Sets a level of the message begun: inserts or replaces it, or with size 0 deletes it
 * (deleting an absent level is nothing). In a side that is full the worst level gives way.
 * Returns 0, or -ENOMEM. */
int app_book_set(struct app_book *book, bool bid, double price, double size);

/* Ends the message: as app_book_commit(). */
int app_book_end(struct app_book *book);

/* Applies one level of a snapshot; the first row of a new seq empties the book.
 *
 *   size  > 0; a level of size 0 is not stored
 *
 * Returns 0, -EILSEQ when the message before left the book crossed, or -ENOMEM. */
int app_book_snapshot(struct app_book *book, uint64_t seq, bool bid, double price, double size);

/* Applies one changed level: inserts it, replaces it, or with size 0 deletes it
 * (deleting an absent level is nothing). Stale deltas and those of a book that is
 * not in sync are counted and dropped; a gap is counted and the delta applied.
 *
 * Returns 0, -EILSEQ when the message before left the book crossed, or -ENOMEM. */
int app_book_delta(struct app_book *book, uint64_t seq, bool bid, double price, double size);

/* Ends the current message: call it before looking at the book.
 *
 * Returns 0, or -EILSEQ: the book is crossed, was counted and emptied, and waits for
 * a snapshot. */
int app_book_commit(struct app_book *book);

/* Best bid and ask; returns false when either side is empty. */
bool app_book_best(const struct app_book *book, struct app_level *bid, struct app_level *ask);

#endif
