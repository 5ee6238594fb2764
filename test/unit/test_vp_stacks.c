/* leak/stacks: what of a mapping with a thread's stack is not in use.
 *
 * A made-up descriptor, as glibc lays them: the first and third word point to itself, and
 * it holds the thread's number. */
#include "library_file.h"

#include "leak/internal.h"

#include <sys/mman.h>

#define STACK_BYTES 65536u
#define GUARD_BYTES 4096u
#define TID_AT	    0x2d0u
#define BLOCK_AT    0x690u

static struct {
	uint64_t lo, hi;
} out[16];
static int outs;

void vp_leak_leave_out(uint64_t lo, uint64_t hi)
{
	if (lo >= hi)
		return;
	out[outs].lo = lo;
	out[outs++].hi = hi;
}

static uint64_t stack, descriptor;
static struct vp_leak_map map;
static struct vp_leak_thread threads[4];

static void setup(int tid)
{
	uint8_t *memory =
	    mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t *words, *block;

	ck_assert_ptr_ne(memory, MAP_FAILED);
	stack = (uint64_t)(uintptr_t)memory;
	descriptor = stack + STACK_BYTES - 0x900;
	words = (uint64_t *)(uintptr_t)descriptor;
	words[0] = words[2] = descriptor;
	memcpy((uint8_t *)words + TID_AT, &tid, sizeof(tid));
	block = (uint64_t *)(uintptr_t)(descriptor + BLOCK_AT);
	block[0] = stack - GUARD_BYTES;
	block[1] = STACK_BYTES + GUARD_BYTES;
	map = (struct vp_leak_map){.lo = stack,
				   .hi = stack + STACK_BYTES,
				   .kind = VP_MAP_ANON | VP_MAP_GUARDED | VP_MAP_WRITE};
	outs = 0;
	vp_leak_thread = threads;
	vp_leak_threads = 0;
}

static struct vp_leak_thread *add_thread(int tid, uint64_t sp, uint32_t seen)
{
	struct vp_leak_thread *thread = &threads[vp_leak_threads++];

	*thread = (struct vp_leak_thread){.tid = tid, .sp = sp, .seen = seen};
	return thread;
}

START_TEST(below_the_stack_pointer_is_left_out)
{
	struct vp_leak_thread *thread;

	setup(4711);
	thread = add_thread(4711, stack + 40000, VP_SEEN_STOPPED);
	vp_leak_stacks(&map, 1);
	ck_assert_uint_eq(thread->descriptor, descriptor);
	ck_assert_int_eq(outs, 1);
	ck_assert_uint_eq(out[0].lo, stack);
	ck_assert_uint_eq(out[0].hi, stack + 40000 - 128); /* but for the red zone */
}
END_TEST

START_TEST(of_a_thread_that_did_not_answer_all_is_searched)
{
	setup(4711);
	add_thread(4711, 0, VP_SEEN_NOT);
	vp_leak_stacks(&map, 1);
	ck_assert_int_eq(outs, 0);
}
END_TEST

START_TEST(the_stack_of_an_ended_thread_is_left_out)
{
	setup(0); /* the kernel has cleared its number */
	add_thread(4711, stack - 4096, VP_SEEN_STOPPED);
	vp_leak_stacks(&map, 1);
	ck_assert_int_eq(outs, 1);
	ck_assert_uint_eq(out[0].lo, stack);
	ck_assert_uint_eq(out[0].hi, stack + STACK_BYTES);
}
END_TEST

START_TEST(our_own_stack_is_left_out)
{
	setup(4711);
	add_thread(4711, 0, VP_SEEN_OURS);
	vp_leak_stacks(&map, 1);
	ck_assert_int_eq(outs, 1);
	ck_assert_uint_eq(out[0].hi - out[0].lo, STACK_BYTES);
}
END_TEST

START_TEST(a_mapping_without_a_descriptor_is_no_stack)
{
	setup(4711);
	memset((void *)(uintptr_t)descriptor, 0, 64);
	add_thread(4711, stack + 40000, VP_SEEN_STOPPED);
	vp_leak_stacks(&map, 1);
	ck_assert_int_eq(outs, 0);
}
END_TEST

/* Below it lies a page that cannot be read, by chance: libc says nothing of a guard. */
START_TEST(one_that_the_program_brought_along_is_its_memory_when_its_thread_has_ended)
{
	uint64_t *block;

	setup(0);
	block = (uint64_t *)(uintptr_t)(descriptor + BLOCK_AT);
	block[0] = stack;
	block[1] = STACK_BYTES;
	vp_leak_stacks(&map, 1);
	ck_assert_int_eq(outs, 0);
}
END_TEST

/* One that the program brought along: known by its thread's bounds. */
START_TEST(a_stack_of_the_program_s_own_ends_at_the_stack_pointer)
{
	struct vp_leak_thread *thread;

	setup(4711);
	memset((void *)(uintptr_t)descriptor, 0, 64);
	thread = add_thread(4711, stack + 40000, VP_SEEN_STOPPED);
	thread->stack_lo = stack;
	thread->stack_hi = stack + STACK_BYTES;
	vp_leak_stacks(&map, 1);
	ck_assert_int_eq(outs, 1);
	ck_assert_uint_eq(out[0].lo, stack);
	ck_assert_uint_eq(out[0].hi, stack + 40000 - 128);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, below_the_stack_pointer_is_left_out);
	tcase_add_test(tests, of_a_thread_that_did_not_answer_all_is_searched);
	tcase_add_test(tests, the_stack_of_an_ended_thread_is_left_out);
	tcase_add_test(tests, our_own_stack_is_left_out);
	tcase_add_test(tests, a_mapping_without_a_descriptor_is_no_stack);
	tcase_add_test(tests,
		       one_that_the_program_brought_along_is_its_memory_when_its_thread_has_ended);
	tcase_add_test(tests, a_stack_of_the_program_s_own_ends_at_the_stack_pointer);
}

int main(void)
{
	return check_main("vp_stacks", cases);
}
