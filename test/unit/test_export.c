/* Call trees and sums of recursive stacks, and the bytes of formats that their
 * readers' own tests would not show: large numbers, separators in names. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "check_main.h"
#include "export/paths.h"

enum { MAIN, EVEN, ODD, LEAF, FUNCTIONS };

static struct vr_dump_function functions[FUNCTIONS] = {
    {"main", "a.c", "app", 1},
    {"even", "a.c", "app", 10},
    {"odd", "a.c", "app", 20},
    {"leaf<[u8; 4]>", "", "lib", 0},
};
/* Frame i is function i; the last one is LEAF inlined into ODD. */
static struct vr_dump_line lines[] = {{MAIN, 2},  {EVEN, 11}, {ODD, 21},
				      {LEAF, 31}, {LEAF, 32}, {ODD, 22}};
static struct vr_dump_frame frames[] = {
    {1, VR_DUMP_NONE, 0, 1}, {2, VR_DUMP_NONE, 1, 1}, {3, VR_DUMP_NONE, 2, 1},
    {4, VR_DUMP_NONE, 3, 1}, {5, VR_DUMP_NONE, 4, 2},
};
/* main even odd even odd+leaf, and even alone: a stack that was cut */
static struct vr_dump_node nodes[] = {
    {0, 0}, {0, 0}, {1, 1}, {2, 2}, {3, 1}, {4, 4}, {0, 1},
};
static struct vr_dump_thread threads[] = {{"one", 1}};
static struct vr_dump_sample samples[] = {
    {.node = 5, .value = {[VR_VALUE_SAMPLES] = 1, [VR_VALUE_CPU_NS] = 100}},
    {.node = 2, .value = {[VR_VALUE_SAMPLES] = 1, [VR_VALUE_CPU_NS] = 20}},
    {.node = 6, .value = {[VR_VALUE_SAMPLES] = 5000000000, [VR_VALUE_CPU_NS] = 3}},
};
static const struct vr_dump dump = {
    .function = functions,
    .line = lines,
    .frame = frames,
    .node = nodes,
    .thread = threads,
    .sample = samples,
    .functions = FUNCTIONS,
    .lines = sizeof(lines) / sizeof(lines[0]),
    .frames = sizeof(frames) / sizeof(frames[0]),
    .nodes = sizeof(nodes) / sizeof(nodes[0]),
    .threads = 1,
    .samples = sizeof(samples) / sizeof(samples[0]),
    .total = {5000000002, 123},
    .has_cpu = 1,
    .program = "app",
    .cmdline = "",
    .version = "0",
};

static uint64_t cpu_of(const struct vr_sums *sums, uint32_t function)
{
	return sums->function[function].total[VR_VALUE_CPU_NS];
}

START_TEST(recursion_counts_once)
{
	struct vr_paths *paths = vr_paths_new(&dump, 0, VR_DUMP_NONE);
	struct vr_sums *sums = vr_sums_new(&dump, paths);

	ck_assert_uint_eq(paths->path[0].total[VR_VALUE_CPU_NS], 123);
	ck_assert_uint_eq(cpu_of(sums, MAIN), 120);
	ck_assert_uint_eq(cpu_of(sums, EVEN), 123);
	ck_assert_uint_eq(cpu_of(sums, ODD), 100);
	ck_assert_uint_eq(cpu_of(sums, LEAF), 100);
	ck_assert_uint_eq(sums->function[EVEN].self[VR_VALUE_CPU_NS], 23);
	ck_assert_uint_eq(sums->function[ODD].self[VR_VALUE_CPU_NS], 0);
	vr_sums_free(sums);
	vr_paths_free(paths);
}
END_TEST

/* What callgrind's readers add up: the calls of a function are its total. */
START_TEST(first_calls_add_up_to_the_total)
{
	for (int by_line = 0; by_line < 2; by_line++) {
		struct vr_paths *paths = vr_paths_new(&dump, by_line, VR_DUMP_NONE);
		struct vr_sums *sums = vr_sums_new(&dump, paths);
		uint64_t first[FUNCTIONS] = {0};

		for (size_t i = 0; i < sums->calls; i++) {
			const struct vr_call *call = &sums->call[i];

			first[call->callee] += call->first[VR_VALUE_CPU_NS];
			if (call->caller == ODD && call->callee == EVEN) {
				ck_assert_uint_eq(call->first[VR_VALUE_CPU_NS], 0);
				ck_assert_uint_eq(call->total[VR_VALUE_CPU_NS], 100);
			}
		}
		for (uint32_t f = 0; f < FUNCTIONS; f++)
			ck_assert_uint_eq(first[f], cpu_of(sums, f));
		vr_sums_free(sums);
		vr_paths_free(paths);
	}
}
END_TEST

static void write_folded(const struct vr_dump *from, FILE *out)
{
	vr_write_folded(from, VR_VALUE_CPU_NS, out);
}

/* What a writer writes; free() it. */
static char *written(void (*write)(const struct vr_dump *, FILE *), size_t *size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, size);

	ck_assert_ptr_nonnull(out);
	write(&dump, out);
	ck_assert_int_eq(fclose(out), 0);
	return text;
}

START_TEST(folded_names_hold_no_separator)
{
	size_t size;
	char *text = written(write_folded, &size);

	ck_assert_str_eq(text, "main;even 20\n"
			       "main;even;odd;even;odd;leaf<[u8, 4]> 100\n"
			       "even 3\n");
	free(text);
}
END_TEST

/* even is in all samples: 5,000,000,002 = 4 * 2^30 + 0x540b * 2^15 + 0x7202 */
START_TEST(marshal_numbers_beyond_31_bits)
{
	static const char wanted[] = "l\3\0\0\0\x02\x72\x0b\x54\x04\0";
	size_t size;
	char *text = written(vr_write_pstats, &size);

	ck_assert_uint_eq((4ull << 30) + (0x540bull << 15) + 0x7202, 5000000002ull);
	ck_assert_ptr_nonnull(memmem(text, size, wanted, sizeof(wanted) - 1));
	ck_assert_int_eq(text[0], '{');
	ck_assert_int_eq(text[size - 1], '0');
	free(text);
}
END_TEST

START_TEST(callgrind_gives_cut_stacks_a_caller)
{
	size_t size;
	char *text = written(vr_write_callgrind, &size);
	const char *outermost = strstr(text, "fn=[outermost]");

	ck_assert_ptr_nonnull(outermost);
	/* only even is both called and outermost */
	ck_assert_ptr_nonnull(strstr(outermost, "calls=5000000000 10\n0 3 5000000000\n"));
	ck_assert_ptr_nonnull(strstr(text, "summary: 123 5000000002\n"));
	free(text);
}
END_TEST

/* A damaged file may claim any number of blocks. */
START_TEST(heaptrack_ends)
{
	static struct vr_dump_sample huge[] = {
	    {.node = 5,
	     .temporary = UINT64_MAX,
	     .value = {[VR_VALUE_ALLOCS] = UINT64_MAX,
		       [VR_VALUE_ALLOC_BYTES] = UINT64_MAX,
		       [VR_VALUE_LIVE_BLOCKS] = 1ull << 62,
		       [VR_VALUE_LIVE_BYTES] = 12345,
		       [VR_VALUE_PEAK_BLOCKS] = 1ull << 61,
		       [VR_VALUE_PEAK_BYTES] = 23456}},
	};
	struct vr_dump claims = dump;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	claims.sample = huge;
	claims.samples = 1;
	claims.has_heap = 1;
	ck_assert_uint_gt(vr_write_heaptrack(&claims, 1000, out), 0);
	ck_assert_int_eq(fclose(out), 0);
	ck_assert_uint_lt(size, 100000);
	free(text);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, recursion_counts_once);
	tcase_add_test(tests, first_calls_add_up_to_the_total);
	tcase_add_test(tests, folded_names_hold_no_separator);
	tcase_add_test(tests, marshal_numbers_beyond_31_bits);
	tcase_add_test(tests, callgrind_gives_cut_stacks_a_caller);
	tcase_add_test(tests, heaptrack_ends);
}

int main(void)
{
	return check_main("export", cases);
}
