/* track/ranges: against an array of pages. */
#include "check_main.h"
#include "random.h"
#include "track/ranges.h"

#include <stdlib.h>
#include <string.h>

#define PAGES 4000u
#define PAGE  4096u

static struct vp_ranges ranges;
static uint32_t page[PAGES]; /* owner; 0: nobody */

/* The ranges tell what the array does, in order and without overlaps. */
static void compare(void)
{
	uint32_t count = 0, at = 0;
	uint64_t end = 0;

	for (const struct vp_range *range = vp_ranges_from(&ranges, 0); range;
	     range = range->next[0]) {
		ck_assert_uint_lt(range->lo, range->hi);
		ck_assert_uint_ge(range->lo, end);
		for (; at < range->lo / PAGE; at++)
			ck_assert_uint_eq(page[at], 0);
		for (; at < range->hi / PAGE; at++)
			ck_assert_uint_eq(page[at], range->row);
		end = range->hi;
		count++;
	}
	for (; at < PAGES; at++)
		ck_assert_uint_eq(page[at], 0);
	ck_assert_uint_eq(count, ranges.count);
}

static uint64_t take(uint32_t lo, uint32_t hi, int back)
{
	struct vp_range *list;
	uint64_t bytes = 0;

	ck_assert(vp_ranges_reserve(&ranges, 4));
	list = vp_ranges_take(&ranges, (uint64_t)lo * PAGE, (uint64_t)hi * PAGE);
	for (const struct vp_range *range = list; range; range = range->next[0]) {
		ck_assert_uint_ge(range->lo, (uint64_t)lo * PAGE);
		ck_assert_uint_le(range->hi, (uint64_t)hi * PAGE);
		bytes += range->hi - range->lo;
		if (back) {
			ck_assert(vp_ranges_reserve(&ranges, 1));
			vp_ranges_put(&ranges, range);
		}
	}
	vp_ranges_recycle(&ranges, list);
	return bytes;
}

static void map(uint32_t lo, uint32_t hi, uint32_t owner)
{
	struct vp_range range = {
	    .lo = (uint64_t)lo * PAGE, .hi = (uint64_t)hi * PAGE, .row = owner};

	take(lo, hi, 0);
	ck_assert(vp_ranges_reserve(&ranges, 1));
	vp_ranges_put(&ranges, &range);
	for (uint32_t i = lo; i < hi; i++)
		page[i] = owner;
}

static void unmap(uint32_t lo, uint32_t hi)
{
	uint64_t bytes = 0;

	for (uint32_t i = lo; i < hi; i++) {
		bytes += page[i] ? PAGE : 0;
		page[i] = 0;
	}
	ck_assert_uint_eq(take(lo, hi, 0), bytes);
}

START_TEST(a_middle_cut_leaves_two)
{
	map(10, 20, 1);
	unmap(13, 15);
	compare();
	ck_assert_uint_eq(ranges.count, 2);
	unmap(0, 100);
	ck_assert_uint_eq(ranges.count, 0);
	ck_assert_ptr_null(vp_ranges_from(&ranges, 0));
}
END_TEST

START_TEST(what_was_put_back_is_as_it_was)
{
	map(10, 20, 1);
	map(20, 30, 2);
	ck_assert_uint_eq(take(15, 25, 1), 10 * PAGE);
	compare();
	unmap(12, 28);
	compare();
}
END_TEST

START_TEST(the_first_behind_an_address)
{
	map(10, 20, 1);
	map(30, 40, 2);
	ck_assert_uint_eq(vp_ranges_from(&ranges, 0)->row, 1);
	ck_assert_uint_eq(vp_ranges_from(&ranges, 19 * PAGE + 4095)->row, 1);
	ck_assert_uint_eq(vp_ranges_from(&ranges, 20 * PAGE)->row, 2);
	ck_assert_ptr_null(vp_ranges_from(&ranges, 40 * PAGE));
}
END_TEST

START_TEST(as_pages_would_have_it)
{
	random_seed(7);
	for (uint32_t i = 1; i <= 20000; i++) {
		uint32_t lo = (uint32_t)(uniform() * PAGES);
		uint32_t hi = lo + 1 + (uint32_t)(uniform() * uniform() * 60);

		hi = hi < PAGES ? hi : PAGES;
		if (uniform() < 0.55)
			map(lo, hi, i);
		else if (uniform() < 0.3)
			take(lo, hi, 1);
		else
			unmap(lo, hi);
		if (i % 100 == 0)
			compare();
	}
	compare();
	ck_assert_uint_gt(ranges.count, 100);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, a_middle_cut_leaves_two);
	tcase_add_test(tests, what_was_put_back_is_as_it_was);
	tcase_add_test(tests, the_first_behind_an_address);
	tcase_add_test(tests, as_pages_would_have_it);
}

int main(void)
{
	return check_main("vp_ranges", cases);
}
