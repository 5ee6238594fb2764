#include "stack/modules.h"
#include "base/clock.h"
#include "base/fmt.h"
#include "base/glibc.h"
#include "base/private_heap.h"
#include "base/state.h"
#include "base/sys.h"
#include "ring/tables.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>

uint32_t vp_module_self = VPROF_MODULE_UNKNOWN;
uint32_t vp_modules_closing, vp_modules_gone;

static struct vp_module **modules;
static uint32_t module_count, module_room;

/* Link maps of the objects loaded with the program. */
#define STARTED_MOST 1024u
static const void *started[STARTED_MOST];
static uint32_t started_count;
static char start_directory[PATH_MAX]; /* "": not known */

/* The loader's list starts with the program, what is preloaded and what they
 * need.  Were we preloaded?  Then we come before libc. */
void vp_modules_init(void)
{
	struct dl_find_object own, libc;
	uint32_t count = 0, own_at = STARTED_MOST, libc_at = 0;

	if (vp_sys(SYS_getcwd, start_directory, sizeof(start_directory), 0) < 0 ||
	    start_directory[0] != '/')
		start_directory[0] = '\0';
	if (!vp_glibc_knows(VP_GLIBC_OBJECTS) ||
	    _dl_find_object((void *)(uintptr_t)&vp_modules_init, &own) != 0 ||
	    _dl_find_object(stdout, &libc) != 0)
		return;
	for (const struct link_map *map = _r_debug.r_map; map && count < STARTED_MOST;
	     map = map->l_next) {
		if (map == own.dlfo_link_map)
			own_at = count;
		else if (map == libc.dlfo_link_map)
			libc_at = count;
		started[count++] = map;
	}
	if (own_at < libc_at)
		started_count = count;
}

static int was_started(const void *link_map)
{
	for (uint32_t i = 0; i < started_count; i++) {
		if (started[i] == link_map)
			return 1;
	}
	return 0;
}

int vp_module_peek(const struct vp_module *module, void *to, uint64_t address, size_t len)
{
	if (!module || !module->stays)
		return vp_sys_peek(to, address, len) == len;
	memcpy(to, (const void *)(uintptr_t)address, len);
	return 1;
}

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
static void find_build_id(struct vp_module *module)
{
	struct vprof_module *row = &module->row;

	union {
		ElfW(Ehdr) ehdr;
		uint8_t bytes[2048];
	} head;
	uint8_t note[1024];

	if (!vp_module_peek(module, &head, row->start, sizeof(head)) ||
	    memcmp(head.ehdr.e_ident, ELFMAG, SELFMAG) != 0 ||
	    head.ehdr.e_phoff + head.ehdr.e_phnum * sizeof(ElfW(Phdr)) > sizeof(head))
		return;
	for (int i = 0; i < head.ehdr.e_phnum; i++) {
		const ElfW(Phdr) *phdr = (const void *)(head.bytes + head.ehdr.e_phoff);
		uint64_t at = row->bias + phdr[i].p_vaddr, len = phdr[i].p_memsz;

		if (phdr[i].p_type != PT_NOTE || at < row->start || at + len > row->end)
			continue;
		len = len < sizeof(note) ? len : sizeof(note);
		if (vp_module_peek(module, note, at, len))
			copy_build_id(row, note, len);
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

/* The directory that the loader's relative path is of: for what came with the program
 * the one it was started in.  For a plugin today's, which is the helper's for nobody
 * but itself.  Returns its length, 0: not known. */
static size_t directory_of(const struct vp_module *module, char directory[PATH_MAX])
{
	struct vp_text link;
	char text[32];
	long got;

	if (module->stays) {
		memcpy(directory, start_directory, PATH_MAX);
		return strlen(directory);
	}
	vp_text_init(&link, text, sizeof(text));
	vp_text_str(&link, "/proc/");
	vp_text_u64(&link, (uint64_t)vp_sys_pid());
	vp_text_str(&link, "/cwd");
	got = vp_sys(SYS_readlink, text, directory, PATH_MAX - 1);
	if (got <= 0)
		return 0;
	directory[got] = '\0';
	return directory[0] == '/' ? (size_t)got : 0;
}

/* A reader of the record stands elsewhere, and "./strategy.so" may be another file
 * there.  Stays as it is where no such file is found.  Returns the length. */
static size_t make_absolute(const struct vp_module *module, char path[PATH_MAX], size_t len)
{
	char full[PATH_MAX];
	const char *rest = path;
	size_t used;
	struct stat st;

	if (path[0] == '/' || !memchr(path, '/', len))
		return len;
	used = directory_of(module, full);
	while (rest[0] == '.' && rest[1] == '/')
		rest += 2;
	len -= (size_t)(rest - path);
	if (!used || used + 1 + len >= PATH_MAX)
		return strlen(path);
	if (full[used - 1] != '/')
		full[used++] = '/';
	memcpy(full + used, rest, len + 1);
	if (vp_sys6(SYS_newfstatat, AT_FDCWD, (long)full, (long)&st, 0, 0, 0) < 0)
		return strlen(path);
	memcpy(path, full, used + len + 1);
	return used + len;
}

/* The program's path.  Of a file that is gone the kernel says so behind its name. */
static size_t program_path(char path[PATH_MAX])
{
	static const char gone[] = " (deleted)";
	long got = vp_sys(SYS_readlink, "/proc/self/exe", path, PATH_MAX - 1);
	size_t len = got > 0 ? (size_t)got : 0, tail = sizeof(gone) - 1;
	struct stat st;

	path[len] = '\0';
	if (len > tail && memcmp(path + len - tail, gone, tail) == 0 &&
	    vp_sys6(SYS_newfstatat, AT_FDCWD, (long)path, (long)&st, 0, 0, 0) < 0)
		path[len -= tail] = '\0';
	return len;
}

/* What the file will say of a module.  Kept: in a forked child the object may
 * be half unloaded. */
static void describe(struct vp_module *module, const struct link_map *map)
{
	struct vprof_module *row = &module->row;
	char path[PATH_MAX];
	size_t len = 0;
	int program;

	row->start = module->start;
	row->end = module->end;
	row->bias = map->l_addr;
	row->load_ns = vp_clock_now();
	while (len + 1 < sizeof(path) &&
	       vp_module_peek(module, path + len, (uint64_t)(uintptr_t)map->l_name + len, 1) &&
	       path[len])
		len++;
	path[len] = '\0';
	program = !len;
	len = program ? program_path(path) : make_absolute(module, path, len);
	if (*path == '/')
		/* Its own file, whatever lies at its path by now. */
		describe_file(row, program ? "/proc/self/exe" : path);
	find_build_id(module);
	module->path = vp_private_get(len + 1);
	if (module->path)
		memcpy(module->path, path, len);
}

static void write_row(struct vprof_module *row, const struct vp_module *module)
{
	const char *path = module->path ? module->path : "";

	*row = module->row;
	row->path = vp_string_add(path, strlen(path));
}

/* The old list stays: vp_module_holds may be in it. */
static struct vp_module *append(const struct vp_module *seen)
{
	struct vp_module *module = vp_private_get(sizeof(*module));

	if (module_count == module_room) {
		uint32_t room = module_room ? module_room * 2 : 64;
		struct vp_module **more = vp_private_get(room * sizeof(*more));

		if (!more)
			return NULL;
		if (module_count)
			memcpy(more, modules, module_count * sizeof(*more));
		/* Pairs with vp_module_find(). */
		__atomic_store_n(&modules, more, __ATOMIC_RELEASE);
		module_room = room;
	}
	if (!module)
		return NULL;
	*module = *seen;
	module->id = VPROF_MODULE_UNKNOWN;
	modules[module_count] = module;
	/* Pairs with vp_module_find(). */
	__atomic_store_n(&module_count, module_count + 1, __ATOMIC_RELEASE);
	return module;
}

/* A program linked at a fixed address may have gaps between its segments, and
 * is then found segment by segment: tables in another one than the code. */
static void make_whole(struct vp_module *module, const struct link_map *map)
{
	const ElfW(Phdr) *phdr = (const void *)getauxval(AT_PHDR);
	struct dl_find_object program;

	if (_dl_find_object((void *)(uintptr_t)phdr, &program) != 0 ||
	    program.dlfo_link_map != module->link_map)
		return;
	module->whole = 1;
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

static int same_file(const struct vp_module *module, const struct vp_module *seen)
{
	const struct vprof_module *a = &module->row, *b = &seen->row;

	return module->start == seen->start && module->end == seen->end && a->bias == b->bias &&
	       module->eh_frame_hdr == seen->eh_frame_hdr && module->path && seen->path &&
	       strcmp(module->path, seen->path) == 0 && a->inode == b->inode &&
	       a->device == b->device && a->file_bytes == b->file_bytes &&
	       a->mtime_ns == b->mtime_ns && a->build_id_bytes == b->build_id_bytes &&
	       memcmp(a->build_id, b->build_id, sizeof(a->build_id)) == 0;
}

/* A plugin that is loaded over and over, mostly to where it was before, stays
 * one module: its stacks remain the same, and the tables do not run full. */
static struct vp_module *come_back(const struct vp_module *seen)
{
	for (uint32_t i = 0; i < module_count; i++) {
		struct vp_module *module = modules[i];
		struct vprof_module *row;

		if (module->alive || !same_file(module, seen))
			continue;
		if (module->id != VPROF_MODULE_UNKNOWN) {
			row = vp_table_row(VPROF_SEC_MODULES, module->id);
			if (!row->end) /* not written in a forked child */
				write_row(row, module);
			row->unload_ns = 0;
		}
		module->link_map = seen->link_map;
		/* Pairs with vp_module_find(). */
		__atomic_store_n(&module->alive, 1, __ATOMIC_RELEASE);
		return module;
	}
	return NULL;
}

static struct vp_module *add_row(struct vp_module *module)
{
	struct vprof_module *row = NULL;
	uint32_t id;

	if (vp_table_used(VPROF_SEC_MODULES) < VPROF_MODULE_KERNEL)
		row = vp_table_add(VPROF_SEC_MODULES, &id);
	if (row) {
		write_row(row, module);
		module->id = id;
	} else {
		vp_lost(VPROF_LOST_MODULES, 1);
	}
	if (module->start <= (uint64_t)(uintptr_t)&vp_modules_sweep &&
	    (uint64_t)(uintptr_t)&vp_modules_sweep < module->end)
		vp_module_self = module->id;
	return module;
}

static struct vp_module *add(const struct dl_find_object *found)
{
	struct vp_module seen = {.link_map = found->dlfo_link_map, .alive = 1}, *module;
	struct link_map map;

	seen.stays = was_started(seen.link_map);
	if (!vp_module_peek(&seen, &map, (uint64_t)(uintptr_t)found->dlfo_link_map, sizeof(map)))
		return NULL;
	seen.start = (uint64_t)(uintptr_t)found->dlfo_map_start;
	seen.end = (uint64_t)(uintptr_t)found->dlfo_map_end;
	seen.eh_frame_hdr = (uint64_t)(uintptr_t)found->dlfo_eh_frame;
	make_whole(&seen, &map);
	describe(&seen, &map);
	module = come_back(&seen);
	if (module) {
		vp_private_put(seen.path);
		return module;
	}
	module = append(&seen);
	return module ? add_row(module) : NULL;
}

/* Addresses and link maps are used again by the next object: it is another one
 * when any of its places differs. */
static int is(const struct vp_module *module, const struct dl_find_object *found)
{
	uint64_t start = (uint64_t)(uintptr_t)found->dlfo_map_start;
	uint64_t end = (uint64_t)(uintptr_t)found->dlfo_map_end;

	if (module->link_map != found->dlfo_link_map ||
	    module->eh_frame_hdr != (uint64_t)(uintptr_t)found->dlfo_eh_frame)
		return 0;
	if (module->whole)
		return module->start <= start && module->end >= end;
	return module->start == start && module->end == end;
}

const struct vp_module *vp_module_find(uint64_t address)
{
	struct dl_find_object found;

	if (_dl_find_object((void *)(uintptr_t)address, &found) != 0)
		return NULL;
	for (uint32_t i = 0; i < module_count; i++) {
		if (modules[i]->alive && is(modules[i], &found))
			return modules[i];
	}
	return add(&found);
}

/* Numbers are given in the order of the list, until there are no more. */
int vp_module_holds(uint32_t id, uint64_t address)
{
	uint32_t count = __atomic_load_n(&module_count, __ATOMIC_ACQUIRE);
	struct vp_module *const *list = __atomic_load_n(&modules, __ATOMIC_ACQUIRE);
	struct dl_find_object found;

	return id < count && list[id]->id == id && list[id]->alive &&
	       _dl_find_object((void *)(uintptr_t)address, &found) == 0 && is(list[id], &found);
}

void vp_modules_sweep(void (*gone)(const struct vp_module *module))
{
	for (uint32_t i = 0; i < module_count; i++) {
		struct dl_find_object found;
		struct vp_module *module = modules[i];

		if (!module->alive || module->stays ||
		    (_dl_find_object((void *)(uintptr_t)module->start, &found) == 0 &&
		     is(module, &found)))
			continue;
		module->alive = 0;
		/* Pairs with a thread that counts calls (track/count.c). */
		__atomic_store_n(&vp_modules_gone, vp_modules_gone + 1, __ATOMIC_RELEASE);
		if (module->id != VPROF_MODULE_UNKNOWN && vp_control.alive) {
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
