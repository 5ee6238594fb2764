/* base/own: which piece of memory is ours, by the log of what was mapped and unmapped. */
#include "base/own.h"
#include "check_main.h"

static const void *at(uint64_t address)
{
	return (const void *)(uintptr_t)address; /* NOLINT(performance-no-int-to-ptr) */
}

START_TEST(pieces_are_all_ours_or_all_not)
{
	int ours;

	vp_own_add(at(0x10000), 0x3000);
	ck_assert_uint_eq(vp_own_piece(0x8000, 0x20000, &ours), 0x10000);
	ck_assert_int_eq(ours, 0);
	ck_assert_uint_eq(vp_own_piece(0x10000, 0x20000, &ours), 0x13000);
	ck_assert_int_eq(ours, 1);
	ck_assert_uint_eq(vp_own_piece(0x11000, 0x12000, &ours), 0x12000);
	ck_assert_int_eq(ours, 1);
	ck_assert_uint_eq(vp_own_piece(0x13000, 0x20000, &ours), 0x20000);
	ck_assert_int_eq(ours, 0);
}
END_TEST

/* A part is given back, and the host may have mapped something of its own there. */
START_TEST(what_was_unmapped_is_not_ours_any_more)
{
	int ours;

	vp_own_add(at(0x10000), 0x4000);
	vp_own_drop(at(0x11000), 0x1000);
	ck_assert_uint_eq(vp_own_piece(0x10000, 0x20000, &ours), 0x11000);
	ck_assert_int_eq(ours, 1);
	ck_assert_uint_eq(vp_own_piece(0x11000, 0x20000, &ours), 0x12000);
	ck_assert_int_eq(ours, 0);
	ck_assert_uint_eq(vp_own_piece(0x12000, 0x20000, &ours), 0x14000);
	ck_assert_int_eq(ours, 1);
	vp_own_add(at(0x11000), 0x1000); /* and once more ours */
	vp_own_piece(0x11000, 0x12000, &ours);
	ck_assert_int_eq(ours, 1);
}
END_TEST

START_TEST(the_kernel_knows_whole_pages_only)
{
	int ours;

	vp_own_add(at(0x10000), 100);
	ck_assert_uint_eq(vp_own_piece(0x10000, 0x20000, &ours), 0x11000);
	ck_assert_int_eq(ours, 1);
}
END_TEST

START_TEST(what_the_log_has_no_room_for_is_counted)
{
	const struct vp_own_op *ops;
	uint32_t missed;

	for (uint32_t i = 0; i < VP_OWN_OPS + 7; i++)
		vp_own_add(at(0x100000 + i * 0x1000ull), 0x1000);
	ck_assert_uint_eq(vp_own_log(&ops, &missed), VP_OWN_OPS);
	ck_assert_uint_eq(missed, 7);
	ck_assert_uint_eq(ops[3].lo, 0x103001); /* mapped */
	ck_assert_uint_eq(ops[3].hi, 0x104000);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, pieces_are_all_ours_or_all_not);
	tcase_add_test(tests, what_was_unmapped_is_not_ours_any_more);
	tcase_add_test(tests, the_kernel_knows_whole_pages_only);
	tcase_add_test(tests, what_the_log_has_no_room_for_is_counted);
}

int main(void)
{
	return check_main("vp_own", cases);
}
