#include "input/read.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/xalloc.h"
#include "input/check.h"
#include "input/layout.h"
#include "input/rows.h"
#include "input/status.h"

#define HOLES_MAX      (64ull << 20) /* as large as a record is by default */
#define COMPRESSED_MAX 64u

/* Whose it is, where that is what is in the way.  Returns -EACCES. */
static int not_permitted(const char *path, struct vr_err *err)
{
	const struct passwd *owner;
	struct stat st;

	if (stat(path, &st) < 0)
		return vr_err_set(err, -EACCES, "you may not pass one of its directories");
	owner = getpwuid(st.st_uid);
	if (st.st_uid == geteuid())
		return vr_err_set(err, -EACCES,
				  "it is yours, but not readable: chmod u+r makes it so");
	return vr_err_set(
	    err, -EACCES,
	    "you may not read it: it belongs to %s, who can read it, or allow it with "
	    "chmod a+r",
	    owner ? owner->pw_name : "another user");
}

/* Opens a regular file for reading.  Returns the descriptor or -errno. */
static int open_regular(const char *path, struct vr_file *file, struct vr_err *err)
{
	/* O_NONBLOCK: a FIFO must not make us wait. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 && errno == EACCES)
		return not_permitted(path, err);
	if (fd < 0)
		return vr_err_set(err, -errno, "%s", strerror(errno));
	if (fstat(fd, &st) < 0) {
		vr_err_set(err, -errno, "%s", strerror(errno));
	} else if (S_ISDIR(st.st_mode)) {
		vr_err_set(err, -EISDIR, "is a directory");
	} else if (!S_ISREG(st.st_mode)) {
		vr_err_set(err, -EINVAL, "is not a regular file");
	} else if ((uint64_t)st.st_size > VR_INPUT_MAX) {
		vr_err_set(err, -EFBIG, "is larger than any ring file (%lld bytes)",
			   (long long)st.st_size);
	} else {
		file->size_bytes = (uint64_t)st.st_size;
		file->used_bytes = (uint64_t)st.st_blocks * 512;
		return fd;
	}
	close(fd);
	return err->code;
}

/* A file of a few KiB whose holes pass for gigabytes of rows shall not cost us gigabytes.
 * File systems that compress store the zeros of a record in a fraction of their size.
 * Returns 0 or -EFBIG. */
static int check_holes(const struct vr_file *file, const struct vr_layout *layout,
		       struct vr_err *err)
{
	uint64_t bytes = 0;

	for (unsigned kind = 1; kind < VPROF_SEC_END; kind++)
		bytes += (uint64_t)layout->section[kind].rows * layout->section[kind].row_bytes;
	if (bytes <= HOLES_MAX || bytes / COMPRESSED_MAX <= file->used_bytes)
		return 0;
	return vr_err_set(err, -EFBIG, "consists of holes: %llu bytes of rows in %llu on disk",
			  (unsigned long long)bytes, (unsigned long long)file->used_bytes);
}

static int read_layout(int fd, struct vr_file *file, struct vr_layout *layout, struct vr_err *err)
{
	int ret = vr_layout_read(fd, file, layout, err);

	return ret < 0 ? ret : check_holes(file, layout, err);
}

/* Drops what a first pass over the layout noted: the second one sees it too. */
static void forget_damage(struct vr_file *file)
{
	file->n_damages = 0;
}

/* The rows of a section, and where they go. */
struct part {
	unsigned kind;
	size_t size;
	void **array;
	uint32_t *rows;
};

static int read_parts(int fd, struct vr_file *file, const struct vr_layout *layout,
		      const struct part *part, size_t count)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < count; i++)
		ret = vr_rows_read(fd, file, layout, part[i].kind, part[i].size, part[i].array,
				   part[i].rows);
	return ret;
}

#define ROWS(kind, member, count)                                                                  \
	{                                                                                          \
		VPROF_SEC_##kind, sizeof(*file->member), (void **)&file->member, &file->count      \
	}

/* Rows that refer to others. */
static int read_early(int fd, struct vr_file *file, const struct vr_layout *layout)
{
	const struct part early[] = {
	    ROWS(COPIES, copy, n_copies),
	    ROWS(HEAP_TIMES, heap_time, n_heap_times), /* no more than the sites will say */
	    ROWS(SITES, site, n_sites),
	    ROWS(CPU, cpu, n_cpus),
	    ROWS(LOCKS, lock, n_locks),
	    ROWS(BLAME, blame, n_blames),
	    ROWS(LEAKS, leak, n_leaks),
	    ROWS(SERIES, series, series_rows),
	    ROWS(MARKS, mark, n_marks),
	    ROWS(MAPS, map, n_maps),
	    ROWS(ACCOUNTS, account, n_accounts),
	    ROWS(RESIDENT, resident, n_residents),
	    ROWS(CALLS, call, n_calls),
	    ROWS(STALLS, stall, n_stalls),
	    ROWS(UNITS, unit, n_units),
	    ROWS(LABELS, label_loop, n_label_loops),
	    ROWS(LOOPS, loop, n_loops),
	    ROWS(BOOKS, book, n_books),
	    ROWS(SPANS, span, n_spans),
	    ROWS(DUMPS, dump, n_dumps),
	    ROWS(ORDERS, order, n_orders),
	    ROWS(DURATIONS, duration, n_durations),
	    ROWS(COUNTS, count, n_counts),
	    ROWS(TIMELINE, point, n_points),
	};

	return read_parts(fd, file, layout, early, sizeof(early) / sizeof(early[0]));
}

/* Rows that others refer to. */
static int read_late(int fd, struct vr_file *file, const struct vr_layout *layout)
{
	const struct part late[] = {
	    ROWS(THREADS, thread, n_threads),
	    ROWS(NODES, node, n_nodes),
	    ROWS(MODULES, module, n_modules),
	};

	return read_parts(fd, file, layout, late, sizeof(late) / sizeof(late[0]));
}

/* Reads everything, a header between early and late: in a live file every id we have seen is
 * then in the tables we have. */
static int read_sections(int fd, struct vr_file *file, struct vr_layout *layout, struct vr_err *err)
{
	struct vr_layout *first = vr_xcalloc(1, sizeof(*first));
	struct vprof_event_block *block = NULL;
	uint32_t blocks = 0;
	int ret = read_layout(fd, file, first, err);

	if (ret < 0)
		goto out;
	err->code = 0;
	forget_damage(file);
	ret = vr_rows_read(fd, file, first, VPROF_SEC_EVENTS, sizeof(*block), (void **)&block,
			   &blocks);
	if (ret == 0)
		ret = read_early(fd, file, first);
	if (ret == 0)
		ret = read_layout(fd, file, layout, err);
	if (ret == 0)
		ret = read_late(fd, file, layout);
	if (ret == 0)
		ret = vr_rows_strings(fd, file, layout);
	if (ret == 0) {
		file->header = layout->header;
		file->series_points = first->header.series_points;
		if (layout->header.series_sequence != first->header.series_sequence)
			file->series_rows = 0; /* merged while we read */
		vr_check_tables(file, layout);
		vr_check_events(file, layout, block, blocks, layout->header.blocks_reserved);
	} else if (!err->code) {
		vr_err_set(err, ret, "%s", strerror(-ret));
	}
out:
	free(block);
	free(first);
	return ret;
}

/* What the last search called lost, of rows nobody has checked. */
static uint64_t lost_bytes(const struct vr_file *file)
{
	const struct vprof_header *h = &file->header;
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < file->n_leaks; i++) {
		const struct vprof_leak *leak = &file->leak[i];

		if (leak->scan == h->scan_count &&
		    (leak->verdict == VPROF_LEAK_LOST || leak->verdict == VPROF_LEAK_INDIRECT))
			bytes += leak->bytes;
	}
	return bytes;
}

/* Header and strings only, and what was lost. */
static int read_head(int fd, struct vr_file *file, struct vr_layout *layout, struct vr_err *err)
{
	int ret = read_layout(fd, file, layout, err);

	if (ret < 0)
		return ret;
	ret = vr_rows_strings(fd, file, layout);
	if (ret == 0)
		ret = vr_rows_read(fd, file, layout, VPROF_SEC_LEAKS, sizeof(*file->leak),
				   (void **)&file->leak, &file->n_leaks);
	if (ret < 0)
		return vr_err_set(err, ret, "%s", strerror(-ret));
	file->header = layout->header;
	file->head_lost_bytes = lost_bytes(file);
	vr_file_drop_rows(file);
	return 0;
}

typedef int reader(int fd, struct vr_file *file, struct vr_layout *layout, struct vr_err *err);

static int open_parts(const char *path, reader *take, struct vr_file **out, struct vr_err *err)
{
	struct vr_file *file = vr_xcalloc(1, sizeof(*file));
	struct vr_layout *layout = vr_xcalloc(1, sizeof(*layout));
	int ret;
	int fd, mapped;

	*out = NULL;
	*err = (struct vr_err){0};
	file->path = vr_xstrdup(path);
	fd = open_regular(path, file, err);
	mapped = fd >= 0 && vr_status_is_mapped(fd);
	ret = fd < 0 ? fd : take(fd, file, layout, err);
	if (fd >= 0)
		close(fd);
	free(layout);
	if (ret < 0) {
		vr_file_close(file);
		return ret;
	}
	vr_status_find(file, mapped);
	*out = file;
	return 0;
}

int vr_file_open(const char *path, struct vr_file **out, struct vr_err *err)
{
	return open_parts(path, read_sections, out, err);
}

int vr_file_open_head(const char *path, struct vr_file **out, struct vr_err *err)
{
	return open_parts(path, read_head, out, err);
}
