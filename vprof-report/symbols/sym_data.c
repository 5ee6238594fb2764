/* Variables by address, through libdwfl's symbol table, and what the file has there. */
#include <stdio.h>
#include <string.h>

#include "symbols/sym_object.h"

const char *vr_object_variable(const struct vr_object *object, uint64_t offset, uint64_t *into)
{
	Dwfl_Module *module = object->dwfl ? dwfl_addrmodule(object->dwfl, offset) : NULL;
	GElf_Off from_start;
	GElf_Sym symbol;
	const char *name;

	if (!module)
		return NULL;
	name = dwfl_module_addrinfo(module, offset, &from_start, &symbol, NULL, NULL, NULL);
	if (!name || GELF_ST_TYPE(symbol.st_info) != STT_OBJECT || from_start >= symbol.st_size)
		return NULL;
	*into = from_start;
	return name;
}

static size_t copy_chunk(Elf *elf, const GElf_Phdr *load, uint64_t offset, uint8_t *out, size_t len)
{
	uint64_t into = offset - load->p_vaddr;
	Elf_Data *data;

	if (len > load->p_filesz - into)
		len = load->p_filesz - into;
	data = elf_getdata_rawchunk(elf, (int64_t)(load->p_offset + into), len, ELF_T_BYTE);
	if (!data || data->d_size < len)
		return 0;
	memcpy(out, data->d_buf, len);
	return len;
}

size_t vr_object_bytes(const struct vr_object *object, uint64_t offset, uint8_t *out, size_t len)
{
	Dwfl_Module *module = object->dwfl ? dwfl_addrmodule(object->dwfl, offset) : NULL;
	GElf_Addr bias;
	Elf *elf = module ? dwfl_module_getelf(module, &bias) : NULL;
	size_t count;
	GElf_Phdr load;

	if (!elf || elf_getphdrnum(elf, &count) != 0)
		return 0;
	for (size_t i = 0; i < count; i++)
		if (gelf_getphdr(elf, (int)i, &load) && load.p_type == PT_LOAD &&
		    offset >= load.p_vaddr && offset - load.p_vaddr < load.p_filesz)
			return copy_chunk(elf, &load, offset, out, len);
	return 0;
}
