/* The reader on rows of UNITS: what it takes, what it leaves out and says, what it passes over. */
#include "ring_shape.h"

static void make(void)
{
	make_shape("units");
}

static union vr_unit_row *row_at(uint32_t row)
{
	return mk_row_at(&mk, VPROF_SEC_UNITS, sizeof(struct vprof_unit), row);
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

/* What others did while a unit lasted: in the shape of labels, for the longest of a loop. */
static struct vprof_unit_others *others_row(uint32_t *id)
{
	drop();
	make_shape("labels");
	*id = mk_rows(&mk, VPROF_SEC_UNITS) - 2;
	return &row_at(*id)->others;
}

START_TEST(others_are_taken)
{
	const struct vprof_unit_others *others;
	struct vr_file *file;
	uint32_t id;

	others_row(&id);
	file = open_ok(&mk);
	ck_assert_uint_eq(file->n_damages, 0);
	others = &file->unit[id].others;
	ck_assert_int_eq(others->kind, VPROF_UNIT_OTHERS);
	ck_assert_uint_eq(file->unit[others->unit].kept.begin_ns, others->begin_ns);
	ck_assert_str_eq(vr_file_string(file, others->other[0].call_name), "fsync");
	vr_file_close(file);
}
END_TEST

static const struct other_fault {
	size_t offset, bytes; /* in the second thread of the row */
	uint64_t value;
	const char *says;
} other_faults[] = {
#define OTHER(member, value, says)                                                                 \
	{                                                                                          \
		offsetof(struct vprof_unit_other, member),                                         \
		    sizeof(((struct vprof_unit_other *)0)->member), value, "units: " says          \
	}
    OTHER(thread, 60, "thread id out of range"),
    OTHER(node, 8000, "node id out of range"),
    OTHER(call_node, 8000, "node id out of range"),
    OTHER(call_name, 50000, "string id out of range"),
    OTHER(call_ns, UINT64_MAX, "times make no sense"),
    OTHER(held_ns, UINT64_MAX, "times make no sense"),
};

START_TEST(others_that_cannot_be_are_left_out)
{
	const struct other_fault *fault = &other_faults[_i];
	uint32_t id;
	struct vprof_unit_others *others = others_row(&id);
	struct vr_file *file;

	memcpy((char *)&others->other[1] + fault->offset, &fault->value, fault->bytes);
	file = open_ok(&mk);
	ck_assert_uint_eq(file->n_damages, 1);
	ck_assert_str_eq(file->damage[0].reason, fault->says);
	ck_assert_int_eq(file->unit[id].kind, VPROF_UNIT_VOID);
	vr_file_close(file);
}
END_TEST

/* Of a unit that another one has taken the place of: no damage, and of none. */
START_TEST(others_of_another_unit_are_of_none)
{
	uint32_t id;
	struct vprof_unit_others *others = others_row(&id);
	struct vr_file *file;

	others->begin_ns++;
	file = open_ok(&mk);
	ck_assert_uint_eq(file->n_damages, 0);
	ck_assert_uint_eq(file->unit[id].others.unit, VPROF_NONE);
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
	tcase_add_test(tests, others_are_taken);
	tcase_add_loop_test(tests, others_that_cannot_be_are_left_out, 0,
			    sizeof(other_faults) / sizeof(other_faults[0]));
	tcase_add_test(tests, others_of_another_unit_are_of_none);
}

int main(void)
{
	return check_main("input_units", cases);
}
