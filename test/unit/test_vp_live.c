/* The table of live blocks against a plain model, and its neighbours. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"
#include "base/thread.h"
#include "track/live.h"
#include "track/threads.h"

#define MODEL 20000
#define BASE 0x7f0000000000ull

static struct {
	int live;
	struct vp_block block;
} model[MODEL];

static uintptr_t address_of(unsigned i)
{
	/* 8 bytes apart within a few pages, then further and further */
	return BASE + (i < 2048 ? i * 8ull : i * 4093ull * 8);
}

static void put(unsigned i, unsigned long serial)
{
	struct vp_block block = {.site = (uint32_t)(serial % 0xffffff), .mark = serial & 3,
				 .bytes = serial * 977 % (1ull << 40),
				 .birth_ns = serial << 8};
	struct vp_block stale;
	int stored = vp_live_put(address_of(i), &block, &stale);

	ck_assert_int_eq(stored, model[i].live ? 2 : 1);
	if (model[i].live)
		ck_assert_uint_eq(stale.bytes, model[i].block.bytes);
	model[i].live = 1;
	model[i].block = block;
}

static void take(unsigned i)
{
	struct vp_block block;
	int known = vp_live_take(address_of(i), &block);

	ck_assert_int_eq(known, model[i].live);
	if (known) {
		ck_assert_uint_eq(block.site, model[i].block.site);
		ck_assert_uint_eq(block.bytes, model[i].block.bytes);
		ck_assert_uint_eq(block.birth_ns, model[i].block.birth_ns);
		ck_assert_uint_eq(block.mark, model[i].block.mark);
	}
	model[i].live = 0;
}

static void random_operations(void)
{
	srand(42);
	for (unsigned long serial = 1; serial < 600000; serial++) {
		unsigned i = (unsigned)rand() % MODEL;

		if (rand() % 2)
			put(i, serial);
		else
			take(i);
	}
	for (unsigned i = 0; i < MODEL; i++)
		take(i);
}

START_TEST(live_equals_a_model)
{
	ck_assert_int_eq(vp_live_init(), 0);
	vp_threads_many = 0;
	random_operations();
}
END_TEST

START_TEST(live_equals_a_model_with_locks)
{
	ck_assert_int_eq(vp_live_init(), 0);
	vp_threads_many = 1;
	random_operations();
}
END_TEST

START_TEST(page_of_a_block_is_used)
{
	struct vp_block block = {.site = 1, .bytes = 10}, out;

	ck_assert_int_eq(vp_live_init(), 0);
	ck_assert(!vp_live_page_used(BASE));
	ck_assert_int_eq(vp_live_put(BASE + 64, &block, &out), 1);
	ck_assert(vp_live_page_used(BASE));
	ck_assert(!vp_live_page_used(BASE + 4096));
	ck_assert_int_eq(vp_live_take(BASE + 72, &out), 0);
	ck_assert_int_eq(vp_live_take(BASE + 64, &out), 1);
	ck_assert(!vp_live_page_used(BASE));
}
END_TEST

START_TEST(addresses_beyond_user_space_are_refused)
{
	struct vp_block block = {.site = 1, .bytes = 10}, out;

	ck_assert_int_eq(vp_live_init(), 0);
	ck_assert_int_eq(vp_live_put(1ull << 47, &block, &out), 0);
	ck_assert_int_eq(vp_live_take(1ull << 47, &out), 0);
	ck_assert_int_eq(vp_live_take(16, &out), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("live");
	TCase *tcase = tcase_create("live");
	SRunner *runner = srunner_create(suite);
	int failed;

	vp_tls.busy = 1; /* as in a hook */
	if (vp_heap_private_init() != 0)
		return 1;
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, live_equals_a_model);
	tcase_add_test(tcase, live_equals_a_model_with_locks);
	tcase_add_test(tcase, page_of_a_block_is_used);
	tcase_add_test(tcase, addresses_beyond_user_space_are_refused);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
