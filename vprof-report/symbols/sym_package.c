/* The index is a hash table of ids, and for each id a row of offsets and sizes with a
 * column for each section (DWARF 5, 7.3.5; before that, GNU's version 2). */
#include "symbols/sym_package.h"

#include <string.h>

/* Numbers of sections in the index; GNU's differ from 5 on. */
enum { INFO = 1, ABBREV = 3, STR_OFFSETS = 6, RNGLISTS = 8 };

#define COLUMNS_MAX 16u

struct index {
	const uint8_t *ids, *rows, *columns, *offsets, *sizes;
	uint32_t slots, units, width, version;
};

static uint32_t word(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static int open_index(struct vr_bytes bytes, struct index *index)
{
	uint64_t need;

	if (bytes.size < 16)
		return 0;
	index->version = word(bytes.at) & 0xffff;
	index->width = word(bytes.at + 4);
	index->units = word(bytes.at + 8);
	index->slots = word(bytes.at + 12);
	need = 16 + (uint64_t)index->slots * 12 + index->width * 4 +
	       (uint64_t)index->units * index->width * 8;
	if ((index->version != 2 && index->version != 5) || index->width > COLUMNS_MAX ||
	    !index->slots || index->slots & (index->slots - 1) || need > bytes.size)
		return 0;
	index->ids = bytes.at + 16;
	index->rows = index->ids + (size_t)index->slots * 8;
	index->columns = index->rows + (size_t)index->slots * 4;
	index->offsets = index->columns + (size_t)index->width * 4;
	index->sizes = index->offsets + (size_t)index->units * index->width * 4;
	return 1;
}

/* Returns the row of the unit, from 1; 0: it is not there. */
static uint32_t find_row(const struct index *index, uint64_t id)
{
	uint64_t mask = index->slots - 1, at = id & mask, step = ((id >> 32) & mask) | 1;

	for (uint32_t tries = 0; tries < index->slots; tries++) {
		uint32_t row = word(index->rows + at * 4);
		uint64_t found;

		memcpy(&found, index->ids + at * 8, sizeof(found));
		if (!row || row > index->units)
			return 0;
		if (found == id)
			return row;
		at = (at + step) & mask;
	}
	return 0;
}

/* The unit's part of the section with that number in the index. */
static struct vr_bytes part(const struct index *index, uint32_t row, uint32_t number,
			    struct vr_bytes whole)
{
	for (uint32_t i = 0; i < index->width; i++) {
		size_t cell = ((size_t)(row - 1) * index->width + i) * 4;
		uint32_t offset, size;

		if (word(index->columns + i * 4) != number)
			continue;
		offset = word(index->offsets + cell);
		size = word(index->sizes + cell);
		if (offset > whole.size || size > whole.size - offset)
			break;
		return (struct vr_bytes){whole.at + offset, size};
	}
	return (struct vr_bytes){NULL, 0};
}

void vr_package_whole(Elf *elf, struct vr_parts *parts)
{
	parts->info = vr_image_bytes(elf, ".debug_info.dwo");
	parts->abbrev = vr_image_bytes(elf, ".debug_abbrev.dwo");
	parts->offsets = vr_image_bytes(elf, ".debug_str_offsets.dwo");
	parts->ranges = vr_image_bytes(elf, ".debug_rnglists.dwo");
	parts->strings = vr_image_bytes(elf, ".debug_str.dwo");
}

int vr_package_find(Elf *elf, uint64_t id, struct vr_parts *parts)
{
	struct index index;
	uint32_t row;

	if (!open_index(vr_image_bytes(elf, ".debug_cu_index"), &index))
		return 0;
	row = find_row(&index, id);
	if (!row)
		return 0;
	vr_package_whole(elf, parts);
	parts->info = part(&index, row, INFO, parts->info);
	parts->abbrev = part(&index, row, ABBREV, parts->abbrev);
	parts->offsets = part(&index, row, STR_OFFSETS, parts->offsets);
	parts->ranges = index.version == 5 ? part(&index, row, RNGLISTS, parts->ranges)
					   : (struct vr_bytes){NULL, 0};
	return parts->info.size != 0;
}
