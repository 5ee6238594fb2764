/* The order book of the example programs: levels, messages, crossings. */
#include "book.h"
#include "check_main.h"

#include <errno.h>
#include <stdlib.h>

static struct app_book book;

static void set_up(void)
{
	app_book_init(&book);
}

static void tear_down(void)
{
	app_book_fini(&book);
}

/* Bids 100, 99, 98 and asks 101, 102, 103, all of size 1, as message 10. */
static void load_snapshot(void)
{
	/* out of order: the book sorts, not the sender */
	static const double bids[] = {99, 98, 100}, asks[] = {103, 101, 102};

	for (size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(app_book_snapshot(&book, 10, true, bids[i], 1), 0);
		ck_assert_int_eq(app_book_snapshot(&book, 10, false, asks[i], 1), 0);
	}
	ck_assert_int_eq(app_book_commit(&book), 0);
}

static void expect_side(const struct app_side *side, const double *prices, size_t nr)
{
	ck_assert_uint_eq(side->nr, nr);
	for (size_t i = 0; i < nr; i++)
		ck_assert_double_eq(side->levels[i].price, prices[i]);
}

START_TEST(snapshot_is_sorted_best_first)
{
	load_snapshot();
	expect_side(&book.bids, (const double[]){100, 99, 98}, 3);
	expect_side(&book.asks, (const double[]){101, 102, 103}, 3);
}
END_TEST

START_TEST(snapshot_replaces_the_book)
{
	struct app_level bid, ask;

	load_snapshot();
	app_book_snapshot(&book, 20, true, 50, 2);
	app_book_snapshot(&book, 20, false, 51, 3);
	ck_assert(app_book_best(&book, &bid, &ask));
	ck_assert_double_eq(bid.price, 50);
	ck_assert_double_eq(ask.size, 3);
	ck_assert_uint_eq(book.bids.nr, 1);
}
END_TEST

START_TEST(delta_inserts_replaces_and_deletes)
{
	load_snapshot();
	app_book_delta(&book, 11, true, 99.5, 4);
	expect_side(&book.bids, (const double[]){100, 99.5, 99, 98}, 4);
	app_book_delta(&book, 12, true, 99.5, 7);
	ck_assert_double_eq(book.bids.levels[1].size, 7);
	app_book_delta(&book, 13, true, 99.5, 0);
	app_book_delta(&book, 13, false, 101, 0);
	expect_side(&book.bids, (const double[]){100, 99, 98}, 3);
	expect_side(&book.asks, (const double[]){102, 103}, 2);
	ck_assert_uint_eq(book.stats.gaps, 0);
	ck_assert_uint_eq(book.stats.stale, 0);
}
END_TEST

START_TEST(deleting_an_absent_level_is_nothing)
{
	load_snapshot();
	ck_assert_int_eq(app_book_delta(&book, 11, true, 97.5, 0), 0);
	ck_assert_uint_eq(book.bids.nr, 3);
}
END_TEST

START_TEST(crossing_within_a_message_is_fine)
{
	load_snapshot();
	/* the market moves up by two: the new bid comes before the old asks go */
	ck_assert_int_eq(app_book_delta(&book, 11, true, 102, 1), 0);
	ck_assert_int_eq(app_book_delta(&book, 11, false, 101, 0), 0);
	ck_assert_int_eq(app_book_delta(&book, 11, false, 102, 0), 0);
	ck_assert_int_eq(app_book_commit(&book), 0);
	ck_assert_uint_eq(book.stats.crossed, 0);
	ck_assert(book.synced);
}
END_TEST

START_TEST(crossed_book_is_counted_and_waits_for_a_snapshot)
{
	struct app_level bid, ask;

	load_snapshot();
	app_book_delta(&book, 11, true, 101, 1);
	ck_assert_int_eq(app_book_delta(&book, 12, true, 90, 1), -EILSEQ);
	ck_assert_uint_eq(book.stats.crossed, 1);
	ck_assert(!app_book_best(&book, &bid, &ask));
	ck_assert_int_eq(app_book_delta(&book, 13, true, 90, 1), 0);
	ck_assert_uint_eq(book.stats.ignored, 2);
	app_book_snapshot(&book, 14, true, 100, 1);
	app_book_snapshot(&book, 14, false, 101, 1);
	ck_assert_int_eq(app_book_commit(&book), 0);
	ck_assert(app_book_best(&book, &bid, &ask));
	ck_assert_uint_eq(book.stats.crossed, 1);
}
END_TEST

START_TEST(touching_sides_are_crossed)
{
	app_book_snapshot(&book, 1, true, 100, 1);
	app_book_snapshot(&book, 1, false, 100, 1);
	ck_assert_int_eq(app_book_commit(&book), -EILSEQ);
	/* found once, not again with every look */
	ck_assert_int_eq(app_book_commit(&book), 0);
	ck_assert_uint_eq(book.stats.crossed, 1);
}
END_TEST

START_TEST(stale_deltas_are_dropped)
{
	load_snapshot();
	app_book_delta(&book, 10, true, 95, 1); /* part of the snapshot already */
	app_book_delta(&book, 9, true, 95, 1);
	app_book_delta(&book, 11, true, 96, 1);
	app_book_delta(&book, 10, true, 95, 1);
	ck_assert_uint_eq(book.stats.stale, 3);
	expect_side(&book.bids, (const double[]){100, 99, 98, 96}, 4);
}
END_TEST

START_TEST(gaps_are_counted_and_applied)
{
	load_snapshot();
	app_book_delta(&book, 11, true, 97, 1);
	app_book_delta(&book, 14, true, 96, 1);
	app_book_delta(&book, 14, true, 95, 1);
	app_book_delta(&book, 15, true, 94, 1);
	ck_assert_uint_eq(book.stats.gaps, 1);
	ck_assert_uint_eq(book.bids.nr, 7);
}
END_TEST

START_TEST(deltas_before_the_first_snapshot_are_ignored)
{
	app_book_delta(&book, 1, true, 100, 1);
	ck_assert_uint_eq(book.bids.nr, 0);
	ck_assert_uint_eq(book.stats.ignored, 1);
}
END_TEST

START_TEST(whole_messages_say_what_becomes_of_them)
{
	ck_assert_int_eq(app_book_begin(&book, false, 3), APP_BOOK_WAITING);
	load_snapshot();
	ck_assert_int_eq(app_book_begin(&book, false, 11), APP_BOOK_TAKEN);
	ck_assert_int_eq(app_book_set(&book, true, 97, 1), 0);
	ck_assert_int_eq(app_book_end(&book), 0);
	ck_assert_int_eq(app_book_begin(&book, false, 11), APP_BOOK_STALE);
	ck_assert_int_eq(app_book_begin(&book, false, 13), APP_BOOK_GAP);
	ck_assert_int_eq(app_book_set(&book, true, 105, 1), 0);
	ck_assert_int_eq(app_book_end(&book), -EILSEQ);
	ck_assert_int_eq(app_book_begin(&book, false, 14), APP_BOOK_WAITING);
	/* a service that was started anew counts from 1 */
	ck_assert_int_eq(app_book_begin(&book, true, 1), APP_BOOK_TAKEN);
	ck_assert_int_eq(app_book_set(&book, true, 50, 1), 0);
	ck_assert_int_eq(app_book_end(&book), 0);
	ck_assert_int_eq(app_book_begin(&book, false, 2), APP_BOOK_TAKEN);
	ck_assert_uint_eq(book.bids.nr, 1);
	ck_assert_uint_eq(book.stats.gaps, 1);
	ck_assert_uint_eq(book.stats.stale, 1);
	ck_assert_uint_eq(book.stats.ignored, 2);
	ck_assert_uint_eq(book.stats.crossed, 1);
}
END_TEST

START_TEST(a_full_side_keeps_its_best)
{
	app_book_begin(&book, true, 1);
	for (int i = 0; i < APP_BOOK_LEVELS_MAX + 10; i++)
		ck_assert_int_eq(app_book_set(&book, true, 1000 + i, 1), 0);
	ck_assert_int_eq(app_book_set(&book, true, 1, 1), 0);
	ck_assert_uint_eq(book.bids.nr, APP_BOOK_LEVELS_MAX);
	ck_assert_double_eq(book.bids.levels[0].price, 1000 + APP_BOOK_LEVELS_MAX + 9);
	ck_assert_double_eq(book.bids.levels[APP_BOOK_LEVELS_MAX - 1].price, 1010);
}
END_TEST

/* Random changes against a plain array indexed by price. */
START_TEST(many_changes_match_a_plain_model)
{
	double model[200] = {0};
	unsigned int seed = (unsigned int)_i + 1;
	size_t expected = 0, at = 0;

	app_book_snapshot(&book, 1, true, 50, 1);
	model[50] = 1;
	for (uint64_t seq = 2; seq < 3000; seq++) {
		int price = rand_r(&seed) % 200, size = rand_r(&seed) % 3;

		model[price] = size;
		ck_assert_int_eq(app_book_delta(&book, seq, true, price, size), 0);
	}
	for (int price = 199; price >= 0; price--) {
		if (model[price] <= 0)
			continue;
		expected++;
		ck_assert_uint_lt(at, book.bids.nr);
		ck_assert_double_eq(book.bids.levels[at].price, price);
		ck_assert_double_eq(book.bids.levels[at++].size, model[price]);
	}
	ck_assert_uint_eq(book.bids.nr, expected);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, snapshot_is_sorted_best_first);
	tcase_add_test(tests, snapshot_replaces_the_book);
	tcase_add_test(tests, delta_inserts_replaces_and_deletes);
	tcase_add_test(tests, deleting_an_absent_level_is_nothing);
	tcase_add_test(tests, crossing_within_a_message_is_fine);
	tcase_add_test(tests, crossed_book_is_counted_and_waits_for_a_snapshot);
	tcase_add_test(tests, touching_sides_are_crossed);
	tcase_add_test(tests, stale_deltas_are_dropped);
	tcase_add_test(tests, gaps_are_counted_and_applied);
	tcase_add_test(tests, deltas_before_the_first_snapshot_are_ignored);
	tcase_add_test(tests, whole_messages_say_what_becomes_of_them);
	tcase_add_test(tests, a_full_side_keeps_its_best);
	tcase_add_loop_test(tests, many_changes_match_a_plain_model, 0, 3);
}

int main(void)
{
	return check_main("monitor_book", cases);
}
