/* The reader of ring files: what it hands out and what it refuses; test_input_damage.c: what
 * it makes of damaged ones. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ring_file.h"

START_TEST(normal_file)
{
	struct mkprof mk = mk_normal();
	struct vr_file *file = open_ok(&mk);

	ck_assert_uint_eq(file->n_damages, 0);
	ck_assert_int_eq(file->status, VR_STATUS_EXITED);
	ck_assert_uint_eq(file->n_modules, 2);
	ck_assert_uint_eq(file->n_threads, 6);
	ck_assert_uint_eq(file->n_nodes, 8);
	ck_assert_uint_eq(file->n_sites, 4);
	ck_assert_uint_eq(file->n_cpus, 7);
	ck_assert_uint_eq(file->n_points, 20);
	ck_assert_uint_eq(file->n_events, 15);
	ck_assert_int_eq(file->wrapped, 0);
	ck_assert_str_eq(vr_file_string(file, file->header.cmdline), "app --symbol SOL/USDT");
	ck_assert_str_eq(vr_file_string(file, file->module[1].path), "/opt/none/lib/libbook.so.1");
	ck_assert_str_eq(vr_file_string(file, VPROF_NONE), "");
	ck_assert_str_eq(file->thread[2].name, "worker");
	ck_assert_uint_eq(file->node[6].parent, 5);
	ck_assert_uint_eq(file->cpu[5].weight_ns, 120 * MK_MS);
	ck_assert_uint_eq(vr_file_duration_ns(file), 2000 * MK_MS);
	vr_file_close(file);
	mk_free(&mk);
}
END_TEST

START_TEST(wrapped_ring_is_in_order)
{
	struct mkprof mk = mk_wrapped();
	struct vr_file *file = open_ok(&mk);

	ck_assert_uint_eq(file->n_damages, 0);
	ck_assert_int_eq(file->wrapped, 1);
	ck_assert_uint_eq(file->n_events, 3 * 127 + 50);
	ck_assert_uint_eq(file->oldest_event_ns, 6000 * MK_MS);
	for (size_t i = 1; i < file->n_events; i++)
		ck_assert_uint_gt(file->event[i].t_ns, file->event[i - 1].t_ns);
	ck_assert_uint_eq(file->event[430].t_ns, 9049 * MK_MS);
	vr_file_close(file);
	mk_free(&mk);
}
END_TEST

/* A block that was handed out again while it was read is left out silently. */
START_TEST(recycled_block_is_left_out)
{
	struct mkprof mk = mk_wrapped();
	struct vr_file *file;

	mk_header(&mk)->blocks_reserved = 11; /* block 10 took the row of 6 */
	file = open_ok(&mk);
	ck_assert_uint_eq(file->n_damages, 0);
	ck_assert_uint_eq(file->n_events, 2 * 127 + 50);
	ck_assert_uint_eq(file->oldest_event_ns, 7000 * MK_MS);
	vr_file_close(file);
	mk_free(&mk);
}
END_TEST

START_TEST(status_of_unfinished)
{
	struct mkprof mk = mk_killed();
	struct vprof_header *h = mk_header(&mk);
	char host[256] = "", boot[64] = "", stat[1024] = "";
	struct vr_file *file = open_ok(&mk);
	unsigned long long ticks;
	FILE *in;

	ck_assert_int_eq(file->status, VR_STATUS_UNFINISHED);
	ck_assert_uint_eq(vr_file_duration_ns(file), 1950 * MK_MS); /* the heartbeat */
	vr_file_close(file);

	gethostname(host, sizeof(host) - 1);
	h->host = mk_string(&mk, host);
	file = open_ok(&mk);
	ck_assert_int_eq(file->status, VR_STATUS_KILLED);
	vr_file_close(file);

	in = fopen("/proc/sys/kernel/random/boot_id", "r");
	ck_assert_ptr_nonnull(fgets(boot, sizeof(boot), in));
	fclose(in);
	boot[strcspn(boot, "\n")] = '\0';
	h->boot_id = mk_string(&mk, boot);
	h->pid = (uint32_t)getpid();
	file = open_ok(&mk); /* the pid lives, but started at another time */
	ck_assert_int_eq(file->status, VR_STATUS_KILLED);
	vr_file_close(file);

	in = fopen("/proc/self/stat", "r");
	ck_assert_ptr_nonnull(fgets(stat, sizeof(stat), in));
	fclose(in);
	ck_assert_int_eq(sscanf(strrchr(stat, ')') + 1,
				" %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d "
				"%*d %*d %*d %llu",
				&ticks),
			 1);
	h->start_ticks = ticks;
	file = open_ok(&mk);
	ck_assert_int_eq(file->status, VR_STATUS_RUNNING);
	ck_assert_int_eq(file->same_boot, 1);
	vr_file_close(file);
	h->pid_namespace = 1; /* there it is another process's pid */
	file = open_ok(&mk);
	ck_assert_int_eq(file->status, VR_STATUS_KILLED);
	vr_file_close(file);
	h->state = VPROF_STATE_EXECED;
	file = open_ok(&mk);
	ck_assert_int_eq(file->status, VR_STATUS_EXECED);
	vr_file_close(file);
	mk_free(&mk);
}
END_TEST

/* The writer's lock says that it lives, whatever its pid says here. */
START_TEST(status_by_lock)
{
	struct flock lock = {
	    .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = VPROF_ALIVE_BYTE, .l_len = 1};
	struct mkprof mk = mk_killed();
	struct vr_file *file = open_ok(&mk);
	struct vr_err err;
	int fd = open(path, O_RDWR);

	ck_assert_int_eq(file->status, VR_STATUS_UNFINISHED);
	vr_file_close(file);
	ck_assert_int_eq(fcntl(fd, F_OFD_SETLK, &lock), 0);
	ck_assert_int_eq(vr_file_open(path, &file, &err), 0);
	ck_assert_int_eq(file->status, VR_STATUS_RUNNING);
	vr_file_close(file);
	close(fd);
	ck_assert_int_eq(vr_file_open(path, &file, &err), 0);
	ck_assert_int_eq(file->status, VR_STATUS_UNFINISHED);
	vr_file_close(file);
	mk_free(&mk);
}
END_TEST

START_TEST(refusals)
{
	struct mkprof mk = mk_normal();
	struct vprof_header *h = mk_header(&mk);
	struct vr_file *file;
	struct vr_err err;

	refused(&mk, 4095, "cut short at 0xfff");
	refused(&mk, 5, "not a vprof file");
	h->magic[3] = 'X';
	refused(&mk, 0, "not a vprof file");
	memcpy(h->magic, VPROF_MAGIC, 8);
	h->version = 2;
	refused(&mk, 0, "version 2");
	h->version = VPROF_FORMAT_VERSION;
	h->header_bytes = 4000;
	refused(&mk, 0, "header_bytes");
	h->header_bytes = 4096;
	h->extent_bytes = 3 << 16;
	refused(&mk, 0, "extent_bytes");
	h->extent_bytes = 32768;
	refused(&mk, 0, "extent_bytes");
	h->extent_bytes = MK_EXTENT;
	h->extent_count = 1025;
	refused(&mk, 0, "extent_count");
	h->extent_count = 65; /* one more than file_bytes has room for */
	refused(&mk, 0, "file_bytes");
	mk_free(&mk);

	ck_assert_int_eq(truncate(path, 0), 0);
	ck_assert_int_eq(vr_file_open(path, &file, &err), -EINVAL);
	ck_assert_str_eq(err.text, "empty file");
	unlink(path);
	ck_assert_int_eq(vr_file_open(path, &file, &err), -ENOENT);
	ck_assert_int_eq(vr_file_open("/tmp", &file, &err), -EISDIR);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(vr_file_open(path, &file, &err), -EINVAL); /* and does not hang */
	ck_assert_int_lt(vr_file_open("/dev/null", &file, &err), 0);
}
END_TEST

/* A newer library may write longer rows and kinds that are not known here, in
 * either part of the header's table; nothing that is said of them can do harm. */
START_TEST(newer_minor_version)
{
	struct mkprof mk = mk_new();
	struct vprof_header *h = mk_header(&mk);
	struct vprof_extent *table = (void *)(mk.bytes + VPROF_EXTENT_TABLE_OFFSET);
	struct vr_file *file;

	mk_section(&mk, VPROF_SEC_CPU, 48);
	mk_section(&mk, VPROF_SEC_END, 64);
	mk_row(&mk, VPROF_SEC_END, NULL);
	mk_section(&mk, VPROF_SEC_MORE, 64);
	mk_row(&mk, VPROF_SEC_MORE, NULL);
	memset(VPROF_HEADER_SECTION(h, 50), 0xff, sizeof(struct vprof_section));
	memset(VPROF_HEADER_SECTION(h, 63), 0xff, sizeof(struct vprof_section));
	mk_nodes(&mk);
	mk_cpu_rows(&mk);
	for (unsigned kind = 62; kind < 66; kind++) /* from 64 on the header has no entry */
		table[h->extents_used++] =
		    (struct vprof_extent){.index = 9, .kind = (uint16_t)kind};
	table[h->extents_used++] = (struct vprof_extent){.index = 0xffff, .kind = 0xffff};
	file = open_ok(&mk);
	ck_assert_uint_eq(file->n_damages, 0);
	ck_assert_uint_eq(file->n_cpus, 7);
	ck_assert_uint_eq(file->cpu[5].node, 6);
	ck_assert_uint_eq(file->cpu[5].weight_ns, 120 * MK_MS);
	vr_file_close(file);
	mk_free(&mk);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_checked_fixture(tests, make_path, remove_path);
	tcase_add_test(tests, normal_file);
	tcase_add_test(tests, wrapped_ring_is_in_order);
	tcase_add_test(tests, recycled_block_is_left_out);
	tcase_add_test(tests, status_of_unfinished);
	tcase_add_test(tests, status_by_lock);
	tcase_add_test(tests, refusals);
	tcase_add_test(tests, newer_minor_version);
}

int main(void)
{
	return check_main("input", cases);
}
