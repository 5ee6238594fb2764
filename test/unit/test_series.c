/* The series of a ring file: read, refused where it is damaged, and judged. */
#include <fcntl.h>
#include <unistd.h>

#include "model/growth.h"
#include "ring_file.h"

#define POINTS 80u

static struct vprof_series *add_row(struct mkprof *mk, uint32_t node, uint32_t blocks_a_point)
{
	struct vprof_series *row = mk_row(mk, VPROF_SEC_SERIES, NULL);

	row->node = node;
	for (uint32_t i = 0; i < POINTS; i++) {
		row->blocks[i] = 10 + i * blocks_a_point;
		row->bytes[i] = 100ull * row->blocks[i];
	}
	row->age[20] = row->blocks[POINTS - 1]; /* 0.5 to 1 s */
	return row;
}

/* Readings every 100 ms; node 6 grows by 2 blocks of 100 bytes each time, node 4
 * does not. */
static struct mkprof with_series(void)
{
	struct mkprof mk = mk_normal();
	struct vprof_header *h = mk_header(&mk);
	struct vprof_series *clock;

	mk_section(&mk, VPROF_SEC_SERIES, sizeof(*clock));
	clock = mk_row(&mk, VPROF_SEC_SERIES, NULL);
	for (uint32_t i = 0; i < POINTS; i++) {
		clock->bytes[i] = (i + 1) * 100 * MK_MS;
		clock->blocks[i] = 1;
	}
	h->series_points = POINTS;
	h->series_clock = VPROF_SERIES_TIME;
	h->series_step = 100 * MK_MS;
	h->series_readings = POINTS;
	h->series_ages_ns = POINTS * 100 * MK_MS;
	add_row(&mk, 6, 2)->age[23] = 150; /* 4 to 8 s */
	add_row(&mk, 4, 0);
	return mk;
}

static struct vprof_series *row_of(struct mkprof *mk, uint32_t row)
{
	return (struct vprof_series *)(mk->bytes +
				       (uint64_t)mk->extents[VPROF_SEC_SERIES] * MK_EXTENT) +
	       row;
}

static struct vr_profile *open_profile(struct mkprof *mk)
{
	struct vr_profile *profile;
	struct vr_select select = {0};
	struct vr_err err;

	ck_assert_int_eq(mk_write(mk, path, 0), 0);
	mk_free(mk);
	ck_assert_int_eq(vr_profile_open(path, &select, NULL, &profile, &err), 0);
	return profile;
}

START_TEST(a_growing_site_is_found)
{
	struct mkprof mk = with_series();
	struct vr_profile *profile = open_profile(&mk);
	struct vr_heap *heap = vr_heap_new(profile);
	struct vr_growth *growth = vr_growth_judge(profile, heap);
	const struct vr_growth_site *site = vr_growth_find(growth, 6);

	ck_assert_uint_eq(profile->file->n_damages, 0);
	ck_assert_ptr_null(growth->note);
	ck_assert_uint_eq(growth->points, POINTS);
	ck_assert_int_eq(site->verdict, VR_GROWTH_GROWING);
	ck_assert_uint_eq(growth->growing, 1);
	ck_assert_ptr_eq(site, &growth->site[0]);
	ck_assert_int_eq(site->verdict, VR_GROWTH_GROWING);
	ck_assert_double_eq_tol(site->slope, 2000, 1); /* bytes a second */
	ck_assert_uint_eq(site->bytes[POINTS - 1], 100 * (10 + 2 * (POINTS - 1)));
	ck_assert_uint_eq(site->old_blocks, 150);
	ck_assert_uint_eq(growth->growing_bytes, site->site->live_bytes);
	ck_assert_int_eq(vr_growth_find(growth, 4)->verdict, VR_GROWTH_FLAT);
	ck_assert_ptr_null(vr_growth_find(growth, 2));
	vr_growth_free(growth);
	vr_heap_free(heap);
	vr_profile_close(profile);
}
END_TEST

START_TEST(without_points_it_says_so)
{
	struct mkprof mk = mk_normal();
	struct vr_profile *profile = open_profile(&mk);
	struct vr_heap *heap = vr_heap_new(profile);
	struct vr_growth *growth = vr_growth_judge(profile, heap);

	ck_assert_uint_eq(growth->n_sites, 0);
	ck_assert_str_eq(growth->note, "no readings over time were recorded");
	vr_growth_free(growth);
	vr_heap_free(heap);
	vr_profile_close(profile);
}
END_TEST

static void damaged(struct mkprof *mk, const char *part, uint32_t points)
{
	struct vr_profile *profile = open_profile(mk);
	const struct vr_file *file = profile->file;

	ck_assert_uint_eq(file->n_damages, part != NULL);
	if (part)
		ck_assert_msg(strstr(file->damage[0].reason, part), "'%s' does not say '%s'",
			      file->damage[0].reason, part);
	ck_assert_uint_eq(file->series_points, points);
	ck_assert_uint_eq(file->series_rows > 0, points > 0);
	vr_profile_close(profile);
}

START_TEST(damage_is_said)
{
	struct mkprof mk = with_series();

	mk_header(&mk)->series_points = VPROF_SERIES_POINTS + 1;
	damaged(&mk, "series: too many points", 0);
	mk = with_series();
	mk_header(&mk)->series_sequence = 1;
	damaged(&mk, "series: points were being merged", 0);
	mk = with_series();
	row_of(&mk, 0)->bytes[40] = 5;
	damaged(&mk, "series: time runs backwards", 0);
	mk = with_series();
	row_of(&mk, 1)->node = 5000;
	damaged(&mk, "series: node id out of range", POINTS);
	mk = with_series();
	row_of(&mk, 2)->first = POINTS + 1;
	damaged(&mk, "series: first point out of range", POINTS);
}
END_TEST

/* A process that was killed while it merged points: no series, no damage. */
START_TEST(a_killed_writer_is_no_damage)
{
	struct mkprof mk = with_series();

	mk_header(&mk)->series_sequence = 1;
	mk_header(&mk)->state = VPROF_STATE_RUNNING;
	damaged(&mk, NULL, 0);
}
END_TEST

START_TEST(a_row_left_out_is_not_judged)
{
	struct mkprof mk = with_series();
	struct vr_profile *profile;
	struct vr_heap *heap;
	struct vr_growth *growth;

	row_of(&mk, 1)->node = 5000;
	profile = open_profile(&mk);
	heap = vr_heap_new(profile);
	growth = vr_growth_judge(profile, heap);
	ck_assert_uint_eq(growth->n_sites, 1);
	ck_assert_uint_eq(growth->growing, 0);
	vr_growth_free(growth);
	vr_heap_free(heap);
	vr_profile_close(profile);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_checked_fixture(tests, make_path, remove_path);
	tcase_add_test(tests, a_growing_site_is_found);
	tcase_add_test(tests, without_points_it_says_so);
	tcase_add_test(tests, damage_is_said);
	tcase_add_test(tests, a_killed_writer_is_no_damage);
	tcase_add_test(tests, a_row_left_out_is_not_judged);
}

int main(void)
{
	return check_main("series", cases);
}
