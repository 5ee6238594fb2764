/* When was recorded, as files tell it that are whole, old, damaged or being written; and what
 * may be shown of a command line; how much samples say. */
#include "model/cpu.h"
#include "model/run.h"
#include "ring_file.h"
#include "text/recorded.h"

static struct vr_profile *profile;

static void forget_file(void)
{
	vr_profile_close(profile);
	profile = NULL;
	remove_path();
}

static const struct vr_file *load(struct mkprof *mk)
{
	static const struct vr_select all = {.until_ns = UINT64_MAX, .inlines = 1};
	struct vr_err err;

	vr_profile_close(profile);
	profile = NULL;
	ck_assert_int_eq(mk_write(mk, path, 0), 0);
	ck_assert_int_eq(vr_profile_open(path, &all, NULL, &profile, &err), 0);
	return profile->file;
}

/* The spans of the file in milliseconds: "500-1000 1400-1900", "?" where not known. */
static const char *spans(struct mkprof *mk)
{
	static char text[512];
	struct vprof_window window[VPROF_WINDOWS];
	int known, at = 0;
	size_t count = vr_windows(load(mk), window, &known);

	text[0] = '\0';
	if (!known)
		return "?";
	for (size_t i = 0; i < count; i++)
		at += snprintf(text + at, sizeof(text) - (size_t)at, "%s%llu-%llu", i ? " " : "",
			       (unsigned long long)(window[i].from_ns / MK_MS),
			       (unsigned long long)(window[i].to_ns / MK_MS));
	return text;
}

START_TEST(spans_are_what_was_recorded)
{
	struct vprof_header *h;
	struct mkprof mk;

	ck_assert_int_eq(mk_shape("paused", &mk), 0);
	h = mk_header(&mk);
	ck_assert_str_eq(spans(&mk), "500-1000 1400-1900");
	ck_assert_uint_eq(vr_recorded_ns(profile->file), 1000 * MK_MS);
	/* The last one goes on. */
	h->paused = 0;
	h->window[1].to_ns = 0;
	ck_assert_str_eq(spans(&mk), "500-1000 1400-2000");
	ck_assert_uint_eq(vr_recorded_ns(profile->file), 1100 * MK_MS);
	/* More than there are entries: the last stands for the rest. */
	h->windows = 400;
	for (uint32_t i = 0; i < VPROF_WINDOWS; i++)
		h->window[i] = (struct vprof_window){i * 100 * MK_MS, (i * 100 + 50) * MK_MS};
	h->window[VPROF_WINDOWS - 1].to_ns = 1990 * MK_MS;
	ck_assert_str_eq(strrchr(spans(&mk), ' '), " 1500-1990");
	/* Nothing, from the start on. */
	h->windows = 0;
	h->pauses = h->paused = 1;
	h->pause_why = VPROF_PAUSE_START;
	h->paused_ns = h->paused_since_ns = 0;
	ck_assert_str_eq(spans(&mk), "");
	ck_assert_uint_eq(vr_recorded_ns(profile->file), 0);
	/* An older library counted its pauses and no more. */
	h->pause_why = VPROF_PAUSE_NONE;
	ck_assert_str_eq(spans(&mk), "?");
	h->pauses = 0;
	ck_assert_str_eq(spans(&mk), "0-2000");
	mk_free(&mk);
}
END_TEST

START_TEST(damaged_spans_lead_nowhere)
{
	struct vprof_header *h;
	struct mkprof mk;

	ck_assert_int_eq(mk_shape("paused", &mk), 0);
	h = mk_header(&mk);
	h->windows = UINT32_MAX;
	h->window[0] = (struct vprof_window){UINT64_MAX, 5};
	h->window[1] = (struct vprof_window){1400 * MK_MS, UINT64_MAX};
	h->window[2] = (struct vprof_window){100 * MK_MS, 200 * MK_MS};
	ck_assert_str_eq(spans(&mk), "1400-2000");
	h->paused_ns = UINT64_MAX / 2;
	load(&mk);
	ck_assert_uint_eq(vr_recorded_ns(profile->file), 0);
	mk_free(&mk);
}
END_TEST

static void shown_is(struct mkprof *mk, enum vr_args args, const char *want)
{
	char *text = vr_command_text(load(mk), args);

	ck_assert_str_eq(text, want);
	free(text);
}

START_TEST(arguments_that_nobody_masked_are_not_shown)
{
	static const char whole[] = "app --symbol SOL/USDT";
	struct mkprof mk = mk_new();
	struct vprof_header *h = mk_header(&mk);

	shown_is(&mk, VR_ARGS_USUAL, whole);
	shown_is(&mk, VR_ARGS_ALL, whole);
	for (uint32_t args = 0; args < 9; args++) {
		int is_masked = args == VPROF_ARGS_MASKED || args == VPROF_ARGS_NONE;
		const char *want =
		    is_masked ? whole
			      : "app (2 words of arguments, not masked: --args=all shows them)";

		h->args = args;
		shown_is(&mk, VR_ARGS_USUAL, want);
		shown_is(&mk, VR_ARGS_WHOLE, want);
		shown_is(&mk, VR_ARGS_ALL, whole);
	}
	h->cmdline = mk_string(&mk, "app");
	shown_is(&mk, VR_ARGS_USUAL, "app");
	h->cmdline = VPROF_NONE;
	shown_is(&mk, VR_ARGS_USUAL, "/opt/none/app");
	mk_free(&mk);
}
END_TEST

/* 40 samples of 1 ms, and one of 60 that a thread in windows had: no surer than three. */
START_TEST(one_sample_for_many_is_worth_one)
{
	struct mkprof mk = mk_new();
	struct vr_cpu *cpu;

	mk_nodes(&mk);
	mk_row(&mk, VPROF_SEC_THREADS, NULL);
	mk_thread(&mk, 1, "windows", 100);
	mk_row(&mk, VPROF_SEC_CPU, NULL);
	mk_cpu(&mk, 4, 1, 40, 40);
	load(&mk);
	cpu = vr_cpu_new(profile);
	ck_assert_uint_eq(cpu->worth, 40);
	vr_cpu_free(cpu);
	mk_cpu(&mk, 6, 1, 1, 60);
	load(&mk);
	cpu = vr_cpu_new(profile);
	ck_assert_uint_eq(cpu->total_samples, 41);
	ck_assert_uint_eq(cpu->worth, 3);
	vr_cpu_free(cpu);
	mk_free(&mk);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_checked_fixture(tests, make_path, forget_file);
	tcase_add_test(tests, spans_are_what_was_recorded);
	tcase_add_test(tests, one_sample_for_many_is_worth_one);
	tcase_add_test(tests, damaged_spans_lead_nowhere);
	tcase_add_test(tests, arguments_that_nobody_masked_are_not_shown);
}

int main(void)
{
	return check_main("recorded", cases);
}
