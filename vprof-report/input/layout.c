#include "input/layout.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "cli/xalloc.h"

/* Smallest row each kind may have: what this reader knows of it. */
static const struct {
	const char *name;
	uint32_t row_bytes;
} known[VPROF_SEC_END] = {
    [VPROF_SEC_HEADER] = {"header", 0},
    [VPROF_SEC_STRINGS] = {"strings", sizeof(struct vprof_string_row)},
    [VPROF_SEC_MODULES] = {"modules", sizeof(struct vprof_module)},
    [VPROF_SEC_THREADS] = {"threads", sizeof(struct vprof_thread)},
    [VPROF_SEC_NODES] = {"nodes", sizeof(struct vprof_node)},
    [VPROF_SEC_SITES] = {"sites", sizeof(struct vprof_site)},
    [VPROF_SEC_CPU] = {"cpu", sizeof(struct vprof_cpu)},
    [VPROF_SEC_TIMELINE] = {"timeline", sizeof(struct vprof_point)},
    [VPROF_SEC_EVENTS] = {"events", sizeof(struct vprof_event_block)},
    [VPROF_SEC_LOCKS] = {"locks", sizeof(struct vprof_lock)},
    [VPROF_SEC_SERIES] = {"series", sizeof(struct vprof_series)},
    [VPROF_SEC_LEAKS] = {"leaks", sizeof(struct vprof_leak)},
    [VPROF_SEC_MARKS] = {"marks", sizeof(struct vprof_mark)},
    [VPROF_SEC_MAPS] = {"maps", sizeof(struct vprof_map)},
    [VPROF_SEC_ACCOUNTS] = {"accounts", sizeof(struct vprof_account)},
    [VPROF_SEC_RESIDENT] = {"resident", sizeof(struct vprof_resident)},
    [VPROF_SEC_CALLS] = {"calls", sizeof(struct vprof_call)},
    [VPROF_SEC_BOOKS] = {"books", sizeof(struct vprof_book)},
    [VPROF_SEC_LOOPS] = {"loops", sizeof(struct vprof_loop)},
    [VPROF_SEC_STALLS] = {"stalls", sizeof(struct vprof_stall)},
    [VPROF_SEC_SPANS] = {"spans", sizeof(struct vprof_span)},
    [VPROF_SEC_DUMPS] = {"dumps", sizeof(struct vprof_dump)},
    [VPROF_SEC_ORDERS] = {"orders", sizeof(struct vprof_order)},
    [VPROF_SEC_COPIES] = {"copies", sizeof(struct vprof_copy)},
    [VPROF_SEC_COUNTS] = {"counts", sizeof(struct vprof_count)},
    [VPROF_SEC_LABELS] = {"labels", sizeof(struct vprof_label_loop)},
    [VPROF_SEC_HEAP_TIMES] = {"heap times", sizeof(struct vprof_heap_time)},
    [VPROF_SEC_DURATIONS] = {"durations", sizeof(struct vprof_duration)},
    [VPROF_SEC_BLAME] = {"blame", sizeof(struct vprof_blame)},
    [VPROF_SEC_UNITS] = {"units", sizeof(struct vprof_unit)},
};

const char *vr_section_name(unsigned kind)
{
	static char unknown[VPROF_SEC_COUNT][sizeof("section 63")];

	if (kind < VPROF_SEC_END && known[kind].name)
		return known[kind].name;
	snprintf(unknown[kind], sizeof(unknown[kind]), "section %u", kind % VPROF_SEC_COUNT);
	return unknown[kind];
}

void vr_damage_add(struct vr_file *file, const char *section, const char *reason, uint64_t offset,
		   uint64_t kept, uint64_t total)
{
	struct vr_damage *damage;

	file->damage =
	    vr_xgrow(file->damage, file->n_damages, &file->damage_room, sizeof(*file->damage));
	damage = &file->damage[file->n_damages++];
	snprintf(damage->reason, sizeof(damage->reason), "%s: %s", section, reason);
	damage->offset = offset;
	damage->kept = kept;
	damage->total = total;
}

int vr_layout_unfinished(const struct vr_layout *layout)
{
	return layout->header.state != VPROF_STATE_EXITED &&
	       layout->header.state != VPROF_STATE_EXECED;
}

uint64_t vr_layout_offset(const struct vr_layout *layout, unsigned kind, uint32_t row)
{
	const struct vr_section *section = &layout->section[kind];
	uint32_t index = section->rows_per_extent ? row / section->rows_per_extent : 0;

	if (index >= section->extents || !section->extent[index])
		return layout->size_bytes;
	return (uint64_t)section->extent[index] * layout->header.extent_bytes +
	       (uint64_t)(row % section->rows_per_extent) * section->row_bytes;
}

/* The checks without which no byte behind the header means anything. */
static int check_header(const struct vprof_header *h, struct vr_err *err)
{
	if (memcmp(h->magic, VPROF_MAGIC, sizeof(h->magic)) != 0)
		return vr_err_set(err, -EINVAL, "not a vprof file (no \"%s\" at 0x0)", VPROF_MAGIC);
	if (h->version != VPROF_FORMAT_VERSION)
		return vr_err_set(err, -EINVAL,
				  "format version %" PRIu32 ", this vprof-report reads version %u",
				  h->version, VPROF_FORMAT_VERSION);
	if (h->header_bytes != sizeof(*h))
		return vr_err_set(err, -EINVAL,
				  "damaged header: header_bytes is %" PRIu32 " at 0xc, not %zu",
				  h->header_bytes, sizeof(*h));
	if (h->extent_bytes < VPROF_EXTENT_MIN || h->extent_bytes > 1u << 30 ||
	    (h->extent_bytes & (h->extent_bytes - 1)))
		return vr_err_set(err, -EINVAL,
				  "damaged header: extent_bytes is %" PRIu32
				  " at 0x18, not a power of two from %u",
				  h->extent_bytes, VPROF_EXTENT_MIN);
	if (h->extent_count == 0 || h->extent_count > VPROF_EXTENTS_MAX)
		return vr_err_set(err, -EINVAL,
				  "damaged header: extent_count is %" PRIu32 " at 0x1c, not 1..%u",
				  h->extent_count, VPROF_EXTENTS_MAX);
	if ((uint64_t)h->extent_count * h->extent_bytes > h->file_bytes)
		return vr_err_set(err, -EINVAL,
				  "damaged header: %" PRIu32 " extents of %" PRIu32
				  " bytes exceed file_bytes %" PRIu64 " at 0x10",
				  h->extent_count, h->extent_bytes, h->file_bytes);
	return 0;
}

/* Reads up to len bytes at offset; a short count is the end of the file.
 * Returns the bytes read or -errno. */
static ssize_t read_at(int fd, void *buf, size_t len, uint64_t offset)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(fd, (char *)buf + done, len - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

/* Sections whose rows this reader cannot find its way in get row_bytes 0. */
static void check_sections(struct vr_file *file, struct vr_layout *layout)
{
	const struct vprof_header *h = &layout->header;

	for (unsigned kind = 1; kind < VPROF_SEC_END; kind++) {
		const struct vprof_section *from = VPROF_HEADER_SECTION(h, kind);
		struct vr_section *to = &layout->section[kind];
		const char *reason = NULL;

		if (from->row_bytes == 0 || !known[kind].name)
			continue;
		if (from->row_bytes < known[kind].row_bytes || from->row_bytes % 8)
			reason = "row_bytes is wrong";
		else if (from->row_bytes > h->extent_bytes)
			reason = "row_bytes exceeds an extent";
		else if (from->rows_per_extent == 0 ||
			 from->rows_per_extent > h->extent_bytes / from->row_bytes)
			reason = "rows_per_extent is wrong"; /* fewer than fit is fine */
		if (reason) {
			vr_damage_add(file, known[kind].name, reason,
				      (uint64_t)((const char *)from - (const char *)h), 0,
				      from->rows_used);
			continue;
		}
		to->row_bytes = from->row_bytes;
		to->rows_per_extent = from->rows_per_extent;
		to->claimed = from->rows_used;
	}
}

/* Enters one extent into its section.  Returns NULL or what is wrong. */
static const char *place_extent(struct vr_layout *layout, uint32_t number,
				const struct vprof_extent *extent, uint32_t extents)
{
	struct vr_section *section = &layout->section[extent->kind];

	if (!section->row_bytes)
		return NULL; /* unreadable, and reported as such */
	/* A section cannot have more extents than the file: this bounds the
	 * memory a hostile file can make us ask for by its own size. */
	if (extent->index >= extents)
		return "extent index out of range";
	if (section->extent[extent->index])
		return "extent listed twice";
	section->extent[extent->index] = number;
	if (section->extents <= extent->index)
		section->extents = extent->index + 1u;
	return NULL;
}

static void place_extents(struct vr_file *file, struct vr_layout *layout,
			  const struct vprof_extent *table)
{
	const struct vprof_header *h = &layout->header;
	uint64_t on_disk = (layout->size_bytes + h->extent_bytes - 1) / h->extent_bytes;
	uint32_t used = h->extents_used;

	if (used > h->extent_count) {
		vr_damage_add(file, "header", "extents_used exceeds extent_count",
			      offsetof(struct vprof_header, extents_used), 0, 0);
		used = h->extent_count;
	}
	/* The state of a live file may be older than its extent table. */
	if (vr_layout_unfinished(layout))
		used = h->extent_count;
	if (used > on_disk)
		used = (uint32_t)on_disk;
	for (uint32_t i = 1; i < used; i++) {
		const char *reason = NULL;

		if (table[i].kind && table[i].kind < VPROF_SEC_END)
			reason = place_extent(layout, i, &table[i], used);
		if (reason)
			vr_damage_add(file, "extent table", reason,
				      VPROF_EXTENT_TABLE_OFFSET + i * sizeof(*table), 0, 0);
	}
}

/* Bounds each section's rows by the extents there are. */
static void count_rows(struct vr_file *file, struct vr_layout *layout)
{
	for (unsigned kind = 1; kind < VPROF_SEC_END; kind++) {
		struct vr_section *section = &layout->section[kind];
		uint64_t room = (uint64_t)section->extents * section->rows_per_extent;

		section->rows = section->claimed < room ? section->claimed : (uint32_t)room;
		if (section->rows == section->claimed)
			continue;
		/* A row handed out just before its extent was: no loss. */
		if (vr_layout_unfinished(layout) &&
		    section->claimed - section->rows <= section->rows_per_extent &&
		    layout->size_bytes >= layout->header.file_bytes)
			continue;
		vr_damage_add(file, vr_section_name(kind),
			      layout->size_bytes < (uint64_t)layout->header.extents_used *
						       layout->header.extent_bytes
				  ? "file is cut short"
				  : "rows without an extent",
			      layout->size_bytes, section->rows, section->claimed);
	}
}

int vr_layout_read(int fd, struct vr_file *file, struct vr_layout *layout, struct vr_err *err)
{
	struct vprof_extent table[VPROF_EXTENTS_MAX] = {{0}};
	ssize_t n;
	int ret;

	memset(layout, 0, sizeof(*layout));
	layout->size_bytes = file->size_bytes;
	n = read_at(fd, &layout->header, sizeof(layout->header), 0);
	if (n < 0)
		return vr_err_set(err, (int)n, "%s", strerror((int)-n));
	if (n == 0)
		return vr_err_set(err, -EINVAL, "empty file");
	if (n < (ssize_t)sizeof(layout->header) &&
	    (n < 8 || memcmp(layout->header.magic, VPROF_MAGIC, 8) != 0))
		return vr_err_set(err, -EINVAL, "not a vprof file (no \"%s\" at 0x0)", VPROF_MAGIC);
	if (n < (ssize_t)sizeof(layout->header))
		return vr_err_set(err, -EINVAL, "header is cut short at 0x%zx", (size_t)n);
	ret = check_header(&layout->header, err);
	if (ret < 0)
		return ret;
	n = read_at(fd, table, sizeof(table), VPROF_EXTENT_TABLE_OFFSET);
	if (n < 0)
		return vr_err_set(err, (int)n, "%s", strerror((int)-n));
	check_sections(file, layout);
	place_extents(file, layout, table);
	count_rows(file, layout);
	return 0;
}
