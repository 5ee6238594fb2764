/* The table of live blocks against a plain model, and its neighbours. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/private_heap.h"
#include "base/state.h"
#include "check_main.h"
#include "thread/threads.h"
#include "track/live.h"

#define MODEL 20000
#define BASE  0x7f0000000000ull

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
	struct vp_block block = {.site = (uint32_t)(serial % 0xffffff),
				 .mark = serial & 3,
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

/* Also in pages that had some and have none any more, and not what a parent has. */
START_TEST(any_block_is_found)
{
	struct vp_block block = {.site = 1, .bytes = 10}, out;

	ck_assert_int_eq(vp_live_init(), 0);
	ck_assert(!vp_live_any());
	ck_assert_int_eq(vp_live_put(BASE + 64, &block, &out), 1);
	ck_assert_int_eq(vp_live_put(BASE + (3ull << 30), &block, &out), 1);
	ck_assert_int_eq(vp_live_take(BASE + 64, &out), 1);
	ck_assert(vp_live_any());
	ck_assert_int_eq(vp_live_take(BASE + (3ull << 30), &out), 1);
	ck_assert(!vp_live_any());
	ck_assert_int_eq(vp_live_put(BASE + 64, &block, &out), 1);
	ck_assert_int_eq(vp_live_init(), 0);
	ck_assert(!vp_live_any());
}
END_TEST

/* Whoever looks for all blocks finds each page that has some, in order, and looks
 * at few others. */
START_TEST(pages_are_found)
{
	static const uint64_t at[] = {0x1000,	      0x200008,	      0x3fffffff8,
				      0x555512345670, 0x5555123ff000, 0x7ffffffff010};
	struct vp_block block = {.bytes = 8}, stale;
	uint64_t page = 0, looked = 0;
	unsigned found = 0;

	ck_assert_int_eq(vp_live_init(), 0);
	ck_assert_uint_eq(vp_live_next(0, 0), VP_LIVE_END);
	for (unsigned i = 0; i < 6; i++)
		ck_assert_int_eq(vp_live_put(at[i], &block, &stale), 1);
	for (; (page = vp_live_next(0, page)) != VP_LIVE_END; page++, looked++) {
		if (!(*vp_live_descriptor(0, page) & VP_LIVE_COUNT))
			continue;
		ck_assert_uint_lt(found, 6);
		ck_assert_uint_eq(page, at[found++] >> 12);
	}
	ck_assert_uint_eq(found, 6);
	ck_assert_uint_le(looked, 6 * 512);
}
END_TEST

static void store(uintptr_t address, uint64_t bytes, uint32_t site)
{
	struct vp_block block = {.site = site, .bytes = bytes}, stale;

	ck_assert_int_eq(vp_live_put(address, &block, &stale), VP_LIVE_STORED);
}

/* site 0: in no block */
static void holds(uintptr_t address, uint32_t site, uint64_t offset)
{
	struct vp_block block;
	uint64_t at;
	int found = vp_live_find(0, address, &block, &at);

	ck_assert_int_eq(found, site != 0);
	if (!found)
		return;
	ck_assert_uint_eq(block.site, site);
	ck_assert_uint_eq(at, offset);
}

START_TEST(the_block_of_an_address_is_found)
{
	const uintptr_t base = 0x550000000000, far = base + (8ull << 20);
	struct vp_block block;
	uint64_t at;

	ck_assert_int_eq(vp_live_init(), 0);
	holds(base, 0, 0);
	store(base + 64, 100, 1);
	store(base + 176, 48, 2);
	store(far, 3 << 20, 3);		     /* many pages, the last of them elsewhere */
	store(far + (3 << 20) + 8, 5000, 4); /* begins in the page where the other ends */
	store(far + (64ull << 20), 40ull << 20, 5);
	holds(base + 63, 0, 0);
	holds(base + 64, 1, 0);
	holds(base + 163, 1, 99);
	holds(base + 164, 0, 0); /* behind its end */
	holds(base + 176, 2, 0);
	holds(base + 223, 2, 47);
	holds(base + 224, 0, 0);
	holds(far - 1, 0, 0);
	holds(far + 5000, 3, 5000);
	holds(far + (3 << 20) - 1, 3, (3 << 20) - 1);
	holds(far + (3 << 20), 0, 0);
	holds(far + (3 << 20) + 8 + 4999, 4, 4999);
	holds(far + (64ull << 20) + (15 << 20), 5, 15 << 20);
	holds(far + (64ull << 20) + (17 << 20), 0, 0); /* too far from its start */
	holds(0, 0, 0);
	holds(0x7fffffffffff, 0, 0);
	ck_assert_int_eq(vp_live_init(), 0); /* as in a forked child */
	holds(base + 64, 0, 0);
	ck_assert_int_eq(vp_live_find(1, base + 100, &block, &at), 1);
	ck_assert_uint_eq(at, 36);
	vp_live_forget(base + 64);
	ck_assert_int_eq(vp_live_find(1, base + 100, &block, &at), 0);
	ck_assert_int_eq(vp_live_find(2, base + 100, &block, &at), 0);
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

/* Checks in a loop are counted: each one that Check sees is a system call. */
static long wrong;

/* The blocks of a page, from the first to the last and back again: every step
 * of its room, and searches that run around the room's end. */
static void fill_and_empty_page(uintptr_t page, uint32_t step)
{
	static struct vp_live_view view[512];
	struct vp_block block = {.site = 7}, out;
	uint32_t most = 512 / step, seen = 0;

	for (uint32_t n = 1; n <= most; n++) {
		block.bytes = n;
		wrong += vp_live_put(page + (n - 1) * step * 8ull, &block, &out) != 1;
		for (uint32_t i = 0; i < n; i++)
			wrong += vp_live_put(page + i * step * 8ull, &block, &out) != 2;
		wrong += vp_live_read_page(0, page, view) != n;
	}
	for (uint32_t i = 0; i < most; i++)
		seen += view[i].unit % step == 0 && view[i].bytes == most && view[i].site == 7;
	wrong += seen != most;
	for (uint32_t n = most; n > 0; n--) {
		for (uint32_t i = 0; i < most; i++)
			wrong += vp_live_take(page + i * step * 8ull, &out) != (i < n);
		for (uint32_t i = n - 1; i-- > 0;)
			wrong += vp_live_put(page + i * step * 8ull, &block, &out) != 1;
	}
	wrong += vp_live_page_used(page);
}

START_TEST(rooms_of_every_size)
{
	ck_assert_int_eq(vp_live_init(), 0);
	for (uint32_t step = 1; step <= 512; step++) {
		fill_and_empty_page(BASE + step * 8192ull, step);
		ck_assert_int_eq(wrong, 0);
	}
}
END_TEST

static void put_all(uint64_t distance, uint64_t blocks)
{
	struct vp_block block = {.site = 1, .bytes = distance - 8}, out;

	for (uint64_t i = 0; i < blocks; i++)
		wrong += vp_live_put(BASE + i * distance, &block, &out) != 1;
}

static void take_all(uint64_t distance, uint64_t blocks)
{
	struct vp_block out;

	for (uint64_t i = 0; i < blocks; i++)
		wrong += vp_live_take(BASE + i * distance, &out) != 1;
}

/* Whatever the blocks' size, they take 16 bytes each and at most eleven more;
 * as many again in their place take no more. */
START_TEST(rooms_are_small)
{
	static const uint64_t distance[] = {16,	 32,  48,  64,	80,  96,   112,	 128,
					    144, 208, 272, 512, 768, 1040, 2048, 4096};

	for (unsigned i = 0; i < sizeof(distance) / sizeof(distance[0]); i++) {
		uint64_t blocks = 20000, once, index = blocks * distance[i] / 512;

		ck_assert_int_eq(vp_live_init(), 0);
		put_all(distance[i], blocks);
		once = vp_live_room_bytes();
		ck_assert_uint_le(once, blocks * 27);
		ck_assert_uint_ge(once, blocks * 16);
		ck_assert_uint_ge(vp_live_index_bytes(), index);
		ck_assert_uint_le(vp_live_index_bytes(), index + 8192);
		take_all(distance[i], blocks);
		put_all(distance[i], blocks);
		ck_assert_uint_eq(vp_live_room_bytes(), once);
		ck_assert_int_eq(wrong, 0);
	}
}
END_TEST

/* A dense page before it makes no large room for a page of few blocks. */
START_TEST(neighbours_mislead_little)
{
	struct vp_block block = {.site = 1, .bytes = 3000}, out;
	uint64_t dense;

	ck_assert_int_eq(vp_live_init(), 0);
	put_all(32, 128);
	dense = vp_live_room_bytes();
	ck_assert_int_eq(vp_live_put(BASE + 4096, &block, &out), 1);
	ck_assert_uint_le(vp_live_room_bytes(), dense + 32);
	block.bytes = 16;
	ck_assert_int_eq(vp_live_put(BASE + 3 * 4096, &block, &out), 1);
	ck_assert_uint_le(vp_live_room_bytes(), dense + 64);
}
END_TEST

/* Threads whose blocks lie side by side in the same pages. */
#define THREADS 4u
#define OWN	1500u

static uintptr_t shared_address(unsigned thread, unsigned i)
{
	return BASE + (i * THREADS + thread) * 24ull;
}

static void *own_blocks(void *arg)
{
	unsigned me = (unsigned)(uintptr_t)arg;
	static _Thread_local struct vp_block mine[OWN];
	unsigned long state = me;
	struct vp_block out;
	long failed = 0;

	vp_tls.busy = 1;
	for (unsigned long turn = 1; turn < 400000; turn++) {
		struct vp_block *block;
		uintptr_t address;

		state = state * 6364136223846793005ul + 1442695040888963407ul;
		block = &mine[(state >> 33) % OWN];
		address = shared_address(me, (unsigned)(block - mine));
		if (block->bytes) {
			failed += vp_live_take(address, &out) != 1 || out.bytes != block->bytes ||
				  out.site != block->site || out.birth_ns != block->birth_ns;
			block->bytes = 0;
		} else {
			*block =
			    (struct vp_block){.site = me + 1, .bytes = turn, .birth_ns = turn << 8};
			failed += vp_live_put(address, block, &out) != 1;
		}
	}
	for (unsigned i = 0; i < OWN; i++)
		failed += vp_live_take(shared_address(me, i), &out) != (mine[i].bytes != 0);
	return (void *)failed;
}

START_TEST(threads_share_pages)
{
	pthread_t thread[THREADS];
	void *failed;

	ck_assert_int_eq(vp_live_init(), 0);
	vp_threads_many = 1;
	for (uintptr_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, own_blocks, (void *)i), 0);
	for (unsigned i = 0; i < THREADS; i++) {
		ck_assert_int_eq(pthread_join(thread[i], &failed), 0);
		ck_assert_int_eq((long)failed, 0);
	}
	for (uintptr_t page = BASE; page <= shared_address(0, OWN); page += 4096)
		ck_assert(!vp_live_page_used(page));
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, live_equals_a_model);
	tcase_add_test(tests, live_equals_a_model_with_locks);
	tcase_add_test(tests, page_of_a_block_is_used);
	tcase_add_test(tests, any_block_is_found);
	tcase_add_test(tests, pages_are_found);
	tcase_add_test(tests, the_block_of_an_address_is_found);
	tcase_add_test(tests, addresses_beyond_user_space_are_refused);
	tcase_add_test(tests, rooms_of_every_size);
	tcase_add_test(tests, rooms_are_small);
	tcase_add_test(tests, neighbours_mislead_little);
	tcase_add_test(tests, threads_share_pages);
}

int main(void)
{
	vp_tls.busy = 1; /* as in a hook */
	if (vp_private_heap_init() != 0)
		return 1;
	return check_main("vp_live", cases);
}
