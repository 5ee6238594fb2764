#include "symbols/sym_split.h"

#include <dwarf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "symbols/sym_package.h"
#include "symbols/sym_unpack.h"

#define HEADER_OFFSETS 8u  /* of string offsets, from DWARF 5 on */
#define HEADER_RANGES  12u /* of range lists, before the table of their places */

/* What a skeleton says of its unit. */
struct skeleton {
	Dwarf_Die *die;
	uint64_t id;
	Dwarf_Half version;
	const char *file, *directory; /* NULL where it does not say */
};

static const char *text_of(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attribute;

	return dwarf_formstring(dwarf_attr(die, name, &attribute));
}

static uint64_t number_of(Dwarf_Die *die, unsigned name, unsigned gnu_name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	if (dwarf_formudata(dwarf_attr(die, name, &attribute), &value) == 0 ||
	    dwarf_formudata(dwarf_attr(die, gnu_name, &attribute), &value) == 0)
		return value;
	return 0;
}

/* Returns 0, or -1 where it has no id or is of a kind nobody writes. */
static int read_skeleton(Dwarf_Die *die, struct skeleton *skeleton)
{
	uint8_t address_size, offset_size;

	skeleton->die = die;
	if (dwarf_cu_info(die->cu, &skeleton->version, NULL, NULL, NULL, &skeleton->id,
			  &address_size, &offset_size) != 0 ||
	    address_size != 8 || offset_size != 4)
		return -1;
	skeleton->file = text_of(die, DW_AT_dwo_name);
	if (!skeleton->file)
		skeleton->file = text_of(die, DW_AT_GNU_dwo_name);
	skeleton->directory = text_of(die, DW_AT_comp_dir);
	return 0;
}

/* --- the unit as a file of its own --------------------------------------------- */

static uint32_t word(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

/* The strings of one unit, out of those of a whole package, and offsets to match.
 * Returns 0 or -ENOMEM. */
static int pick_strings(struct vr_parts *parts, unsigned version, uint8_t **offsets, char **texts)
{
	size_t used = 1, room = 65536, at = version >= 5 ? HEADER_OFFSETS : 0;
	char *text = calloc(1, room);

	*texts = text;
	*offsets = malloc(parts->offsets.size + 1);
	if (!*offsets || !text)
		return -ENOMEM;
	if (parts->offsets.size)
		memcpy(*offsets, parts->offsets.at, parts->offsets.size);
	for (; at + 4 <= parts->offsets.size; at += 4) {
		uint32_t from = word(*offsets + at), to = 0;
		size_t left = from < parts->strings.size ? parts->strings.size - from : 0;
		size_t length = left ? strnlen((const char *)parts->strings.at + from, left) : 0;

		if (length && length < left) {
			while (used + length + 1 > room)
				room *= 2;
			text = realloc(*texts, room);
			if (!text)
				return -ENOMEM;
			*texts = text;
			memcpy(text + used, parts->strings.at + from, length + 1);
			to = (uint32_t)used;
			used += length + 1;
		}
		memcpy(*offsets + at, &to, sizeof(to));
	}
	parts->offsets.at = *offsets;
	parts->strings = (struct vr_bytes){(const uint8_t *)*texts, used};
	return 0;
}

/* The addresses that the unit refers to by number, which are in the object itself. */
static struct vr_bytes addresses(const struct skeleton *skeleton)
{
	Elf *elf = dwarf_getelf(dwarf_cu_getdwarf(skeleton->die->cu));
	struct vr_bytes all = vr_image_bytes(elf, ".debug_addr");
	uint64_t base = number_of(skeleton->die, DW_AT_addr_base, DW_AT_GNU_addr_base);
	uint64_t left = base < all.size ? all.size - base : 0;

	if (skeleton->version >= 5 && base >= 8 && left) {
		uint64_t length = word(all.at + base - 8); /* counts 4 bytes of the header */

		if (length >= 4 && length - 4 < left)
			left = length - 4;
	}
	return (struct vr_bytes){left ? all.at + base : NULL, left};
}

/* Finds the unit among those of the file made for it; there may be units of types. */
static int find_unit(struct vr_split *split, const struct skeleton *skeleton)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die die;
	uint64_t id;
	uint8_t type;

	while (dwarf_get_units(split->dwarf, cu, &cu, NULL, &type, &die, NULL) == 0) {
		if ((type == DW_UT_split_compile || type == DW_UT_skeleton) &&
		    dwarf_cu_info(cu, NULL, NULL, NULL, NULL, &id, NULL, NULL) == 0 &&
		    id == skeleton->id) {
			split->die = die;
			return 1;
		}
	}
	return 0;
}

/* Returns 1, or 0 where it cannot be read. */
static int read_unit(struct vr_split *split, const struct skeleton *skeleton,
		     const struct vr_parts *parts)
{
	struct vr_image_section section[] = {
	    {".debug_info", parts->info},	  {".debug_abbrev", parts->abbrev},
	    {".debug_str", parts->strings},	  {".debug_str_offsets", parts->offsets},
	    {".debug_addr", addresses(skeleton)}, {".debug_rnglists", parts->ranges},
	};
	size_t count = sizeof(section) / sizeof(section[0]);

	if (!parts->ranges.size) /* an empty one would be taken for damage */
		count--;
	split->elf = vr_image(section, count, &split->memory);
	split->dwarf = split->elf ? dwarf_begin_elf(split->elf, DWARF_C_READ, NULL) : NULL;
	return split->dwarf && find_unit(split, skeleton);
}

/* Returns NULL where the parts do not hold the unit. */
static struct vr_split *make_unit(const struct skeleton *skeleton, struct vr_parts *parts,
				  int of_many)
{
	struct vr_split *split = calloc(1, sizeof(*split));
	uint8_t *offsets = NULL;
	char *texts = NULL;
	int found = 0;

	if (split && (!of_many || !pick_strings(parts, skeleton->version, &offsets, &texts)))
		found = read_unit(split, skeleton, parts);
	free(offsets);
	free(texts);
	if (!found) {
		vr_split_close(split);
		return NULL;
	}
	split->version = skeleton->version;
	if (dwarf_lowpc(skeleton->die, &split->base) != 0)
		split->base = 0;
	if (skeleton->version < 5)
		split->ranges = vr_image_bytes(dwarf_getelf(dwarf_cu_getdwarf(skeleton->die->cu)),
					       ".debug_ranges");
	split->ranges_base = number_of(skeleton->die, DW_AT_GNU_ranges_base, DW_AT_GNU_ranges_base);
	return split;
}

/* --- files ----------------------------------------------------------------------- */

/* NULL where there is no such ELF file. */
static Elf *open_elf(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	Elf *elf;

	if (fd < 0)
		return NULL;
	fd = vr_elf_unpack(fd, NULL);
	elf = elf_begin(fd, ELF_C_READ_MMAP_PRIVATE, NULL);
	if (elf && (elf_kind(elf) != ELF_K_ELF || elf_cntl(elf, ELF_C_FDREAD) != 0)) {
		elf_end(elf);
		elf = NULL;
	}
	close(fd);
	return elf;
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* DIRECTORY/NAME.dwp, or without a directory NAME.dwp. */
static Elf *open_package(const char *directory, const char *name)
{
	char path[PATH_MAX];
	int length = snprintf(path, sizeof(path), "%s%s%s.dwp", directory ? directory : "",
			      directory ? "/" : "", name);

	return length > 0 && (size_t)length < sizeof(path) ? open_elf(path) : NULL;
}

/* Beside the program, as it was called or where links lead, or beside its debug file. */
static void find_package(struct vr_split_files *files)
{
	char target[PATH_MAX];

	files->package_tried = 1;
	files->package = open_package(NULL, files->object);
	if (!files->package && realpath(files->object, target))
		files->package = open_package(NULL, target);
	if (!files->package && files->debug)
		files->package = open_package(NULL, files->debug);
	if (!files->package && files->directory)
		files->package = open_package(files->directory, base_of(files->object));
}

static struct vr_split *from_package(struct vr_split_files *files, const struct skeleton *skeleton)
{
	struct vr_parts parts;

	if (!files->package_tried)
		find_package(files);
	if (!files->package || !vr_package_find(files->package, skeleton->id, &parts))
		return NULL;
	return make_unit(skeleton, &parts, 1);
}

/* The unit out of DIRECTORY/NAME; length: of the directory. */
static struct vr_split *from_file(const struct skeleton *skeleton, const char *directory,
				  size_t length, const char *name)
{
	char path[PATH_MAX];
	int used = snprintf(path, sizeof(path), "%.*s/%s", (int)length, directory, name);
	struct vr_split *split;
	struct vr_parts parts;
	Elf *elf;

	elf = used > 0 && (size_t)used < sizeof(path) ? open_elf(path) : NULL;
	if (!elf)
		return NULL;
	vr_package_whole(elf, &parts);
	split = make_unit(skeleton, &parts, 0);
	elf_end(elf);
	return split;
}

/* Beside the object, whole path or last name, where it was made, where the user says. */
static struct vr_split *from_files(const struct vr_split_files *files,
				   const struct skeleton *skeleton)
{
	const char *name = skeleton->file, *base;
	size_t beside = (size_t)(base_of(files->object) - files->object);
	struct vr_split *split = NULL;

	if (!name)
		return NULL;
	base = base_of(name);
	if (name[0] == '/')
		split = from_file(skeleton, "", 0, name + 1);
	else if (skeleton->directory)
		split = from_file(skeleton, skeleton->directory, strlen(skeleton->directory), name);
	if (!split && name[0] != '/')
		split = from_file(skeleton, files->object, beside, name);
	if (!split && base != name)
		split = from_file(skeleton, files->object, beside, base);
	if (!split && files->directory && name[0] != '/')
		split = from_file(skeleton, files->directory, strlen(files->directory), name);
	if (!split && files->directory)
		split = from_file(skeleton, files->directory, strlen(files->directory), base);
	return split;
}

struct vr_split *vr_split_open(struct vr_split_files *files, Dwarf_Die *die)
{
	struct skeleton skeleton = {.die = die};
	struct vr_split *split = NULL;

	if (read_skeleton(die, &skeleton) == 0) {
		split = from_package(files, &skeleton);
		if (!split)
			split = from_files(files, &skeleton);
	}
	if (split)
		return split;
	if (!files->missing++ && skeleton.file)
		files->wanted = strdup(skeleton.file);
	return NULL;
}

void vr_split_close(struct vr_split *split)
{
	if (!split)
		return;
	dwarf_end(split->dwarf);
	elf_end(split->elf);
	free(split->memory);
	free(split);
}

void vr_split_files_close(struct vr_split_files *files)
{
	elf_end(files->package);
	free(files->wanted);
	memset(files, 0, sizeof(*files));
}

/* --- addresses --------------------------------------------------------------------- */

static int add_range(struct vr_ranges *ranges, uint64_t lo, uint64_t hi, uint32_t what)
{
	return lo ? vr_ranges_add(ranges, lo, hi, what) : 0; /* 0: the linker dropped it */
}

static int add_all(Dwarf_Die *die, ptrdiff_t next, Dwarf_Addr base, struct vr_ranges *ranges,
		   uint32_t what)
{
	Dwarf_Addr lo, hi;
	int ret = 0;

	while (!ret && (next = dwarf_ranges(die, next, &base, &lo, &hi)) > 0)
		ret = add_range(ranges, lo, hi, what);
	return ret;
}

/* Pairs of addresses, as before DWARF 5. */
static int add_pairs(const struct vr_split *split, uint64_t at, struct vr_ranges *ranges,
		     uint32_t what)
{
	uint64_t base = split->base, pair[2];
	int ret = 0;

	for (; !ret && at < split->ranges.size && split->ranges.size - at >= sizeof(pair);
	     at += sizeof(pair)) {
		memcpy(pair, split->ranges.at + at, sizeof(pair));
		if (!pair[0] && !pair[1])
			break;
		if (pair[0] == UINT64_MAX)
			base = pair[1];
		else
			ret = add_range(ranges, base + pair[0], base + pair[1], what);
	}
	return ret;
}

/* The number that the unit's file has for the list of a DIE's ranges: its place, or from
 * DWARF 5 on its index.  libdw would look for a section that the unit does not have.
 * Returns 0, or -1 where it is of another form. */
static int list_of(const Dwarf_Attribute *attribute, uint64_t *value)
{
	const uint8_t *at = attribute->valp;

	*value = 0;
	if (attribute->form == DW_FORM_sec_offset) {
		*value = word(at);
		return 0;
	}
	if (attribute->form != DW_FORM_rnglistx)
		return -1;
	for (unsigned shift = 0; shift < 63; shift += 7, at++) {
		*value |= (uint64_t)(*at & 0x7f) << shift;
		if (!(*at & 0x80))
			return 0;
	}
	return -1;
}

/* Where a list of ranges begins in the unit's own section; 0: nowhere. */
static uint64_t list_at(const struct vr_split *split, const Dwarf_Attribute *attribute,
			uint64_t value)
{
	struct vr_bytes lists = vr_image_bytes(split->elf, ".debug_rnglists");
	uint64_t place = HEADER_RANGES + value * 4;

	if (attribute->form != DW_FORM_rnglistx)
		return value;
	if (value >= UINT32_MAX || place + 4 > lists.size)
		return 0;
	return HEADER_RANGES + word(lists.at + place);
}

int vr_die_ranges(const struct vr_split *split, Dwarf_Die *die, struct vr_ranges *ranges,
		  uint32_t what)
{
	Dwarf_Attribute attribute;
	uint64_t value, at;

	if (!split || dwarf_attr(die, DW_AT_ranges, &attribute) == NULL)
		return add_all(die, 0, 0, ranges, what);
	if (list_of(&attribute, &value) != 0)
		return 0;
	if (split->version < 5)
		return add_pairs(split, split->ranges_base + value, ranges, what);
	at = list_at(split, &attribute, value);
	/* Said where they begin, libdw believes our base and does not look for its own. */
	return at > 1 ? add_all(die, (ptrdiff_t)at, split->base, ranges, what) : 0;
}
