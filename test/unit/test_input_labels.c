/* The reader on rows of LABELS and HEAP_TIMES: what it takes, what it leaves out and says. */
#include "ring_shape.h"

static uint32_t text;

static struct vprof_label_loop *add_label(uint32_t loop, uint64_t count, uint64_t each_ns)
{
	struct vprof_label_loop *row =
	    mk_some_row(&mk, VPROF_SEC_LABELS, sizeof(struct vprof_label_loop), NULL);

	row->loop = loop;
	row->label = text;
	row->iterations = count;
	row->busy_ns = count * each_ns;
	row->max_ns = each_ns;
	row->histogram[vprof_histogram_bucket(each_ns, VPROF_LOOP_UNIT_BITS, VPROF_LOOP_SUB_BITS,
					      VPROF_LABEL_BUCKETS)] = count;
	return row;
}

static void add_time(uint32_t site, uint64_t allocs, uint64_t bytes)
{
	struct vprof_heap_time *row =
	    mk_some_row(&mk, VPROF_SEC_HEAP_TIMES, sizeof(struct vprof_heap_time), NULL);

	*row = (struct vprof_heap_time){.from_ns = 100 * MK_MS,
					.to_ns = 200 * MK_MS,
					.site = site,
					.allocs = allocs,
					.alloc_bytes = bytes};
}

/* Two labels of the first loop, which has 1,000 iterations of 600 ms; and the heap of a site of
 * 10 allocations, in two readings. */
static void make(void)
{
	uint32_t site;

	make_shape("loops");
	text = mk_string(&mk, "symbol=SOL");
	add_label(0, 300, 100000);
	add_label(0, 200, 50000);
	mk_site(&mk, 3, 1, 10, 1000, 0, 0);
	site = (uint32_t)VPROF_HEADER_SECTION(mk_header(&mk), VPROF_SEC_SITES)->rows_used - 1;
	mk_some_row(&mk, VPROF_SEC_HEAP_TIMES, sizeof(struct vprof_heap_time), NULL);
	add_time(site, 4, 400);
	add_time(site, 6, 600);
}

START_TEST(what_is_right_is_taken)
{
	struct vr_file *file = open_ok(&mk);

	ck_assert_uint_eq(file->n_damages, 0);
	ck_assert_uint_eq(file->n_label_loops, 2);
	ck_assert_uint_eq(file->label_loop[0].iterations, 300);
	ck_assert_uint_eq(file->n_heap_times, 3);
	ck_assert_uint_eq(file->heap_time[2].alloc_bytes, 600);
	vr_file_close(file);
}
END_TEST

/* Of row 1 of either section. */
static const struct fault {
	unsigned kind;
	size_t row_bytes, offset, bytes;
	uint64_t value;
	const char *says;
} faults[] = {
#define FAULT(kind, type, member, value, says)                                                     \
	{                                                                                          \
		kind, sizeof(struct type), offsetof(struct type, member),                          \
		    sizeof(((struct type *)0)->member), value, says                                \
	}
#define LABEL(member, value, says)                                                                 \
	FAULT(VPROF_SEC_LABELS, vprof_label_loop, member, value, "labels: " says)
#define TIME(member, value, says)                                                                  \
	FAULT(VPROF_SEC_HEAP_TIMES, vprof_heap_time, member, value, "heap times: " says)
    LABEL(loop, 40, "loop id out of range"),
    LABEL(loop, VPROF_NONE, "loop id out of range"),
    LABEL(label, 50000, "string id out of range"),
    LABEL(label, VPROF_NONE, "string id out of range"),
    LABEL(iterations, 100000, "sums do not add"),
    LABEL(histogram[3], 9000, "sums do not add"),
    LABEL(histogram[3], UINT64_MAX, "sums do not add"),
    LABEL(several, 9000, "sums do not add"),
    LABEL(slept, UINT64_MAX, "sums do not add"),
    LABEL(blocked_ns, UINT64_MAX, "sums do not add"),
    LABEL(max_ns, UINT64_MAX, "sums do not add"),
    LABEL(busy_ns, UINT64_MAX, "sums do not add"),
    LABEL(busy_ns, 900 * MK_MS, "more than its loop has"),
    TIME(site, 50000, "site id out of range"),
    TIME(site, VPROF_NONE, "site id out of range"),
    TIME(from_ns, UINT64_MAX, "times make no sense"),
    TIME(allocs, 7, "more than its site has"),
    TIME(allocs, UINT64_MAX, "more than its site has"),
    TIME(alloc_bytes, 10000, "more than its site has"),
    TIME(frees, 1, "more than its site has"),
    TIME(freed_bytes, 1, "more than its site has"),
    TIME(temporary, 1, "more than its site has"),
};

START_TEST(what_cannot_be_is_left_out)
{
	const struct fault *fault = &faults[_i];
	uint8_t *row = (uint8_t *)rows_of(&mk, fault->kind) + fault->row_bytes;
	struct vr_file *file;

	memcpy(row + fault->offset, &fault->value, fault->bytes);
	file = open_ok(&mk);
	ck_assert_uint_eq(file->n_damages, 1);
	ck_assert_str_eq(file->damage[0].reason, fault->says);
	if (fault->kind == VPROF_SEC_LABELS) {
		ck_assert_uint_eq(file->label_loop[1].label, 0);
		ck_assert_uint_eq(file->label_loop[0].iterations, 300);
	} else {
		ck_assert_uint_eq(file->heap_time[1].to_ns, 0);
	}
	vr_file_close(file);
}
END_TEST

START_TEST(more_than_the_loop_has_is_left_out)
{
	struct vr_file *file;

	add_label(0, 700, 1000); /* 1,200 of 1,000 */
	file = open_ok(&mk);
	ck_assert_uint_eq(file->n_damages, 1);
	ck_assert_str_eq(file->damage[0].reason, "labels: more than its loop has");
	ck_assert_uint_eq(file->label_loop[2].label, 0);
	vr_file_close(file);
}
END_TEST

/* Handed out and not filled in, or readings that were being merged: no damage. */
START_TEST(what_is_none_is_passed_over)
{
	struct vprof_heap_times_head *head = rows_of(&mk, VPROF_SEC_HEAP_TIMES);
	struct vprof_label_loop *row = rows_of(&mk, VPROF_SEC_LABELS);
	struct vr_file *file;

	row[1].label = 0;
	row[1].loop = 5000;
	head->sequence = 1;
	file = open_ok(&mk);
	ck_assert_uint_eq(file->n_damages, 0);
	ck_assert_uint_eq(file->label_loop[1].iterations, 0);
	ck_assert_uint_eq(file->n_heap_times, 0);
	vr_file_close(file);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_checked_fixture(tests, make, drop);
	tcase_add_test(tests, what_is_right_is_taken);
	tcase_add_loop_test(tests, what_cannot_be_is_left_out, 0,
			    sizeof(faults) / sizeof(faults[0]));
	tcase_add_test(tests, more_than_the_loop_has_is_left_out);
	tcase_add_test(tests, what_is_none_is_passed_over);
}

int main(void)
{
	return check_main("input_labels", cases);
}
