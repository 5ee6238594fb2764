/* track/loop_labels: which label a turn of a loop is of, and the rows of LABELS. */
#include "library_thread.h"

#include "track/label.h"
#include "track/loop.h"

static const struct vp_tracker trackers[] = {
    THREAD_TRACKERS,
    {.name = "labels",
     .init = vp_labels_init,
     .section = {SECTION_OF(LABELS, vprof_label_loop, 16, 2)}},
};

static struct vp_loop site;

static void setup(void)
{
	library_thread(trackers, COUNT_OF(trackers));
	memset(&site, 0, sizeof(site));
}

/* A turn is over in which nothing more is begun. */
static uint32_t turn(void)
{
	return vp_loop_label_of(&self->loops, &site);
}

static const char *label_of_turn(void)
{
	uint32_t label = turn();

	return label ? string_of(label) : "";
}

START_TEST(the_last_one_begun)
{
	ck_assert_uint_eq(turn(), 0);
	vp_label_begin(self, "symbol", "SOL");
	vp_label_end(self);
	vp_label_begin(self, "symbol", "BTC");
	vp_label_end(self);
	ck_assert_str_eq(label_of_turn(), "symbol=BTC");
	ck_assert_uint_eq(self->loops.label_several, 1);
	/* and of the next, in which nothing is begun, none */
	ck_assert_str_eq(label_of_turn(), "");
	ck_assert_uint_eq(self->loops.label_several, 0);
}
END_TEST

START_TEST(the_one_in_force_where_none_was_begun)
{
	vp_label_begin(self, "life", "long");
	ck_assert_str_eq(label_of_turn(), "life=long");
	ck_assert_str_eq(label_of_turn(), "life=long");
	ck_assert_uint_eq(self->loops.label_several, 0);
	vp_label_begin(self, "phase", "read");
	ck_assert_str_eq(label_of_turn(), "life=long\nphase=read");
	vp_label_end(self);
	/* it was in force when the turn began, and has ended in it: what is left of it is */
	ck_assert_str_eq(label_of_turn(), "life=long");
}
END_TEST

START_TEST(one_within_another_are_not_several)
{
	vp_label_begin(self, "symbol", "SOL");
	vp_label_begin(self, "phase", "read");
	vp_label_end(self);
	vp_label_end(self);
	ck_assert_str_eq(label_of_turn(), "symbol=SOL\nphase=read");
	ck_assert_uint_eq(self->loops.label_several, 0);
	/* two phases, one after the other, are */
	vp_label_begin(self, "symbol", "SOL");
	vp_label_begin(self, "phase", "read");
	vp_label_end(self);
	vp_label_begin(self, "phase", "write");
	vp_label_end(self);
	vp_label_end(self);
	ck_assert_str_eq(label_of_turn(), "symbol=SOL\nphase=write");
	ck_assert_uint_eq(self->loops.label_several, 1);
}
END_TEST

START_TEST(a_label_that_was_given)
{
	uint64_t taken;

	vp_label_begin(self, "symbol", "SOL");
	taken = vp_label_take(self);
	vp_label_end(self);
	turn();
	vp_label_give(self, taken);
	vp_label_end(self);
	ck_assert_str_eq(label_of_turn(), "symbol=SOL");
}
END_TEST

/* Each loop keeps by itself what was begun within its own turns. */
START_TEST(a_loop_within_another)
{
	struct vp_loop inner = {0};

	vp_label_begin(self, "symbol", "SOL");
	vp_label_end(self);
	ck_assert_str_eq(string_of(vp_loop_label_of(&self->loops, &inner)), "symbol=SOL");
	ck_assert_uint_eq(vp_loop_label_of(&self->loops, &inner), 0);
	ck_assert_str_eq(label_of_turn(), "symbol=SOL");
}
END_TEST

/* --- rows ---------------------------------------------------------------------- */

static uint32_t label(const char *value)
{
	uint32_t id;

	vp_label_begin(self, "symbol", value);
	id = self->label;
	vp_label_end(self);
	return id;
}

static const struct vprof_label_loop *row_at(uint32_t id)
{
	return vp_table_row(VPROF_SEC_LABELS, id);
}

static uint64_t in_histogram(const struct vprof_label_loop *row)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < VPROF_LABEL_BUCKETS; i++)
		sum += row->histogram[i];
	return sum;
}

START_TEST(a_row_a_loop_and_label)
{
	uint32_t sol = label("SOL"), btc = label("BTC");

	site.row_id = 3;
	self->loops.left = 1;
	self->loops.label_several = 1;
	site.blocked_ns = 70;
	vp_loop_count_label(&self->loops, &site, sol, 1000, 50);
	self->loops.left = self->loops.label_several = 0;
	site.blocked_ns = 20;
	vp_loop_count_label(&self->loops, &site, btc, 2000, 100);
	vp_loop_count_label(&self->loops, &site, sol, 3000, 400);
	site.row_id = 4;
	site.label_row = NULL;
	vp_loop_count_label(&self->loops, &site, sol, 4000, 10);
	ck_assert_uint_eq(vp_table_used(VPROF_SEC_LABELS), 3);
	ck_assert_uint_eq(row_at(0)->loop, 3);
	ck_assert_uint_eq(row_at(0)->label, sol);
	ck_assert_uint_eq(row_at(0)->iterations, 2);
	ck_assert_uint_eq(in_histogram(row_at(0)), 2);
	ck_assert_uint_eq(row_at(0)->busy_ns, 450);
	ck_assert_uint_eq(row_at(0)->blocked_ns, 50 + 20); /* not more than it took */
	ck_assert_uint_eq(row_at(0)->max_ns, 400);
	ck_assert_uint_eq(row_at(0)->max_at_ns, 3000);
	ck_assert_uint_eq(row_at(0)->slept, 1);
	ck_assert_uint_eq(row_at(0)->several, 1);
	ck_assert_uint_eq(row_at(1)->label, btc);
	ck_assert_uint_eq(row_at(1)->iterations, 1);
	ck_assert_uint_eq(row_at(2)->loop, 4);
	ck_assert_uint_eq(vp_file.header->lost[VPROF_LOST_LABELS], 0);
}
END_TEST

/* What was taken for a loop was none: its row is there for the next. */
START_TEST(forgotten_with_its_loop)
{
	uint32_t sol = label("SOL");

	site.row_id = 3;
	vp_loop_count_label(&self->loops, &site, sol, 1000, 50);
	site.row_id = 4;
	site.label_row = NULL;
	vp_loop_count_label(&self->loops, &site, sol, 1000, 60);
	vp_loop_forget_labels(3);
	ck_assert_uint_eq(row_at(0)->iterations, 0);
	ck_assert_uint_eq(in_histogram(row_at(0)), 0);
	ck_assert_uint_eq(row_at(0)->label, sol);
	ck_assert_uint_eq(row_at(1)->iterations, 1);
	site.row_id = 3;
	site.label_row = NULL;
	vp_loop_count_label(&self->loops, &site, sol, 1000, 70);
	ck_assert_uint_eq(vp_table_used(VPROF_SEC_LABELS), 2);
	ck_assert_uint_eq(row_at(0)->max_ns, 70);
}
END_TEST

/* Those that have a row go on; of the others it is counted how many there were. */
START_TEST(more_than_there_is_room_for)
{
	uint32_t sol = label("SOL"), rows;

	for (uint32_t i = 0; i < 2000; i++) {
		site.row_id = i;
		site.label_row = NULL;
		vp_loop_count_label(&self->loops, &site, sol, 1000, 50);
	}
	rows = vp_table_used(VPROF_SEC_LABELS);
	ck_assert_uint_gt(rows, 0);
	ck_assert_uint_lt(rows, 2000);
	ck_assert_uint_eq(vp_file.header->lost[VPROF_LOST_LABELS], 2000 - rows);
	site.row_id = 0;
	site.label_row = NULL;
	vp_loop_count_label(&self->loops, &site, sol, 1000, 50);
	ck_assert_uint_eq(row_at(0)->iterations, 2);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_add_test(tests, the_last_one_begun);
	tcase_add_test(tests, the_one_in_force_where_none_was_begun);
	tcase_add_test(tests, one_within_another_are_not_several);
	tcase_add_test(tests, a_label_that_was_given);
	tcase_add_test(tests, a_loop_within_another);
	tcase_add_test(tests, a_row_a_loop_and_label);
	tcase_add_test(tests, forgotten_with_its_loop);
	tcase_add_test(tests, more_than_there_is_room_for);
}

int main(void)
{
	return check_main("vp_loop_labels", cases);
}
