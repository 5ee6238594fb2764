/* Opens objects.  Symbols of a rebuilt file would name the wrong functions
 * with full confidence, so identity comes first. */
#include "symbols/sym_object.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbols/sym_bounds.h"

#define OBJECT_MAX (64ll << 30)

static int is_vdso(const char *path)
{
	return !path[0] || !strcmp(path, "[vdso]") || !strncmp(path, "linux-vdso", 10);
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
	object->shown = object->vdso ? "[vdso]" : object->path;
	if (module->build_id && module->build_id_len <= VR_BUILD_ID_MAX) {
		object->build_id_len = module->build_id_len;
		memcpy(object->build_id, module->build_id, module->build_id_len);
	}
	object->file_bytes = module->file_bytes;
	object->mtime_ns = module->mtime_ns;
	object->state = VR_SYM_NOT_TRIED;
	return object;
}

int vr_object_is(const struct vr_object *object, const struct vr_sym_module *module)
{
	size_t length =
	    module->build_id && module->build_id_len <= VR_BUILD_ID_MAX ? module->build_id_len : 0;

	return object->build_id_len == length && object->file_bytes == module->file_bytes &&
	       object->mtime_ns == module->mtime_ns &&
	       strcmp(object->path, module->path ? module->path : "") == 0 &&
	       (!length || memcmp(object->build_id, module->build_id, length) == 0);
}

/* Opens `path` if it is a regular file: a profile may name anything.
 * Returns the descriptor or -1. */
static int open_regular(const char *path, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	/* Files of /proc have no size, or more than there is. */
	if (fd >= 0 && (fstat(fd, st) || !S_ISREG(st->st_mode) || st->st_size <= 0 ||
			st->st_size > OBJECT_MAX)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static int same_stat(const struct vr_object *object, const struct stat *st)
{
	uint64_t mtime_ns =
	    (uint64_t)st->st_mtim.tv_sec * 1000000000u + (uint64_t)st->st_mtim.tv_nsec;

	if (object->file_bytes && object->file_bytes != (uint64_t)st->st_size)
		return 0;
	return !object->mtime_ns || object->mtime_ns == mtime_ns;
}

/* Reports the ELF file behind `fd`, which is consumed, as the one module of a
 * new session, at its own addresses.  NULL when it is no ELF file. */
static Dwfl_Module *report(struct vr_object *object, const Dwfl_Callbacks *callbacks,
			   const char *path, int fd)
{
	Dwfl_Module *module;

	object->dwfl = dwfl_begin(callbacks);
	if (!object->dwfl) {
		close(fd);
		return NULL;
	}
	dwfl_report_begin(object->dwfl);
	module = dwfl_report_elf(object->dwfl, object->base, path, fd, 0, true);
	if (!module)
		close(fd);
	dwfl_report_end(object->dwfl, NULL, NULL);
	return module;
}

static void drop_session(struct vr_object *object)
{
	if (object->dwfl)
		dwfl_end(object->dwfl);
	object->dwfl = NULL;
}

static int is_recorded_build(const struct vr_object *object, Dwfl_Module *module)
{
	GElf_Addr bias;
	Elf *elf = dwfl_module_getelf(module, &bias);

	return elf && vr_elf_has_build_id(elf, object->build_id, object->build_id_len);
}

/* The file at the recorded path, if it is the one that ran. */
static Dwfl_Module *open_recorded(struct vr_object *object, const Dwfl_Callbacks *callbacks)
{
	Dwfl_Module *module;
	struct stat st;
	int fd = open_regular(object->path, &st);

	object->state = fd < 0 ? VR_SYM_MISSING : VR_SYM_REBUILT;
	if (fd < 0)
		return NULL;
	if (!object->build_id_len && !same_stat(object, &st)) {
		close(fd);
		return NULL;
	}
	module = report(object, callbacks, object->path, fd);
	if (module && (!object->build_id_len || is_recorded_build(object, module)))
		return module;
	drop_session(object);
	return NULL;
}

/* Writes "DIRECTORY/.build-id/ab/cdef.debug"; returns 0, or -1 where it is too long. */
static int debug_file_path(const struct vr_object *object, const char *directory, size_t length,
			   char path[PATH_MAX])
{
	int used = snprintf(path, PATH_MAX, "%.*s/.build-id/%02x/", (int)length, directory,
			    object->build_id[0]);

	if (used < 0 || (size_t)used + 2 * object->build_id_len + sizeof(".debug") > PATH_MAX)
		return -1;
	for (size_t i = 1; i < object->build_id_len; i++)
		used += sprintf(path + used, "%02x", object->build_id[i]);
	strcpy(path + used, ".debug");
	return 0;
}

static Dwfl_Module *open_debug_file(struct vr_object *object, const Dwfl_Callbacks *callbacks,
				    const char *path)
{
	Dwfl_Module *module;
	struct stat st;
	int fd = open_regular(path, &st);

	if (fd < 0)
		return NULL;
	module = report(object, callbacks, path, fd);
	if (module && is_recorded_build(object, module))
		return module;
	drop_session(object);
	return NULL;
}

/* The debug file of the recorded build, taken for the object itself: it has the
 * same addresses.  Searched for here, because libdwfl (0.188) leaks an Elf and
 * closes descriptor 0 when it is to find the debug file of a module without
 * a main file. */
static Dwfl_Module *open_by_build_id(struct vr_object *object, const Dwfl_Callbacks *callbacks)
{
	const char *at = *callbacks->debuginfo_path;
	Dwfl_Module *module = NULL;
	char path[PATH_MAX];

	if (object->build_id_len < 2)
		return NULL;
	if (!at)
		at = "/usr/lib/debug";
	while (*at && !module) {
		size_t length = strcspn(at, ":"), sign = at[0] == '+' || at[0] == '-';

		if (at[sign] == '/' && !debug_file_path(object, at + sign, length - sign, path))
			module = open_debug_file(object, callbacks, path);
		at += length;
		at += *at == ':';
	}
	return module;
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

void vr_object_open(struct vr_object *object, const Dwfl_Callbacks *callbacks,
		    struct vr_names *names)
{
	Dwfl_Module *module;

	if (object->state != VR_SYM_NOT_TRIED)
		return;
	if (object->vdso) {
		object->state = VR_SYM_OK;
		return;
	}
	module = open_recorded(object, callbacks);
	if (!module)
		module = open_by_build_id(object, callbacks);
	if (!module)
		return;
	(void)vr_dwarf_open(&object->dwarf, module, names);
	read_elf(object, module, names);
	object->state = object->dwarf.units || object->elf.full ? VR_SYM_OK : VR_SYM_STRIPPED;
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

void vr_object_free(struct vr_object *object)
{
	if (!object)
		return;
	vr_dwarf_close(&object->dwarf);
	vr_elf_free(&object->elf);
	vr_plt_free(&object->plt);
	vr_ranges_free(&object->bounds);
	drop_session(object);
	free(object->path);
	free(object);
}
