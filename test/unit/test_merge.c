/* Several records as one: every sum is that of the parts. */
#include "input/merge.h"
#include "model/cpu.h"
#include "model/heap.h"
#include "model/leaks.h"
#include "model/maps.h"
#include "model/profile_tree.h"
#include "ring_file.h"

static char second[64];
static struct vr_profile *profile;

static void make_paths(void)
{
	int fd;

	make_path();
	strcpy(second, "/tmp/vr-test-XXXXXX");
	fd = mkstemp(second);
	ck_assert_int_ge(fd, 0);
	close(fd);
}

static void remove_paths(void)
{
	vr_profile_close(profile);
	profile = NULL;
	remove_path();
	unlink(second);
}

static void add_up(struct mkprof *a, struct mkprof *b, const struct vr_select *select)
{
	static const struct vr_select all = {.until_ns = UINT64_MAX, .inlines = 1};
	const char *const paths[] = {path, second};
	struct vr_file *head;
	struct vr_err err;

	ck_assert_int_eq(mk_write(a, path, 0), 0);
	ck_assert_int_eq(mk_write(b, second, 0), 0);
	ck_assert_int_eq(vr_file_open_head(path, &head, &err), 0);
	ck_assert_int_eq(
	    vr_profile_open_tree(head, paths, 2, select ? select : &all, NULL, &profile, &err), 0);
	vr_file_close(head);
}

START_TEST(same_frames_are_one_node)
{
	struct mkprof a = mk_normal(), b = mk_normal();

	mk_move(&b);
	add_up(&a, &b, NULL);
	ck_assert_uint_eq(profile->file->n_members, 2);
	ck_assert_uint_eq(profile->file->n_modules, 2);
	ck_assert_uint_eq(profile->file->n_nodes, 8);
	ck_assert_uint_eq(profile->file->n_threads, 11); /* five of each, and row 0 */
	ck_assert_ptr_null(profile->file->other_builds);
	ck_assert_str_eq(vr_file_string(profile->file, profile->file->header.cmdline),
			 "app --symbol SOL/USDT");
	mk_free(&a);
	mk_free(&b);
}
END_TEST

START_TEST(cpu_is_the_sum)
{
	struct mkprof a = mk_normal(), b = mk_normal();
	struct vr_cpu *cpu;
	struct vr_cpu_function *row;
	size_t count;

	mk_move(&b);
	add_up(&a, &b, NULL);
	cpu = vr_cpu_new(profile);
	ck_assert_uint_eq(cpu->total_ns, 600 * MK_MS);
	ck_assert_uint_eq(cpu->total_samples, 160);
	ck_assert_uint_eq(cpu->helper_ns, 10 * MK_MS);
	row = vr_cpu_functions(profile, cpu, &count);
	ck_assert_uint_eq(count, 4);
	for (size_t i = 0; i < count; i++) {
		const char *name = profile->stacks->function[row[i].function].name;

		if (strcmp(name, "app+0x3000") == 0)
			ck_assert_uint_eq(row[i].self_ns, 320 * MK_MS);
		else if (strcmp(name, "app+0x1000") == 0)
			ck_assert_uint_eq(row[i].total_ns, 600 * MK_MS);
	}
	free(row);
	vr_cpu_free(cpu);
	mk_free(&a);
	mk_free(&b);
}
END_TEST

/* Kernel time is what the samples of a thread leave, in the process alone that hides it. */
START_TEST(kernel_of_one_of_them)
{
	struct mkprof a = mk_normal(), b = mk_user_only();
	struct vr_cpu *cpu;

	mk_header(&b)->engine = VPROF_ENGINE_PERF;
	mk_move(&b);
	add_up(&a, &b, NULL);
	cpu = vr_cpu_new(profile);
	ck_assert_uint_eq(cpu->kernel_ns, 195 * MK_MS);
	/* of the second the weights stay as they are: 60 + 40 + 50 + 20 + 120 */
	ck_assert_uint_eq(cpu->total_ns, (300 + 290 + 195) * MK_MS);
	vr_cpu_free(cpu);
	mk_free(&a);
	mk_free(&b);
}
END_TEST

START_TEST(a_window_is_on_the_common_clock)
{
	struct vr_select window = {
	    .windowed = 1, .since_ns = 450 * MK_MS, .until_ns = 650 * MK_MS, .inlines = 1};
	struct mkprof a = mk_normal(), b = mk_normal();
	struct vr_cpu *cpu;

	mk_move(&b);
	add_up(&a, &b, &window);
	cpu = vr_cpu_new(profile);
	/* at 500 and 600 ms: two of the first, and those at 0 and 100 ms of the second */
	ck_assert_uint_eq(cpu->total_samples, 4);
	ck_assert_uint_eq(profile->file->n_events, 30);
	for (size_t i = 1; i < profile->file->n_events; i++)
		ck_assert_uint_ge(profile->file->event[i].t_ns, profile->file->event[i - 1].t_ns);
	vr_cpu_free(cpu);
	mk_free(&a);
	mk_free(&b);
}
END_TEST

START_TEST(heap_is_the_sum)
{
	struct mkprof a = mk_normal(), b = mk_normal();
	struct vr_heap *heap;
	const struct vr_site *site;

	mk_move(&b);
	add_up(&a, &b, NULL);
	heap = vr_heap_new(profile);
	ck_assert_uint_eq(heap->n_sites, 2);
	ck_assert_uint_eq(heap->allocs, 320);
	ck_assert_uint_eq(heap->alloc_bytes, 32000);
	ck_assert_uint_eq(heap->live_bytes, 3000);
	ck_assert_uint_eq(heap->peak_bytes, 5000);
	site = vr_heap_largest(heap, VR_HEAP_BYTES);
	ck_assert_uint_eq(site->allocs, 300);
	ck_assert_uint_eq(site->peak_bytes, 3000);
	ck_assert_uint_eq(site->peak_blocks, 30);
	ck_assert_uint_eq(site->first_ns, 10 * MK_MS);
	ck_assert_uint_eq(site->last_ns, 1400 * MK_MS);
	vr_heap_free(heap);
	mk_free(&a);
	mk_free(&b);
}
END_TEST

START_TEST(mappings_are_the_sum)
{
	struct mkprof a = mk_maps(), b = mk_maps();
	struct vr_profile *alone;
	struct vr_maps *maps, *one;
	struct vr_err err;
	static const struct vr_select all = {.until_ns = UINT64_MAX, .inlines = 1};

	mk_move(&b);
	add_up(&a, &b, NULL);
	maps = vr_maps_new(profile);
	ck_assert_int_eq(vr_profile_open(path, &all, NULL, &alone, &err), 0);
	one = vr_maps_new(alone);
	ck_assert_uint_gt(one->n_sites, 1);
	ck_assert_uint_eq(maps->n_sites, one->n_sites);
	ck_assert_uint_eq(maps->all.sum.maps, 2 * one->all.sum.maps);
	ck_assert_uint_eq(maps->all.sum.mapped_bytes, 2 * one->all.sum.mapped_bytes);
	ck_assert_uint_eq(maps->all.live_bytes, 2 * one->all.live_bytes);
	ck_assert_uint_eq(maps->all.peak_bytes, 2 * one->all.peak_bytes);
	for (size_t i = 0; i < one->n_sites; i++)
		ck_assert_uint_eq(maps->site[i].peak_bytes, 2 * one->site[i].peak_bytes);
	vr_maps_free(one);
	vr_profile_close(alone);
	vr_maps_free(maps);
	mk_free(&a);
	mk_free(&b);
}
END_TEST

START_TEST(another_build)
{
	struct mkprof a = mk_normal(), b = mk_normal();
	struct vprof_extent *table = (void *)(b.bytes + VPROF_EXTENT_TABLE_OFFSET);
	struct vr_cpu *cpu;
	size_t count;

	for (uint32_t i = 1; i < mk_header(&b)->extents_used; i++)
		if (table[i].kind == VPROF_SEC_MODULES)
			((struct vprof_module *)(b.bytes + (uint64_t)i * MK_EXTENT))->build_id[0] ^=
			    1;
	mk_move(&b);
	add_up(&a, &b, NULL);
	ck_assert_str_eq(profile->file->other_builds, "app");
	ck_assert_uint_eq(profile->file->n_modules, 3);
	cpu = vr_cpu_new(profile);
	free(vr_cpu_functions(profile, cpu, &count));
	ck_assert_uint_eq(cpu->total_ns, 600 * MK_MS);
	vr_cpu_free(cpu);
	mk_free(&a);
	mk_free(&b);
}
END_TEST

/* Points of 100 ms from 0 and from 500 ms on: at 600 ms both are there, at 2300 the second
 * alone, whose counters go on from where the first's ended. */
START_TEST(timeline_adds_up)
{
	struct mkprof a = mk_normal(), b = mk_normal();
	const struct vprof_point *p = NULL, *late = NULL;

	mk_header(&a)->timeline_step_ns = mk_header(&b)->timeline_step_ns = 100 * MK_MS;
	mk_move(&b);
	add_up(&a, &b, NULL);
	for (uint32_t i = 0; i < profile->file->n_points; i++) {
		if (profile->file->point[i].t_ns == 600 * MK_MS)
			p = &profile->file->point[i];
		if (profile->file->point[i].t_ns == 2300 * MK_MS)
			late = &profile->file->point[i];
	}
	ck_assert_ptr_nonnull(p);
	ck_assert_uint_eq(p->rss, (16ull + 11) << 20);
	ck_assert_uint_eq(p->pss, ((16ull + 11) << 20) - 4096);
	ck_assert_uint_eq(p->heap_live, (10ull + 5) << 18);
	ck_assert_uint_eq(p->cpu_ns, (300 + 50) * MK_MS);
	ck_assert_uint_eq(p->threads, 8);
	ck_assert_ptr_nonnull(late);
	ck_assert_uint_eq(late->rss, 28ull << 20);
	ck_assert_uint_eq(late->cpu_ns, (950 + 900) * MK_MS);
	ck_assert_uint_eq(late->threads, 4);
	ck_assert_uint_eq(profile->file->together_bytes, (23ull + 19) << 18);
	mk_free(&a);
	mk_free(&b);
}
END_TEST

START_TEST(leaks_are_the_sum)
{
	struct mkprof a = mk_leaks(), b = mk_leaks();
	struct vr_heap *heap;
	struct vr_leaks *leaks, *one;
	struct vr_profile *alone;
	struct vr_err err;
	static const struct vr_select all = {.until_ns = UINT64_MAX, .inlines = 1};

	mk_move(&b);
	add_up(&a, &b, NULL);
	heap = vr_heap_new(profile);
	leaks = vr_leaks_new(profile, heap);
	vr_heap_free(heap);
	ck_assert_int_eq(vr_profile_open(path, &all, NULL, &alone, &err), 0);
	heap = vr_heap_new(alone);
	one = vr_leaks_new(alone, heap);
	for (int i = 0; i < VR_VERDICTS; i++) {
		ck_assert_uint_eq(leaks->sum[i].blocks, 2 * one->sum[i].blocks);
		ck_assert_uint_eq(leaks->sum[i].bytes, 2 * one->sum[i].bytes);
		ck_assert_uint_eq(leaks->sum[i].sites, one->sum[i].sites);
	}
	ck_assert_uint_gt(leaks->sum[VR_LOST].blocks, 0);
	ck_assert_int_eq(vr_leaks_answer(leaks, 0), VR_ANSWER_LEAK);
	ck_assert_uint_eq(leaks->examined, 2);
	vr_leaks_free(one);
	vr_heap_free(heap);
	vr_profile_close(alone);
	vr_leaks_free(leaks);
	mk_free(&a);
	mk_free(&b);
}
END_TEST

/* One that nobody examined keeps the whole from being clean, but for one that became
 * another program. */
static void expect_gap(struct mkprof *b, enum vr_leak_answer answer, uint32_t pid)
{
	struct mkprof a = mk_leaks_clean();
	struct vr_heap *heap;
	struct vr_leaks *leaks;

	mk_move(b);
	add_up(&a, b, NULL);
	heap = vr_heap_new(profile);
	leaks = vr_leaks_new(profile, heap);
	ck_assert_int_eq(vr_leaks_answer(leaks, 0), answer);
	ck_assert_uint_eq(leaks->gap_member ? leaks->gap_member->header.pid : 0, pid);
	ck_assert_uint_eq(leaks->examined, 1);
	vr_leaks_free(leaks);
	vr_heap_free(heap);
	mk_free(&a);
	mk_free(b);
}

START_TEST(one_was_not_examined)
{
	struct mkprof b = mk_normal();

	expect_gap(&b, VR_ANSWER_UNEXAMINED, 4243);
}
END_TEST

START_TEST(one_became_another)
{
	struct mkprof b = mk_normal();

	mk_header(&b)->state = VPROF_STATE_EXECED;
	expect_gap(&b, VR_ANSWER_CLEAN, 0);
}
END_TEST

START_TEST(one_cannot_be_read)
{
	static const struct vr_select all = {.until_ns = UINT64_MAX, .inlines = 1};
	struct mkprof a = mk_normal();
	const char *const paths[] = {path, second};
	struct vr_file *head;
	struct vr_err err;

	ck_assert_int_eq(mk_write(&a, path, 0), 0);
	ck_assert_int_eq(vr_file_open_head(path, &head, &err), 0);
	ck_assert_int_eq(vr_profile_open_tree(head, paths, 2, &all, NULL, &profile, &err), 0);
	ck_assert_uint_eq(profile->file->n_members, 1);
	ck_assert_ptr_nonnull(strstr(profile->unread, "empty file"));
	vr_file_close(head);
	mk_free(&a);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_checked_fixture(tests, make_paths, remove_paths);
	tcase_add_test(tests, same_frames_are_one_node);
	tcase_add_test(tests, cpu_is_the_sum);
	tcase_add_test(tests, kernel_of_one_of_them);
	tcase_add_test(tests, a_window_is_on_the_common_clock);
	tcase_add_test(tests, heap_is_the_sum);
	tcase_add_test(tests, mappings_are_the_sum);
	tcase_add_test(tests, another_build);
	tcase_add_test(tests, timeline_adds_up);
	tcase_add_test(tests, leaks_are_the_sum);
	tcase_add_test(tests, one_was_not_examined);
	tcase_add_test(tests, one_became_another);
	tcase_add_test(tests, one_cannot_be_read);
}

int main(void)
{
	return check_main("merge", cases);
}
