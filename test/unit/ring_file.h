/* A ring file in /tmp that a case writes and reads. */
#ifndef TEST_UNIT_RING_FILE_H
#define TEST_UNIT_RING_FILE_H

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../golden/mkprof.h"
#include "check_main.h"
#include "input/read.h"

static char path[64];

static inline void make_path(void)
{
	int fd;

	strcpy(path, "/tmp/vr-test-XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
}

static inline void remove_path(void)
{
	unlink(path);
}

static inline struct vr_file *open_ok(struct mkprof *mk)
{
	struct vr_file *file;
	struct vr_err err;

	ck_assert_int_eq(mk_write(mk, path, 0), 0);
	ck_assert_int_eq(vr_file_open(path, &file, &err), 0);
	return file;
}

/* The file must be refused with a line that contains `part`. */
static inline void refused(struct mkprof *mk, uint64_t size, const char *part)
{
	struct vr_file *file;
	struct vr_err err;

	ck_assert_int_eq(mk_write(mk, path, size), 0);
	ck_assert_int_lt(vr_file_open(path, &file, &err), 0);
	ck_assert_ptr_null(file);
	ck_assert_msg(strstr(err.text, part), "'%s' does not say '%s'", err.text, part);
	ck_assert_ptr_null(strchr(err.text, '\n'));
}

/* The first extent of a section, in memory. */
static inline void *rows_of(struct mkprof *mk, unsigned kind)
{
	const struct vprof_extent *table = (void *)(mk->bytes + VPROF_EXTENT_TABLE_OFFSET);

	for (uint32_t i = 1; i < mk_header(mk)->extents_used; i++)
		if (table[i].kind == kind && table[i].index == 0)
			return mk->bytes + (uint64_t)i * MK_EXTENT;
	ck_abort_msg("no such section");
	return NULL;
}

static inline uint64_t offset_of(struct mkprof *mk, const void *at)
{
	return (uint64_t)((const uint8_t *)at - mk->bytes);
}

static inline void one_damage(const struct vr_file *file, const char *part, uint64_t offset,
			      uint64_t kept, uint64_t total)
{
	ck_assert_uint_eq(file->n_damages, 1);
	ck_assert_msg(strstr(file->damage[0].reason, part), "'%s'", file->damage[0].reason);
	ck_assert_uint_eq(file->damage[0].offset, offset);
	ck_assert_uint_eq(file->damage[0].kept, kept);
	ck_assert_uint_eq(file->damage[0].total, total);
}

#endif
