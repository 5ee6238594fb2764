/* Weights, totals, trees and heap sites of files whose content is known. */
#include <errno.h>
#include <unistd.h>

#include "cli/text.h"
#include "model/calltree.h"
#include "model/cpu.h"
#include "model/heap.h"
#include "model/responsible.h"
#include "ring_file.h"
#include "verbs/verb.h"

static struct vr_profile *profile;

static void forget_file(void)
{
	vr_profile_close(profile);
	profile = NULL;
	remove_path();
}

static void load(struct mkprof *mk, const struct vr_select *select)
{
	static const struct vr_select all = {.until_ns = UINT64_MAX, .inlines = 1};
	struct vr_err err;

	vr_profile_close(profile);
	ck_assert_int_eq(mk_write(mk, path, 0), 0);
	ck_assert_int_eq(vr_profile_open(path, select ? select : &all, NULL, &profile, &err), 0);
}

static void load_shape(const char *name, const struct vr_select *select)
{
	struct mkprof mk;

	ck_assert_int_eq(mk_shape(name, &mk), 0);
	load(&mk, select);
	mk_free(&mk);
}

/* The row of a function, by the end of its name; NULL when it is not there. */
static const struct vr_cpu_function *find(const struct vr_cpu_function *row, size_t count,
					  const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(profile->stacks->function[row[i].function].name, name) == 0)
			return &row[i];
	return NULL;
}

static void expect(const struct vr_cpu_function *row, size_t count, const char *name,
		   uint64_t self_ms, uint64_t total_ms, uint64_t samples)
{
	const struct vr_cpu_function *f = find(row, count, name);

	ck_assert_msg(f != NULL, "no function %s", name);
	ck_assert_uint_eq(f->self_ns, self_ms * MK_MS);
	ck_assert_uint_eq(f->total_ns, total_ms * MK_MS);
	ck_assert_uint_eq(f->self_samples, samples);
}

START_TEST(flat_scales_to_thread_time)
{
	struct vr_cpu_function *row;
	struct vr_cpu *cpu;
	size_t count;

	load_shape("normal", NULL);
	cpu = vr_cpu_new(profile);
	row = vr_cpu_functions(profile, cpu, &count);
	ck_assert_uint_eq(cpu->total_ns, 300 * MK_MS);
	ck_assert_uint_eq(cpu->total_samples, 80);
	ck_assert_uint_eq(cpu->scaled_threads, 1);
	ck_assert_uint_eq(cpu->helper_ns, 5 * MK_MS);
	ck_assert_uint_eq(count, 4);
	expect(row, count, "libbook.so.1+0x300", 140, 140, 40);
	expect(row, count, "app+0x3000", 160, 160, 40);
	expect(row, count, "app+0x1000", 0, 300, 0);
	expect(row, count, "app+0x2000", 0, 280, 0); /* recursion once */
	ck_assert_uint_eq(find(row, count, "app+0x2000")->total_samples, 75);
	free(row);
	vr_cpu_free(cpu);
}
END_TEST

/* The scaled weights of a thread add up to the nanosecond. */
START_TEST(scaling_is_exact)
{
	struct mkprof mk = mk_new();
	struct vr_cpu *cpu;

	mk_nodes(&mk);
	mk_row(&mk, VPROF_SEC_THREADS, NULL);
	mk_thread(&mk, 1, "odd", 0)->cpu_ns = 1000000007;
	mk_row(&mk, VPROF_SEC_CPU, NULL);
	for (uint32_t i = 0; i < 300; i++)
		mk_cpu(&mk, 2 + i % 6, 1, 1, 3);
	load(&mk, NULL);
	cpu = vr_cpu_new(profile);
	ck_assert_uint_eq(cpu->total_ns, 1000000007);
	vr_cpu_free(cpu);
	mk_free(&mk);
}
END_TEST

START_TEST(hidden_kernel_time_is_shown)
{
	struct vr_cpu_function *row;
	struct vr_cpu *cpu;
	size_t count;

	load_shape("user-only", NULL);
	cpu = vr_cpu_new(profile);
	row = vr_cpu_functions(profile, cpu, &count);
	ck_assert_uint_eq(cpu->kernel_ns, 195 * MK_MS);
	ck_assert_uint_eq(cpu->total_ns, 485 * MK_MS);
	ck_assert_uint_eq(cpu->scaled_threads, 0);
	expect(row, count, "[kernel]", 195, 195, 0);
	expect(row, count, "libbook.so.1+0x300", 130, 130, 40);
	free(row);
	vr_cpu_free(cpu);
}
END_TEST

START_TEST(overflow_rows_are_named)
{
	struct vr_cpu_function *row;
	struct vr_cpu *cpu;
	struct vr_heap *heap;
	size_t count, *order;

	load_shape("overflow", NULL);
	cpu = vr_cpu_new(profile);
	row = vr_cpu_functions(profile, cpu, &count);
	expect(row, count, "[cpu table full]", 40, 40, 30);
	ck_assert_uint_eq(find(row, count, "[stack table full]")->self_samples, 1);
	free(row);
	vr_cpu_free(cpu);
	heap = vr_heap_new(profile);
	ck_assert_uint_eq(heap->allocs, 167);
	order = vr_heap_order(heap, VR_HEAP_CALLS);
	ck_assert_uint_eq(heap->site[order[2]].node,
			  vr_stacks_pseudo(profile->stacks, VR_PSEUDO_SITE_FULL));
	free(order);
	vr_heap_free(heap);
}
END_TEST

START_TEST(threads_are_selected)
{
	struct vr_select select = {.thread = "wor*", .until_ns = UINT64_MAX};
	struct vr_cpu *cpu;
	struct vr_heap *heap;
	struct vr_err err;
	struct vr_profile *none;

	load_shape("normal", &select);
	cpu = vr_cpu_new(profile);
	ck_assert_uint_eq(cpu->total_ns, 60 * MK_MS);
	ck_assert_uint_eq(cpu->total_samples, 20);
	vr_cpu_free(cpu);
	heap = vr_heap_new(profile); /* node 4, where main allocated too */
	ck_assert_uint_eq(heap->n_sites, 1);
	ck_assert_uint_eq(heap->allocs, 150);
	ck_assert_uint_eq(heap->live_bytes, 500);
	ck_assert_uint_eq(heap->peak_bytes, 1500);
	ck_assert_int_eq(heap->shared, 1);
	vr_heap_free(heap);
	select.thread = "1000";
	load_shape("normal", &select);
	cpu = vr_cpu_new(profile);
	ck_assert_uint_eq(cpu->total_ns, 100 * MK_MS);
	vr_cpu_free(cpu);
	select.thread = "nobody";
	ck_assert_int_eq(vr_profile_open(path, &select, NULL, &none, &err), -ESRCH);
	ck_assert_ptr_null(none);
	ck_assert_ptr_nonnull(strstr(err.text, "worker(1001)"));
	ck_assert_ptr_null(strstr(err.text, "vprof("));
}
END_TEST

START_TEST(windows_use_events)
{
	struct vr_select select = {.windowed = 1, .since_ns = 300 * MK_MS, .until_ns = 700 * MK_MS};
	struct vr_cpu_function *row;
	struct vr_cpu *cpu;
	size_t count;

	load_shape("normal", &select);
	cpu = vr_cpu_new(profile);
	row = vr_cpu_functions(profile, cpu, &count);
	ck_assert_uint_eq(cpu->total_samples, 4);
	expect(row, count, "libbook.so.1+0x300", 12, 12, 3);
	expect(row, count, "app+0x3000", 4, 4, 1);
	ck_assert_int_eq(cpu->window_cut, 0);
	free(row);
	vr_cpu_free(cpu);

	select.since_ns = 1000 * MK_MS; /* the scaled thread: 5 * 2.5 * 1.2 */
	select.until_ns = UINT64_MAX;
	load_shape("normal", &select);
	cpu = vr_cpu_new(profile);
	ck_assert_uint_eq(cpu->total_ns, 15 * MK_MS);
	vr_cpu_free(cpu);

	load_shape("wrapped", &select);
	cpu = vr_cpu_new(profile);
	ck_assert_int_eq(cpu->window_cut, 1);
	ck_assert_uint_eq(cpu->total_samples, 431);
	vr_cpu_free(cpu);
	select.since_ns = 6000 * MK_MS;
	select.until_ns = 7050 * MK_MS;
	load_shape("wrapped", &select);
	cpu = vr_cpu_new(profile);
	ck_assert_int_eq(cpu->window_cut, 0);
	ck_assert_uint_eq(cpu->total_samples, 177);
	vr_cpu_free(cpu);
}
END_TEST

/* name of a tree node's function */
static const char *name_of(const struct vr_tree *tree, uint32_t node)
{
	return profile->stacks->function[tree->node[node].function].name;
}

START_TEST(trees)
{
	struct vr_cpu *cpu;
	struct vr_tree *tree;
	uint32_t at;

	load_shape("normal", NULL);
	cpu = vr_cpu_new(profile);
	tree = vr_tree_new(profile, cpu, 0);
	ck_assert_uint_eq(tree->node[0].total_ns, 300 * MK_MS);
	at = tree->node[0].child;
	ck_assert_str_eq(name_of(tree, at), "app+0x1000");
	ck_assert_uint_eq(tree->node[at].next, 0);
	at = tree->node[at].child; /* the larger child comes first */
	ck_assert_str_eq(name_of(tree, at), "app+0x2000");
	ck_assert_uint_eq(tree->node[at].total_ns, 280 * MK_MS);
	ck_assert_str_eq(name_of(tree, tree->node[at].next), "libbook.so.1+0x300");
	ck_assert_uint_eq(tree->node[tree->node[at].next].total_ns, 20 * MK_MS);
	vr_tree_free(tree);

	tree = vr_tree_new(profile, cpu, 1);
	ck_assert_uint_eq(tree->node[0].total_ns, 300 * MK_MS);
	at = tree->node[0].child;
	ck_assert_str_eq(name_of(tree, at), "app+0x3000");
	ck_assert_uint_eq(tree->node[at].total_ns, 160 * MK_MS);
	ck_assert_str_eq(name_of(tree, tree->node[at].child), "app+0x2000");
	at = tree->node[at].next;
	ck_assert_str_eq(name_of(tree, at), "libbook.so.1+0x300");
	ck_assert_uint_eq(tree->node[at].total_ns, 140 * MK_MS);
	ck_assert_uint_eq(tree->node[tree->node[at].child].total_ns, 120 * MK_MS);
	vr_tree_free(tree);
	vr_cpu_free(cpu);
}
END_TEST

START_TEST(edges)
{
	struct vr_cpu *cpu;
	struct vr_tree *tree;
	struct vr_edge *edge;
	uint8_t *wanted;
	size_t count;

	load_shape("normal", NULL);
	cpu = vr_cpu_new(profile);
	tree = vr_tree_new(profile, cpu, 0);
	wanted = calloc(profile->stacks->n_functions, 1);
	for (size_t i = 0; i < profile->stacks->n_functions; i++)
		wanted[i] = strcmp(profile->stacks->function[i].name, "app+0x2000") == 0;
	edge = vr_tree_edges(tree, wanted, 1, &count);
	ck_assert_uint_eq(count, 2); /* main and itself */
	ck_assert_uint_eq(edge[0].total_ns, 280 * MK_MS);
	ck_assert_str_eq(profile->stacks->function[edge[0].caller].name, "app+0x1000");
	ck_assert_uint_eq(edge[1].total_ns, 160 * MK_MS);
	ck_assert_uint_eq(edge[1].caller, edge[1].callee);
	free(edge);
	edge = vr_tree_edges(tree, wanted, 0, &count);
	ck_assert_uint_eq(count, 3);
	ck_assert_uint_eq(edge[2].total_ns, 120 * MK_MS);
	ck_assert_uint_eq(edge[2].self_ns, 120 * MK_MS);
	free(edge);
	free(wanted);
	vr_tree_free(tree);
	vr_cpu_free(cpu);
}
END_TEST

START_TEST(heap_sums_shards_and_epochs)
{
	const struct vr_site *site, *second;
	struct vr_heap *heap;
	size_t *order;

	load_shape("normal", NULL);
	heap = vr_heap_new(profile);
	ck_assert_uint_eq(heap->n_sites, 2);
	ck_assert_uint_eq(heap->allocs, 160);
	ck_assert_uint_eq(heap->frees, 145);
	ck_assert_uint_eq(heap->alloc_bytes, 16000);
	ck_assert_uint_eq(heap->live_bytes, 1500);
	ck_assert_uint_eq(heap->live_blocks, 15);
	ck_assert_uint_eq(heap->peak_bytes, 2500);
	order = vr_heap_order(heap, VR_HEAP_PEAK);
	site = &heap->site[order[0]];
	second = &heap->site[order[1]];
	free(order);
	ck_assert_ptr_eq(site, vr_heap_largest(heap, VR_HEAP_PEAK));
	ck_assert_uint_eq(site->node, 4);
	ck_assert_uint_eq(site->peak_bytes, 1500);
	ck_assert_uint_eq(site->peak_blocks, 15);
	ck_assert_uint_eq(site->live_bytes, 500);
	ck_assert_uint_eq(site->live_blocks, 5);
	ck_assert_uint_eq(site->temporary, 60);
	ck_assert_int_eq(vr_site_median(site), 3);
	ck_assert_uint_eq(vr_lifetime_limit_ns(3), 8000);
	ck_assert_uint_eq(second->peak_bytes, 1000);
	ck_assert_int_eq(vr_site_median(second), -1);
	/* the sites' shares of the peak make up the peak */
	ck_assert_uint_eq(site->peak_bytes + second->peak_bytes, heap->peak_bytes);
	ck_assert_uint_eq(vr_heap_largest(heap, VR_HEAP_LIVE)->node, 6);
	vr_heap_free(heap);
}
END_TEST

START_TEST(modules_are_selected)
{
	struct vr_select select = {.module = "libbook*", .until_ns = UINT64_MAX};
	struct vr_cpu_function *row;
	struct vr_cpu *cpu;
	struct vr_tree *tree;
	struct vr_heap *heap;
	size_t count;

	load_shape("normal", &select);
	cpu = vr_cpu_new(profile);
	row = vr_cpu_functions(profile, cpu, &count);
	ck_assert_uint_eq(count, 1);
	ck_assert_uint_eq(cpu->total_ns, 300 * MK_MS);
	tree = vr_tree_new(profile, cpu, 0);
	ck_assert_uint_eq(tree->node[0].total_ns, 140 * MK_MS);
	heap = vr_heap_new(profile);
	ck_assert_uint_eq(heap->n_sites, 1);
	ck_assert_uint_eq(heap->peak_bytes, 1500);
	vr_heap_free(heap);
	vr_tree_free(tree);
	free(row);
	vr_cpu_free(cpu);
}
END_TEST

START_TEST(texts)
{
	uint64_t ns;
	char *text = vr_text_escape("a\033[m\xc2\x9b\xff\xe2\x82\xac\xe2\x80\xae");

	ck_assert_str_eq(text, "a\\x1b[m\\xc2\\x9b\\xff\xe2\x82\xac\\xe2\\x80\\xae");
	free(text);
	text = vr_text_utf8("x\xff\xc0\x80\xed\xa0\x80y");
	ck_assert_str_eq(text, "x\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
			       "\xef\xbf\xbdy");
	free(text);
	ck_assert_int_eq(vr_text_duration("1.5", &ns), 0);
	ck_assert_uint_eq(ns, 1500000000);
	ck_assert_int_eq(vr_text_duration("250ms", &ns), 0);
	ck_assert_uint_eq(ns, 250000000);
	ck_assert_int_eq(vr_text_duration("2h", &ns), 0);
	ck_assert_uint_eq(ns, 7200000000000);
	ck_assert_int_eq(vr_text_duration("1x", &ns), -EINVAL);
	ck_assert_int_eq(vr_text_duration("-1", &ns), -EINVAL);
	ck_assert_int_eq(vr_text_duration("nan", &ns), -EINVAL);
	ck_assert_int_eq(vr_text_duration("1e30", &ns), -EINVAL);
	ck_assert_int_eq(vr_text_matches("upd", "book_update"), 1);
	ck_assert_int_eq(vr_text_matches("upd*", "book_update"), 0);
	ck_assert_int_eq(vr_text_matches("operator*", "operator*"), 1);
	ck_assert_int_eq(vr_text_glob("lib*", "/usr/lib/libc.so.6"), 1);
	ck_assert_int_eq(vr_text_glob("lib*", "/opt/none/app"), 0);
}
END_TEST

START_TEST(wrappers_are_known_by_their_path)
{
	static const char *const wrapper[] = {
	    "zmalloc_usable",
	    "ngx_memalign",
	    "AllocSetAlloc",
	    "palloc0",
	    "malloc",
	    "operator new(unsigned long)",
	    "std::vector<int>::push_back(int&&)",
	    "void std::vector<ns::Order>::_M_realloc_insert<ns::Order>(int, ns::Order&&)",
	    "ns::Order* std::__relocate_a_1<ns::Order*>(ns::Order*)",
	    "bool __gnu_cxx::operator!=<int*>(int)",
	    "<T as alloc::slice::ToOwned>::to_owned",
	    "<alloc::string::String as core::clone::Clone>::clone",
	    "<&T as core::fmt::Debug>::fmt",
	    "<core::iter::Cloned<I> as std::Iter>::next"};
	static const char *const program[] = {
	    "allocate_order",
	    "ngx_http_alloc_large_header_buffer",
	    "main",
	    "ns::Book<std::vector<int> >::add(std::string const&)",
	    "void ns::add<std::string>(std::string)",
	    "ns::std_like(int)",
	    "<app::Order as core::clone::Clone>::clone",
	    "<alloc::vec::Vec<T> as app::Sum>::sum",
	    "app::<impl core::fmt::Debug for app::Book>::fmt"};

	for (size_t i = 0; i < sizeof(wrapper) / sizeof(wrapper[0]); i++)
		ck_assert_msg(vr_is_wrapper(wrapper[i]), "%s", wrapper[i]);
	for (size_t i = 0; i < sizeof(program) / sizeof(program[0]); i++)
		ck_assert_msg(!vr_is_wrapper(program[i]), "%s", program[i]);
}
END_TEST

/* Every command in every format over spoiled files: nothing to assert but
 * that it comes back, under the sanitizers in particular. */
START_TEST(commands_survive_any_bytes)
{
	static const struct vr_verb *const command[] = {
	    &vr_verb_summary, &vr_verb_flat,  &vr_verb_tree,	 &vr_verb_callers, &vr_verb_callees,
	    &vr_verb_heap,    &vr_verb_leaks, &vr_verb_timeline, &vr_verb_threads, &vr_verb_info,
	};
	static const char shape[6][10] = {"normal", "wrapped", "user-only",
					  "nasty",  "leaks",   "clock"};
	FILE *nowhere = fopen("/dev/null", "w");
	unsigned opened = 0;

	/* what the commands have to say about the damage is not the point */
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	for (unsigned i = 0; i < 300; i++) {
		uint64_t seed = 1000000 + (uint64_t)_i * 300 + i;
		struct vr_opts opts = {.select = {.until_ns = UINT64_MAX, .inlines = 1},
				       .bottom_up = seed % 2};
		struct mkprof mk;
		struct vr_err err;
		size_t size;

		opts.select.windowed = seed % 4 == 3;
		opts.select.wall = seed % 3 == 0;
		opts.select.idle = seed % 6 == 0;
		ck_assert_int_eq(mk_shape(shape[i % 6], &mk), 0);
		size = mk_spoil(mk.bytes, mk_size(&mk), seed);
		ck_assert_int_eq(mk_write(&mk, path, size ? size : 1), 0);
		mk_free(&mk);
		for (unsigned k = 0; k < 10; k++) {
			struct vr_context ctx = {
			    .opts = &opts,
			    .format = (enum vr_format)((i + k) % 3),
			    .sort = (int)(seed % 5),
			    .limit = SIZE_MAX,
			    .pattern = "app",
			    .out = nowhere,
			    .width = seed % 3 ? 80 : 0,
			};

			if (vr_profile_open(path, &opts.select, NULL, &ctx.profile, &err) < 0)
				continue;
			opened++;
			ck_assert_int_eq(command[k]->run(&ctx), 0);
			if (ctx.json)
				ck_assert_int_eq(json_dumpf(ctx.json, nowhere, 0), 0);
			json_decref(ctx.json);
			vr_profile_close(ctx.profile);
		}
	}
	ck_assert_uint_gt(opened, 1000);
	fclose(nowhere);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_checked_fixture(tests, make_path, forget_file);
	tcase_set_timeout(tests, 300);
	tcase_add_test(tests, flat_scales_to_thread_time);
	tcase_add_test(tests, scaling_is_exact);
	tcase_add_test(tests, hidden_kernel_time_is_shown);
	tcase_add_test(tests, overflow_rows_are_named);
	tcase_add_test(tests, threads_are_selected);
	tcase_add_test(tests, windows_use_events);
	tcase_add_test(tests, trees);
	tcase_add_test(tests, edges);
	tcase_add_test(tests, heap_sums_shards_and_epochs);
	tcase_add_test(tests, modules_are_selected);
	tcase_add_test(tests, texts);
	tcase_add_test(tests, wrappers_are_known_by_their_path);
	tcase_add_loop_test(tests, commands_survive_any_bytes, 0, 3);
}

int main(void)
{
	return check_main("model", cases);
}
