/* Symbol tables: collected once per object, one name per address. */
#include "symbols/sym_elf.h"

#include <elfutils/libdwelf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define UNSIZED_MAX 65536u /* a label without size that far away names nothing */

struct symbol {
	uint64_t value, size;
	uint64_t section_end; /* 0: unknown */
	const char *name;
	int rank; /* of symbols with one value the highest is shown */
};

struct symbols {
	struct symbol *symbol;
	size_t count, room;
};

int vr_elf_has_build_id(Elf *elf, const uint8_t *build_id, size_t length)
{
	const void *found;
	ssize_t got = dwelf_elf_gnu_build_id(elf, &found);

	return got > 0 && (size_t)got == length && !memcmp(found, build_id, length);
}

Elf_Scn *vr_elf_section(Elf *elf, const char *name, GElf_Shdr *header)
{
	Elf_Scn *section = NULL;
	const char *found;
	size_t names;

	if (!elf || elf_getshdrstrndx(elf, &names))
		return NULL;
	while ((section = elf_nextscn(elf, section))) {
		if (!gelf_getshdr(section, header))
			continue;
		found = elf_strptr(elf, names, header->sh_name);
		if (found && !strcmp(found, name))
			return section;
	}
	return NULL;
}

static int has_section(Elf *elf, const char *name)
{
	GElf_Shdr header;

	return vr_elf_section(elf, name, &header) != NULL;
}

static int has_full_table(Dwfl_Module *module)
{
	GElf_Addr bias;
	Elf *main_elf = dwfl_module_getelf(module, &bias);
	Dwarf *dwarf = dwfl_module_getdwarf(module, &bias);

	return has_section(main_elf, ".symtab") || has_section(main_elf, ".gnu_debugdata") ||
	       (dwarf && has_section(dwarf_getelf(dwarf), ".symtab"));
}

/* End of the executable section the symbol says it is in, 0 when it is data. */
static uint64_t code_section_end(Elf *elf, GElf_Word index, uint64_t bias)
{
	Elf_Scn *section;
	GElf_Shdr header;

	if (!elf || index == SHN_UNDEF || index >= SHN_LORESERVE)
		return 0;
	section = elf_getscn(elf, index);
	if (!section || !gelf_getshdr(section, &header) || !(header.sh_flags & SHF_EXECINSTR))
		return 0;
	return header.sh_addr + header.sh_size + bias;
}

/* The name a reader expects: exported before local, plain before decorated,
 * and what callers write (IFUNC) before the function that chooses it. */
static int rank(const GElf_Sym *sym, const char *name)
{
	int binding = GELF_ST_BIND(sym->st_info);
	int type = GELF_ST_TYPE(sym->st_info);
	int score = 0;

	if (type == STT_FUNC || type == STT_GNU_IFUNC)
		score += 16;
	if (type == STT_GNU_IFUNC)
		score++;
	if (sym->st_size)
		score += 8;
	if (binding == STB_GLOBAL)
		score += 4;
	else if (binding == STB_WEAK)
		score += 2;
	return score + (name[0] != '_' || name[1] == 'Z' || name[1] == 'R');
}

static int wanted_type(const GElf_Sym *sym)
{
	int type = GELF_ST_TYPE(sym->st_info);

	return type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE;
}

static int add_symbol(struct symbols *all, const struct symbol *symbol)
{
	if (all->count == all->room) {
		size_t room = all->room ? all->room * 2 : 256;
		struct symbol *grown = reallocarray(all->symbol, room, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		all->symbol = grown;
		all->room = room;
	}
	all->symbol[all->count++] = *symbol;
	return 0;
}

/* 0 where no function is known to begin. */
static uint64_t bounded_size(const struct vr_ranges *bounds, uint64_t value)
{
	const struct vr_range *function = vr_ranges_find(bounds, value);

	return function && function->lo == value ? function->hi - value : 0;
}

static int collect(struct symbols *all, Dwfl_Module *module, const struct vr_ranges *bounds)
{
	int count = dwfl_module_getsymtab(module), ret = 0;

	for (int i = 1; i < count && !ret; i++) {
		struct symbol symbol;
		GElf_Word section;
		GElf_Addr bias = 0;
		GElf_Sym sym;
		Elf *elf = NULL;

		symbol.name =
		    dwfl_module_getsym_info(module, i, &sym, &symbol.value, &section, &elf, &bias);
		if (!symbol.name || !symbol.name[0] || !wanted_type(&sym))
			continue;
		symbol.section_end = code_section_end(elf, section, bias);
		if (!symbol.section_end)
			continue;
		symbol.size = sym.st_size ? sym.st_size : bounded_size(bounds, symbol.value);
		symbol.rank = rank(&sym, symbol.name);
		ret = add_symbol(all, &symbol);
	}
	return ret;
}

/* By address, the best of each address first; names make the order total. */
static int compare(const void *left, const void *right)
{
	const struct symbol *a = left, *b = right;

	if (a->value != b->value)
		return a->value < b->value ? -1 : 1;
	if (a->rank != b->rank)
		return a->rank > b->rank ? -1 : 1;
	return strcmp(a->name, b->name);
}

/* Keeps the best symbol of each address, and drops labels without size inside
 * of a function that has one. */
static void prune(struct symbols *all)
{
	uint64_t covered = 0;
	size_t kept = 0;

	for (size_t i = 0; i < all->count; i++) {
		struct symbol *symbol = &all->symbol[i];

		if (kept && all->symbol[kept - 1].value == symbol->value)
			continue;
		if (!symbol->size && symbol->value < covered)
			continue;
		if (symbol->size && symbol->value + symbol->size > covered)
			covered = symbol->value + symbol->size;
		all->symbol[kept++] = *symbol;
	}
	all->count = kept;
}

static uint64_t end_of(const struct symbols *all, size_t i, int full,
		       const struct vr_ranges *bounds)
{
	const struct symbol *symbol = &all->symbol[i];
	const struct vr_range *around;
	uint64_t end = symbol->section_end;

	if (symbol->size)
		return symbol->value + symbol->size;
	if (!full)
		return symbol->value;
	if (i + 1 < all->count && all->symbol[i + 1].value < end)
		end = all->symbol[i + 1].value;
	around = vr_ranges_find(bounds, symbol->value);
	if (around && around->hi < end)
		end = around->hi;
	if (end > symbol->value + UNSIZED_MAX)
		end = symbol->value + UNSIZED_MAX;
	return end;
}

static int publish(struct vr_elf *elf, const struct symbols *all, const struct vr_ranges *bounds)
{
	int ret = 0;

	elf->name = calloc(all->count + 1, sizeof(*elf->name));
	if (!elf->name)
		return -ENOMEM;
	for (size_t i = 0; i < all->count && !ret; i++) {
		elf->name[i] = all->symbol[i].name;
		ret = vr_ranges_add(&elf->ranges, all->symbol[i].value,
				    end_of(all, i, elf->full, bounds), (uint32_t)i);
	}
	elf->count = all->count;
	vr_ranges_sort(&elf->ranges);
	return ret;
}

int vr_elf_load(struct vr_elf *elf, Dwfl_Module *module, const struct vr_ranges *bounds)
{
	struct symbols all = {NULL, 0, 0};
	int ret = collect(&all, module, bounds);

	elf->full = has_full_table(module);
	if (!ret && all.count) {
		qsort(all.symbol, all.count, sizeof(*all.symbol), compare);
		prune(&all);
		ret = publish(elf, &all, bounds);
	}
	free(all.symbol);
	return ret;
}

const char *vr_elf_find(const struct vr_elf *elf, uint64_t offset)
{
	const struct vr_range *range = vr_ranges_find(&elf->ranges, offset);

	return range ? elf->name[range->what] : NULL;
}

void vr_elf_free(struct vr_elf *elf)
{
	free(elf->name);
	vr_ranges_free(&elf->ranges);
	memset(elf, 0, sizeof(*elf));
}
