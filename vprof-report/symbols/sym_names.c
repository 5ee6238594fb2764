/* All functions, or all variables, that an object names. */
#include "symbols/sym_object.h"

struct asked {
	int variables;
	vr_each_name *each;
	void *arg;
};

static int each_module(Dwfl_Module *module, void **userdata, const char *name, Dwarf_Addr start,
		       void *arg)
{
	const struct asked *asked = arg;
	int count = dwfl_module_getsymtab(module);

	(void)userdata;
	(void)name;
	(void)start;
	for (int i = 1; i < count; i++) {
		GElf_Sym symbol;
		const char *symbol_name = dwfl_module_getsym(module, i, &symbol, NULL);
		int type = GELF_ST_TYPE(symbol.st_info);

		if (!symbol_name || !*symbol_name || symbol.st_shndx == SHN_UNDEF)
			continue;
		if (asked->variables ? type == STT_OBJECT
				     : type == STT_FUNC || type == STT_GNU_IFUNC)
			asked->each(asked->arg, symbol_name);
	}
	return DWARF_CB_OK;
}

void vr_object_names(const struct vr_object *object, int variables, vr_each_name *each, void *arg)
{
	struct asked asked = {variables, each, arg};

	if (object->dwfl)
		dwfl_getmodules(object->dwfl, each_module, &asked, 0);
}
