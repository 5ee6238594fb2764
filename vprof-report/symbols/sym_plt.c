/* PLT stubs.  What linkers agree on is the jump through a GOT slot, not the
 * size, order or section of the stubs: so the jumps are searched for, and the
 * relocation of their slot says where they go. */
#include "symbols/sym_plt.h"

#include <errno.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STUB_BYTES 16u
#define JUMP_BYTES 6u /* ff 25, 32 bits of distance to the slot */

/* The dynamic symbols that a section of relocations refers to. */
struct table {
	Elf *file;
	Elf_Data *data; /* NULL: none, as in a static program */
	size_t strings; /* section of their names */
};

static struct table open_table(Elf *file, size_t index)
{
	struct table table = {.file = file};
	Elf_Scn *section = elf_getscn(file, index);
	GElf_Shdr header;

	if (!section || !gelf_getshdr(section, &header) ||
	    (header.sh_type != SHT_DYNSYM && header.sh_type != SHT_SYMTAB))
		return table;
	table.data = elf_getdata(section, NULL);
	table.strings = header.sh_link;
	return table;
}

static const char *symbol_name(const struct table *table, size_t index)
{
	const char *name;
	GElf_Sym sym;

	if (!table->data || !index || index > INT32_MAX ||
	    !gelf_getsym(table->data, (int)index, &sym))
		return NULL;
	name = elf_strptr(table->file, table->strings, sym.st_name);
	return name && name[0] ? name : NULL;
}

/* Name of a function that its own code chooses: by the code, or as objdump. */
static const char *chosen_name(const struct vr_elf *symbols, struct vr_names *names,
			       uint64_t chooser)
{
	const char *name = vr_elf_find(symbols, chooser);
	char text[32];

	if (name)
		return name;
	snprintf(text, sizeof(text), "*ABS*+0x%llx", (unsigned long long)chooser);
	name = vr_names_keep(names, text);
	return name != text ? name : NULL; /* memory ran out */
}

static int add_slot(struct vr_plt *plt, struct vr_ranges *slots, uint64_t address, const char *name)
{
	if (plt->count == plt->room) {
		size_t room = plt->room ? plt->room * 2 : 256;
		const char **grown = reallocarray(plt->name, room, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		plt->name = grown;
		plt->room = room;
	}
	plt->name[plt->count] = name;
	return vr_ranges_add(slots, address, address + 1, (uint32_t)plt->count++);
}

struct load {
	Elf *file;
	const struct vr_elf *symbols;
	struct vr_names *names;
	struct vr_ranges slots; /* of the GOT; what = index into vr_plt.name */
};

static int add_slots(struct vr_plt *plt, struct load *load, Elf_Scn *section,
		     const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t size = gelf_fsize(load->file, ELF_T_RELA, 1, EV_CURRENT);
	int count = data && size ? (int)(data->d_size / size) : 0, ret = 0;
	struct table table = open_table(load->file, header->sh_link);
	GElf_Rela rela;

	for (int i = 0; i < count && !ret && gelf_getrela(data, i, &rela); i++) {
		const char *name = NULL;

		switch (GELF_R_TYPE(rela.r_info)) {
		case R_X86_64_JUMP_SLOT:
		case R_X86_64_GLOB_DAT:
			name = symbol_name(&table, GELF_R_SYM(rela.r_info));
			break;
		case R_X86_64_IRELATIVE:
			name = chosen_name(load->symbols, load->names, (uint64_t)rela.r_addend);
			break;
		}
		if (name)
			ret = add_slot(plt, &load->slots, rela.r_offset, name);
	}
	return ret;
}

/* A jump at `address` is the first instruction of a stub of 8 bytes, or some
 * instruction of one of 16 (behind endbr64, bnd, a number for the linker). */
static uint64_t stub_start(uint64_t address)
{
	return address % STUB_BYTES == 8 ? address : address - address % STUB_BYTES;
}

/* Adds the stubs of a section; the range of each ends where the next begins. */
static int add_stubs(struct vr_plt *plt, struct load *load, Elf_Scn *section,
		     const GElf_Shdr *header)
{
	Elf_Data *data = elf_rawdata(section, NULL);
	size_t bytes = data && data->d_buf ? data->d_size : 0;
	const uint8_t *code = bytes ? data->d_buf : NULL;
	int ret = 0;

	for (size_t i = 0; !ret && i + JUMP_BYTES <= bytes; i++) {
		uint64_t start = stub_start(header->sh_addr + i);
		const struct vr_range *slot;
		int32_t distance;

		if (code[i] != 0xff || code[i + 1] != 0x25)
			continue;
		memcpy(&distance, code + i + 2, sizeof(distance));
		slot = vr_ranges_find(&load->slots, header->sh_addr + i + JUMP_BYTES +
							(uint64_t)(int64_t)distance);
		if (!slot)
			continue;
		ret = vr_ranges_add(&plt->ranges, start, start + STUB_BYTES, slot->what);
	}
	return ret;
}

static int is_stubs(Elf *file, size_t names, const GElf_Shdr *header)
{
	const char *name = elf_strptr(file, names, header->sh_name);

	return header->sh_type == SHT_PROGBITS && header->sh_flags & SHF_EXECINSTR && name &&
	       (!strncmp(name, ".plt", 4) || !strcmp(name, ".iplt"));
}

/* One walk over the sections: slots first, stubs once all slots are known. */
static int walk(struct vr_plt *plt, struct load *load, int stubs)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	size_t names;
	int ret = 0;

	if (elf_getshdrstrndx(load->file, &names))
		return 0;
	while (!ret && (section = elf_nextscn(load->file, section))) {
		if (!gelf_getshdr(section, &header) || !(header.sh_flags & SHF_ALLOC))
			continue;
		if (!stubs && header.sh_type == SHT_RELA)
			ret = add_slots(plt, load, section, &header);
		else if (stubs && is_stubs(load->file, names, &header))
			ret = add_stubs(plt, load, section, &header);
	}
	return ret;
}

int vr_plt_load(struct vr_plt *plt, Elf *file, const struct vr_elf *symbols, struct vr_names *names)
{
	struct load load = {.file = file, .symbols = symbols, .names = names};
	GElf_Ehdr header;
	int ret;

	if (!gelf_getehdr(file, &header) || header.e_machine != EM_X86_64 ||
	    header.e_ident[EI_DATA] != ELFDATA2LSB)
		return 0;
	ret = walk(plt, &load, 0);
	vr_ranges_sort(&load.slots);
	if (!ret)
		ret = walk(plt, &load, 1);
	vr_ranges_free(&load.slots);
	vr_ranges_sort(&plt->ranges);
	vr_ranges_cut(&plt->ranges);
	return ret;
}

const char *vr_plt_find(const struct vr_plt *plt, uint64_t offset)
{
	const struct vr_range *range = vr_ranges_find(&plt->ranges, offset);

	return range ? plt->name[range->what] : NULL;
}

void vr_plt_free(struct vr_plt *plt)
{
	free(plt->name);
	vr_ranges_free(&plt->ranges);
	memset(plt, 0, sizeof(*plt));
}
