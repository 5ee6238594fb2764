/* stack/trie: one number for each stack, and the way back to its frames. */
#include "library_file.h"
#include "stack/trie.h"

static const struct vp_tracker table[] = {
    {.name = "stacks", .init = vp_trie_init, .section = {SECTION_OF(NODES, vprof_node, 16, 0)}},
};

static void open_file(void)
{
	library_file(table, COUNT_OF(table));
}

/* The frames of a node, innermost first. */
static size_t frames_of(uint32_t node, uint64_t *where)
{
	size_t n = 0;

	for (; node != VPROF_NODE_ROOT; n++) {
		const struct vprof_node *row = vp_table_row(VPROF_SEC_NODES, node);

		where[n] = row->where;
		node = row->parent;
	}
	return n;
}

START_TEST(a_stack_has_one_number)
{
	uint64_t a[] = {30, 20, 10}, b[] = {31, 20, 10}, back[8];
	uint32_t node;

	open_file();
	node = vp_trie_path(a, 3);
	ck_assert_uint_gt(node, VPROF_NODE_OVERFLOW);
	ck_assert_uint_eq(vp_trie_path(a, 3), node);
	ck_assert_uint_ne(vp_trie_path(b, 3), node);
	ck_assert_uint_ne(vp_trie_path(a, 2), node);
	ck_assert_uint_eq(frames_of(node, back), 3);
	ck_assert_mem_eq(back, a, sizeof(a));
}
END_TEST

START_TEST(common_callers_are_stored_once)
{
	uint64_t where[3] = {0, 20, 10};
	uint32_t before;

	open_file();
	vp_trie_path(where + 1, 2);
	before = vp_table_used(VPROF_SEC_NODES);
	for (uint64_t i = 0; i < 100; i++) {
		where[0] = 1000 + i;
		vp_trie_path(where, 3);
	}
	ck_assert_uint_eq(vp_table_used(VPROF_SEC_NODES), before + 100);
}
END_TEST

/* With the memory of the last stack or without, whatever came in between. */
START_TEST(the_last_stack_changes_no_number)
{
	static struct vp_last_stack last;
	uint64_t where[VP_STACK_DEPTH_MAX];
	unsigned seed = 7;

	open_file();
	for (int i = 0; i < 20000; i++) {
		size_t depth = 1 + (size_t)rand_r(&seed) % 12;

		for (size_t k = 0; k < depth; k++)
			where[k] = 1 + (uint64_t)rand_r(&seed) % 3 + (depth - k) * 16;
		ck_assert_uint_eq(vp_trie_stack(&last, where, depth), vp_trie_path(where, depth));
	}
}
END_TEST

/* More stacks than the index begins with, and than the file has room for. */
START_TEST(what_has_no_room_is_the_overflow)
{
	uint64_t where[2] = {0, 5};
	uint32_t first, node, found = 0;

	open_file();
	where[0] = 1;
	first = vp_trie_path(where, 2);
	for (uint64_t i = 2; i < 400000; i++) {
		where[0] = i;
		node = vp_trie_path(where, 2);
		if (node == VPROF_NODE_OVERFLOW)
			break;
		found++;
	}
	ck_assert_uint_gt(found, 40000);
	ck_assert_uint_eq(vp_trie_path(where, 2), VPROF_NODE_OVERFLOW);
	where[0] = 1;
	ck_assert_uint_eq(vp_trie_path(where, 2), first);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, a_stack_has_one_number);
	tcase_add_test(tests, common_callers_are_stored_once);
	tcase_add_test(tests, the_last_stack_changes_no_number);
	tcase_add_test(tests, what_has_no_room_is_the_overflow);
}

int main(void)
{
	return check_main("vp_trie", cases);
}
