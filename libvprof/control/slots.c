#include "control/slots.h"
#include "base/fmt.h"
#include "base/lines.h"
#include "base/sys.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

struct mapping {
	uint64_t lo, hi;
	int prot;
};

/* Of "rwxp". */
static int prot_of(const char *letters)
{
	return (letters[0] == 'r' ? PROT_READ : 0) | (letters[1] == 'w' ? PROT_WRITE : 0) |
	       (letters[2] == 'x' ? PROT_EXEC : 0);
}

/* What the kernel says, not what the program header promises: somebody else
 * who patches slots may have left the page writable, and rely on it. */
static int find_mapping(uint64_t address, struct mapping *out)
{
	struct vp_lines lines;
	char buf[4096];
	const char *at;
	int err = vp_lines_open(&lines, "/proc/self/maps", buf, sizeof(buf)), found = 0;

	if (err)
		return err;
	while (!found && (at = vp_lines_next(&lines))) { /* lo-hi rwxp ... */
		out->lo = vp_parse_hex(&at);
		at += *at == '-';
		out->hi = vp_parse_hex(&at);
		at += *at == ' ';
		out->prot = prot_of(at);
		found = address >= out->lo && address < out->hi;
	}
	vp_lines_close(&lines);
	return found ? 0 : -ENOENT;
}

static int store(struct mapping *mapping, uint64_t *slot, const void *to)
{
	uint64_t at = (uint64_t)(uintptr_t)slot, page = at & ~4095ull;
	long err = 0;

	if (at % sizeof(*slot)) /* could lie across two pages */
		return -EINVAL;
	if (at < mapping->lo || at >= mapping->hi)
		err = find_mapping(at, mapping);
	if (!err && !(mapping->prot & PROT_WRITE))
		err = vp_sys(SYS_mprotect, page, 4096, mapping->prot | PROT_WRITE);
	if (err)
		return (int)err;
	__atomic_store_n(slot, (uint64_t)(uintptr_t)to, __ATOMIC_RELAXED);
	if (!(mapping->prot & PROT_WRITE))
		vp_sys(SYS_mprotect, page, 4096, mapping->prot);
	return 0;
}

/* Does a call through the slot arrive where the rule says?  A slot not bound
 * yet points back into its object's own PLT. */
static int applies(const struct vp_slot_rule *rule, const struct vp_object *object,
		   const Elf64_Rela *rela, const Elf64_Sym *symbol, uint64_t value)
{
	if (!rule->hi)
		return 0;
	if (value >= rule->lo && value < rule->hi)
		return 1;
	return rule->unbound && ELF64_R_TYPE(rela->r_info) == R_X86_64_JUMP_SLOT &&
	       !object->symbolic && vp_slot_is_unbound(object, symbol, value);
}

int vp_slot_is_unbound(const struct vp_object *object, const Elf64_Sym *symbol, uint64_t value)
{
	uint64_t own = symbol->st_shndx == SHN_UNDEF ? 0 : object->bias + symbol->st_value;

	return value >= object->lo && value < object->hi && value != own;
}

/* Pointers in data (R_X86_64_64) change with the slots: a program that
 * compares two addresses of one function finds them equal, as before. */
static int is_slot(const Elf64_Rela *rela)
{
	switch (ELF64_R_TYPE(rela->r_info)) {
	case R_X86_64_JUMP_SLOT:
	case R_X86_64_GLOB_DAT:
		return 1;
	case R_X86_64_64:
		return rela->r_addend == 0;
	default:
		return 0;
	}
}

static uint32_t look_at(const struct vp_object *object, const Elf64_Rela *rela,
			const struct vp_slot_rules *rules, struct mapping *mapping)
{
	const Elf64_Sym *symbol = object->symbols + ELF64_R_SYM(rela->r_info);
	const char *name = object->names + symbol->st_name;
	uint64_t *slot = (uint64_t *)(uintptr_t)(object->bias + rela->r_offset);

	for (size_t i = 0; i < rules->count; i++) {
		const struct vp_slot_rule *rule = &rules->rule[i];

		if (strcmp(name, rule->name) != 0)
			continue;
		if (applies(rule, object, rela, symbol, *slot))
			return store(mapping, slot, rule->to) != 0;
		if (rules->other)
			rules->other(object, symbol, rule, *slot, rules->arg);
		return 0;
	}
	return 0;
}

uint32_t vp_slots_patch(const struct vp_object *object, const struct vp_slot_rules *rules)
{
	struct mapping mapping = {0};
	uint32_t missed = 0;

	for (int table = 0; table < 2; table++) {
		const Elf64_Rela *rela = (const void *)(uintptr_t)object->rela[table];
		const Elf64_Rela *end = rela + object->rela_bytes[table] / sizeof(*rela);

		for (; rela && rela < end; rela++) {
			if (is_slot(rela))
				missed += look_at(object, rela, rules, &mapping);
		}
	}
	return missed;
}

static void read_dynamic(struct vp_object *object, const Elf64_Dyn *dynamic)
{
	for (; dynamic->d_tag != DT_NULL; dynamic++) {
		/* The loader relocates these in place, but for read-only ones. */
		uint64_t value = dynamic->d_un.d_val;
		uint64_t at = value < object->lo ? value + object->bias : value;

		switch (dynamic->d_tag) {
		case DT_SYMTAB:
			object->symbols = (const void *)(uintptr_t)at;
			break;
		case DT_STRTAB:
			object->names = (const void *)(uintptr_t)at;
			break;
		case DT_RELA:
			object->rela[0] = at;
			break;
		case DT_RELASZ:
			object->rela_bytes[0] = value;
			break;
		case DT_JMPREL:
			object->rela[1] = at;
			break;
		case DT_PLTRELSZ:
			object->rela_bytes[1] = value;
			break;
		case DT_SYMBOLIC:
			object->symbolic = 1;
			break;
		case DT_FLAGS:
			object->symbolic |= (value & DF_SYMBOLIC) != 0;
			break;
		}
	}
}

static const Elf64_Dyn *describe(struct vp_object *object, const struct dl_phdr_info *info)
{
	const Elf64_Dyn *dynamic = NULL;

	object->bias = info->dlpi_addr;
	object->lo = UINT64_MAX;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const Elf64_Phdr *phdr = &info->dlpi_phdr[i];
		uint64_t at = info->dlpi_addr + phdr->p_vaddr;

		if (phdr->p_type == PT_DYNAMIC)
			dynamic = (const void *)(uintptr_t)at;
		if (phdr->p_type != PT_LOAD)
			continue;
		object->lo = at < object->lo ? at : object->lo;
		object->hi = at + phdr->p_memsz > object->hi ? at + phdr->p_memsz : object->hi;
	}
	return dynamic;
}

int vp_slots_read(struct vp_object *object, const struct dl_phdr_info *info)
{
	memset(object, 0, sizeof(*object));
	object->dynamic = describe(object, info);
	object->path = info->dlpi_name;
	if (object->dynamic)
		read_dynamic(object, object->dynamic);
	return object->symbols && object->names ? 0 : -ENOENT;
}
