/* L2 */
#include "stack/modules.h"
#include "base/clock.h"
#include "base/heap.h"
#include "base/sys.h"
#include "ring/tables.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>

uint32_t vp_module_self = VPROF_MODULE_UNKNOWN;

static struct vp_module **modules;
static uint32_t module_count, module_room;

static void copy_build_id(struct vprof_module *row, const uint8_t *note, size_t len)
{
	while (len >= sizeof(ElfW(Nhdr))) {
		ElfW(Nhdr) head;
		size_t name, desc;

		memcpy(&head, note, sizeof(head));
		name = (head.n_namesz + 3u) & ~3u;
		desc = (head.n_descsz + 3u) & ~3u;
		if (sizeof(head) + name + desc > len)
			return;
		if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == 4 &&
		    memcmp(note + sizeof(head), "GNU", 4) == 0) {
			row->build_id_bytes = head.n_descsz < 32 ? head.n_descsz : 32;
			memcpy(row->build_id, note + sizeof(head) + name, row->build_id_bytes);
			return;
		}
		note += sizeof(head) + name + desc;
		len -= sizeof(head) + name + desc;
	}
}

/* Reads the note segments where the loader mapped them. */
static void find_build_id(struct vprof_module *row, uint64_t start, uint64_t end, uint64_t bias)
{
	const ElfW(Ehdr) *ehdr = (const void *)(uintptr_t)start;
	const ElfW(Phdr) *phdr;

	if (memcmp(ehdr->e_ident, ELFMAG, SELFMAG) != 0 ||
	    ehdr->e_phoff + ehdr->e_phnum * sizeof(*phdr) > 4096)
		return;
	phdr = (const void *)(uintptr_t)(start + ehdr->e_phoff);
	for (int i = 0; i < ehdr->e_phnum; i++) {
		uint64_t at = bias + phdr[i].p_vaddr;

		if (phdr[i].p_type != PT_NOTE || at < start || at + phdr[i].p_memsz > end)
			continue;
		copy_build_id(row, (const uint8_t *)(uintptr_t)at, phdr[i].p_memsz);
	}
}

static void describe_file(struct vprof_module *row, const char *path)
{
	struct stat st;

	if (vp_sys6(SYS_newfstatat, AT_FDCWD, (long)path, (long)&st, 0, 0, 0) < 0)
		return;
	row->inode = st.st_ino;
	row->device = st.st_dev;
	row->file_bytes = (uint64_t)st.st_size;
	row->mtime_ns = (uint64_t)st.st_mtim.tv_sec * 1000000000u + (uint64_t)st.st_mtim.tv_nsec;
}

static void write_row(struct vprof_module *row, const struct vp_module *module)
{
	const struct link_map *map = module->link_map;
	const char *name = map->l_name ? map->l_name : "";
	char exe[PATH_MAX];

	if (!*name) {
		long len = vp_sys(SYS_readlink, "/proc/self/exe", exe, sizeof(exe) - 1);

		exe[len > 0 ? len : 0] = '\0';
		name = exe;
	}
	row->start = module->start;
	row->end = module->end;
	row->bias = map->l_addr;
	row->load_ns = vp_clock_now();
	if (*name == '/')
		describe_file(row, name);
	find_build_id(row, module->start, module->end, map->l_addr);
	row->path = vp_string_add(name, strlen(name));
}

static struct vp_module *append(void)
{
	if (module_count == module_room) {
		uint32_t room = module_room ? module_room * 2 : 64;
		struct vp_module **more = vp_heap_get(room * sizeof(*more));

		if (!more)
			return NULL;
		if (module_count)
			memcpy(more, modules, module_count * sizeof(*more));
		vp_heap_put(modules);
		modules = more;
		module_room = room;
	}
	modules[module_count] = vp_heap_get(sizeof(**modules));
	return modules[module_count] ? modules[module_count++] : NULL;
}

/* A program linked at a fixed address may have gaps between its segments, and
 * is then found segment by segment: tables in another one than the code. */
static void make_whole(struct vp_module *module)
{
	const ElfW(Phdr) *phdr = (const void *)getauxval(AT_PHDR);
	const struct link_map *map = module->link_map;

	if (map->l_prev || (map->l_name && *map->l_name) || !phdr)
		return;
	for (unsigned long i = 0; i < getauxval(AT_PHNUM); i++) {
		uint64_t at = map->l_addr + phdr[i].p_vaddr;

		if (phdr[i].p_type != PT_LOAD)
			continue;
		if (at < module->start)
			module->start = at;
		if (at + phdr[i].p_memsz > module->end)
			module->end = at + phdr[i].p_memsz;
	}
}

static struct vp_module *add(const struct dl_find_object *found)
{
	struct vp_module *module = append();
	struct vprof_module *row = NULL;
	uint32_t id;

	if (!module)
		return NULL;
	module->start = (uint64_t)(uintptr_t)found->dlfo_map_start;
	module->end = (uint64_t)(uintptr_t)found->dlfo_map_end;
	module->eh_frame_hdr = (uint64_t)(uintptr_t)found->dlfo_eh_frame;
	module->link_map = found->dlfo_link_map;
	module->alive = 1;
	make_whole(module);
	if (vp_table_used(VPROF_SEC_MODULES) < VPROF_MODULE_KERNEL)
		row = vp_table_add(VPROF_SEC_MODULES, &id);
	if (row) {
		write_row(row, module);
		module->id = id;
	} else {
		vp_lost(VPROF_LOST_MODULES, 1);
		module->id = VPROF_MODULE_UNKNOWN;
	}
	if (module->start <= (uint64_t)(uintptr_t)&vp_modules_sweep &&
	    (uint64_t)(uintptr_t)&vp_modules_sweep < module->end)
		vp_module_self = module->id;
	return module;
}

const struct vp_module *vp_module_find(uint64_t address)
{
	struct dl_find_object found;

	if (_dl_find_object((void *)(uintptr_t)address, &found) != 0)
		return NULL;
	for (uint32_t i = 0; i < module_count; i++) {
		if (modules[i]->alive && modules[i]->link_map == found.dlfo_link_map &&
		    modules[i]->start <= (uint64_t)(uintptr_t)found.dlfo_map_start &&
		    modules[i]->end >= (uint64_t)(uintptr_t)found.dlfo_map_end)
			return modules[i];
	}
	return add(&found);
}

void vp_modules_sweep(void (*gone)(const struct vp_module *module))
{
	for (uint32_t i = 0; i < module_count; i++) {
		struct dl_find_object found;
		struct vp_module *module = modules[i];

		if (!module->alive ||
		    (_dl_find_object((void *)(uintptr_t)module->start, &found) == 0 &&
		     found.dlfo_link_map == module->link_map))
			continue;
		module->alive = 0;
		if (module->id != VPROF_MODULE_UNKNOWN) {
			struct vprof_module *row = vp_table_row(VPROF_SEC_MODULES, module->id);

			row->unload_ns = vp_clock_now();
		}
		gone(module);
	}
}

/* Rows of unloaded modules are written too, empty: numbers must not shift. */
void vp_modules_fork_child(void)
{
	for (uint32_t i = 0; i < module_count; i++) {
		struct vprof_module *row;
		uint32_t id;

		if (modules[i]->id == VPROF_MODULE_UNKNOWN)
			continue;
		row = vp_table_add(VPROF_SEC_MODULES, &id);
		if (row && modules[i]->alive)
			write_row(row, modules[i]);
	}
}
