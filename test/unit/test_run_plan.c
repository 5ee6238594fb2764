/* vprof-run: the plan of runs, and words for people. */
#include "check_main.h"
#include "plan.h"
#include "words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char *command[] = {"./bin/engine", "--pair={symbol}", "{symbol}/{symbol}", NULL};
static char *symbols[] = {"SOL/USDT", "BTC/USDT", "SOL-USDT"};

START_TEST(a_command_runs_once_for_each_symbol)
{
	struct vrun_options options = {
	    .symbol = symbols, .symbols = 2, .command = command, .duration_s = 2.5};
	struct vrun_plan plan;

	ck_assert_int_eq(vrun_plan_make(&plan, &options), 0);
	ck_assert_uint_eq(plan.runs, 2);
	ck_assert_str_eq(plan.run[0].name, "engine SOL/USDT");
	ck_assert_str_eq(plan.run[0].label, "engine-SOL-USDT");
	ck_assert_str_eq(plan.run[0].argv[1], "--pair=SOL/USDT");
	ck_assert_str_eq(plan.run[1].argv[2], "BTC/USDT/BTC/USDT");
	ck_assert_ptr_null(plan.run[1].argv[3]);
	ck_assert_double_eq(plan.run[0].stop_s, 2.5);
	ck_assert(!plan.run[0].bundled);
	vrun_plan_free(&plan);
}
END_TEST

START_TEST(labels_name_files_and_none_is_given_twice)
{
	struct vrun_options options = {.symbol = symbols, .symbols = 3, .command = command};
	struct vrun_plan plan;

	ck_assert_int_eq(vrun_plan_make(&plan, &options), 0);
	ck_assert_str_eq(plan.run[2].label, "engine-SOL-USDT-2");
	for (size_t i = 0; i < plan.runs; i++)
		ck_assert_ptr_null(strpbrk(plan.run[i].label, "/ \t\n*"));
	vrun_plan_free(&plan);
}
END_TEST

START_TEST(without_a_symbol_there_is_one_run)
{
	char *plain[] = {"/usr/bin/true", NULL};
	struct vrun_options options = {.command = plain};
	struct vrun_plan plan;

	ck_assert_int_eq(vrun_plan_make(&plan, &options), 0);
	ck_assert_uint_eq(plan.runs, 1);
	ck_assert_str_eq(plan.run[0].name, "true");
	ck_assert_str_eq(plan.run[0].label, "true");
	ck_assert_double_eq(plan.run[0].stop_s, 0);
	vrun_plan_free(&plan);
}
END_TEST

START_TEST(a_name_of_hostile_characters_is_a_harmless_label)
{
	char *hostile[] = {"./\n\x1b[31m..-x", NULL};
	struct vrun_options options = {.command = hostile};
	struct vrun_plan plan;

	ck_assert_int_eq(vrun_plan_make(&plan, &options), 0);
	for (const char *c = plan.run[0].label; *c; c++)
		ck_assert_msg(*c > ' ' && *c < 0x7f && *c != '/', "label '%s'", plan.run[0].label);
	ck_assert_int_ne(plan.run[0].label[0], '.');
	ck_assert_int_ne(plan.run[0].label[0], '-');
	vrun_plan_free(&plan);
}
END_TEST

/* The bundled programs are looked for beside vprof-run, which a test is not. */
START_TEST(bundled_programs_that_are_missing_are_said)
{
	struct vrun_options options = {0};
	struct vrun_plan plan;

	ck_assert_int_eq(vrun_plan_make(&plan, &options), -ENOENT);
	vrun_plan_free(&plan);
}
END_TEST

START_TEST(the_responsible_frame_is_the_one_the_report_blames)
{
	json_t *site =
	    json_pack("{s:[{s:s,s:s},{s:s,s:s,s:i,s:b},{s:s,s:s}]}", "frames", "module",
		      "/lib/libc.so.6", "file", "", "module", "/opt/engine", "file", "src/book.c",
		      "line", 12, "responsible", 1, "module", "/opt/engine", "file", "src/main.c");
	const json_t *frame = vrun_responsible_frame(site);
	char *place = vrun_place(frame);

	ck_assert_str_eq(place, "book.c:12");
	free(place);
	place = vrun_place(json_array_get(json_object_get(site, "frames"), 0));
	ck_assert_str_eq(place, "libc.so.6"); /* without lines: its module */
	free(place);
	json_decref(site);
	site = json_pack("{s:[{s:s}]}", "frames", "module", "/lib/libc.so.6");
	ck_assert_ptr_eq(vrun_responsible_frame(site),
			 json_array_get(json_object_get(site, "frames"), 0)); /* none is */
	json_decref(site);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, a_command_runs_once_for_each_symbol);
	tcase_add_test(tests, labels_name_files_and_none_is_given_twice);
	tcase_add_test(tests, without_a_symbol_there_is_one_run);
	tcase_add_test(tests, a_name_of_hostile_characters_is_a_harmless_label);
	tcase_add_test(tests, bundled_programs_that_are_missing_are_said);
	tcase_add_test(tests, the_responsible_frame_is_the_one_the_report_blames);
}

int main(void)
{
	return check_main("run_plan", cases);
}
