#include "input/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Reads the rows of one extent into buf.  Returns complete rows or -errno. */
static int64_t read_extent(int fd, const struct vr_layout *layout, unsigned kind, uint32_t index,
			   uint32_t rows, char *buf)
{
	const struct vr_section *section = &layout->section[kind];
	uint64_t offset = (uint64_t)section->extent[index] * layout->header.extent_bytes;
	size_t len = (size_t)rows * section->row_bytes;
	size_t done = 0;

	if (!section->extent[index])
		return 0;
	while (done < len) {
		ssize_t n = pread(fd, buf + done, len - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (int64_t)(done / section->row_bytes);
}

static uint32_t rows_in_extent(const struct vr_section *section, uint32_t index)
{
	uint32_t before = index * section->rows_per_extent;

	return section->rows - before < section->rows_per_extent ? section->rows - before
								 : section->rows_per_extent;
}

static void report_missing(struct vr_file *file, const struct vr_layout *layout, unsigned kind,
			   uint32_t first, uint64_t missing)
{
	const struct vr_section *section = &layout->section[kind];
	uint32_t index = first / section->rows_per_extent;

	vr_damage_add(file, vr_section_name(kind),
		      section->extent[index] ? "file is cut short" : "extent is missing",
		      vr_layout_offset(layout, kind, first), section->rows - missing,
		      section->claimed);
}

/* Copies `rows` rows of row_bytes each into elements of `size` bytes. */
static void copy_rows(char *to, size_t size, const char *from, size_t row_bytes, size_t rows)
{
	if (size == row_bytes) {
		memcpy(to, from, rows * size);
		return;
	}
	for (size_t i = 0; i < rows; i++)
		memcpy(to + i * size, from + i * row_bytes, size);
}

int vr_rows_read(int fd, struct vr_file *file, const struct vr_layout *layout, unsigned kind,
		 size_t size, void **array, uint32_t *rows)
{
	const struct vr_section *section = &layout->section[kind];
	char *buf = malloc(layout->header.extent_bytes);
	char *to = calloc(section->rows ? section->rows : 1, size);
	uint64_t missing = 0;
	uint32_t first_missing = 0;
	int ret = buf && to ? 0 : -ENOMEM;

	for (uint32_t i = 0; ret == 0 && (uint64_t)i * section->rows_per_extent < section->rows;
	     i++) {
		uint32_t want = rows_in_extent(section, i);
		int64_t got = read_extent(fd, layout, kind, i, want, buf);

		if (got < 0) {
			ret = (int)got;
			break;
		}
		copy_rows(to + (size_t)i * section->rows_per_extent * size, size, buf,
			  section->row_bytes, (size_t)got);
		if (got < want && !missing)
			first_missing = i * section->rows_per_extent + (uint32_t)got;
		missing += want - (uint64_t)got;
	}
	free(buf);
	if (ret < 0) {
		free(to);
		return ret;
	}
	if (missing)
		report_missing(file, layout, kind, first_missing, missing);
	*array = to;
	*rows = section->rows;
	return 0;
}

int vr_rows_strings(int fd, struct vr_file *file, const struct vr_layout *layout)
{
	const struct vr_section *section = &layout->section[VPROF_SEC_STRINGS];
	size_t row_bytes = section->row_bytes ? section->row_bytes : VPROF_STRING_ROW;
	void *array;
	uint32_t rows;
	int ret = vr_rows_read(fd, file, layout, VPROF_SEC_STRINGS, row_bytes, &array, &rows);

	if (ret < 0)
		return ret;
	file->strings = array;
	file->strings_bytes = (uint64_t)rows * row_bytes;
	file->strings_extent_bytes = (uint64_t)section->rows_per_extent * row_bytes;
	file->string_row_bytes = (uint32_t)row_bytes;
	return 0;
}
