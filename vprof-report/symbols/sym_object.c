#include "symbols/sym_object.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "symbols/sym_bounds.h"
#include "symbols/sym_vdso.h"

static int is_vdso(const char *path)
{
	return !path[0] || !strcmp(path, VR_VDSO_NAME) || !strncmp(path, "linux-vdso", 10);
}

struct vr_object *vr_object_new(const struct vr_sym_module *module)
{
	struct vr_object *object = calloc(1, sizeof(*object));
	const char *slash;

	if (!object)
		return NULL;
	object->path = strdup(module->path ? module->path : "");
	if (!object->path) {
		free(object);
		return NULL;
	}
	slash = strrchr(object->path, '/');
	object->base = slash && slash[1] ? slash + 1 : object->path;
	object->vdso = is_vdso(object->path);
	object->shown = object->vdso ? VR_VDSO_NAME : object->path;
	if (module->build_id && module->build_id_len <= VR_BUILD_ID_MAX) {
		object->build_id_len = module->build_id_len;
		memcpy(object->build_id, module->build_id, module->build_id_len);
	}
	object->file_bytes = module->file_bytes;
	object->mtime_ns = module->mtime_ns;
	object->inode = module->inode;
	object->device = module->device;
	object->seen_ns = module->seen_ns;
	object->pid = module->pid;
	object->state = VR_SYM_NOT_TRIED;
	return object;
}

int vr_object_is(const struct vr_object *object, const struct vr_sym_module *module)
{
	size_t length =
	    module->build_id && module->build_id_len <= VR_BUILD_ID_MAX ? module->build_id_len : 0;

	return object->build_id_len == length && object->file_bytes == module->file_bytes &&
	       object->mtime_ns == module->mtime_ns && object->inode == module->inode &&
	       object->device == module->device &&
	       strcmp(object->path, module->path ? module->path : "") == 0 &&
	       (!length || memcmp(object->build_id, module->build_id, length) == 0);
}

/* Out of memory: whatever was read so far is used. */
static void read_elf(struct vr_object *object, Dwfl_Module *module, struct vr_names *names)
{
	GElf_Addr bias;
	Elf *elf = dwfl_module_getelf(module, &bias);

	if (elf)
		(void)vr_bounds_load(&object->bounds, elf);
	(void)vr_elf_load(&object->elf, module, &object->bounds);
	if (elf)
		(void)vr_plt_load(&object->plt, elf, &object->elf, names);
}

void vr_object_open(struct vr_object *object, struct vr_search *search, struct vr_names *names)
{
	Dwfl_Module *module;

	if (object->state != VR_SYM_NOT_TRIED)
		return;
	module = vr_search_open(search, object);
	/* Nobody can put the vdso of another kernel here, so none is missed. */
	if (object->vdso)
		object->state = VR_SYM_STRIPPED;
	if (!module)
		return;
	(void)vr_dwarf_open(&object->dwarf, module, object->opened, search->directory, names);
	read_elf(object, module, names);
	object->state =
	    object->dwarf.units || object->elf.full || (object->vdso && object->elf.count)
		? VR_SYM_OK
		: VR_SYM_STRIPPED;
}

/* C++ and Rust compilers leave out linkage names at low debug levels; a plain
 * "push_back" is worth less than the symbol. */
static int symbol_says_more(const struct vr_source_place *place, const char *symbol)
{
	if (!place->function)
		return 1;
	return !place->linkage && symbol[0] == '_' && (symbol[1] == 'Z' || symbol[1] == 'R');
}

static const char *stub_name(struct vr_names *names, const char *linkage)
{
	const char *kept;
	char *text;

	if (asprintf(&text, "%s@plt", vr_names_demangle(names, linkage)) < 0)
		return linkage;
	kept = vr_names_keep(names, text);
	if (kept != text) /* memory did not run out */
		free(text);
	return kept;
}

size_t vr_object_find(struct vr_object *object, uint64_t offset, int inlines,
		      struct vr_source_place place[VR_PLACES_MAX])
{
	size_t count = vr_dwarf_find(&object->dwarf, offset, inlines, place);
	struct vr_source_place *outer = &place[count ? count - 1 : 0];
	const char *symbol, *stub = NULL;

	if (count && outer->function && outer->linkage)
		return count;
	if (!count) {
		memset(outer, 0, sizeof(*outer));
		stub = vr_plt_find(&object->plt, offset);
	}
	if (stub) {
		outer->function = stub_name(object->dwarf.names, stub);
		return 1;
	}
	symbol = vr_elf_find(&object->elf, offset);
	if (!symbol)
		return count;
	if (symbol_says_more(outer, symbol)) {
		outer->function = vr_names_demangle(object->dwarf.names, symbol);
		outer->linkage = strcmp(outer->function, symbol) ? symbol : NULL;
	}
	return count ? count : 1;
}

char *vr_object_note(const struct vr_object *object)
{
	const struct vr_split_files *split = &object->dwarf.split;
	char *note = NULL;
	int length = 0;

	if (object->unread)
		length =
		    asprintf(&note, "%s: debug sections are compressed in a way not known here",
			     object->base);
	else if (split->missing)
		length =
		    asprintf(&note,
			     "%s: %u debug file%s not found, %s first (a .dwo or .dwp): inlined "
			     "calls are not shown",
			     object->base, split->missing, split->missing == 1 ? "" : "s",
			     split->wanted ? split->wanted : "one without a name");
	return length < 0 ? NULL : note;
}

void vr_object_free(struct vr_object *object)
{
	if (!object)
		return;
	vr_dwarf_close(&object->dwarf);
	vr_elf_free(&object->elf);
	vr_plt_free(&object->plt);
	vr_ranges_free(&object->bounds);
	if (object->dwfl)
		dwfl_end(object->dwfl);
	free(object->opened);
	free(object->packed);
	free(object->path);
	free(object);
}
