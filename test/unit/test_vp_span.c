/* track/span and track/span_rows: names, what is open, and where units are kept. */
#include "library_thread.h"

#include "track/span.h"

static const struct vp_tracker table[] = {
    THREAD_TRACKERS,
    {.name = "spans",
     .init = vp_span_init,
     .thread_end = vp_span_thread_end,
     .section = {SECTION_OF(SPANS, vprof_span, 16, 0)}},
};

static struct vp_spans *spans;

static void setup(void)
{
	library_thread(table, COUNT_OF(table));
	spans = vp_spans_of(self);
	ck_assert_ptr_nonnull(spans);
}

static const struct vp_regs *regs(uint64_t sp)
{
	static struct vp_regs here;

	here.sp = sp;
	return &here;
}

static const struct vprof_span *row(uint32_t id)
{
	return vp_table_row(VPROF_SEC_SPANS, id);
}

static uint32_t row_of(const char *name)
{
	return vp_span_find(self, spans, name, vp_span_key(0, 0))->unit.row_id;
}

/* As the short way of vprof_v1_span_enter() looks at it. */
static int is_known(const char *name, uint64_t key)
{
	const struct vp_span_known *known = vp_span_place(&spans->rows, name, key);

	return known->name == name && known->key == key && vp_span_has_text(known);
}

static int is_known_at_all(const char *name)
{
	uint64_t key = vp_span_key(0, 0);

	return is_known(name, key) || vp_span_by_text(&spans->rows, name, key) != NULL;
}

/* Of several lengths, the first byte of a name, one amid and the last are changed where it
 * stands. */
START_TEST(a_name_is_known_by_its_text)
{
	static const uint32_t lengths[] = {1, 2, 3, 6, 7, 8, 15, 16, 20, 23, 24, VPROF_SPAN_BYTES};
	static char page[8192] __attribute__((aligned(4096)));
	char *name = page + 128;

	setup();
	for (size_t i = 0; i < COUNT_OF(lengths); i++) {
		uint32_t length = lengths[i], at[] = {0, length / 2, length - 1}, id;

		memset(name, 'a', length);
		name[length] = '\0';
		ck_assert_int_eq(is_known_at_all(name), 0);
		id = row_of(name);
		ck_assert_uint_ne(id, 0);
		ck_assert_int_eq(is_known_at_all(name), 1);
		ck_assert_int_eq(is_known(name, 0), length >= 3 && length < 24);
		for (size_t k = 0; k < COUNT_OF(at); k++) {
			name[at[k]] = 'b';
			ck_assert_int_eq(is_known_at_all(name), 0);
			ck_assert_uint_ne(row_of(name), id);
			name[at[k]] = 'a';
			ck_assert_uint_eq(row_of(name), id);
		}
	}
}
END_TEST

/* What lies behind the page it begins on may not be there. */
START_TEST(a_name_at_the_end_of_a_page_is_looked_up)
{
	static char page[8192] __attribute__((aligned(4096)));
	char *name = page + 4096 - 6;

	setup();
	strcpy(name, "across");
	ck_assert_uint_eq(row_of(name), row_of("across"));
	ck_assert_int_eq(is_known_at_all(name), 0);
	name = page + 4096 - 7;
	strcpy(name, "within");
	row_of(name);
	ck_assert_int_eq(is_known(name, 0), 1);
}
END_TEST

static struct vp_units *new_units(uint32_t span)
{
	struct vp_units *units = calloc(1, sizeof(*units));

	units->span = span;
	units->loop = VPROF_NONE;
	units->keep_ns = UINT64_MAX;
	units->skip = UINT64_MAX;
	return units;
}

static void span(const char *name, uint64_t size)
{
	uint32_t number = vp_span_enter(self, name, size, 1000);

	vp_span_leave(self, number, regs(1000));
}

START_TEST(units_of_a_row_are_kept_where_they_were_given)
{
	struct vp_units *units;
	uint32_t id;

	setup();
	span("one", 3);
	span("two", 0);
	id = row_of("one");
	units = new_units(id);
	ck_assert_int_eq(vp_span_give(self, units), 1);
	for (int i = 0; i < 5; i++) {
		span("one", 3);
		span("two", 0);
	}
	ck_assert_uint_eq(units->count, 5);
	ck_assert_uint_eq(row(id)->count, 6);
	/* A name that is found anew, at another address, finds them, too. */
	span(strdup("one"), 0);
	ck_assert_uint_eq(units->count, 6);
	ck_assert_uint_eq(units->ended, 0);
	vp_span_thread_end(self);
	ck_assert_uint_eq(units->ended, 1);
	ck_assert_int_eq(vp_span_give(self, units), 0);
}
END_TEST

START_TEST(one_that_is_open_when_they_are_given_does_not_count)
{
	struct vp_units *units;
	uint32_t number;

	setup();
	number = vp_span_enter(self, "one", 0, 1000);
	units = new_units(row_of("one"));
	ck_assert_int_eq(vp_span_give(self, units), 1);
	vp_span_leave(self, number, regs(1000));
	ck_assert_uint_eq(units->count, 0);
	span("one", 0);
	ck_assert_uint_eq(units->count, 1);
}
END_TEST

START_TEST(a_thread_has_places_for_so_many_rows)
{
	char name[] = "name 00";

	setup();
	for (uint32_t i = 0; i <= VP_SPANS_GIVEN; i++) {
		name[5] = (char)('0' + i / 10);
		name[6] = (char)('0' + i % 10);
		ck_assert_int_eq(vp_span_give(self, new_units(row_of(name))), i < VP_SPANS_GIVEN);
	}
}
END_TEST

START_TEST(spans_within_each_other_have_their_own_time)
{
	uint32_t outer, inner, depth;
	uint64_t since;

	setup();
	ck_assert_uint_eq(vp_span_innermost(self, &since), 0);
	outer = vp_span_enter(self, "outer", 0, 1000);
	ck_assert_uint_eq(self->span_now, row_of("outer"));
	inner = vp_span_enter(self, "inner", 0, 900);
	ck_assert_uint_eq(self->span_now, row_of("inner"));
	ck_assert_uint_eq(vp_span_innermost(self, &since), row_of("inner"));
	ck_assert_uint_eq(since, spans->open[1].begin_ns);
	depth = spans->depth;
	vp_span_leave(self, inner, regs(900));
	ck_assert_uint_eq(spans->depth, depth - 1);
	ck_assert_uint_eq(self->span_now, row_of("outer"));
	ck_assert_uint_eq(vp_span_innermost(self, &since), row_of("outer"));
	ck_assert_uint_eq(since, spans->open[0].begin_ns);
	vp_span_leave(self, outer, regs(1000));
	ck_assert_uint_eq(vp_span_innermost(self, &since), 0);
	ck_assert_uint_eq(self->span_now, 0);
	ck_assert_uint_eq(row(row_of("outer"))->inner_ns, row(row_of("inner"))->time_ns);
	/* An end that has no beginning is counted, and ends nothing. */
	vp_span_leave(self, 0, regs(1000));
	ck_assert_uint_eq(row(0)->unmatched, 1);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, a_name_is_known_by_its_text);
	tcase_add_test(tests, a_name_at_the_end_of_a_page_is_looked_up);
	tcase_add_test(tests, units_of_a_row_are_kept_where_they_were_given);
	tcase_add_test(tests, one_that_is_open_when_they_are_given_does_not_count);
	tcase_add_test(tests, a_thread_has_places_for_so_many_rows);
	tcase_add_test(tests, spans_within_each_other_have_their_own_time);
}

int main(void)
{
	return check_main("vp_span", cases);
}
