#include "symbols/sym_check.h"

#include <elfutils/libdwfl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"
#include "symbols/sym_elf.h"

/* In its own file or the separate one: a table of more than what others can call. */
static int has_table(Dwfl_Module *module)
{
	GElf_Addr bias;
	Elf *elf = dwfl_module_getelf(module, &bias);
	GElf_Shdr header;

	return vr_elf_section(elf, ".symtab", &header) != NULL;
}

int vr_sym_check(const char *path, struct vr_sym_check *check)
{
	static const Dwfl_Callbacks callbacks = {
	    .find_elf = dwfl_build_id_find_elf,
	    .find_debuginfo = dwfl_standard_find_debuginfo,
	    .section_address = dwfl_offline_section_address,
	};
	Dwfl *dwfl = dwfl_begin(&callbacks);
	Dwfl_Module *module = dwfl ? dwfl_report_offline(dwfl, "", path, -1) : NULL;
	const char *main_file = NULL, *debug_file = NULL;
	Dwarf_Addr bias;

	*check = (struct vr_sym_check){0};
	if (!module) {
		dwfl_end(dwfl);
		return -ENOEXEC;
	}
	dwfl_report_end(dwfl, NULL, NULL);
	check->lines = dwfl_module_getdwarf(module, &bias) != NULL;
	dwfl_module_getsymtab(module); /* may find the separate file, too */
	dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, &main_file, &debug_file);
	if (debug_file && (!main_file || strcmp(debug_file, main_file) != 0))
		check->debug_file = vr_xstrdup(debug_file);
	check->names = check->debug_file || has_table(module);
	dwfl_end(dwfl);
	return 0;
}

void vr_sym_check_free(struct vr_sym_check *check)
{
	free(check->debug_file);
	check->debug_file = NULL;
}
