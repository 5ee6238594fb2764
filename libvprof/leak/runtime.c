/* Which of the process's modules are the loader, libc and the C++ runtime?
 *
 * By what they are, not by how their names begin: a file is one of them when one of
 * the names below, looked up where the loader looks by default (the system's
 * directories, then ld.so.cache), leads to that very file.  A copy that a program
 * brings along, found by RUNPATH, LD_LIBRARY_PATH or in the working directory, is
 * the program's own.  The loader and libc that the process in fact runs on are known
 * by their addresses too, wherever they lie. */
#include "base/real.h"
#include "base/sys.h"
#include "leak/internal.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>

#define PATH_BYTES  4096u
#define CACHE_MOST  (16u << 20)
#define CACHE_FLAGS 0x0303 /* ELF, libc6, x86-64 */

static const char *const sonames[] = {"libc.so.6",	     "libstdc++.so.6",
				      "libgcc_s.so.1",	     "libm.so.6",
				      "libpthread.so.0",     "libdl.so.2",
				      "librt.so.1",	     "libmvec.so.1",
				      "libutil.so.1",	     "libanl.so.1",
				      "libresolv.so.2",	     "libnsl.so.1",
				      "libc++.so.1",	     "libc++abi.so.1",
				      "libnss_files.so.2",   "libnss_dns.so.2",
				      "libnss_compat.so.2",  "libnss_hesiod.so.2",
				      "libnss_db.so.2",	     "libnss_systemd.so.2",
				      "libnss_resolve.so.2", "libnss_myhostname.so.2"};
static const char loader_soname[] = "ld-linux-x86-64.so.2";
static const char *const directories[] = {"/lib/x86_64-linux-gnu/",
					  "/usr/lib/x86_64-linux-gnu/",
					  "/lib64/",
					  "/usr/lib64/",
					  "/lib/",
					  "/usr/lib/"};
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* /etc/ld.so.cache: a header, entries, strings. */
struct cache_header {
	char magic[20]; /* "glibc-ld.so.cache1.1" */
	uint32_t count, string_bytes;
	uint32_t unused[5];
};
struct cache_entry {
	int32_t flags;
	uint32_t name, path; /* from the header on */
	uint32_t version;
	uint64_t hardware;
};
static const char *cache; /* NULL: there is none */
static uint64_t cache_bytes;
static int cache_asked;

static void read_cache(void)
{
	int fd = vp_sys_open("/etc/ld.so.cache", O_RDONLY, 0);
	long bytes, got = 0;
	char *map;

	cache_asked = 1;
	if (fd < 0)
		return;
	bytes = vp_sys(SYS_lseek, fd, 0, 2 /* SEEK_END */);
	map = bytes > (long)sizeof(struct cache_header) && bytes <= (long)CACHE_MOST
		  ? vp_sys_map((size_t)bytes + 1)
		  : NULL;
	if (map)
		got = vp_sys6(SYS_pread64, fd, (long)map, bytes, 0, 0, 0);
	vp_sys_close(fd);
	if (map && got == bytes && memcmp(map, "glibc-ld.so.cache1.1", 20) == 0) {
		cache = map;
		cache_bytes = (uint64_t)bytes;
	}
}

/* A text of the cache: it ends before the file does, because one more byte is 0. */
static const char *cache_text(uint32_t offset)
{
	return offset < cache_bytes ? cache + offset : "";
}

/* The file a path leads to, links followed.  Returns 0 when there is none. */
static int resolve(const char *path, char to[PATH_BYTES])
{
	char link[32] = "/proc/self/fd/";
	uint32_t digits = 14, value;
	int fd = vp_sys_open(path, O_PATH, 0);
	long bytes;

	if (fd < 0)
		return 0;
	value = (uint32_t)fd;
	for (uint32_t base = 1000000000u; base; base /= 10) {
		if (value >= base || base == 1 || digits > 14)
			link[digits++] = (char)('0' + value / base % 10);
	}
	bytes = vp_sys(SYS_readlink, link, to, PATH_BYTES - 1);
	vp_sys_close(fd);
	if (bytes <= 0)
		return 0;
	to[bytes] = '\0';
	return 1;
}

static int leads_to(const char *path, const char *file)
{
	static char found[PATH_BYTES];

	return strcmp(path, file) == 0 || (resolve(path, found) && strcmp(found, file) == 0);
}

/* Does a name, looked up as the loader does without being told where, lead there? */
static int is_found_as(const char *soname, const char *file)
{
	const struct cache_header *header = (const void *)cache;
	char path[64];

	for (uint32_t i = 0; i < COUNT(directories); i++) {
		size_t bytes = strlen(directories[i]);

		memcpy(path, directories[i], bytes);
		memcpy(path + bytes, soname, strlen(soname) + 1);
		if (leads_to(path, file))
			return 1;
	}
	if (!cache_asked) {
		read_cache();
		header = (const void *)cache;
	}
	for (uint32_t i = 0; cache && i < header->count; i++) {
		uint64_t at = sizeof(*header) + i * sizeof(struct cache_entry);
		struct cache_entry entry;

		if (at + sizeof(entry) > cache_bytes)
			break;
		memcpy(&entry, cache + at, sizeof(entry));
		if (entry.flags == CACHE_FLAGS && strcmp(cache_text(entry.name), soname) == 0 &&
		    leads_to(cache_text(entry.path), file))
			return 1;
	}
	return 0;
}

/* Could the file carry that name?  Only saves looking: libstdc++.so.6.0.30 may be
 * libstdc++.so.6, libc-2.31.so may be libc.so.6. */
static int may_be(const char *base, const char *soname)
{
	size_t stem = strcspn(soname, ".");

	return strncmp(base, soname, stem) == 0 && (base[stem] == '.' || base[stem] == '-');
}

/* The module at an address of the process; NULL. */
static const struct link_map *module_at(uint64_t address)
{
	struct dl_find_object found;

	if (!address || _dl_find_object((void *)(uintptr_t)address, &found) != 0)
		return NULL;
	return found.dlfo_link_map;
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The files of modules that are known by where they are: resolved once. */
static char loader_file[PATH_BYTES], libc_file[PATH_BYTES], allocator_file[PATH_BYTES];

/* `part`: what its name must have in it; NULL: any. */
static void learn_file(uint64_t address, const char *part, char file[PATH_BYTES])
{
	const struct link_map *module = module_at(address);
	const char *name = module && module->l_name ? module->l_name : "";

	if (name[0] != '/' || (part && !strstr(base_of(name), part)))
		return;
	if (!resolve(name, file) && strlen(name) < PATH_BYTES)
		memcpy(file, name, strlen(name) + 1);
}

/* In the loader whatever AT_BASE says, which is 0 where that was run as a program. */
extern void *__tls_get_addr(void *) __attribute__((weak));

static void learn_files(void)
{
	static int known;

	if (known)
		return;
	known = 1;
	learn_file(getauxval(AT_BASE), NULL, loader_file);
	if (!loader_file[0])
		learn_file((uint64_t)(uintptr_t)&__tls_get_addr, loader_soname, loader_file);
	learn_file((uint64_t)(uintptr_t)vp_real.exit, sonames[0], libc_file);
	learn_file((uint64_t)(uintptr_t)vp_real.malloc, "malloc", allocator_file);
}

static enum vp_leak_module_kind kind_of_file(const char *file)
{
	const char *base = base_of(file);

	if (strcmp(file, loader_file) == 0 ||
	    (strncmp(base, "ld-", 3) == 0 && is_found_as(loader_soname, file)))
		return VP_MODULE_LOADER;
	if (strcmp(file, libc_file) == 0)
		return VP_MODULE_RUNTIME;
	for (uint32_t i = 0; i < COUNT(sonames); i++) {
		if (may_be(base, sonames[i]) && is_found_as(sonames[i], file))
			return VP_MODULE_RUNTIME;
	}
	/* In use, of its own, and with a name that says that it is nothing else: */
	return strcmp(file, allocator_file) == 0 ? VP_MODULE_ALLOCATOR : VP_MODULE_HOST;
}

static enum vp_leak_module_kind kind_of(const char *path, int links)
{
	static char file[PATH_BYTES], last[PATH_BYTES];
	static enum vp_leak_module_kind kind;
	const char *gone = strstr(base_of(path), " (deleted)");
	size_t bytes = strlen(path);

	if (path[0] != '/' || bytes >= PATH_BYTES)
		return VP_MODULE_HOST;
	if (strcmp(path, last) == 0)
		return kind;
	memcpy(last, path, bytes + 1);
	learn_files();
	if (gone || !links || !resolve(path, file)) {
		bytes = gone ? (size_t)(gone - path) : bytes;
		memcpy(file, path, bytes);
		file[bytes] = '\0';
	}
	return kind = kind_of_file(file);
}

/* A link to one of them is one of them. */
enum vp_leak_module_kind vp_leak_kind_of_module(const char *path)
{
	return kind_of(path, 1);
}

enum vp_leak_module_kind vp_leak_kind_of_mapping(const char *path)
{
	return kind_of(path, 0);
}
