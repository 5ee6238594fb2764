/* Charts: no text lies on another, whatever the data; the files are what they
 * claim to be. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check_main.h"
#include "output/chart_panel.h"
#include "output/chart_scene.h"

#define POINTS 3000
#define BARS   20

static const char *const long_name =
    "std::_Rb_tree<std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> "
    ">, std::pair<std::__cxx11::basic_string<char> const, book::level<double, 50> >, "
    "std::_Select1st<book::level> >::_M_emplace_hint_unique<std::piecewise_construct_t const&, "
    "std::tuple<std::string const&> >(std::_Rb_tree_const_iterator<std::pair<std::string const, "
    "book::level<double, 50> > >, std::piecewise_construct_t const&) (stl_tree.h:2462)";

/* What the font library keeps until the end is not ours. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libfontconfig";
}

static double x[POINTS], value[VR_CHART_SERIES_MAX][POINTS];
static struct vr_chart_series series[VR_CHART_SERIES_MAX];
static const char *label[BARS];
static struct vr_chart_panel panel[3];
static struct vr_chart chart;
static struct vr_chart_note note[3];
static const struct vr_chart_span span[] = {{-1, 0.1}, {0.3, 0.5}, {0.9, 1e9}};

/* Three panels over `seconds` with `points` points of up to `most`. */
static void make(size_t points, double seconds, double most, const char *name)
{
	for (size_t s = 0; s < VR_CHART_SERIES_MAX; s++) {
		series[s] = (struct vr_chart_series){.name = name, .value = value[s]};
		for (size_t i = 0; i < POINTS; i++)
			value[s][i] = most * (double)((i * 7 + s * 13) % 101) / 100;
		value[s][2] = s % 2 ? NAN : value[s][2];
	}
	for (size_t i = 0; i < POINTS; i++)
		x[i] = seconds * (points > 1 ? (double)i / (double)(points - 1) : 1);
	for (size_t i = 0; i < BARS; i++)
		label[i] = i % 3 ? name : "f";
	for (int p = 0; p < 3; p++)
		panel[p] = (struct vr_chart_panel){
		    .kind = p == 0   ? VR_PANEL_LINES
			    : p == 1 ? VR_PANEL_AREAS
				     : VR_PANEL_BARS,
		    .title = name,
		    .unit = "MB",
		    .empty = "nothing to draw",
		    .x = x,
		    .label = label,
		    .points = p == 2 && points > BARS ? BARS : points,
		    .series = series,
		    .count = p == 2 ? 2 : VR_CHART_SERIES_MAX,
		};
	for (int i = 0; i < 3; i++)
		note[i] = (struct vr_chart_note){name, i == 1};
	chart = (struct vr_chart){.title = name,
				  .subtitle = name,
				  .note = note,
				  .notes = 3,
				  .span = span,
				  .spans = 3,
				  .panel = panel,
				  .panels = 3};
}

static int overlap(struct vr_box a, struct vr_box b)
{
	return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

static void nothing_overlaps(const char *what)
{
	struct vr_scene *scene = vr_chart_layout(&chart);
	const char *here, *there;

	ck_assert(scene->texts > 10);
	for (size_t i = 0; i < scene->texts; i++) {
		struct vr_box a = vr_scene_box(&scene->text[i]);

		here = scene->text[i].text;
		if (!(a.left >= 0 && a.top >= 0 && a.right <= scene->width &&
		      a.bottom <= scene->height))
			ck_abort_msg("%s: '%s' leaves the picture", what, here);
		for (size_t k = 0; k < i; k++) {
			there = scene->text[k].text;
			if (overlap(a, vr_scene_box(&scene->text[k])))
				ck_abort_msg("%s: '%s' lies on '%s'", what, here, there);
		}
	}
	for (size_t i = 0; i < scene->shapes; i++) {
		for (size_t k = 0; k < scene->shape[i].points; k++) {
			double px = scene->shape[i].xy[2 * k], py = scene->shape[i].xy[2 * k + 1];

			if (!(px >= 0 && px <= scene->width && py >= 0 && py <= scene->height))
				ck_abort_msg("%s: a shape leaves the picture at %g, %g", what, px,
					     py);
		}
	}
	vr_scene_free(scene);
}

START_TEST(no_text_lies_on_another)
{
	static const size_t points[] = {0, 1, 2, 20, 61, POINTS};
	static const double seconds[] = {0, 0.0004, 0.9, 59, 600, 86400, 8e6};
	static const double most[] = {0, 1e-6, 0.7, 12345, 7e12};
	static const char *names[] = {"app", NULL, "\033[31m\xff\x80<&\">", ""};
	char what[80];

	names[1] = long_name;
	for (size_t n = 0; n < 4; n++)
		for (size_t p = 0; p < 6; p++)
			for (size_t s = 0; s < 7; s++)
				for (size_t m = 0; m < 5; m++) {
					make(points[p], seconds[s], most[m], names[n]);
					sprintf(what, "%zu points, %g s, %g MB, name %zu",
						points[p], seconds[s], most[m], n);
					nothing_overlaps(what);
				}
}
END_TEST

START_TEST(a_window_far_from_zero)
{
	make(61, 100, 10, "app");
	chart.from_s = 86300;
	chart.to_s = 86400.5;
	nothing_overlaps("a window of a day");
	chart.from_s = 0.0001;
	chart.to_s = 0.0002;
	nothing_overlaps("a window of 100 us");
}
END_TEST

/* Histograms: buckets of all widths and counts, marks close together and far from each other. */
START_TEST(no_mark_lies_on_another)
{
	static double from[POINTS], to[POINTS];
	static const double spread[] = {1, 1.01, 1.5, 30, 1e6};
	struct vr_chart_mark mark[5];
	char what[80];

	for (int width = 0; width < 4; width++) {
		for (int m = 0; m < 5; m++) {
			make(POINTS, 1, width == 3 ? 0 : pow(10, 3 * width), "app");
			for (size_t i = 0; i < POINTS; i++) {
				from[i] = pow(1 + 0.004 * (width + 1), (double)i);
				to[i] = from[i] * (1 + 0.004 * (width + 1));
			}
			for (int i = 0; i < 5; i++)
				mark[i] = (struct vr_chart_mark){1e3 * pow(spread[m], i),
								 i % 2 ? "p99.9 1.2 ms" : "max 7 s",
								 i == 3};
			panel[0] = (struct vr_chart_panel){.kind = VR_PANEL_TIMES,
							   .title = "loop",
							   .unit = "iterations",
							   .empty = "none",
							   .points = POINTS,
							   .series = series,
							   .count = 1,
							   .from_ns = from,
							   .to_ns = to,
							   .mark = mark,
							   .marks = 5};
			panel[1] = panel[0];
			panel[1].points = 1;
			panel[2].points = 0;
			sprintf(what, "width %d, marks %g apart", width, spread[m]);
			nothing_overlaps(what);
		}
	}
}
END_TEST

START_TEST(two_texts_on_each_other_are_seen)
{
	struct vr_scene_text style = {.size = 12, .x = 10, .y = 20};
	struct vr_scene *scene = vr_scene_new(100);

	vr_scene_text(scene, style, "one", 90);
	style.x = 15;
	vr_scene_text(scene, style, "two", 90);
	ck_assert(overlap(vr_scene_box(&scene->text[0]), vr_scene_box(&scene->text[1])));
	vr_scene_free(scene);
}
END_TEST

START_TEST(long_text_is_shortened_to_its_room)
{
	struct vr_scene_text style = {.size = 12};
	struct vr_scene *scene = vr_scene_new(100);

	for (double room = 0; room < 400; room += 7) {
		double width = vr_scene_text(scene, style, long_name, room);
		const char *text = scene->text[scene->texts - 1].text;

		ck_assert(width <= room);
		ck_assert(!*text || strcmp(text + strlen(text) - 3, "\xe2\x80\xa6") == 0);
		vr_scene_text(scene, style, "\xc3\xa4\xc3\xb6\xe6\x97\xa5\xe6\x9c\xac", room / 10);
	}
	ck_assert_double_eq(vr_scene_text(scene, style, "short", 400),
			    vr_scene_width(scene, "short", 12, 0));
	vr_scene_free(scene);
}
END_TEST

/* A colour says what a series is, or that it is an alarm, and never both. */
START_TEST(alarms_have_colours_of_their_own)
{
	struct vr_chart_series mixed[VR_CHART_SERIES_MAX] = {{0}};
	uint32_t of[3][VR_CHART_SERIES_MAX];

	for (int tone = VR_TONE_NAME; tone <= VR_TONE_ALARM; tone++) {
		for (size_t s = 0; s < VR_CHART_SERIES_MAX; s++)
			mixed[s].tone = (enum vr_chart_tone)tone;
		for (size_t s = 0; s < VR_CHART_SERIES_MAX; s++)
			of[tone][s] = vr_chart_colour(mixed, s);
		for (size_t s = 1; s < VR_CHART_SERIES_MAX; s++)
			for (size_t k = 0; k < s; k++)
				ck_assert_uint_ne(of[tone][s], of[tone][k]);
	}
	for (size_t s = 0; s < VR_CHART_SERIES_MAX; s++) {
		uint32_t red = of[VR_TONE_ALARM][s] >> 16;

		ck_assert(red > (of[VR_TONE_ALARM][s] >> 8 & 255) &&
			  red > (of[VR_TONE_ALARM][s] & 255));
		for (size_t k = 0; k < VR_CHART_SERIES_MAX; k++)
			ck_assert(of[VR_TONE_ALARM][s] != of[VR_TONE_NAME][k] &&
				  of[VR_TONE_ALARM][s] != of[VR_TONE_CALM][k]);
	}
	/* Beside alarms the first calm one is still the first. */
	mixed[0].tone = VR_TONE_ALARM;
	mixed[1].tone = VR_TONE_CALM;
	ck_assert_uint_eq(vr_chart_colour(mixed, 1), of[VR_TONE_CALM][0]);
}
END_TEST

START_TEST(ticks_are_round_and_few)
{
	static const double values[] = {1e-9, 0.3, 1, 9.99, 10, 101, 4096, 3.7e12};
	char text[VR_AXIS_TEXT];
	double end, seconds;

	for (size_t i = 0; i < 8; i++) {
		double step = vr_axis_step(values[i], 6, &end);
		double digit = step / pow(10, floor(log10(step) + 1e-9));

		ck_assert(end >= values[i] * (1 - 1e-9) && end / step < 6.5);
		ck_assert(fabs(digit - 1) < 1e-6 || fabs(digit - 2) < 1e-6 ||
			  fabs(digit - 5) < 1e-6);
	}
	vr_axis_text(text, 0.25, 0.05);
	ck_assert_str_eq(text, "0.25");
	vr_axis_text(text, 300, 100);
	ck_assert_str_eq(text, "300");
	ck_assert_str_eq(vr_axis_time(0.5, &seconds), "ms");
	ck_assert_str_eq(vr_axis_time(100, &seconds), "s");
	ck_assert_str_eq(vr_axis_time(3600, &seconds), "minutes");
	ck_assert_str_eq(vr_axis_time(86400, &seconds), "hours");
	ck_assert_str_eq(vr_axis_time(1e6, &seconds), "days");
	ck_assert_double_eq(seconds, 86400);
}
END_TEST

/* CHART_DIR keeps the pictures for a look. */
START_TEST(files_begin_as_they_should)
{
	static const char png[] = "\x89PNG\r\n\x1a\n";
	const char *dir = getenv("CHART_DIR");
	char path[300], head[8];
	FILE *in;

	make(61, 5000, 300, long_name);
	snprintf(path, sizeof(path), "%s/chart.%d.png", dir ? dir : "/tmp", getpid());
	ck_assert_int_eq(vr_chart_png(&chart, path), 0);
	in = fopen(path, "rb");
	ck_assert_uint_eq(fread(head, 1, 8, in), 8);
	fclose(in);
	ck_assert_mem_eq(head, png, 8);
	if (!dir)
		unlink(path);
	ck_assert_int_eq(vr_chart_png(&chart, "/nowhere/x.png"), -ENOENT);
	ck_assert_int_eq(vr_chart_svg(&chart, "/dev/full"), -ENOSPC);
	ck_assert_int_eq(vr_chart_png(&chart, "/dev/full"), -ENOSPC);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, no_text_lies_on_another);
	tcase_add_test(tests, a_window_far_from_zero);
	tcase_add_test(tests, no_mark_lies_on_another);
	tcase_add_test(tests, two_texts_on_each_other_are_seen);
	tcase_add_test(tests, long_text_is_shortened_to_its_room);
	tcase_add_test(tests, alarms_have_colours_of_their_own);
	tcase_add_test(tests, ticks_are_round_and_few);
	tcase_add_test(tests, files_begin_as_they_should);
}

int main(void)
{
	return check_main("chart", cases);
}
