/* The mappings of the snapshot that may hold pointers. */
#include "base/fmt.h"
#include "base/lines.h"
#include "base/sys.h"
#include "leak/internal.h"

#include <string.h>
#include <sys/mman.h>

#define MAPS_MOST  (1u << 17)
#define TEXT_BYTES (64u << 10)

enum { CODE = 1, OF_LIBC = 2, NOWHERE = 4 }; /* `kind` of constants */

static struct vp_leak_map *maps, *constants; /* code and constant data of files */
static uint32_t map_count, constant_count;
/* The line before, kept or not: */
static uint64_t last_hi;
static int last_readable, last_kind;

static int starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static uint32_t kind_of_file(const char *path)
{
	switch (vp_leak_kind_of_mapping(path)) {
	case VP_MODULE_LOADER:
	case VP_MODULE_RUNTIME:
		return VP_MAP_LIBC;
	case VP_MODULE_ALLOCATOR:
		return VP_MAP_MALLOC;
	default:
		return 0;
	}
}

/* Memory of no file on a disk: nothing but processes has written there. */
static int is_memory(const char *path)
{
	static const char *const of[] = {"/memfd:",    "/dev/shm/",	 "/dev/zero", "/SYSV",
					 "/secretmem", "/anon_hugepage", NULL};

	for (int i = 0; of[i]; i++) {
		if (starts(path, of[i]))
			return 1;
	}
	return strstr(path, " (deleted)") != NULL;
}

/* Constant data of a file holds no pointer to a block, unless it was written before it
 * became constant; what devices and the kernel share with the process may not like to
 * be read. */
static int wanted(const struct vp_leak_map *map, const char *perms, const char *path)
{
	uint32_t odd = vp_leak_unforked_at(map->lo);

	if (starts(path, "[v") || odd & VP_UNFORKED_DEVICE || strstr(path, "[perf_event]"))
		return 0;
	if (odd & VP_UNFORKED_UNKNOWN && (starts(path, "/dev/") || starts(path, "anon_inode:")) &&
	    !is_memory(path))
		return 0;
	if (perms[0] != 'r') /* it may be read again */
		return !*path || *path == '[' || perms[1] == 'w' || is_memory(path);
	return perms[1] == 'w' || !*path || *path == '[' || odd & VP_UNFORKED_WRITTEN ||
	       vp_leak_plain_is_written(map->lo, map->hi) || (perms[3] == 's' && is_memory(path));
}

/* The child's own copy: its permissions are nobody else's affair. */
static void unseal(const struct vp_leak_map *map)
{
	if (vp_sys(SYS_mprotect, map->lo, map->hi - map->lo, PROT_READ) != 0)
		vp_leak_unsearched[VPROF_UNSEARCHED_PROTECTED] += map->hi - map->lo;
}

/* lo-hi perms offset device inode   path */
static void take_line(const char *line)
{
	const char *at = line, *perms, *path;
	struct vp_leak_map map = {0};

	map.lo = vp_parse_hex(&at);
	at++;
	map.hi = vp_parse_hex(&at);
	perms = at + 1;
	path = perms;
	for (int blanks = 0; *path && blanks < 4; path++)
		blanks += *path == ' ';
	while (*path == ' ')
		path++;
	if (!*path || *path == '[')
		map.kind = VP_MAP_ANON;
	else
		map.kind = kind_of_file(path);
	if (starts(path, "[heap]"))
		map.kind |= VP_MAP_HEAP;
	if (starts(path, "[stack]"))
		map.kind |= VP_MAP_STACK;
	/* .bss follows the data of its file */
	if (!*path && last_hi == map.lo)
		map.kind |= (uint32_t)last_kind & (VP_MAP_LIBC | VP_MAP_MALLOC);
	if (last_hi != map.lo || !last_readable)
		map.kind |= VP_MAP_GUARDED;
	if (perms[1] == 'w')
		map.kind |= VP_MAP_WRITE;
	if (perms[3] == 's')
		map.kind |= VP_MAP_SHARED;
	if (perms[0] != 'r')
		map.kind |= VP_MAP_SEALED;
	last_hi = map.hi;
	last_readable = perms[0] == 'r';
	last_kind = *path && *path != '[' && perms[1] == 'w' ? (int)map.kind : 0;
	if (!wanted(&map, perms, path))
		;
	else if (map_count < MAPS_MOST)
		maps[map_count++] = map;
	else
		vp_leak_unsearched[VPROF_UNSEARCHED_TABLES] += map.hi - map.lo;
	if (*path == '/' && perms[1] != 'w' && constant_count < MAPS_MOST) {
		map.kind = (perms[2] == 'x' ? CODE : 0) | (map.kind & VP_MAP_LIBC ? OF_LIBC : 0);
		constants[constant_count++] = map;
	}
}

/* Of the mapping that holds the address; NOWHERE: none does. */
static uint32_t constant_kind(uint64_t address)
{
	uint32_t lo = 0, hi = constant_count;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (constants[mid].hi <= address)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < constant_count && constants[lo].lo <= address ? constants[lo].kind : NOWHERE;
}

int vp_leak_is_constant(uint64_t address, int code)
{
	uint32_t kind = constant_kind(address);

	return kind != NOWHERE && (int)(kind & CODE) == code;
}

int vp_leak_is_runtime_code(uint64_t address)
{
	return constant_kind(address) == (CODE | OF_LIBC);
}

/* Returns 0 when they cannot be read. */
static int read_lines(void)
{
	char *text = vp_sys_map(TEXT_BYTES);
	struct vp_lines lines;
	const char *line;

	if (!text || vp_lines_open(&lines, "/proc/self/maps", text, TEXT_BYTES))
		return 0;
	while ((line = vp_lines_next(&lines)))
		take_line(line);
	return vp_lines_close(&lines) == 0;
}

struct vp_leak_map *vp_leak_maps(uint32_t *count)
{
	size_t bytes;
	const char *line = vp_leak_plain_maps(&bytes), *end = line + bytes;

	maps = vp_sys_map(MAPS_MOST * sizeof(*maps));
	constants = vp_sys_map(MAPS_MOST * sizeof(*maps));
	if (!maps || !constants)
		return NULL;
	for (; line && line < end; line += strlen(line) + 1)
		take_line(line);
	if (!line && !read_lines())
		return NULL;
	for (uint32_t i = 0; i < map_count; i++) {
		if (maps[i].kind & VP_MAP_SEALED)
			unseal(&maps[i]);
	}
	*count = map_count;
	return maps;
}
