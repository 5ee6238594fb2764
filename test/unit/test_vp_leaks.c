/* leak/: blocks, marking, owners, interior pointers and verdicts on made-up memory.
 *
 * The blocks lie in a mapping of the test's own, and the only root is an array of it:
 * the functions of leak/roots.c and leak/maps.c that say what is searched are here. */
#include "library_file.h"

#include "base/private_heap.h"
#include "leak/internal.h"
#include "thread/shards.h"
#include "track/live.h"

#include <sys/mman.h>

#define MOST 64

static int sites_init(void)
{
	vp_shards_init();
	return vp_live_init();
}

static const struct vp_tracker table[] = {
    {.name = "heap",
     .init = sites_init,
     .section = {SECTION_OF(SITES, vprof_site, 16, 0), SECTION_OF(NODES, vprof_node, 16, 0),
		 SECTION_OF(MODULES, vprof_module, 16, 0)}},
};

static uint8_t *memory;
static uint64_t root[4];
static struct vp_leak_result *result;

void vp_leak_roots_each(int runtime_only, void (*each)(uint64_t lo, uint64_t hi, uint32_t kind))
{
	uint64_t lo = (uint64_t)(uintptr_t)root;

	if (!runtime_only)
		each(lo, lo + sizeof(root), VP_MAP_ANON | VP_MAP_WRITE);
}

void vp_leak_roots_inherited(void (*each)(uint64_t lo, uint64_t hi, uint32_t kind))
{
	(void)each;
}

void vp_leak_roots_descriptors(void (*each)(uint64_t lo, uint64_t hi, uint32_t kind))
{
	(void)each;
}

void vp_leak_roots_words(void (*each)(uint64_t lo, uint64_t hi))
{
	(void)each;
}

int vp_leak_is_constant(uint64_t address, int code)
{
	(void)address, (void)code;
	return 0;
}

int vp_leak_is_runtime_code(uint64_t address)
{
	(void)address;
	return 0;
}

/* Numbers nothing lies at: that node of a site then tells the block. */
#define NODE_OF(i) (1000u + (uint32_t)(i))

static uint64_t at(unsigned i)
{
	return (uint64_t)(uintptr_t)memory + i * 256ull;
}

static uint64_t *words(unsigned i)
{
	return (uint64_t *)(uintptr_t)at(i);
}

static void make_block(unsigned i, uint64_t bytes)
{
	struct vp_block block = {.bytes = bytes}, stale;
	struct vprof_site *site = vp_table_add(VPROF_SEC_SITES, &block.site);

	site->node = NODE_OF(i);
	ck_assert_int_eq(vp_live_put(at(i), &block, &stale), VP_LIVE_STORED);
}

static void setup(void)
{
	ck_assert_int_eq(vp_private_heap_init(), 0);
	library_file(table, COUNT_OF(table));
	memory = mmap(NULL, MOST * 256, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(memory, MAP_FAILED);
}

static void search(void)
{
	result = vp_sys_map(sizeof(*result) + 256 * sizeof(result->row[0]));
	result->rows_room = 256;
	ck_assert_int_eq(vp_leak_blocks_init(), 0);
	ck_assert_int_eq(vp_leak_classes_init(), 0);
	ck_assert_int_eq(vp_leak_mark(), 0);
	ck_assert_int_eq(vp_leak_verdicts(result), 0);
}

static const struct vprof_leak *row_of(unsigned i)
{
	for (uint32_t k = 0; k < result->rows; k++) {
		if (result->row[k].node == NODE_OF(i))
			return &result->row[k];
	}
	ck_abort_msg("no verdict of block %u", i);
	return NULL;
}

static void is(unsigned i, uint32_t verdict)
{
	ck_assert_msg(row_of(i)->verdict == verdict, "block %u has verdict %u, not %u", i,
		      row_of(i)->verdict, verdict);
}

START_TEST(chains_from_a_root_are_reachable)
{
	setup();
	for (unsigned i = 0; i < 4; i++)
		make_block(i, 64);
	root[1] = at(0);
	words(0)[3] = at(1);
	words(1)[7] = at(2); /* the last word */
	search();
	is(0, VPROF_LEAK_REACHABLE);
	is(1, VPROF_LEAK_REACHABLE);
	is(2, VPROF_LEAK_REACHABLE);
	is(3, VPROF_LEAK_LOST);
	ck_assert_uint_eq(result->blocks, 4);
	ck_assert_uint_eq(result->bytes, 256);
}
END_TEST

START_TEST(what_hangs_on_a_lost_block_is_indirect_and_names_it)
{
	setup();
	for (unsigned i = 0; i < 3; i++)
		make_block(i, 64);
	words(2)[0] = at(0); /* the owner has the highest address */
	words(0)[0] = at(1);
	search();
	is(2, VPROF_LEAK_LOST);
	is(0, VPROF_LEAK_INDIRECT);
	is(1, VPROF_LEAK_INDIRECT);
	ck_assert_uint_eq(row_of(1)->owner, NODE_OF(2));
}
END_TEST

START_TEST(cycles_and_self_pointers_keep_nothing_alive)
{
	setup();
	for (unsigned i = 0; i < 5; i++)
		make_block(i, 64);
	words(0)[0] = at(0); /* itself */
	words(1)[0] = at(2); /* a cycle: the lowest address stands for it ... */
	words(2)[0] = at(1);
	words(2)[1] = at(3); /* ... and what it leads to hangs on it */
	words(4)[0] = at(1); /* and nothing leads here */
	search();
	is(0, VPROF_LEAK_LOST);
	is(4, VPROF_LEAK_LOST);
	is(1, VPROF_LEAK_INDIRECT);
	is(2, VPROF_LEAK_INDIRECT);
	is(3, VPROF_LEAK_INDIRECT);
	ck_assert_uint_eq(row_of(3)->owner, NODE_OF(4));
}
END_TEST

START_TEST(a_cycle_alone_has_one_lost_block)
{
	setup();
	for (unsigned i = 0; i < 3; i++)
		make_block(i, 64);
	words(0)[0] = at(1);
	words(1)[0] = at(2);
	words(2)[0] = at(0);
	search();
	is(0, VPROF_LEAK_LOST);
	is(1, VPROF_LEAK_INDIRECT);
	is(2, VPROF_LEAK_INDIRECT);
}
END_TEST

START_TEST(pointers_into_a_block_make_it_possible)
{
	setup();
	make_block(0, 64);
	make_block(1, 64);
	make_block(2, 64);
	make_block(3, 64);
	root[0] = at(0) + 24;		 /* into it */
	root[1] = at(1) + 64;		 /* right behind it */
	root[2] = at(2) | 3;		 /* tagged below */
	root[3] = at(3) | 0xffull << 56; /* tagged above */
	search();
	is(0, VPROF_LEAK_POSSIBLE);
	is(1, VPROF_LEAK_POSSIBLE);
	is(2, VPROF_LEAK_POSSIBLE);
	is(3, VPROF_LEAK_POSSIBLE);
}
END_TEST

/* valgrind's heuristics: an array behind its count, a sized buffer, an old string. */
START_TEST(interior_pointers_that_owners_keep_count_as_the_start)
{
	setup();
	make_block(0, 8 + 7 * 8);
	words(0)[0] = 7; /* new T[7] */
	root[0] = at(0) + 8;
	make_block(1, 72);
	words(1)[0] = 64; /* bytes behind it */
	root[1] = at(1) + 8;
	make_block(2, 25 + 40);
	words(2)[0] = 10; /* length, capacity, count, text */
	words(2)[1] = 40;
	root[2] = at(2) + 24;
	make_block(3, 8 + 7 * 8);
	words(3)[0] = 6; /* 56 bytes are no 6 elements, and not the size */
	root[3] = at(3) + 8;
	search();
	is(0, VPROF_LEAK_REACHABLE);
	is(1, VPROF_LEAK_REACHABLE);
	is(2, VPROF_LEAK_REACHABLE);
	is(3, VPROF_LEAK_POSSIBLE);
}
END_TEST

/* What was not searched may lead to a block: then it is not lost, and says why. */
START_TEST(nothing_is_lost_where_memory_was_not_searched)
{
	setup();
	make_block(0, 64);
	make_block(1, 64);
	root[0] = at(1);
	vp_leak_unsearched[VPROF_UNSEARCHED_OTHER] = 4096;
	search();
	is(0, VPROF_LEAK_POSSIBLE);
	ck_assert_uint_eq(row_of(0)->because, VPROF_UNSEARCHED_OTHER);
	is(1, VPROF_LEAK_REACHABLE);
}
END_TEST

START_TEST(a_word_finds_the_block_it_points_to)
{
	struct vp_leak_ref ref;

	setup();
	make_block(1, 100);
	make_block(2, 1);
	search();
	ck_assert_int_eq(vp_leak_find(at(1), &ref), VP_HIT_START);
	ck_assert_uint_eq(ref.bytes, 100);
	ck_assert_int_eq(vp_leak_find(at(1) + 50, &ref), VP_HIT_INTERIOR);
	ck_assert_int_eq(vp_leak_find(at(1) + 100, &ref), VP_HIT_INTERIOR);
	ck_assert_int_eq(vp_leak_find(at(1) + 200, &ref), VP_HIT_NONE);
	ck_assert_int_eq(vp_leak_find(at(1) - 8, &ref), VP_HIT_NONE);
	ck_assert_int_eq(vp_leak_find(at(1) + 3, &ref), VP_HIT_TAGGED);
	ck_assert_int_eq(vp_leak_find(at(2), &ref), VP_HIT_START);
	ck_assert_int_eq(vp_leak_find(0, &ref), VP_HIT_NONE);
	ck_assert_int_eq(vp_leak_find(~0ull, &ref), VP_HIT_NONE);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, chains_from_a_root_are_reachable);
	tcase_add_test(tests, what_hangs_on_a_lost_block_is_indirect_and_names_it);
	tcase_add_test(tests, cycles_and_self_pointers_keep_nothing_alive);
	tcase_add_test(tests, a_cycle_alone_has_one_lost_block);
	tcase_add_test(tests, pointers_into_a_block_make_it_possible);
	tcase_add_test(tests, interior_pointers_that_owners_keep_count_as_the_start);
	tcase_add_test(tests, nothing_is_lost_where_memory_was_not_searched);
	tcase_add_test(tests, a_word_finds_the_block_it_points_to);
}

int main(void)
{
	return check_main("vp_leaks", cases);
}
