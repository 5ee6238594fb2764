/* In which order locks were taken: what is a possible deadlock and what is none, what rows are
 * left out. */
#include "base/err.h"
#include "model/lock_order.h"
#include "model/profile_tree.h"
#include "ring_file.h"

static struct vr_profile *profile;
static struct vr_cycles *cycles;
static struct mkprof mk;

static void make(void)
{
	make_path();
	mk = mk_normal();
}

static void forget(void)
{
	vr_cycles_free(cycles);
	vr_profile_close(profile);
	cycles = NULL;
	profile = NULL;
	mk_free(&mk);
	remove_path();
}

static void load(void)
{
	static const struct vr_select all = {.until_ns = UINT64_MAX, .inlines = 1};
	struct vr_err err;

	ck_assert_int_eq(mk_write(&mk, path, 0), 0);
	ck_assert_int_eq(vr_profile_open(path, &all, NULL, &profile, &err), 0);
	ck_assert_uint_eq(profile->file->n_damages, 0);
	cycles = vr_cycles_new(profile);
}

static struct vprof_thread *thread(uint32_t row)
{
	return (struct vprof_thread *)rows_of(&mk, VPROF_SEC_THREADS) + row;
}

/* Locks by one letter: of static data. */
#define A 0x401010u
#define B 0x401020u
#define C 0x401030u
#define G 0x401080u

START_TEST(both_orders)
{
	mk_order(&mk, 1, A, B, 1);
	mk_order(&mk, 2, B, A, 1);
	load();
	ck_assert_uint_eq(cycles->count, 1);
	ck_assert_uint_eq(cycles->cycle[0].parts, 2);
	ck_assert_uint_eq(cycles->cycle[0].cycles, 1);
	ck_assert_uint_eq(cycles->cycle[0].part[0].row->taken.address, B);
	ck_assert_uint_eq(cycles->cycle[0].part[1].row->taken.address, A);
}
END_TEST

START_TEST(three_of_three_threads)
{
	mk_order(&mk, 1, A, B, 1);
	mk_order(&mk, 2, B, C, 1);
	mk_order(&mk, 3, C, A, 1);
	load();
	ck_assert_uint_eq(cycles->count, 1);
	ck_assert_uint_eq(cycles->cycle[0].parts, 3);
}
END_TEST

START_TEST(three_of_two_threads)
{
	mk_order(&mk, 1, A, B, 1);
	mk_order(&mk, 2, B, C, 1);
	mk_order(&mk, 2, C, A, 1);
	load();
	ck_assert_uint_eq(cycles->count, 0);
}
END_TEST

START_TEST(one_thread)
{
	mk_order(&mk, 1, A, B, 1);
	mk_order(&mk, 1, B, A, 1);
	load();
	ck_assert_uint_eq(cycles->count, 0);
}
END_TEST

/* Two readers do not keep each other out, of the locks and of the gate. */
START_TEST(readers)
{
	struct vprof_order *there = mk_order(&mk, 1, A, B, 1);
	struct vprof_order *back = mk_order(&mk, 2, B, A, 1);

	there->taken.mode = there->held[0].mode = VPROF_MODE_READ;
	back->taken.mode = back->held[0].mode = VPROF_MODE_READ;
	load();
	ck_assert_uint_eq(cycles->count, 0);
}
END_TEST

START_TEST(one_writer)
{
	struct vprof_order *there = mk_order(&mk, 1, A, B, 1);
	struct vprof_order *back = mk_order(&mk, 2, B, A, 1);

	there->taken.mode = VPROF_MODE_READ;
	back->held[0].mode = VPROF_MODE_WRITE;
	load();
	ck_assert_uint_eq(cycles->count, 1);
}
END_TEST

START_TEST(gates)
{
	struct vprof_order *there = mk_order(&mk, 1, A, B, 1);
	struct vprof_order *back = mk_order(&mk, 2, B, A, 1);
	uint64_t found[2];

	there->held[1] = back->held[1] = mk_order_lock(G, 3);
	load();
	found[0] = cycles->count;
	vr_cycles_free(cycles);
	vr_profile_close(profile);
	there->held[1].mode = back->held[1].mode = VPROF_MODE_READ;
	load();
	found[1] = cycles->count;
	ck_assert_uint_eq(found[0], 0);
	ck_assert_uint_eq(found[1], 1);
}
END_TEST

/* Another lock at the same address. */
START_TEST(born_later)
{
	mk_order(&mk, 1, A, B, 1);
	mk_order(&mk, 2, B, A, 1)->taken.born_ns = 500 * MK_MS;
	load();
	ck_assert_uint_eq(cycles->count, 0);
}
END_TEST

/* Thread 2 is started by thread 1 after it took them, or before. */
START_TEST(before_the_other_began)
{
	mk_order(&mk, 1, A, B, 1);
	mk_order(&mk, 2, B, A, 1);
	thread(2)->creator = 1;
	thread(2)->created_ns = (_i ? 50 : 100) * MK_MS;
	load();
	ck_assert_uint_eq(cycles->count, (size_t)_i);
}
END_TEST

/* Thread 3 has joined thread 1 and then started the second, or the other way round. */
START_TEST(after_the_other_was_joined)
{
	mk_order(&mk, 1, A, B, 1);
	mk_order(&mk, 2, B, A, 1)->first_ns = 700 * MK_MS;
	thread(1)->joiner = 3;
	thread(1)->joined_ns = 400 * MK_MS;
	thread(2)->creator = 3;
	thread(2)->created_ns = (_i ? 300 : 500) * MK_MS;
	load();
	ck_assert_uint_eq(cycles->count, (size_t)_i);
}
END_TEST

/* The lock's block was allocated by thread 1 when the other ran, and that one came later. */
START_TEST(not_shared_yet)
{
	struct vprof_order *there = mk_order(&mk, 1, A, B, 1);
	struct vprof_order *back = mk_order(&mk, 2, B, A, 1);

	mk_in_block(&there->held[0]);
	mk_in_block(&back->taken);
	there->held[0].flags = VPROF_ORDER_OWN;
	there->held[0].born_ns = back->taken.born_ns = 90 * MK_MS;
	thread(2)->start_ns = (_i == 1 ? 95 : 50) * MK_MS;
	back->first_ns = 600 * MK_MS;
	there->last_ns = (_i == 2 ? 700 : 100) * MK_MS;
	load();
	ck_assert_uint_eq(cycles->count, _i ? 1 : 0);
}
END_TEST

/* Locks of blocks of one site are told together. */
START_TEST(many_alike)
{
	mk_free(&mk);
	mk = mk_orders();
	load();
	ck_assert_uint_eq(cycles->count, 2);
	ck_assert_uint_eq(cycles->cycle[0].cycles, 2);
	ck_assert_uint_eq(cycles->cycle[1].cycles, 1);
	ck_assert_int_eq(cycles->gave_up, 0);
}
END_TEST

/* Each process has locks of its own, at the same addresses. */
START_TEST(two_processes)
{
	static const struct vr_select all = {.until_ns = UINT64_MAX, .inlines = 1};
	char second[] = "/tmp/vr-test-XXXXXX";
	const char *const paths[] = {path, second};
	struct mkprof other = mk_normal();
	struct vr_file *head;
	struct vr_err err;

	close(mkstemp(second));
	mk_order(&mk, 1, A, B, 1);
	mk_order(&other, 2, B, A, 1);
	mk_order(&other, 2, 0x9000, 0x9100, 1);
	mk_order(&mk, 1, 0x9100, 0x9000, 1);
	ck_assert_int_eq(mk_write(&mk, path, 0), 0);
	ck_assert_int_eq(mk_write(&other, second, 0), 0);
	ck_assert_int_eq(vr_file_open_head(path, &head, &err), 0);
	ck_assert_int_eq(vr_profile_open_tree(head, paths, 2, &all, NULL, &profile, &err), 0);
	vr_file_close(head);
	unlink(second);
	mk_free(&other);
	cycles = vr_cycles_new(profile);
	ck_assert_uint_eq(profile->file->n_orders, 4);
	ck_assert_uint_eq(cycles->count, 0);
}
END_TEST

/* --- rows that cannot be ---------------------------------------------------------- */

static const struct {
	size_t offset, bytes;
	uint64_t value;
	const char *says;
} faults[] = {
#define FAULT(member, value, says)                                                                 \
	{                                                                                          \
		offsetof(struct vprof_order, member), sizeof(((struct vprof_order *)0)->member),   \
		    value, "orders: " says                                                         \
	}
    FAULT(thread, 6, "thread id out of range"),
    FAULT(taken.node, 8, "node id out of range"),
    FAULT(held[0].node, 8, "node id out of range"),
    FAULT(held[0].mode, 4, "unknown mode"),
    FAULT(first_ns, 900 * MK_MS, "times make no sense"),
    FAULT(taken.address, 0, "lock without an address"),
    FAULT(held[0].address, 0, "lock without an address"),
    FAULT(held[0].address, B, "a lock under itself"),
};
#define FAULTS (sizeof(faults) / sizeof(faults[0]))

START_TEST(one_fault)
{
	struct vprof_order *row = mk_order(&mk, 1, A, B, 1);
	struct vr_file *file;

	mk_order(&mk, 2, B, A, 1);
	row = (struct vprof_order *)rows_of(&mk, VPROF_SEC_ORDERS);
	memcpy((uint8_t *)row + faults[_i].offset, &faults[_i].value, faults[_i].bytes);
	file = open_ok(&mk);
	one_damage(file, faults[_i].says, offset_of(&mk, row), 1, 2);
	ck_assert_uint_eq(file->order[0].thread, 0);
	ck_assert_uint_eq(file->order[1].thread, 2);
	vr_file_close(file);
}
END_TEST

/* Whose child a thread is, out of range: not known, and no damage. */
START_TEST(kin_out_of_range)
{
	struct vr_file *file;

	thread(1)->creator = 77;
	thread(2)->joiner = 77;
	thread(3)->joiner = thread(3)->creator = 3;
	file = open_ok(&mk);
	ck_assert_uint_eq(file->n_damages, 0);
	ck_assert_uint_eq(file->thread[1].creator, 0);
	ck_assert_uint_eq(file->thread[2].joiner, 0);
	ck_assert_uint_eq(file->thread[3].joiner + file->thread[3].creator, 0);
	vr_file_close(file);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_checked_fixture(tests, make, forget);
	tcase_add_test(tests, both_orders);
	tcase_add_test(tests, three_of_three_threads);
	tcase_add_test(tests, three_of_two_threads);
	tcase_add_test(tests, one_thread);
	tcase_add_test(tests, readers);
	tcase_add_test(tests, one_writer);
	tcase_add_test(tests, gates);
	tcase_add_test(tests, born_later);
	tcase_add_loop_test(tests, before_the_other_began, 0, 2);
	tcase_add_loop_test(tests, after_the_other_was_joined, 0, 2);
	tcase_add_loop_test(tests, not_shared_yet, 0, 3);
	tcase_add_test(tests, many_alike);
	tcase_add_test(tests, two_processes);
	tcase_add_loop_test(tests, one_fault, 0, FAULTS);
	tcase_add_test(tests, kin_out_of_range);
}

int main(void)
{
	return check_main("orders", cases);
}
