/* Variables by address, through libdwfl's symbol table. */
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
