/* The reader on rows of time off the CPU: what it takes, what it leaves out and says, what it
 * puts right. */
#include "ring_shape.h"

static void make(void)
{
	make_shape("waits");
}

START_TEST(what_is_right_is_taken)
{
	struct vr_file *file = open_ok(&mk);

	ck_assert_uint_eq(file->n_damages, 0);
	ck_assert_uint_eq(file->n_calls, 11);
	ck_assert_uint_eq(file->n_loops, 1);
	ck_assert_uint_eq(file->n_books, 2);
	ck_assert_uint_eq(file->n_stalls, 1);
	ck_assert_uint_eq(file->n_dumps, 2);
	ck_assert_uint_eq(file->n_events, 18);
	ck_assert_uint_eq(file->call[0].blocked_ns, 600 * MK_MS);
	ck_assert_uint_eq(file->call[3].loop, 0);
	ck_assert_str_eq(vr_file_string(file, file->call[6].target), "exchange.invalid");
	vr_file_close(file);
}
END_TEST

/* One field of a row of its section. */
struct fault {
	unsigned kind;
	uint32_t row;
	size_t offset, bytes;
	uint64_t value;
	const char *says;
};
#define FIELD(KIND, type, row, member, value, says)                                                \
	{                                                                                          \
		VPROF_SEC_##KIND, row, offsetof(struct type, member),                              \
		    sizeof(((struct type *)0)->member), value, says                                \
	}
#define CALL(row, member, value, says) FIELD(CALLS, vprof_call, row, member, value, "calls: " says)
#define BOOK(row, member, value, says) FIELD(BOOKS, vprof_book, row, member, value, "books: " says)
#define LOOP(row, member, value, says) FIELD(LOOPS, vprof_loop, row, member, value, "loops: " says)
#define STALL(row, member, value, says)                                                            \
	FIELD(STALLS, vprof_stall, row, member, value, "stalls: " says)
#define DUMP(row, member, value, says) FIELD(DUMPS, vprof_dump, row, member, value, "dumps: " says)

static const struct fault faults[] = {
    CALL(0, node, 8, "node id out of range"),
    CALL(0, thread, 6, "thread id out of range"),
    CALL(0, name, 5000, "string id out of range"),
    CALL(0, target, 5000, "string id out of range"),
    CALL(0, class, VPROF_CLASS_COUNT, "class out of range"),
    CALL(3, loop, 1, "loop id out of range"),
    CALL(0, blocked, 6, "sums do not add"),
    CALL(0, failed, UINT64_MAX, "sums do not add"),
    CALL(0, calls, 10, "sums do not add"), /* more than the histogram has */
    CALL(8, calls, 4000, "sums do not add"),
    CALL(0, untimed, 8, "sums do not add"),
    CALL(0, untimed, UINT64_MAX, "sums do not add"),
    CALL(0, calls, UINT64_MAX, "sums do not add"),
    CALL(0, histogram[5], 7, "sums do not add"),
    CALL(2, under_lock_ns, 900 * MK_MS, "sums do not add"),
    CALL(2, blocked_ns, UINT64_MAX, "sums do not add"),
    CALL(0, max_ns, 60000 * MK_MS, "sums do not add"),
    CALL(0, last_ns, 60000 * MK_MS, "times make no sense"),
    CALL(0, first_ns, 1900 * MK_MS, "times make no sense"),
    CALL(8, time_ns, 100000 * MK_MS, "times make no sense"),
    BOOK(1, thread, 6, "thread id out of range"),
    BOOK(1, thread, 1, "second row of a thread"),
    BOOK(0, until_ns, 60000 * MK_MS, "times make no sense"),
    BOOK(0, ns[2], 8000 * MK_MS, "sums do not add"),
    BOOK(0, ns[2], UINT64_MAX, "sums do not add"),
    BOOK(0, longest_ns[1], 60000 * MK_MS, "times make no sense"),
    BOOK(0, without_half, 200, "sums do not add"),
    LOOP(0, node, 8, "node id out of range"),
    LOOP(0, thread, 6, "thread id out of range"),
    LOOP(0, name, 5000, "string id out of range"),
    LOOP(0, histogram[9], 100, "sums do not add"),
    LOOP(0, histogram[9], UINT64_MAX, "sums do not add"),
    LOOP(0, iterations, 1000, "sums do not add"),
    LOOP(0, stalls, 900, "sums do not add"),
    LOOP(0, delay[3], 50, "sums do not add"),
    LOOP(0, idle_ns, UINT64_MAX, "sums do not add"),
    LOOP(0, idle_ns, 9000 * MK_MS, "sums do not add"),
    LOOP(0, first_ns, 1960 * MK_MS, "times make no sense"),
    LOOP(0, max_at_ns, 60000 * MK_MS, "times make no sense"),
    LOOP(0, now_ns, 60000 * MK_MS, "times make no sense"),
    STALL(0, node, 8, "node id out of range"),
    STALL(0, holder_node, 8, "node id out of range"),
    STALL(0, thread, 6, "thread id out of range"),
    STALL(0, holder, 6, "thread id out of range"),
    STALL(0, loop, 1, "loop id out of range"),
    STALL(0, call, 5000, "string id out of range"),
    STALL(0, holder_target, 5000, "string id out of range"),
    STALL(0, class, VPROF_CLASS_COUNT, "class out of range"),
    STALL(0, duration_ns, UINT64_MAX, "times make no sense"),
    STALL(0, begin_ns, 60000 * MK_MS, "times make no sense"),
    STALL(0, first_look_ns, 400 * MK_MS, "times make no sense"),
    STALL(0, ns[4], 9000 * MK_MS, "sums do not add"),
    DUMP(0, node, 8, "node id out of range"),
    DUMP(0, thread, 6, "thread id out of range"),
    DUMP(0, waits_for, 6, "thread id out of range"),
    DUMP(0, wchan, 5000, "string id out of range"),
    DUMP(0, why, 3, "unknown reason or state"),
    DUMP(0, state, VPROF_DUMP_FAULT + 1, "unknown reason or state"),
    DUMP(0, number, 3, "of a dump that never was"),
    DUMP(0, span, 1, "span id out of range"),
    DUMP(0, span_since_ns, UINT64_MAX, "times make no sense"),
    DUMP(0, t_ns, 60000 * MK_MS, "times make no sense"),
    DUMP(1, since_ns, 5000 * MK_MS, "times make no sense"),
    DUMP(1, thread, 1, "second row of a thread"),
};

/* The row alone is left out, and it is said where. */
START_TEST(one_fault)
{
	const struct fault *fault = &faults[_i];
	const struct vprof_section *section = VPROF_HEADER_SECTION(mk_header(&mk), fault->kind);
	uint8_t *row = (uint8_t *)rows_of(&mk, fault->kind) + fault->row * section->row_bytes;
	struct vr_file *file;

	memcpy(row + fault->offset, &fault->value, fault->bytes);
	file = open_ok(&mk);
	one_damage(file, fault->says, offset_of(&mk, row), section->rows_used - 1,
		   section->rows_used);
	ck_assert_uint_eq(file->n_events, 18);
	vr_file_close(file);
}
END_TEST

/* A name may be empty. */
START_TEST(empty_strings)
{
	struct vprof_call *row = rows_of(&mk, VPROF_SEC_CALLS);
	struct vr_file *file;

	row[0].name = row[0].target = mk_string(&mk, "");
	file = open_ok(&mk);
	ck_assert_uint_eq(file->n_damages, 0);
	ck_assert_uint_eq(file->call[0].calls, 3);
	vr_file_close(file);
}
END_TEST

/* Of two stalls that overlap the earlier stays. */
START_TEST(several_rows)
{
	struct vprof_stall *stall = mk_stall(&mk, 1, 0, VPROF_CLASS_RUN, 4, NULL, 550, 20);
	struct vr_file *file = open_ok(&mk);

	one_damage(file, "stalls: overlaps another", offset_of(&mk, stall), 1, 2);
	ck_assert_uint_eq(file->stall[0].duration_ns, 110 * MK_MS);
	ck_assert_uint_eq(file->stall[1].duration_ns, 0);
	vr_file_close(file);
	stall->thread = 2;
	file = open_ok(&mk);
	ck_assert_uint_eq(file->n_damages, 0);
	vr_file_close(file);
	stall->thread = 1;
	stall->loop = VPROF_NONE; /* a wait for a lock, in the iteration */
	file = open_ok(&mk);
	ck_assert_uint_eq(file->n_damages, 0);
	vr_file_close(file);
}
END_TEST

/* A row made while a stall lasted, and one at its end. */
START_TEST(one_stall_in_two_rows)
{
	struct vprof_stall *first = rows_of(&mk, VPROF_SEC_STALLS);
	struct vprof_stall *end = mk_stall(&mk, 1, 0, VPROF_CLASS_RUN, 0, NULL, 500, 150);
	struct vr_file *file;

	first->flags = VPROF_STALL_LIVE;
	end->flags = VPROF_STALL_LATE | VPROF_STALL_OVER;
	end->looks = 0;
	end->first_look_ns = 0;
	file = open_ok(&mk);
	ck_assert_uint_eq(file->n_damages, 0);
	ck_assert_uint_eq(file->stall[0].duration_ns, 150 * MK_MS);
	ck_assert_uint_eq(file->stall[0].flags, VPROF_STALL_LIVE | VPROF_STALL_OVER);
	ck_assert_uint_eq(file->stall[0].node, 4);
	ck_assert_uint_eq(file->stall[0].ns[VPROF_CLASS_RUN], 150 * MK_MS);
	ck_assert_uint_eq(file->stall[1].duration_ns, 0);
	vr_file_close(file);
	end->duration_ns = 100 * MK_MS; /* shorter than what was seen of it: nonsense */
	file = open_ok(&mk);
	one_damage(file, "stalls: overlaps another", offset_of(&mk, first), 1, 2);
	vr_file_close(file);
}
END_TEST

/* A row that was being written when the process ended, or was read. */
START_TEST(half_written_is_put_right)
{
	struct vprof_call *row = rows_of(&mk, VPROF_SEC_CALLS);
	struct vr_file *file;

	row[0].calls--; /* the histogram is ahead */
	row[0].blocked_ns = row[0].time_ns + 50 * MK_MS;
	file = open_ok(&mk);
	ck_assert_uint_eq(file->n_damages, 0);
	ck_assert_uint_eq(file->call[0].blocked, 2);
	ck_assert_uint_eq(file->call[0].blocked_ns, 600 * MK_MS);
	vr_file_close(file);
	row[8].calls -= 30;
	file = open_ok(&mk);
	one_damage(file, "calls: sums", offset_of(&mk, &row[8]), 10, 11);
	vr_file_close(file);
	mk_header(&mk)->state = VPROF_STATE_RUNNING;
	row[3].loop = 7; /* newer than the header that was read first */
	file = open_ok(&mk);
	ck_assert_uint_eq(file->n_damages, 0);
	ck_assert_uint_eq(file->call[3].loop, VPROF_NONE);
	ck_assert_uint_eq(file->call[8].calls, 4970);
	vr_file_close(file);
}
END_TEST

/* Where the library knows that a call did not sleep it does not look at the clock. */
START_TEST(not_all_calls_are_timed)
{
	struct vprof_call *row = rows_of(&mk, VPROF_SEC_CALLS);
	struct vr_file *file;

	row[8].calls += 1000000;
	row[8].untimed = 1000000;
	row[0].calls += 50; /* a bucket is full */
	row[0].flags |= VPROF_CALL_SATURATED;
	file = open_ok(&mk);
	ck_assert_uint_eq(file->n_damages, 0);
	ck_assert_uint_eq(file->call[8].calls, 1005000);
	ck_assert_uint_eq(file->call[0].calls, 53);
	vr_file_close(file);
}
END_TEST

/* The first waits of a loop count as blocked until the loop is known. */
START_TEST(time_moves_from_class_to_class)
{
	struct vprof_book *book = rows_of(&mk, VPROF_SEC_BOOKS);
	struct vr_file *file;

	book[0].longest_ns[VPROF_CLASS_BLOCKED] = 500 * MK_MS;
	file = open_ok(&mk);
	ck_assert_uint_eq(file->n_damages, 0);
	ck_assert_uint_eq(file->book[0].longest_ns[VPROF_CLASS_BLOCKED], 190 * MK_MS);
	vr_file_close(file);
}
END_TEST

START_TEST(a_newer_kind_of_target)
{
	struct vprof_call *row = rows_of(&mk, VPROF_SEC_CALLS);
	struct vr_file *file;

	row[0].target_kind = VPROF_TARGET_PEER + 1;
	file = open_ok(&mk);
	ck_assert_uint_eq(file->n_damages, 0);
	ck_assert_uint_eq(file->call[0].target, VPROF_NONE);
	ck_assert_uint_eq(file->call[0].blocked, 3);
	vr_file_close(file);
}
END_TEST

START_TEST(events_of_calls)
{
	struct vprof_event_block *block = rows_of(&mk, VPROF_SEC_EVENTS);
	struct vr_file *file;

	block->event[15].arg = 11;
	file = open_ok(&mk);
	one_damage(file, "events: event", offset_of(&mk, block), 0, 1);
	ck_assert_uint_eq(file->n_events, 17);
	vr_file_close(file);
	block->event[15].arg = 0;
	block->event[15].flags = VPROF_CLASS_COUNT;
	file = open_ok(&mk);
	one_damage(file, "events: event", offset_of(&mk, block), 0, 1);
	vr_file_close(file);
}
END_TEST

/* In the middle of a stall, by a process that is gone. */
START_TEST(cut_while_it_lasts)
{
	struct vprof_stall *stall = rows_of(&mk, VPROF_SEC_STALLS);
	struct vprof_header *h = mk_header(&mk);
	struct vr_file *file;

	h->state = VPROF_STATE_RUNNING;
	h->end_ns = 0;
	stall->begin_ns = 1900 * MK_MS;
	stall->duration_ns = 45 * MK_MS;
	stall->first_look_ns = 1905 * MK_MS;
	stall->flags = VPROF_STALL_LIVE;
	file = open_ok(&mk);
	ck_assert_uint_eq(file->n_damages, 0);
	ck_assert_uint_eq(file->stall[0].duration_ns, 45 * MK_MS);
	ck_assert_uint_eq(file->stall[0].flags & VPROF_STALL_OVER, 0);
	ck_assert_str_eq(vr_file_string(file, file->stall[0].call), "fsync");
	vr_file_close(file);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_checked_fixture(tests, make, drop);
	tcase_add_test(tests, what_is_right_is_taken);
	tcase_add_loop_test(tests, one_fault, 0, sizeof(faults) / sizeof(faults[0]));
	tcase_add_test(tests, empty_strings);
	tcase_add_test(tests, several_rows);
	tcase_add_test(tests, one_stall_in_two_rows);
	tcase_add_test(tests, half_written_is_put_right);
	tcase_add_test(tests, not_all_calls_are_timed);
	tcase_add_test(tests, time_moves_from_class_to_class);
	tcase_add_test(tests, a_newer_kind_of_target);
	tcase_add_test(tests, events_of_calls);
	tcase_add_test(tests, cut_while_it_lasts);
}

int main(void)
{
	return check_main("input_waits", cases);
}
