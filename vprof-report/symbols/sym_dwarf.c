/* Units, lines, and the frames put together from them. */
#include "symbols/sym_dwarf.h"

#include <dwarf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "symbols/sym_func.h"

struct vr_unit {
	Dwarf_Die die;	       /* of the split unit where there is one */
	const char *directory; /* DW_AT_comp_dir or NULL */
	struct vr_funcs funcs;
	struct vr_split *split; /* where libdw did not find it */
	Dwarf_Lines *lines;
	size_t line_count;
	Dwarf_Files *files;
	size_t file_count;
	int opened;
};

static int add_unit(struct vr_dwarf *dwarf, size_t *room, Dwarf_Die *die)
{
	int ret;

	if (dwarf->units == *room) {
		struct vr_unit *grown;

		*room = *room ? *room * 2 : 32;
		grown = reallocarray(dwarf->unit, *room, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		dwarf->unit = grown;
	}
	ret = vr_die_ranges(NULL, die, &dwarf->ranges, (uint32_t)dwarf->units);
	if (ret)
		return ret;
	memset(&dwarf->unit[dwarf->units], 0, sizeof(*dwarf->unit));
	dwarf->unit[dwarf->units++].die = *die;
	return 0;
}

/* Not .debug_aranges: clang does not write it and rustc only sometimes. */
static int index_units(struct vr_dwarf *dwarf)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die die;
	size_t room = 0;
	uint8_t type;
	int ret = 0;

	while (!ret && dwarf_get_units(dwarf->dwarf, cu, &cu, NULL, &type, &die, NULL) == 0) {
		if (type == DW_UT_compile || type == DW_UT_skeleton)
			ret = add_unit(dwarf, &room, &die);
	}
	vr_ranges_sort(&dwarf->ranges);
	return ret;
}

int vr_dwarf_open(struct vr_dwarf *dwarf, Dwfl_Module *module, const char *object,
		  const char *directory, struct vr_names *names)
{
	Dwarf_Addr bias = 0;

	dwarf->names = names;
	dwarf->dwarf = dwfl_module_getdwarf(module, &bias);
	dwarf->bias = bias;
	dwarf->split.object = object;
	dwarf->split.directory = directory;
	dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, NULL, &dwarf->split.debug);
	return dwarf->dwarf ? index_units(dwarf) : 0;
}

static void open_unit(struct vr_dwarf *dwarf, struct vr_unit *unit)
{
	Dwarf_Attribute attribute;
	Dwarf_Die split;
	uint8_t type;

	unit->opened = 1;
	unit->directory =
	    dwarf_formstring(dwarf_attr_integrate(&unit->die, DW_AT_comp_dir, &attribute));
	if (dwarf_getsrclines(&unit->die, &unit->lines, &unit->line_count) != 0)
		unit->line_count = 0;
	if (dwarf_getsrcfiles(&unit->die, &unit->files, &unit->file_count) != 0)
		unit->file_count = 0;
	if (dwarf_cu_info(unit->die.cu, NULL, &type, NULL, &split, NULL, NULL, NULL) != 0 ||
	    type != DW_UT_skeleton)
		return;
	if (!split.addr) {
		unit->split = vr_split_open(&dwarf->split, &unit->die);
		if (!unit->split)
			return;
		split = unit->split->die;
		unit->funcs.split = unit->split;
	}
	unit->die = split;
}

/* Paths as the compiler was given them are relative to its directory. */
static const char *full_path(struct vr_dwarf *dwarf, const struct vr_unit *unit, const char *path)
{
	char joined[PATH_MAX];
	int length;

	if (!path || !strcmp(path, "???"))
		return NULL;
	if (path[0] == '/' || !unit->directory || !unit->directory[0])
		return path;
	length = snprintf(joined, sizeof(joined), "%s/%s", unit->directory, path);
	if (length < 0 || (size_t)length >= sizeof(joined))
		return path;
	return vr_names_keep(dwarf->names, joined);
}

/* The last row at or before `pc`.  Done here and not by dwarf_getsrc_die(),
 * which asserts on an empty table. */
static Dwarf_Line *line_at(const struct vr_unit *unit, uint64_t pc)
{
	size_t low = 0, high = unit->line_count;
	Dwarf_Line *line;
	Dwarf_Addr address;
	bool end = true;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		line = dwarf_onesrcline(unit->lines, middle);
		if (dwarf_lineaddr(line, &address) == 0 && address <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;
	line = dwarf_onesrcline(unit->lines, low - 1);
	if (dwarf_lineendsequence(line, &end) != 0 || end)
		return NULL;
	return line;
}

static void place_at_line(struct vr_dwarf *dwarf, const struct vr_unit *unit, uint64_t pc,
			  struct vr_source_place *place)
{
	Dwarf_Line *line = line_at(unit, pc);

	place->file = NULL;
	place->line = 0;
	if (!line)
		return;
	place->file = full_path(dwarf, unit, dwarf_linesrc(line, NULL, NULL));
	if (dwarf_lineno(line, &place->line) != 0)
		place->line = 0;
}

/* Where `call` was inlined: the position of the frame outside of it. */
static void place_at_call(struct vr_dwarf *dwarf, const struct vr_unit *unit,
			  struct vr_inline *call, struct vr_source_place *place)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	place->file = NULL;
	place->line = 0;
	if (dwarf_formudata(dwarf_attr(&call->die, DW_AT_call_file, &attribute), &value) == 0 &&
	    value < unit->file_count)
		place->file = full_path(dwarf, unit, dwarf_filesrc(unit->files, value, NULL, NULL));
	if (dwarf_formudata(dwarf_attr(&call->die, DW_AT_call_line, &attribute), &value) == 0 &&
	    value <= INT_MAX)
		place->line = (int)value;
}

/* A name without its scopes, "operator()", is filled up by them. */
static void name_die(struct vr_dwarf *dwarf, Dwarf_Die *die, const char **function,
		     const char **linkage)
{
	const char *scoped;

	vr_die_names(die, dwarf->names, function, linkage);
	if (!*function || *linkage)
		return;
	scoped = vr_scoped_name(&dwarf->scopes, dwarf->names, die);
	if (scoped)
		*function = scoped;
}

static void name_call(struct vr_dwarf *dwarf, struct vr_inline *call, struct vr_source_place *place)
{
	if (!call->named)
		name_die(dwarf, &call->die, &call->function, &call->linkage);
	call->named = 1;
	place->function = call->function;
	place->linkage = call->linkage;
}

static void name_func(struct vr_dwarf *dwarf, struct vr_func *func, struct vr_source_place *place)
{
	if (!func->named)
		name_die(dwarf, &func->die, &func->function, &func->linkage);
	func->named = 1;
	place->function = func->function;
	place->linkage = func->linkage;
}

size_t vr_dwarf_find(struct vr_dwarf *dwarf, uint64_t offset, int inlines,
		     struct vr_source_place place[VR_PLACES_MAX])
{
	struct vr_inline *call[VR_PLACES_MAX - 1];
	const struct vr_range *range;
	struct vr_unit *unit;
	struct vr_func *func;
	uint64_t pc = offset - dwarf->bias;
	size_t calls = 0;

	range = vr_ranges_find(&dwarf->ranges, pc);
	if (!range)
		return 0;
	unit = &dwarf->unit[range->what];
	if (!unit->opened)
		open_unit(dwarf, unit);
	func = vr_funcs_find(&unit->funcs, &unit->die, pc);
	if (func && inlines)
		calls = vr_func_inlines(&unit->funcs, func, pc, call, VR_PLACES_MAX - 1);
	memset(place, 0, (calls + 1) * sizeof(*place));
	place_at_line(dwarf, unit, pc, &place[0]);
	for (size_t i = 0; i < calls; i++) {
		/* call[] runs outside in, place[] inside out. */
		struct vr_inline *inner = call[calls - 1 - i];

		name_call(dwarf, inner, &place[i]);
		place_at_call(dwarf, unit, inner, &place[i + 1]);
	}
	if (func)
		name_func(dwarf, func, &place[calls]);
	return func || place[0].line ? calls + 1 : 0;
}

void vr_dwarf_close(struct vr_dwarf *dwarf)
{
	for (size_t i = 0; i < dwarf->units; i++) {
		vr_funcs_free(&dwarf->unit[i].funcs);
		vr_split_close(dwarf->unit[i].split);
	}
	free(dwarf->unit);
	vr_ranges_free(&dwarf->ranges);
	vr_scopes_free(&dwarf->scopes);
	vr_split_files_close(&dwarf->split);
	memset(dwarf, 0, sizeof(*dwarf));
}
