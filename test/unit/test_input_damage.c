/* The reader of ring files on damaged ones: what it keeps, what it says, and that no bytes
 * make it crash. */
#include <errno.h>

#include "ring_file.h"

START_TEST(damaged_node)
{
	struct mkprof mk = mk_normal();
	struct vprof_node *node = rows_of(&mk, VPROF_SEC_NODES);
	struct vr_file *file;

	node[5].parent = 5; /* its own parent */
	file = open_ok(&mk);
	one_damage(file, "nodes: parent", offset_of(&mk, &node[5]), 7, 8);
	ck_assert_uint_eq(file->node[5].parent, VR_NODE_UNREADABLE);
	ck_assert_uint_eq(file->node[6].parent, 5);
	vr_file_close(file);

	node[5].parent = 3;
	node[7].where |= 0x20ull << VPROF_WHERE_MODULE_SHIFT;
	file = open_ok(&mk);
	one_damage(file, "nodes: module", offset_of(&mk, &node[7]), 7, 8);
	ck_assert_uint_eq(file->node[7].where >> VPROF_WHERE_MODULE_SHIFT, VPROF_MODULE_UNKNOWN);
	vr_file_close(file);
	mk_free(&mk);
}
END_TEST

START_TEST(damaged_rows)
{
	struct mkprof mk = mk_normal();
	struct vprof_cpu *cpu = rows_of(&mk, VPROF_SEC_CPU);
	struct vprof_site *site = rows_of(&mk, VPROF_SEC_SITES);
	struct vprof_point *point = rows_of(&mk, VPROF_SEC_TIMELINE);
	struct vprof_module *module = rows_of(&mk, VPROF_SEC_MODULES);
	struct vprof_event_block *block = rows_of(&mk, VPROF_SEC_EVENTS);
	struct vr_file *file;

	cpu[2].thread = 6;
	file = open_ok(&mk);
	one_damage(file, "cpu: thread", offset_of(&mk, &cpu[2]), 6, 7);
	ck_assert_uint_eq(file->cpu[2].samples, 0);
	vr_file_close(file);
	cpu[2].thread = 1;

	site[3].node = 8;
	file = open_ok(&mk);
	one_damage(file, "sites: node", offset_of(&mk, &site[3]), 3, 4);
	vr_file_close(file);
	site[3].node = 6;

	point[4].t_ns = 1;
	file = open_ok(&mk);
	one_damage(file, "timeline: time", offset_of(&mk, &point[4]), 19, 20);
	ck_assert_uint_eq(file->n_points, 19);
	vr_file_close(file);
	point[4].t_ns = 400 * MK_MS;

	module[1].end = module[1].start;
	file = open_ok(&mk);
	one_damage(file, "modules: address", offset_of(&mk, &module[1]), 1, 2);
	vr_file_close(file);
	module[1].end = module[1].start + 4096;
	module[1].build_id_bytes = 33;
	file = open_ok(&mk);
	one_damage(file, "modules: build-id", offset_of(&mk, &module[1]), 1, 2);
	vr_file_close(file);
	module[1].build_id_bytes = 32;

	block->used = 128;
	file = open_ok(&mk);
	one_damage(file, "events: too many", offset_of(&mk, block), 0, 1);
	ck_assert_uint_eq(file->n_events, 0);
	vr_file_close(file);
	block->used = 15;
	block->event[3].node = 8;
	file = open_ok(&mk);
	one_damage(file, "events: event", offset_of(&mk, block), 0, 1);
	ck_assert_uint_eq(file->n_events, 14);
	vr_file_close(file);
	mk_free(&mk);
}
END_TEST

START_TEST(damaged_locks)
{
	struct mkprof mk;
	struct vprof_lock *lock;
	struct vprof_event_block *block;
	struct vr_file *file;

	ck_assert_int_eq(mk_shape("locks", &mk), 0);
	lock = rows_of(&mk, VPROF_SEC_LOCKS);
	block = rows_of(&mk, VPROF_SEC_EVENTS);
	file = open_ok(&mk);
	ck_assert_uint_eq(file->n_damages, 0);
	ck_assert_uint_eq(file->n_locks, 8);
	ck_assert_uint_eq(file->n_events, 17);
	vr_file_close(file);

	lock[2].node = 8;
	file = open_ok(&mk);
	one_damage(file, "locks: node", offset_of(&mk, &lock[2]), 7, 8);
	ck_assert_uint_eq(file->lock[2].waits, 0);
	vr_file_close(file);
	lock[2].node = 6;
	lock[3].thread = 6;
	file = open_ok(&mk);
	one_damage(file, "locks: thread", offset_of(&mk, &lock[3]), 7, 8);
	vr_file_close(file);
	lock[3].thread = 2;
	lock[4].kind = VPROF_LOCK_BARRIER + 1;
	file = open_ok(&mk);
	one_damage(file, "locks: unknown kind", offset_of(&mk, &lock[4]), 7, 8);
	vr_file_close(file);
	lock[4].kind = 0; /* only row 0 has none */
	file = open_ok(&mk);
	one_damage(file, "locks: unknown kind", offset_of(&mk, &lock[4]), 7, 8);
	vr_file_close(file);
	lock[4].kind = VPROF_LOCK_RDLOCK;

	block->event[15].arg = 8;
	file = open_ok(&mk);
	one_damage(file, "events: event", offset_of(&mk, block), 0, 1);
	ck_assert_uint_eq(file->n_events, 16);
	vr_file_close(file);
	mk_header(&mk)->state = VPROF_STATE_RUNNING; /* of a row newer than the header */
	file = open_ok(&mk);
	ck_assert_uint_eq(file->n_damages, 0);
	ck_assert_uint_eq(file->n_events, 16);
	vr_file_close(file);
	mk_free(&mk);
}
END_TEST

START_TEST(damaged_layout)
{
	struct mkprof mk = mk_normal();
	struct vprof_header *h = mk_header(&mk);
	struct vprof_extent *table = (void *)(mk.bytes + VPROF_EXTENT_TABLE_OFFSET);
	struct vr_file *file;

	h->section[VPROF_SEC_CPU].row_bytes = 24;
	file = open_ok(&mk);
	one_damage(file, "cpu: row_bytes", 616 + 6 * 16, 0, 7);
	ck_assert_uint_eq(file->n_cpus, 0);
	ck_assert_uint_eq(file->n_sites, 4);
	vr_file_close(file);
	h->section[VPROF_SEC_CPU].row_bytes = 32;

	h->section[VPROF_SEC_CPU].rows_per_extent = MK_EXTENT / 32 + 1;
	file = open_ok(&mk);
	one_damage(file, "cpu: rows_per_extent", 616 + 6 * 16, 0, 7);
	vr_file_close(file);
	h->section[VPROF_SEC_CPU].rows_per_extent = MK_EXTENT / 32 / 2; /* fewer is fine */
	file = open_ok(&mk);
	ck_assert_uint_eq(file->n_damages, 0);
	ck_assert_uint_eq(file->n_cpus, 7);
	vr_file_close(file);

	table[5].kind = table[4].kind;
	table[5].index = table[4].index;
	file = open_ok(&mk);
	ck_assert_uint_ge(file->n_damages, 1);
	ck_assert_ptr_nonnull(strstr(file->damage[0].reason, "listed twice"));
	ck_assert_uint_eq(file->damage[0].offset, VPROF_EXTENT_TABLE_OFFSET + 5 * 4);
	vr_file_close(file);
	mk_free(&mk);
}
END_TEST

/* Rows over several extents, and a file cut in the middle of one of them. */
START_TEST(several_extents_cut_short)
{
	struct mkprof mk = mk_new();
	struct vr_file *file;
	struct vr_err err;
	uint32_t last;

	mk_row(&mk, VPROF_SEC_NODES, NULL);
	mk_row(&mk, VPROF_SEC_NODES, NULL);
	mk_module(&mk, "/opt/none/app", 0x400000);
	for (uint32_t i = 2; i < 10000; i++)
		last = mk_node(&mk, i - 1, 0, i, 0);
	ck_assert_uint_eq(last, 9999);
	file = open_ok(&mk);
	ck_assert_uint_eq(file->n_damages, 0);
	ck_assert_uint_eq(file->n_nodes, 10000);
	ck_assert_uint_eq(file->node[9999].parent, 9998);
	ck_assert_uint_eq(file->node[4096].where & VPROF_WHERE_ADDRESS, 0x400000 + 4096);
	vr_file_close(file);

	/* extents: header, strings, nodes 0, modules, nodes 1, nodes 2 */
	ck_assert_int_eq(mk_write(&mk, path, 4 * MK_EXTENT + 1600), 0);
	ck_assert_int_eq(vr_file_open(path, &file, &err), 0);
	ck_assert_uint_gt(file->n_damages, 0);
	ck_assert_uint_eq(file->n_nodes, 8192);
	ck_assert_uint_eq(file->node[4096 + 99].parent, 4096 + 98);
	ck_assert_uint_eq(file->node[4096 + 100].parent, 0); /* beyond the cut: empty */
	vr_file_close(file);
	mk_free(&mk);
}
END_TEST

START_TEST(strings_end_in_their_extent)
{
	struct mkprof mk = mk_normal();
	struct vprof_header *h = mk_header(&mk);
	char *rows = rows_of(&mk, VPROF_SEC_STRINGS);
	struct vr_file *file;

	memset(rows + h->cmdline * VPROF_STRING_ROW, 'x',
	       MK_EXTENT - h->cmdline * VPROF_STRING_ROW);
	h->section[VPROF_SEC_STRINGS].rows_used = MK_EXTENT / VPROF_STRING_ROW;
	file = open_ok(&mk);
	ck_assert_str_eq(vr_file_string(file, h->cmdline), "");
	ck_assert_str_eq(vr_file_string(file, 0xfffffff0), "");
	vr_file_close(file);
	h->host = 5000;
	file = open_ok(&mk);
	ck_assert_uint_eq(file->n_damages, 1);
	ck_assert_ptr_nonnull(strstr(file->damage[0].reason, "string id"));
	vr_file_close(file);
	mk_free(&mk);
}
END_TEST

/* Of time off the CPU. */
static void waits_are_safe(const struct vr_file *file)
{
	const uint32_t nodes = file->n_nodes ? file->n_nodes : 1;
	const uint32_t threads = file->n_threads ? file->n_threads : 1;

	for (uint32_t i = 0; i < file->n_calls; i++)
		ck_assert(
		    !file->call[i].calls ||
		    (file->call[i].node < nodes && file->call[i].thread < threads &&
		     file->call[i].class < VPROF_CLASS_COUNT &&
		     file->call[i].blocked_ns <= file->call[i].time_ns &&
		     (file->call[i].loop == VPROF_NONE || file->call[i].loop < file->n_loops)));
	for (uint32_t i = 0; i < file->n_books; i++)
		ck_assert_uint_lt(file->book[i].thread, threads);
	for (uint32_t i = 0; i < file->n_loops; i++)
		ck_assert(file->loop[i].node < nodes && file->loop[i].thread < threads);
	for (uint32_t i = 0; i < file->n_stalls; i++)
		ck_assert(file->stall[i].node < nodes && file->stall[i].thread < threads &&
			  file->stall[i].class < VPROF_CLASS_COUNT &&
			  (!file->stall[i].duration_ns || file->stall[i].loop == VPROF_NONE ||
			   file->stall[i].loop < file->n_loops));
	for (uint32_t i = 0; i < file->n_dumps; i++)
		ck_assert(file->dump[i].node < nodes && file->dump[i].thread < threads &&
			  (!file->dump[i].number || file->dump[i].waits_for == VPROF_NONE ||
			   file->dump[i].waits_for < threads));
}

/* What was handed out must be safe to use, whatever the bytes were. */
static void is_safe(const struct vr_file *file)
{
	for (uint32_t i = 1; i < file->n_nodes; i++) {
		uint64_t module = file->node[i].where >> VPROF_WHERE_MODULE_SHIFT;

		ck_assert(file->node[i].parent < i || file->node[i].parent == VR_NODE_UNREADABLE);
		if (file->node[i].parent != VR_NODE_UNREADABLE)
			ck_assert(module < file->n_modules || module >= VPROF_MODULE_KERNEL);
	}
	for (uint32_t i = 0; i < file->n_cpus; i++)
		ck_assert(!file->cpu[i].samples || (file->cpu[i].node < file->n_nodes &&
						    file->cpu[i].thread < file->n_threads));
	for (uint32_t i = 0; i < file->n_sites; i++)
		ck_assert_uint_lt(file->site[i].node, file->n_nodes ? file->n_nodes : 1);
	for (uint32_t i = 1; i < file->n_points; i++)
		ck_assert_uint_ge(file->point[i].t_ns, file->point[i - 1].t_ns);
	for (size_t i = 0; i < file->n_events; i++)
		ck_assert(
		    file->event[i].node < file->n_nodes &&
		    file->event[i].thread < file->n_threads &&
		    (file->event[i].kind != VPROF_EV_WAIT || file->event[i].arg < file->n_locks));
	for (uint32_t i = 0; i < file->n_locks; i++)
		ck_assert(!file->lock[i].waits || (file->lock[i].node < file->n_nodes &&
						   file->lock[i].thread < file->n_threads &&
						   file->lock[i].kind <= VPROF_LOCK_BARRIER));
	waits_are_safe(file);
	for (uint32_t i = 0; i < file->n_modules; i++)
		ck_assert_uint_le(file->module[i].build_id_bytes, 32);
	for (uint32_t i = 0; i < file->n_threads; i++)
		ck_assert_uint_lt(strlen(file->thread[i].name), 16);
}

START_TEST(any_bytes_are_safe)
{
	static const char *const shape[] = {"normal", "wrapped", "overflow", "locks", "waits"};
	unsigned damaged = 0, refused_files = 0;

	for (unsigned i = 0; i < 1000; i++) {
		uint64_t seed = (uint64_t)_i * 1000 + i;
		struct vr_file *file;
		struct vr_err err;
		struct mkprof mk;
		size_t size;

		ck_assert_int_eq(mk_shape(shape[i % 5], &mk), 0);
		size =
		    mk_spoil(mk.bytes, mk_size(&mk) < 64 * MK_EXTENT ? mk_size(&mk) : 65536, seed);
		ck_assert_int_eq(mk_write(&mk, path, size ? size : 1), 0);
		if (vr_file_open(path, &file, &err) < 0) {
			ck_assert_uint_gt(strlen(err.text), 0);
			refused_files++;
		} else {
			is_safe(file);
			damaged += file->n_damages != 0;
			vr_file_close(file);
		}
		mk_free(&mk);
	}
	/* The spoiling spoils: this test looks at what it means to. */
	ck_assert_uint_gt(damaged, 50);
	ck_assert_uint_gt(refused_files, 50);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_checked_fixture(tests, make_path, remove_path);
	tcase_add_test(tests, damaged_node);
	tcase_add_test(tests, damaged_rows);
	tcase_add_test(tests, damaged_locks);
	tcase_add_test(tests, damaged_layout);
	tcase_add_test(tests, several_extents_cut_short);
	tcase_add_test(tests, strings_end_in_their_extent);
	tcase_add_loop_test(tests, any_bytes_are_safe, 0, 4);
}

int main(void)
{
	return check_main("input_damage", cases);
}
