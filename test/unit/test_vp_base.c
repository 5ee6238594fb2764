/* Small parts of the library that need no process: text, numbers, options,
 * sampling arithmetic, unwind rules. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "base/early.h"
#include "base/fmt.h"
#include "base/poisson.h"
#include "check_main.h"
#include "stack/rows.h"

START_TEST(text_is_cut_and_terminated)
{
	struct vp_text text;
	char buf[8];

	vp_text_init(&text, buf, sizeof(buf));
	vp_text_str(&text, "abc");
	vp_text_i64(&text, -12);
	ck_assert_str_eq(buf, "abc-12");
	ck_assert(!text.cut);
	vp_text_u64(&text, UINT64_MAX);
	ck_assert(text.cut);
	ck_assert_str_eq(buf, "abc-121");
}
END_TEST

START_TEST(numbers_parse_whole_or_not_at_all)
{
	uint64_t value = 7;

	ck_assert_int_eq(vp_parse_u64("18446744073709551615", 20, &value), 0);
	ck_assert(value == UINT64_MAX);
	ck_assert_int_eq(vp_parse_u64("18446744073709551616", 20, &value), -EINVAL);
	ck_assert_int_eq(vp_parse_u64("", 0, &value), -EINVAL);
	ck_assert_int_eq(vp_parse_u64("1x", 2, &value), -EINVAL);
	ck_assert_int_eq(vp_parse_bytes("64M", 3, &value), 0);
	ck_assert_uint_eq(value, 64u << 20);
	ck_assert_int_eq(vp_parse_bytes("M", 1, &value), -EINVAL);
	ck_assert_int_eq(vp_parse_bytes("99999999999G", 12, &value), -EINVAL);
}
END_TEST

START_TEST(seconds_have_fractions)
{
	uint64_t ns = 7;

	ck_assert_int_eq(vp_parse_seconds("2", 1, 10, &ns), 0);
	ck_assert_uint_eq(ns, 2000000000u);
	ck_assert_int_eq(vp_parse_seconds(".25", 3, 10, &ns), 0);
	ck_assert_uint_eq(ns, 250000000u);
	ck_assert_int_eq(vp_parse_seconds("10.000000001", 12, 10, &ns), 0);
	ck_assert_uint_eq(ns, 10000000001u);
	ck_assert_int_eq(vp_parse_seconds("3.", 2, 10, &ns), 0);
	ck_assert_uint_eq(ns, 3000000000u);
	ck_assert_int_eq(vp_parse_seconds(".", 1, 10, &ns), -EINVAL);
	ck_assert_int_eq(vp_parse_seconds("", 0, 10, &ns), -EINVAL);
	ck_assert_int_eq(vp_parse_seconds("11", 2, 10, &ns), -EINVAL);
	ck_assert_int_eq(vp_parse_seconds("1.0000000001", 12, 10, &ns), -EINVAL);
	ck_assert_int_eq(vp_parse_seconds("1s", 2, 10, &ns), -EINVAL);
	ck_assert_int_eq(vp_parse_seconds("-1", 2, 10, &ns), -EINVAL);
	ck_assert_int_eq(vp_parse_seconds("1.2.3", 5, 10, &ns), -EINVAL);
}
END_TEST

static int read_options(const char *options)
{
	static char entry[256];
	char *environment[] = {entry, NULL};

	strcpy(entry, "VPROF_OPTIONS=");
	strcat(entry, options);
	return vp_config_read(environment);
}

START_TEST(options_have_the_grammar_of_lsan)
{
	ck_assert_int_eq(read_options("out='a:b.vprof':size=2M:cpu=off::heap=sample=512K:"), 0);
	ck_assert_str_eq(vp_config.out, "a:b.vprof");
	ck_assert_uint_eq(vp_config.size_bytes, 2u << 20);
	ck_assert_uint_eq(vp_config.cpu_hz, 0);
	ck_assert_int_eq(vp_config.heap, VPROF_HEAP_SAMPLE);
	ck_assert_uint_eq(vp_config.heap_sample_bytes, 512u << 10);
	ck_assert_int_eq(read_options(""), 0);
	ck_assert_uint_eq(vp_config.cpu_hz, 250);
	ck_assert_int_eq(vp_config.heap, VPROF_HEAP_EXACT);
}
END_TEST

START_TEST(bad_options_are_refused)
{
	static const char *const bad[] = {
	    "cpu=0",  "cpu=fast",   "heap=all",	    "heap=sample=1",	 "size=4",
	    "tick=1", "nonsense=1", "engine=magic", "follow_fork=maybe", "out="};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(read_options(bad[i]) == -EINVAL, "%s was taken", bad[i]);
}
END_TEST

START_TEST(paths_expand)
{
	char *environment[] = {(char *)"WHO=me", NULL};
	char path[256], wanted[64];

	strcpy(vp_config.out, "/t/%e.%%.%{WHO}.%{NONE}.%p");
	ck_assert_int_eq(vp_config_path(path, sizeof(path), environment, "prog", 1, 1), 0);
	snprintf(wanted, sizeof(wanted), "/t/prog.%%.me..%d", getpid());
	ck_assert_str_eq(path, wanted);
	strcpy(vp_config.out, "/t/x");
	ck_assert_int_eq(vp_config_path(path, sizeof(path), environment, "prog", 1, 1), 0);
	snprintf(wanted, sizeof(wanted), "/t/x.%d", getpid());
	ck_assert_str_eq(path, wanted);
	ck_assert_int_eq(vp_config_path(path, 3, environment, "prog", 0, 1), -ENAMETOOLONG);
}
END_TEST

START_TEST(preload_entry_is_taken_out)
{
	char value[] = "LD_PRELOAD=/a/libfoo.so:/b/libvprof.so libbar.so";
	char *environment[] = {value, NULL};

	vp_config_unload_env(environment);
	ck_assert_str_eq(value, "LD_PRELOAD=/a/libfoo.so:libbar.so");
}
END_TEST

START_TEST(chance_is_expm1)
{
	for (double x = 1e-9; x < 100; x *= 1.07) {
		double right = -expm1(-x);

		ck_assert_msg(fabs(vp_poisson_chance(x) - right) <= 1e-11 * right, "at %g", x);
	}
	ck_assert(vp_poisson_chance(0) == 0);
}
END_TEST

START_TEST(gaps_are_exponential)
{
	const int n = 200000;
	uint64_t random = 88172645463325252u;
	double sum = 0, squares = 0;
	int above = 0;

	for (int i = 0; i < n; i++) {
		double gap = (double)vp_poisson_gap(&random, 4096);

		sum += gap;
		squares += gap * gap;
		above += gap > 4096;
	}
	/* mean R, standard deviation R, P(gap > R) = 1/e; five sigma */
	ck_assert(fabs(sum / n - 4096) < 5 * 4096 / sqrt(n));
	ck_assert(fabs(sqrt(squares / n - sum / n * (sum / n)) - 4096) < 5 * 4096 * sqrt(2.0 / n));
	ck_assert(fabs((double)above / n - exp(-1)) < 5 * sqrt(0.2325 / n));
}
END_TEST

START_TEST(rules_survive_packing)
{
	struct vp_rule rule = {VP_ROW_BP, 1, 0, -8388608, -262144, 0xfffe}, back;

	back = vp_rule_unpack(vp_rule_pack(&rule));
	ck_assert_int_eq(back.kind, rule.kind);
	ck_assert_int_eq(back.bp_saved, 1);
	ck_assert_int_eq(back.cfa_off, rule.cfa_off);
	ck_assert_int_eq(back.bp_off, rule.bp_off);
	ck_assert_uint_eq(back.module, rule.module);
	ck_assert_int_eq(back.hidden, 0);
	ck_assert(vp_rule_pack(&rule) & VP_RULE_PLAIN);
	rule.hidden = 1;
	ck_assert_int_eq(vp_rule_unpack(vp_rule_pack(&rule)).hidden, 1);
	ck_assert(!(vp_rule_pack(&rule) & VP_RULE_PLAIN));
	rule.cfa_off = 8388608;
	ck_assert(vp_rule_pack(&rule) == 0);
	rule.cfa_off = 16;
	rule.bp_off = -12;
	ck_assert(vp_rule_pack(&rule) == 0);
}
END_TEST

START_TEST(rows_are_found_dropped_and_replaced)
{
	ck_assert_int_eq(vp_rows_init(), 0);
	for (uint64_t i = 1; i <= 20000; i++)
		vp_rows_put(0x400000 + i * 3, i);
	for (uint64_t i = 1; i <= 20000; i++)
		ck_assert_uint_eq(vp_rows_find(0x400000 + i * 3), i);
	vp_rows_drop(0x400000, 0x400000 + 10000 * 3 + 1);
	ck_assert_uint_eq(vp_rows_find(0x400000 + 9000 * 3), 0);
	ck_assert_uint_eq(vp_rows_find(0x400000 + 10001 * 3), 10001);
	vp_rows_put(0x400000 + 9000 * 3, 77);
	ck_assert_uint_eq(vp_rows_find(0x400000 + 9000 * 3), 77);
	ck_assert_uint_eq(vp_rows_count(), 10001);
}
END_TEST

START_TEST(early_memory_is_aligned_and_bounded)
{
	unsigned char *a = vp_early_alloc(1, 10), *b = vp_early_alloc(4096, 100);

	ck_assert((uintptr_t)a % 16 == 0 && (uintptr_t)b % 4096 == 0);
	ck_assert(vp_early_owns(a) && vp_early_owns(b + 99) && !vp_early_owns(&a));
	ck_assert_uint_eq(vp_early_size(a), 10);
	ck_assert_uint_eq(vp_early_size(b), 100);
	ck_assert(vp_early_alloc(1, 1u << 20) == NULL);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, text_is_cut_and_terminated);
	tcase_add_test(tests, numbers_parse_whole_or_not_at_all);
	tcase_add_test(tests, seconds_have_fractions);
	tcase_add_test(tests, options_have_the_grammar_of_lsan);
	tcase_add_test(tests, bad_options_are_refused);
	tcase_add_test(tests, paths_expand);
	tcase_add_test(tests, preload_entry_is_taken_out);
	tcase_add_test(tests, chance_is_expm1);
	tcase_add_test(tests, gaps_are_exponential);
	tcase_add_test(tests, rules_survive_packing);
	tcase_add_test(tests, rows_are_found_dropped_and_replaced);
	tcase_add_test(tests, early_memory_is_aligned_and_bounded);
}

int main(void)
{
	return check_main("vp_base", cases);
}
