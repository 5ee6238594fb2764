/* The monitor's feed: rows, bad rows, order and repetition. */
#include "check_main.h"
#include "feed.h"
#include "parse.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEADER "ts_ms,symbol,type,side,price,size,seq\n"
#define MAX    64

static char path[] = "/tmp/test_monitor_feed.XXXXXX";
static struct app_msg got[MAX];
static size_t got_nr;

static void set_up(void)
{
	int fd;

	strcpy(path + sizeof(path) - 7, "XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	got_nr = 0;
}

static void tear_down(void)
{
	unlink(path);
}

static void keep(void *arg, const struct app_msg *msg)
{
	(void)arg;
	ck_assert_uint_lt(got_nr, MAX);
	got[got_nr++] = *msg;
}

static void ignore(void *arg, const struct app_msg *msg)
{
	(void)arg;
	(void)msg;
}

/* Makes a file of this text and opens it. */
static struct app_feed *feed_of(const char *text)
{
	struct app_feed *feed;
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
	ck_assert_int_eq(app_feed_open(path, &feed), 0);
	return feed;
}

START_TEST(every_type_is_read)
{
	struct app_feed *feed = feed_of(HEADER "-60000,SOL/USDT,kline,,10,500,0,9,11,8,300\n"
					       "0,SOL/USDT,snapshot,bid,9.9,1.5,7\n"
					       "1,SOL/USDT,delta,ask,10.1,0,8\n"
					       "2,SOL/USDT,trade,sell,9.9,0.5,8\n"
					       "3,SOL/USDT,ticker,,10,1e6,8,,,,,-0.0001,0.61\n");

	ck_assert_int_eq(app_feed_advance(feed, 3, 0, keep, NULL), 5);
	ck_assert_int_eq(got[0].type, APP_MSG_KLINE);
	ck_assert_int_eq(got[0].ts_ms, -60000);
	ck_assert_double_eq(got[0].high, 11);
	ck_assert_double_eq(got[0].buy_size, 300);
	ck_assert_int_eq(got[1].type, APP_MSG_SNAPSHOT);
	ck_assert(got[1].is_buy);
	ck_assert_uint_eq(got[1].seq, 7);
	ck_assert_int_eq(got[2].type, APP_MSG_DELTA);
	ck_assert(!got[2].is_buy);
	ck_assert_double_eq(got[2].size, 0);
	ck_assert_int_eq(got[3].type, APP_MSG_TRADE);
	ck_assert_str_eq(got[3].symbol, "SOL/USDT");
	ck_assert_int_eq(got[4].type, APP_MSG_TICKER);
	ck_assert_double_eq(got[4].funding, -0.0001);
	ck_assert_double_eq(got[4].long_ratio, 0.61);
	app_feed_close(feed);
}
END_TEST

static const char *const bad_rows[] = {
    "x,A/B,trade,buy,1,1,1",		     /* no time */
    "1.5,A/B,trade,buy,1,1,1",		     /* time not whole */
    "1,,trade,buy,1,1,1",		     /* no symbol */
    "1,ABCDEFGH/IJKLMNO,trade,buy,1,1,1",    /* symbol too long */
    "1,A/B,swap,buy,1,1,1",		     /* unknown type */
    "1,A/B,trade,bid,1,1,1",		     /* a book's side */
    "1,A/B,delta,buy,1,1,1",		     /* a trade's side */
    "1,A/B,delta,,1,1,1",		     /* no side */
    "1,A/B,ticker,buy,1,1,1,,,,,0,0.5",	     /* a side too many */
    "1,A/B,trade,buy,,1,1",		     /* no price */
    "1,A/B,trade,buy,1x,1,1",		     /* garbage after a number */
    "1,A/B,trade,buy,nan,1,1",		     /* not a number at all */
    "1,A/B,trade,buy,inf,1,1",		     /* endless */
    "1,A/B,trade,buy,1e999,1,1",	     /* too large */
    "1,A/B,trade,buy,-1,1,1",		     /* negative price */
    "1,A/B,trade,buy,1,-1,1",		     /* negative size */
    "1,A/B,trade,buy,1,1,-1",		     /* negative seq */
    "1,A/B,trade,buy,1,1",		     /* a column too few */
    "1,A/B,trade,buy,1,1,1,1",		     /* a column too many */
    "1,A/B,kline,,1,1,0,1,1,2,1",	     /* low above high */
    "1,A/B,kline,,1,1,0,1,1,1,2",	     /* bought more than was traded */
    "1,A/B,ticker,,1,1,1,,,,,0,1.5",	     /* more than all are long */
    "1,A/B,trade,buy,1,1,1,,,,,,,,,,,,,,,,", /* far too many columns */
    "1",
    "\"",
};

START_TEST(bad_row_is_counted_and_skipped)
{
	struct app_feed_stats stats;
	struct app_feed *feed;
	char text[1024];

	snprintf(text, sizeof(text), HEADER "0,A/B,trade,buy,1,1,1\n%s%s\n2,A/B,trade,buy,2,1,1\n",
		 bad_rows[_i], strcmp(bad_rows[_i], "\"") ? "" : "\"");
	feed = feed_of(text);
	ck_assert_int_eq(app_feed_advance(feed, 2, 0, keep, NULL), 2);
	ck_assert_double_eq(got[1].price, 2);
	app_feed_stats(feed, &stats);
	ck_assert_msg(stats.bad_rows == 1, "%s", bad_rows[_i]);
	ck_assert_uint_eq(stats.rows, 2);
	app_feed_close(feed);
}
END_TEST

START_TEST(overlong_field_is_a_bad_row)
{
	struct app_feed_stats stats;
	struct app_feed *feed;
	char text[4096];

	snprintf(text, sizeof(text),
		 HEADER "0,A/B,trade,buy,1,1,1\n1,%01500d,trade,buy,1,1,1\n"
			"2,A/B,trade,buy,2,1,1\n",
		 0);
	feed = feed_of(text);
	ck_assert_int_eq(app_feed_advance(feed, 2, 0, keep, NULL), 2);
	app_feed_stats(feed, &stats);
	ck_assert_uint_eq(stats.bad_rows, 1);
	app_feed_close(feed);
}
END_TEST

START_TEST(time_going_backwards_is_a_bad_row)
{
	struct app_feed_stats stats;
	struct app_feed *feed = feed_of(HEADER "5,A/B,trade,buy,1,1,1\n"
					       "4,A/B,trade,buy,2,1,1\n"
					       "5,A/B,trade,buy,3,1,1\n");

	ck_assert_int_eq(app_feed_advance(feed, 5, 0, keep, NULL), 2);
	ck_assert_double_eq(got[1].price, 3);
	app_feed_stats(feed, &stats);
	ck_assert_uint_eq(stats.bad_rows, 1);
	app_feed_close(feed);
}
END_TEST

START_TEST(messages_come_when_due)
{
	struct app_feed *feed = feed_of(HEADER "10,A/B,trade,buy,1,1,1\n"
					       "20,A/B,trade,buy,2,1,1\n"
					       "30,A/B,trade,buy,3,1,1\n");

	ck_assert_int_eq(app_feed_advance(feed, 9, 0, keep, NULL), 0);
	ck_assert_int_eq(app_feed_advance(feed, 20, 0, keep, NULL), 2);
	ck_assert_int_eq(app_feed_advance(feed, 29, 0, keep, NULL), 0);
	ck_assert_int_eq(app_feed_advance(feed, 30, 0, keep, NULL), 1);
	app_feed_close(feed);
}
END_TEST

START_TEST(limit_never_cuts_a_timestamp_in_two)
{
	struct app_feed *feed = feed_of(HEADER "0,A/B,delta,bid,1,1,1\n"
					       "0,A/B,delta,bid,2,1,1\n"
					       "0,A/B,delta,bid,3,1,1\n"
					       "1,A/B,delta,bid,4,1,2\n");

	ck_assert_int_eq(app_feed_advance(feed, 1, 2, keep, NULL), 3);
	ck_assert_int_eq(app_feed_advance(feed, 1, 2, keep, NULL), 1);
	app_feed_close(feed);
}
END_TEST

START_TEST(replay_repeats_later_and_without_history)
{
	struct app_feed_stats stats;
	struct app_feed *feed = feed_of(HEADER "-60000,A/B,kline,,10,5,0,9,11,8,3\n"
					       "0,A/B,trade,buy,1,1,1\n"
					       "900,A/B,trade,buy,2,1,2\n");
	static const int64_t times[] = {-60000, 0, 900, 1000, 1900, 2000, 2900};

	ck_assert_int_eq(app_feed_advance(feed, 2900, 0, keep, NULL), 7);
	for (size_t i = 0; i < 7; i++)
		ck_assert_int_eq(got[i].ts_ms, times[i]);
	app_feed_stats(feed, &stats);
	ck_assert_uint_eq(stats.passes, 3); /* it looked ahead for what comes next */
	app_feed_close(feed);
}
END_TEST

START_TEST(last_row_needs_no_newline)
{
	struct app_feed *feed = feed_of(HEADER "0,A/B,trade,buy,1,1,1\r\n5,A/B,trade,buy,2,1,1");

	ck_assert_int_eq(app_feed_advance(feed, 5, 0, keep, NULL), 2);
	app_feed_close(feed);
}
END_TEST

static const char *const dead_files[] = {
    "",
    "\n\n\n",
    HEADER,
    HEADER "-60000,A/B,kline,,10,5,0,9,11,8,3\n",
    HEADER "0,A/B,trade,buy,x,1,1\n",
    "\"never closed",
};

START_TEST(file_without_live_rows_is_no_data)
{
	struct app_feed *feed = feed_of(dead_files[_i]);

	ck_assert_int_eq(app_feed_advance(feed, 1000000, 0, ignore, NULL), -ENODATA);
	app_feed_close(feed);
}
END_TEST

START_TEST(noise_never_breaks_the_reader)
{
	static const char letters[] = "0123456789.,,,,\n\n\"-aAtrdebuyskl/ \r\t\x80\xff";
	struct app_feed *feed;
	unsigned int seed = (unsigned int)_i;
	char text[8000];
	size_t len = strlen(HEADER);

	memcpy(text, HEADER, len);
	while (len < sizeof(text) - 1)
		text[len++] = letters[(size_t)rand_r(&seed) % (sizeof(letters) - 1)];
	text[len] = '\0';
	feed = feed_of(text);
	ck_assert_int_eq(app_feed_advance(feed, INT64_MAX / 2, 1000, ignore, NULL), -ENODATA);
	app_feed_close(feed);
}
END_TEST

START_TEST(symbols_are_found)
{
	app_feed_close(feed_of(HEADER "0,A/B,trade,buy,1,1,1\n0,C/D,trade,buy,1,1,1\n"));
	ck_assert_int_eq(app_feed_has_symbol(path, "A/B"), 1);
	ck_assert_int_eq(app_feed_has_symbol(path, "C/D"), 1);
	ck_assert_int_eq(app_feed_has_symbol(path, "A"), 0);
	ck_assert_int_eq(app_feed_has_symbol(path, "symbol"), 0);
	unlink(path);
	ck_assert_int_eq(app_feed_has_symbol(path, "A/B"), -ENOENT);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, every_type_is_read);
	tcase_add_loop_test(tests, bad_row_is_counted_and_skipped, 0,
			    (int)(sizeof(bad_rows) / sizeof(bad_rows[0])));
	tcase_add_test(tests, overlong_field_is_a_bad_row);
	tcase_add_test(tests, time_going_backwards_is_a_bad_row);
	tcase_add_test(tests, messages_come_when_due);
	tcase_add_test(tests, limit_never_cuts_a_timestamp_in_two);
	tcase_add_test(tests, replay_repeats_later_and_without_history);
	tcase_add_test(tests, last_row_needs_no_newline);
	tcase_add_loop_test(tests, file_without_live_rows_is_no_data, 0,
			    (int)(sizeof(dead_files) / sizeof(dead_files[0])));
	tcase_add_loop_test(tests, noise_never_breaks_the_reader, 0, 20);
	tcase_add_test(tests, symbols_are_found);
}

int main(void)
{
	return check_main("monitor_feed", cases);
}
