/* The reader on rows of calls that were counted: what it takes, what it leaves out and says. */
#include "ring_shape.h"

static void make(void)
{
	make_shape("counts");
}

START_TEST(what_is_right_is_taken)
{
	struct vr_file *file = open_ok(&mk);

	ck_assert_uint_eq(file->n_damages, 0);
	ck_assert_uint_eq(file->n_counts, 6);
	ck_assert_uint_eq(file->n_durations, 3);
	ck_assert_uint_eq(file->count[0].recursive, 600);
	ck_assert_uint_eq(file->duration[0].calls, 1000);
	vr_file_close(file);
}
END_TEST

static const struct {
	unsigned kind;
	size_t offset, bytes;
	uint64_t value;
	const char *says;
} faults[] = {
#define FIELD(KIND, type, member, value, says)                                                     \
	{                                                                                          \
		VPROF_SEC_##KIND, offsetof(struct type, member),                                   \
		    sizeof(((struct type *)0)->member), value, says                                \
	}
    FIELD(COUNTS, vprof_count, where, 9ull << 48 | 0x401000, "counts: module id"),
    FIELD(COUNTS, vprof_count, caller, 9ull << 48 | 0x401000, "counts: module id"),
    FIELD(COUNTS, vprof_count, thread, 60, "counts: thread id"),
    FIELD(COUNTS, vprof_count, how, VPROF_COUNT_END, "counts: unknown way"),
    FIELD(COUNTS, vprof_count, calls, ~0ull, "counts: sums do not add"),
    FIELD(COUNTS, vprof_count, recursive, 1003, "counts: sums do not add"),
    FIELD(COUNTS, vprof_count, time_ns, 1ull << 60, "counts: times make no sense"),
    FIELD(COUNTS, vprof_count, self_ns, 1ull << 60, "counts: times make no sense"),
    FIELD(DURATIONS, vprof_duration, where, 9ull << 48 | 0x401000, "durations: module id"),
    FIELD(DURATIONS, vprof_duration, thread, 60, "durations: thread id"),
    FIELD(DURATIONS, vprof_duration, calls, 997, "durations: sums do not add"),
    FIELD(DURATIONS, vprof_duration, histogram, 3, "durations: sums do not add"),
};

START_TEST(one_fault)
{
	uint8_t *row = rows_of(&mk, faults[_i].kind);
	struct vprof_duration *duration;
	struct vr_file *file;

	memcpy(row + faults[_i].offset, &faults[_i].value, faults[_i].bytes);
	file = open_ok(&mk);
	one_damage(file, faults[_i].says, offset_of(&mk, row),
		   faults[_i].kind == VPROF_SEC_COUNTS ? 5 : 2,
		   faults[_i].kind == VPROF_SEC_COUNTS ? 6 : 3);
	duration = file->duration;
	ck_assert_uint_eq(
	    faults[_i].kind == VPROF_SEC_COUNTS ? file->count[0].where : duration[0].where, 0);
	vr_file_close(file);
}
END_TEST

/* A row that was being written when the process ended. */
START_TEST(half_written_is_put_right)
{
	struct vprof_duration *duration = rows_of(&mk, VPROF_SEC_DURATIONS);
	struct vprof_count *count = rows_of(&mk, VPROF_SEC_COUNTS);
	struct vr_file *file;

	count->recursive = 1001;
	duration->calls--;
	duration->max_ns = duration->time_ns + 5;
	file = open_ok(&mk);
	ck_assert_uint_eq(file->n_damages, 0);
	ck_assert_uint_eq(file->count[0].recursive, 1000);
	ck_assert_uint_eq(file->duration[0].max_ns, file->duration[0].time_ns);
	vr_file_close(file);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_checked_fixture(tests, make, drop);
	tcase_add_test(tests, what_is_right_is_taken);
	tcase_add_loop_test(tests, one_fault, 0, sizeof(faults) / sizeof(faults[0]));
	tcase_add_test(tests, half_written_is_put_right);
}

int main(void)
{
	return check_main("input_counts", cases);
}
