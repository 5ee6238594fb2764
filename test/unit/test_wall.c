/* The wall clock: what the parts of a thread's time add up to, and where they go. */
#include <stdlib.h>
#include <string.h>

#include "export/dump.h"
#include "model/calltree.h"
#include "model/cpu.h"
#include "ring_file.h"
#include "verbs/export/fill.h"

static struct vr_profile *profile;

static void forget_file(void)
{
	vr_profile_close(profile);
	profile = NULL;
	remove_path();
}

static void load(struct mkprof *mk, struct vr_select select)
{
	struct vr_err err;

	if (!select.until_ns)
		select.until_ns = UINT64_MAX;
	select.wall = 1;
	select.inlines = 1;
	vr_profile_close(profile);
	ck_assert_int_eq(mk_write(mk, path, 0), 0);
	ck_assert_int_eq(vr_profile_open(path, &select, NULL, &profile, &err), 0);
	mk_free(mk);
}

static void load_clock(struct vr_select select)
{
	struct mkprof mk = mk_clock();

	load(&mk, select);
}

/* Time of one function, of those functions above it too. */
static uint64_t self_ns(const struct vr_cpu *cpu, const char *name)
{
	size_t count;
	struct vr_cpu_function *row = vr_cpu_functions(profile, cpu, &count);
	uint64_t ns = 0;

	for (size_t i = 0; i < count; i++)
		if (strcmp(profile->stacks->function[row[i].function].name, name) == 0)
			ns += row[i].self_ns;
	free(row);
	return ns;
}

static uint64_t sum_ns(const struct vr_wall *wall, uint32_t thread, uint32_t class)
{
	uint64_t ns = 0;

	for (size_t i = 0; i < wall->rows; i++)
		if (wall->row[i].thread == thread && wall->row[i].class == class)
			ns += wall->row[i].ns;
	return ns;
}

/* All of a thread that has books is what they say, class by class, to the nanosecond. */
static void expect_books(const struct vr_wall *wall)
{
	const struct vr_file *file = profile->file;

	ck_assert_uint_gt(file->n_books, 0);
	for (uint32_t i = 0; i < file->n_books; i++)
		for (uint32_t class = VPROF_CLASS_IDLE; class < VPROF_CLASS_COUNT; class ++)
			ck_assert_uint_eq(sum_ns(wall, file->book[i].thread, class),
					  file->book[i].ns[class]);
}

START_TEST(parts_add_up_to_the_books)
{
	struct vr_cpu *cpu;

	load_clock((struct vr_select){0});
	cpu = vr_cpu_new(profile);
	ck_assert_uint_eq(profile->file->n_damages, 0);
	ck_assert_int_eq(cpu->wall->books_known, 1);
	expect_books(cpu->wall);
	ck_assert_uint_eq(cpu->on_cpu_ns, 300 * MK_MS);
	ck_assert_uint_eq(cpu->total_ns, 1088 * MK_MS);
	ck_assert_uint_eq(cpu->wall->ns[VPROF_CLASS_BLOCKED], 510 * MK_MS);
	ck_assert_uint_eq(cpu->wall->ns[VPROF_CLASS_IDLE], 3099 * MK_MS);
	ck_assert_uint_eq(self_ns(cpu, "[preempted]"), 170 * MK_MS);
	ck_assert_uint_eq(self_ns(cpu, "[page faults]"), 25 * MK_MS);
	ck_assert_uint_eq(self_ns(cpu, "[unhooked]"), 13 * MK_MS);
	ck_assert_uint_eq(self_ns(cpu, "[lock, stack not known]"), 10 * MK_MS);
	ck_assert_uint_eq(self_ns(cpu, "pthread_mutex_lock"), 60 * MK_MS);
	ck_assert_uint_eq(self_ns(cpu, "epoll_wait"), 0);
	vr_cpu_free(cpu);
}
END_TEST

/* 30 ms too many in 1005 calls: each was on a CPU for 29.85 us, whatever else it took. */
START_TEST(each_call_was_on_a_cpu_alike)
{
	uint64_t each_ns = 30 * MK_MS / 1005;
	struct vr_cpu *cpu;

	load_clock((struct vr_select){0});
	cpu = vr_cpu_new(profile);
	ck_assert_uint_eq(cpu->wall->cut_ns, 30 * MK_MS);
	ck_assert_int_le(llabs((long long)(self_ns(cpu, "fsync") - 300 * MK_MS + 3 * each_ns)), 9);
	ck_assert_int_le(llabs((long long)(self_ns(cpu, "write") - 40 * MK_MS + 1000 * each_ns)),
			 2000);
	/* of a pause, what was inside of the loop's iterations */
	ck_assert_int_le(llabs((long long)(self_ns(cpu, "nanosleep") - 20 * MK_MS + 2 * each_ns)),
			 9);
	vr_cpu_free(cpu);
}
END_TEST

/* The books are the measure however far the calls are off, and with every remainder. */
START_TEST(odd_books_add_up_too)
{
	for (uint64_t seed = 1; seed <= 300; seed++) {
		struct mkprof mk = mk_new();
		uint64_t state = seed, ms[VPROF_CLASS_COUNT];
		struct vr_cpu *cpu;

		mk_nodes(&mk);
		mk_cpu_rows(&mk);
		for (uint64_t i = 0; i < 1 + seed % 7; i++) {
			uint64_t calls = 1 + mk_random(&state) % 9;
			struct vprof_call *row =
			    mk_call(&mk, i % 2 ? "read" : "poll", 1 + mk_random(&state) % 4,
				    (uint32_t)(2 + i % 6), 1, calls, calls, 1, 1);

			row->time_ns += mk_random(&state) % 100000000;
			row->blocked_ns = row->time_ns;
			row->on_loop_ns = mk_random(&state) % row->time_ns;
			row->idle_ns = mk_random(&state) % row->time_ns;
		}
		mk_lock(&mk, 0, 0, VPROF_NODE_OVERFLOW, 0, 0, 0, 0);
		mk_lock(&mk, VPROF_LOCK_COND, 0x401050, 3, 1, 3, mk_random(&state) % 90, 50);
		for (int i = 0; i < VPROF_CLASS_COUNT; i++)
			ms[i] = mk_random(&state) % 3 ? mk_random(&state) % 150 : 0;
		ms[VPROF_CLASS_RUN] = 1;
		mk_book(&mk, 1, 1900, ms);
		load(&mk, (struct vr_select){.idle = 1});
		cpu = vr_cpu_new(profile);
		ck_assert_uint_eq(profile->file->n_damages, 0);
		expect_books(cpu->wall);
		vr_cpu_free(cpu);
	}
}
END_TEST

START_TEST(idle_time_is_shown_when_asked_for)
{
	struct vr_cpu *cpu;

	load_clock((struct vr_select){.idle = 1});
	cpu = vr_cpu_new(profile);
	ck_assert_uint_eq(cpu->total_ns, (1088 + 3099 + 30) * MK_MS);
	ck_assert_uint_eq(self_ns(cpu, "epoll_wait"), 1399 * MK_MS);
	ck_assert_uint_eq(self_ns(cpu, "pthread_join"), 500 * MK_MS);
	/* the condition: 1200 idle by the books, 100 not */
	ck_assert_uint_eq(self_ns(cpu, "pthread_cond_wait"), 1300 * MK_MS);
	vr_cpu_free(cpu);
}
END_TEST

START_TEST(a_thread_is_its_own)
{
	struct vr_cpu *cpu;

	load_clock((struct vr_select){.thread = "worker"});
	cpu = vr_cpu_new(profile);
	ck_assert_uint_eq(cpu->wall->threads, 1);
	ck_assert_uint_eq(cpu->total_ns, (60 + 100 + 130 + 8) * MK_MS);
	ck_assert_uint_eq(self_ns(cpu, "fsync"), 0);
	ck_assert_uint_eq(self_ns(cpu, "pthread_cond_wait"), 100 * MK_MS);
	vr_cpu_free(cpu);
	load_clock((struct vr_select){.thread = "few"}); /* without books: as they were */
	cpu = vr_cpu_new(profile);
	ck_assert_int_eq(cpu->wall->books_known, 0);
	ck_assert_uint_eq(cpu->total_ns, (20 + 80) * MK_MS);
	vr_cpu_free(cpu);
}
END_TEST

/* A wait counts with what of it lies in the window. */
START_TEST(a_window_cuts_waits)
{
	struct vr_cpu *cpu;

	load_clock((struct vr_select){
	    .windowed = 1, .since_ns = 300 * MK_MS, .until_ns = 500 * MK_MS, .idle = 1});
	cpu = vr_cpu_new(profile);
	ck_assert_uint_eq(self_ns(cpu, "fsync"), 100 * MK_MS);
	ck_assert_uint_eq(self_ns(cpu, "pthread_mutex_lock"), 10 * MK_MS);
	ck_assert_uint_eq(self_ns(cpu, "pthread_cond_wait"), 50 * MK_MS);
	ck_assert_uint_eq(self_ns(cpu, "epoll_wait"), 0); /* it began later */
	ck_assert_uint_eq(cpu->on_cpu_ns, 2 * 4 * MK_MS);
	ck_assert_uint_eq(cpu->total_ns, (8 + 160) * MK_MS);
	vr_cpu_free(cpu);
}
END_TEST

/* CPU time is the same by either clock, and where nothing else is known it is all. */
START_TEST(cpu_time_stays)
{
	struct mkprof mk = mk_normal();
	struct vr_cpu *cpu;

	load(&mk, (struct vr_select){.idle = 1});
	cpu = vr_cpu_new(profile);
	ck_assert_int_eq(cpu->wall->calls_known, 0);
	ck_assert_uint_eq(cpu->total_ns, 300 * MK_MS);
	ck_assert_uint_eq(cpu->on_cpu_ns, 300 * MK_MS);
	vr_cpu_free(cpu);
}
END_TEST

/* Without samples the books tell how long a thread ran, and nothing where. */
START_TEST(books_tell_what_was_not_sampled)
{
	struct mkprof mk = mk_clock();
	struct vr_cpu *cpu;

	mk_header(&mk)->engine = VPROF_ENGINE_OFF;
	VPROF_HEADER_SECTION(mk_header(&mk), VPROF_SEC_CPU)->rows_used = 1;
	load(&mk, (struct vr_select){0});
	cpu = vr_cpu_new(profile);
	ck_assert_uint_eq(self_ns(cpu, "[on a CPU]"), 160 * MK_MS);
	ck_assert_uint_eq(cpu->on_cpu_ns, 160 * MK_MS);
	ck_assert_uint_eq(cpu->total_ns, (1088 - 300 + 160) * MK_MS);
	vr_cpu_free(cpu);
}
END_TEST

/* The tree holds all of it: the function that waited is below the stack that called it, what
 * has no stack below its thread. */
START_TEST(the_tree_has_it_all)
{
	struct vr_cpu *cpu;
	struct vr_tree *tree;
	uint64_t self = 0;

	load_clock((struct vr_select){0});
	cpu = vr_cpu_new(profile);
	tree = vr_tree_new(profile, cpu, 0);
	ck_assert_uint_eq(tree->node[0].total_ns, 1088 * MK_MS);
	for (size_t i = 1; i < tree->n_nodes; i++) {
		const struct vr_tree_node *node = &tree->node[i];
		const struct vr_tree_node *up = &tree->node[node->parent];
		const char *name = profile->stacks->function[node->function].name;

		self += node->self_ns;
		if (strcmp(name, "fsync") == 0)
			ck_assert_str_eq(profile->stacks->function[up->function].name,
					 "app+0x3000");
		if (strcmp(name, "[page faults]") == 0)
			ck_assert_str_eq(profile->stacks->function[up->function].name,
					 "[thread main]");
	}
	ck_assert_uint_eq(self, 1088 * MK_MS);
	vr_tree_free(tree);
	vr_cpu_free(cpu);
}
END_TEST

START_TEST(exports_hold_both_clocks)
{
	struct vr_dump *dump;
	uint64_t cpu_ns = 0, main_ns = 0;

	load_clock((struct vr_select){0});
	dump = vr_dump_new(profile, "app", 0);
	ck_assert_uint_eq(dump->total[VR_VALUE_WALL_NS], 1088 * MK_MS);
	ck_assert_uint_eq(dump->total[VR_VALUE_CPU_NS], 300 * MK_MS);
	ck_assert_uint_eq(dump->total[VR_VALUE_SAMPLES], 80);
	ck_assert_int_eq(vr_dump_first(dump), VR_VALUE_WALL_NS);
	for (size_t i = 0; i < dump->samples; i++) {
		const struct vr_dump_sample *sample = &dump->sample[i];

		ck_assert_uint_le(sample->value[VR_VALUE_CPU_NS], sample->value[VR_VALUE_WALL_NS]);
		cpu_ns += sample->value[VR_VALUE_CPU_NS];
		if (sample->thread == 1)
			main_ns += sample->value[VR_VALUE_WALL_NS];
	}
	ck_assert_uint_eq(cpu_ns, 300 * MK_MS);
	ck_assert_uint_eq(main_ns, (100 + 330 + 70 + 40 + 25 + 5) * MK_MS);
	vr_dump_free(dump);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_checked_fixture(tests, make_path, forget_file);
	tcase_add_test(tests, parts_add_up_to_the_books);
	tcase_add_test(tests, each_call_was_on_a_cpu_alike);
	tcase_add_test(tests, odd_books_add_up_too);
	tcase_add_test(tests, idle_time_is_shown_when_asked_for);
	tcase_add_test(tests, a_thread_is_its_own);
	tcase_add_test(tests, a_window_cuts_waits);
	tcase_add_test(tests, cpu_time_stays);
	tcase_add_test(tests, books_tell_what_was_not_sampled);
	tcase_add_test(tests, the_tree_has_it_all);
	tcase_add_test(tests, exports_hold_both_clocks);
}

int main(void)
{
	return check_main("wall", cases);
}
