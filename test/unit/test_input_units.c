/* The reader on rows of UNITS: what it takes, what it leaves out and says, what it passes over. */
#include "ring_file.h"

static struct mkprof mk;

static void make(void)
{
	make_path();
	ck_assert_int_eq(mk_shape("units", &mk), 0);
}

static void drop(void)
{
	mk_free(&mk);
	remove_path();
}

static union vr_unit_row *row_at(uint32_t row)
{
	struct vprof_extent *table = (void *)(mk.bytes + VPROF_EXTENT_TABLE_OFFSET);
	uint32_t of_extent = MK_EXTENT / sizeof(struct vprof_unit);

	for (uint32_t i = 1; i < mk_header(&mk)->extents_used; i++)
		if (table[i].kind == VPROF_SEC_UNITS && table[i].index == row / of_extent)
			return (void *)(mk.bytes + (uint64_t)i * MK_EXTENT +
					row % of_extent * sizeof(struct vprof_unit));
	return NULL;
}

START_TEST(what_is_right_is_taken)
{
	struct vr_file *file = open_ok(&mk);

	ck_assert_uint_eq(file->n_damages, 0);
	ck_assert_uint_eq(file->n_units, 2 + MK_PLAIN + 24 + 40);
	ck_assert_int_eq(file->unit[0].kind, VPROF_UNIT_SUMS);
	ck_assert_int_eq(file->unit[1].kind, VPROF_UNIT_KEPT);
	ck_assert_str_eq(vr_file_string(file, file->unit[1].kept.call[0].name), "send");
	vr_file_close(file);
}
END_TEST

/* Row 1 is a unit, row 0 are sums. */
static const struct fault {
	uint32_t row;
	size_t offset, bytes;
	uint64_t value;
	const char *says;
} faults[] = {
#define UNIT(member, value, says)                                                                  \
	{                                                                                          \
		1, offsetof(struct vprof_unit, member), sizeof(((struct vprof_unit *)0)->member),  \
		    value, "units: " says                                                          \
	}
#define SUMS(member, value, says)                                                                  \
	{                                                                                          \
		0, offsetof(struct vprof_unit_sums, member),                                       \
		    sizeof(((struct vprof_unit_sums *)0)->member), value, "units: " says           \
	}
    UNIT(loop, 3, "loop id out of range"),
    UNIT(thread, 6, "thread id out of range"),
    UNIT(label, 5000, "string id out of range"),
    UNIT(begin_ns, UINT64_MAX - 5, "times make no sense"),
    UNIT(duration_ns, 1, "sums do not add"),
    UNIT(call[0].node, 8000, "node id out of range"),
    UNIT(call[0].name, 5000, "string id out of range"),
    UNIT(call[0].class, 8, "class out of range"),
    UNIT(call[0].ns, UINT64_MAX, "times make no sense"),
    UNIT(ns[0], UINT64_MAX / 2, "times make no sense"),
    UNIT(sample[0].node, 8000, "node id out of range"),
    UNIT(calls_left_ns, UINT64_MAX, "times make no sense"),
    SUMS(loop, 3, "loop id out of range"),
    SUMS(units, UINT64_MAX, "sums do not add"),
    SUMS(square, 0x7ff8000000000000, "sums do not add"),     /* not a number */
    SUMS(part[3].ns, 0xbff0000000000000, "sums do not add"), /* -1 */
};

START_TEST(what_cannot_be_is_left_out)
{
	const struct fault *fault = &faults[_i];
	struct vr_file *file;

	memcpy((char *)row_at(fault->row) + fault->offset, &fault->value, fault->bytes);
	file = open_ok(&mk);
	ck_assert_uint_eq(file->n_damages, 1);
	ck_assert_str_eq(file->damage[0].reason, fault->says);
	ck_assert_int_eq(file->unit[fault->row].kind, VPROF_UNIT_VOID);
	vr_file_close(file);
}
END_TEST

/* Being written, of a newer library, or with more that is not its own: no damage. */
START_TEST(what_is_none_is_passed_over)
{
	struct vr_file *file;

	row_at(1)->kept.sequence = 7;
	row_at(2)->kind = 9;
	row_at(3)->kept.more = 0;
	row_at(4)->kept.more = 100000;
	file = open_ok(&mk);
	ck_assert_uint_eq(file->n_damages, 0);
	ck_assert_int_eq(file->unit[1].kind, VPROF_UNIT_VOID);
	ck_assert_int_eq(file->unit[2].kind, VPROF_UNIT_VOID);
	ck_assert_uint_eq(file->unit[3].kept.more, VPROF_NONE);
	ck_assert_uint_eq(file->unit[4].kept.more, VPROF_NONE);
	vr_file_close(file);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_checked_fixture(tests, make, drop);
	tcase_add_test(tests, what_is_right_is_taken);
	tcase_add_loop_test(tests, what_cannot_be_is_left_out, 0,
			    sizeof(faults) / sizeof(faults[0]));
	tcase_add_test(tests, what_is_none_is_passed_over);
}

int main(void)
{
	return check_main("input_units", cases);
}
