/* Rows of spans: what the reader takes, leaves out and puts right, and how they are added up. */
#include "base/err.h"
#include "input/merge.h"
#include "model/spans.h"
#include "ring_file.h"

static struct mkprof mk;
static struct vr_profile *profile;
static struct vr_spans *spans;

static void make(void)
{
	make_path();
	ck_assert_int_eq(mk_shape("spans", &mk), 0);
	profile = NULL;
	spans = NULL;
}

static void drop(void)
{
	vr_spans_free(spans);
	vr_profile_close(profile);
	mk_free(&mk);
	remove_path();
}

static void load(enum vr_spans_by by, const char *name, const struct vr_select *select)
{
	static const struct vr_select all = {.until_ns = UINT64_MAX, .inlines = 1};
	struct vr_err err;

	ck_assert_int_eq(mk_write(&mk, path, 0), 0);
	ck_assert_int_eq(vr_profile_open(path, select ? select : &all, NULL, &profile, &err), 0);
	spans = vr_spans_new(profile, by, name);
}

static const struct vr_span_sum *find(const char *name)
{
	for (size_t i = 0; i < spans->n_spans; i++)
		if (spans->span[i].name && strcmp(spans->span[i].name, name) == 0)
			return &spans->span[i];
	ck_abort_msg("no span %s", name);
	return NULL;
}

START_TEST(rows_are_added_up_by_name)
{
	const struct vr_span_sum *span;

	load(VR_SPANS_BY_NAME, NULL, NULL);
	ck_assert_uint_eq(profile->file->n_damages, 0);
	ck_assert_uint_eq(spans->n_spans, 5);
	ck_assert_uint_eq(spans->n_names, 5);
	ck_assert_uint_eq(spans->unmatched, 4);
	ck_assert_uint_eq(spans->others, 7);
	span = find("decode");
	ck_assert_uint_eq(span->sum.count, 1010);
	ck_assert_uint_eq(span->sum.time_ns, 170 * MK_MS);
	ck_assert_uint_eq(span->sum.max_ns, 3 * MK_MS);
	ck_assert_uint_eq(span->sum.size_min, 10);
	ck_assert_uint_eq(span->threads, 2);
	ck_assert_uint_eq(span->histogram.total, 1010);
	ck_assert_uint_eq(span->took[VR_LOOP_P9999].ns, 3 * MK_MS);
	span = find("tick");
	ck_assert_uint_eq(span->open, 1);
	ck_assert_uint_eq(span->self_ns, 250 * MK_MS);
	ck_assert_str_eq(span->function.module, "/opt/none/lib/libbook.so.1");
	span = find("order");
	ck_assert_int_eq(span->async, 1);
	ck_assert_uint_eq(span->open, 90 - 80 - 3);
}
END_TEST

START_TEST(by_thread_and_by_label)
{
	load(VR_SPANS_BY_THREAD, NULL, NULL);
	ck_assert_uint_eq(spans->n_spans, 7);
	ck_assert_uint_eq(spans->n_names, 5);
	vr_spans_free(spans);
	spans = vr_spans_new(profile, VR_SPANS_BY_LABEL, "dec*");
	ck_assert_uint_eq(spans->n_spans, 2);
	ck_assert_str_eq(spans->span[0].label, "venue=x\npath=tick");
	ck_assert_str_eq(spans->span[1].label, "");
}
END_TEST

START_TEST(one_label_alone)
{
	const struct vr_select tick = {.until_ns = UINT64_MAX, .label = "path=*"};

	load(VR_SPANS_BY_NAME, NULL, &tick);
	ck_assert_uint_eq(spans->n_spans, 1);
	ck_assert_uint_eq(spans->span[0].sum.count, 1000);
}
END_TEST

START_TEST(the_order)
{
	size_t *order;

	load(VR_SPANS_BY_NAME, NULL, NULL);
	order = vr_spans_order(spans, VR_SPANS_NAME);
	ck_assert_str_eq(spans->span[order[0]].name, "decode");
	ck_assert_ptr_null(spans->span[order[4]].name);
	free(order);
	order = vr_spans_order(spans, VR_SPANS_TIME);
	ck_assert_str_eq(spans->span[order[0]].name, "order");
	free(order);
}
END_TEST

/* Two processes of one run: the rows of others are one. */
START_TEST(of_several_processes)
{
	struct vr_err err;
	struct vr_file *a, *b;
	struct vr_merge *merge;

	ck_assert_int_eq(mk_write(&mk, path, 0), 0);
	ck_assert_int_eq(vr_file_open(path, &a, &err), 0);
	ck_assert_int_eq(vr_file_open(path, &b, &err), 0);
	merge = vr_merge_new(a, 1);
	free(vr_merge_add(merge, a));
	free(vr_merge_add(merge, b));
	a = vr_merge_finish(merge);
	ck_assert_uint_eq(a->n_spans, 13);
	ck_assert_uint_eq(a->span[0].count, 14);
	ck_assert_uint_eq(a->span[0].unmatched, 8);
	ck_assert_str_eq(vr_file_string(a, a->span[1].name), "tick");
	ck_assert_str_eq(vr_file_string(a, a->span[8].label), "venue=x\npath=tick");
	vr_file_close(a);
}
END_TEST

/* One field of a row. */
static const struct fault {
	uint32_t row;
	size_t offset, bytes;
	uint64_t value;
	const char *says;
} faults[] = {
#define FAULT(row, member, value, says)                                                            \
	{                                                                                          \
		row, offsetof(struct vprof_span, member),                                          \
		    sizeof(((struct vprof_span *)0)->member), value, "spans: " says                \
	}
    FAULT(1, node, 8, "node id out of range"),
    FAULT(1, thread, 6, "thread id out of range"),
    FAULT(1, name, 5000, "string id out of range"),
    FAULT(1, label, 5000, "string id out of range"),
    FAULT(1, label, VPROF_NONE, "string id out of range"),
    FAULT(1, first_ns, 60000 * MK_MS, "times make no sense"),
    FAULT(1, last_ns, UINT64_MAX, "times make no sense"),
    FAULT(1, since_ns, 60000 * MK_MS, "times make no sense"),
    FAULT(1, max_at_ns, 60000 * MK_MS, "times make no sense"),
    FAULT(1, max_ns, 60000 * MK_MS, "times make no sense"),
    FAULT(1, time_ns, UINT64_MAX, "sums do not add"),
    FAULT(1, count, 900, "sums do not add"),
    FAULT(1, count, UINT64_MAX, "sums do not add"),
    FAULT(1, begun, 500, "sums do not add"),
    FAULT(1, left, UINT64_MAX, "sums do not add"),
    FAULT(1, histogram[7], UINT64_MAX, "sums do not add"),
    FAULT(1, histogram[7], 900, "sums do not add"),
    FAULT(2, size_min, 10000, "sums do not add"),
    FAULT(2, size_at_max, 10000, "sums do not add"),
    FAULT(0, thread, 6, "thread id out of range"),
    FAULT(0, count, 100, "sums do not add"),
};

START_TEST(one_fault)
{
	const struct fault *fault = &faults[_i];
	struct vprof_span *rows = rows_of(&mk, VPROF_SEC_SPANS);
	struct vr_file *file;

	memcpy((uint8_t *)&rows[fault->row] + fault->offset, &fault->value, fault->bytes);
	file = open_ok(&mk);
	one_damage(file, fault->says, offset_of(&mk, &rows[fault->row]), 6, 7);
	ck_assert_uint_eq(file->span[fault->row].count, 0);
	ck_assert_uint_eq(file->n_events, 15);
	vr_file_close(file);
}
END_TEST

/* Killed amid a span: counters are ahead of each other by one, which is put right. */
START_TEST(half_written)
{
	struct vprof_span *rows = rows_of(&mk, VPROF_SEC_SPANS);
	struct vr_file *file;

	rows[1].count++;
	rows[2].begun = rows[2].count - 1;
	rows[3].max_ns = rows[3].time_ns + 5;
	rows[6].flags = 0; /* handed out, not filled in */
	file = open_ok(&mk);
	ck_assert_uint_eq(file->n_damages, 0);
	ck_assert_uint_eq(file->span[1].count, 1000);
	ck_assert_uint_eq(file->span[2].begun, file->span[2].count);
	ck_assert_uint_eq(file->span[3].max_ns, file->span[3].time_ns);
	ck_assert_uint_eq(file->span[6].left, 0);
	vr_file_close(file);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_checked_fixture(tests, make, drop);
	tcase_add_test(tests, rows_are_added_up_by_name);
	tcase_add_test(tests, by_thread_and_by_label);
	tcase_add_test(tests, one_label_alone);
	tcase_add_test(tests, the_order);
	tcase_add_test(tests, of_several_processes);
	tcase_add_loop_test(tests, one_fault, 0, sizeof(faults) / sizeof(faults[0]));
	tcase_add_test(tests, half_written);
}

int main(void)
{
	return check_main("spans", cases);
}
