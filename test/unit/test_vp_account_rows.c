/* track/account_rows: the rows of the last and the highest account are whole at any time. */
#include "library_file.h"
#include "track/account_rows.h"

static int rows_init(void)
{
	vp_account_rows_init();
	return 0;
}

static const struct vp_tracker trackers[] = {
    {.name = "rows",
     .init = rows_init,
     .section = {SECTION_OF(STRINGS, vprof_string_row, 16, 0),
		 SECTION_OF(RESIDENT, vprof_resident, 16, 1)}},
};

/* An account of `pieces` mappings, the i-th of kind i % 4 with i + `more` pages. */
static struct vprof_account take(uint32_t number, uint32_t last, uint32_t peak, uint32_t pieces,
				 uint32_t more)
{
	struct vprof_account account = {.t_ns = number};

	ck_assert(vp_account_rows_begin());
	for (uint32_t i = 0; i < pieces; i++) {
		char path[32] = "";

		if (i % 2)
			snprintf(path, sizeof(path), "/lib/%u", i);
		vp_account_rows_add(&(struct vp_account_piece){.kind = i % 4,
							       .node = i % 2 ? 0 : i,
							       .path = path,
							       .mapped = 1 << 20,
							       .resident = (i + more) * 4096ull});
	}
	ck_assert(vp_account_rows_end(number, last, peak, &account));
	return account;
}

struct sum {
	uint32_t rows, mappings;
	uint64_t resident[VPROF_RESIDENT_KINDS];
};

static struct sum sum_of(uint32_t number)
{
	struct sum sum = {0};

	for (uint32_t i = 0; i < vp_table_used(VPROF_SEC_RESIDENT); i++) {
		const struct vprof_resident *row = vp_table_row(VPROF_SEC_RESIDENT, i);

		if (row->account != number)
			continue;
		sum.rows++;
		sum.mappings += row->mappings;
		sum.resident[row->kind] += row->resident_bytes;
	}
	return sum;
}

static void is_whole(uint32_t number, const struct vprof_account *account)
{
	struct sum sum = sum_of(number);

	ck_assert_mem_eq(sum.resident, account->resident, sizeof(sum.resident));
	ck_assert_uint_eq(sum.mappings, account->mappings);
}

START_TEST(the_last_and_the_highest_stay)
{
	struct vprof_account peak, last;

	library_file(trackers, COUNT_OF(trackers));
	peak = take(1, 0, 0, 30, 100);
	is_whole(1, &peak);
	last = peak;
	for (uint32_t number = 2; number < 20; number++) {
		last = take(number, number - 1, 1, 10 + number, number);
		is_whole(number, &last);
		is_whole(1, &peak);
		if (number > 2)
			ck_assert_uint_gt(sum_of(number - 1).rows, 0); /* it was the last */
	}
	ck_assert_uint_eq(sum_of(5).rows, 0);
}
END_TEST

/* Whatever has no row of its own is with those of its kind. */
START_TEST(more_mappings_than_rows)
{
	struct vprof_account account;

	library_file(trackers, COUNT_OF(trackers));
	for (uint32_t number = 1; number <= 4; number++) {
		account = take(number, number - 1, 1, 5000, 1);
		is_whole(number, &account);
		ck_assert_uint_eq(account.mappings, 5000);
		ck_assert_uint_le(sum_of(number).rows, 256);
		ck_assert_uint_ge(sum_of(number).rows, 200);
	}
}
END_TEST

START_TEST(equal_ones_are_one_row)
{
	const struct vp_account_piece piece = {
	    .kind = 3, .path = "/lib/a", .mapped = 8192, .resident = 4096, .huge = 1, .swapped = 2};
	struct vprof_account account = {0};
	const struct vprof_resident *row;

	library_file(trackers, COUNT_OF(trackers));
	ck_assert(vp_account_rows_begin());
	for (int i = 0; i < 7; i++)
		vp_account_rows_add(&piece);
	ck_assert(vp_account_rows_end(1, 0, 0, &account));
	ck_assert_uint_eq(sum_of(1).rows, 1);
	row = vp_table_row(VPROF_SEC_RESIDENT, 1);
	ck_assert_uint_eq(row->mapped_bytes, 7 * 8192);
	ck_assert_uint_eq(row->resident_bytes, 7 * 4096);
	ck_assert_uint_eq(row->huge_bytes, 7);
	ck_assert_uint_eq(row->mappings, 7);
	ck_assert_str_eq(string_of(row->name), "/lib/a");
	ck_assert_uint_eq(account.swapped_bytes, 14);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, the_last_and_the_highest_stay);
	tcase_add_test(tests, more_mappings_than_rows);
	tcase_add_test(tests, equal_ones_are_one_row);
}

int main(void)
{
	return check_main("vp_account_rows", cases);
}
