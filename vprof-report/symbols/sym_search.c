#include "symbols/sym_search.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbols/sym_server.h"
#include "symbols/sym_state.h"
#include "symbols/sym_unpack.h"
#include "symbols/sym_vdso.h"

#define OBJECT_MAX   (64ll << 30)
#define DEFAULT_PATH ":.debug:/usr/lib/debug" /* as in elfutils */

static int find_debuginfo(Dwfl_Module *module, void **userdata, const char *name, Dwarf_Addr base,
			  const char *file_name, const char *link, GElf_Word crc, char **path);

void vr_search_init(struct vr_search *search)
{
	memset(search, 0, sizeof(*search));
	search->callbacks.find_elf = dwfl_build_id_find_elf;
	search->callbacks.find_debuginfo = find_debuginfo;
	search->callbacks.debuginfo_path = &search->debug_path;
}

int vr_search_directory(struct vr_search *search, const char *directory)
{
	char *path = NULL, *full = realpath(directory, NULL);
	struct stat st;

	if (!full || stat(full, &st) || !S_ISDIR(st.st_mode)) {
		int error = full ? ENOTDIR : errno;

		free(full);
		return -error;
	}
	if (asprintf(&path, "%s:%s", search->debug_path ? search->debug_path : DEFAULT_PATH, full) <
	    0) {
		free(full);
		return -ENOMEM;
	}
	free(search->debug_path);
	free(search->directory);
	search->debug_path = path;
	search->directory = full;
	return 0;
}

void vr_search_free(struct vr_search *search)
{
	free(search->debug_path);
	free(search->directory);
}

/* --- debug files ----------------------------------------------------------------- */

/* libdwfl's search, which checks what it finds; servers come last.  A debug file that is
 * linked by name may also lie in the user's directory itself. */
static int find_debuginfo(Dwfl_Module *module, void **userdata, const char *name, Dwarf_Addr base,
			  const char *file_name, const char *link, GElf_Word crc, char **path)
{
	struct vr_object *object = *userdata;
	const char *directory = object->search->directory;
	char beside[PATH_MAX];
	int fd;

	if (object->packed) {
		*path = strdup(object->packed);
		return vr_elf_unpack(open(object->packed, O_RDONLY | O_CLOEXEC), &object->unread);
	}
	vr_server_begin(object->dwfl, object->base);
	fd = dwfl_standard_find_debuginfo(module, userdata, name, base, file_name, link, crc, path);
	vr_server_end();
	if (fd < 0 && directory && file_name && link &&
	    (size_t)snprintf(beside, sizeof(beside), "%s/%s", directory, object->base) <
		sizeof(beside))
		fd = dwfl_standard_find_debuginfo(module, userdata, name, base, beside, link, crc,
						  path);
	if (fd >= 0 && *path && vr_elf_is_packed(fd))
		object->packed = strdup(*path);
	return fd;
}

/* --- objects ----------------------------------------------------------------------- */

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

static uint64_t time_ns(const struct timespec *time)
{
	return (uint64_t)time->tv_sec * 1000000000u + (uint64_t)time->tv_nsec;
}

/* Is it the file that ran, as far as can be told without a build-id?  Where the record
 * has nothing of it but its path, it is taken for the same if it has not changed since. */
static int same_stat(const struct vr_object *object, const struct stat *st)
{
	if (object->file_bytes && object->file_bytes != (uint64_t)st->st_size)
		return 0;
	if (object->mtime_ns && object->mtime_ns != time_ns(&st->st_mtim))
		return 0;
	/* A file that was put in its place may have its size and, where packages or
	 * containers set one date for all, its time. */
	if (object->inode && object->device == st->st_dev && object->inode != st->st_ino)
		return 0;
	if (object->file_bytes || object->mtime_ns)
		return 1;
	return object->path[0] == '/' &&
	       (!object->seen_ns || time_ns(&st->st_ctim) <= object->seen_ns);
}

static void drop_session(struct vr_object *object)
{
	if (object->dwfl)
		dwfl_end(object->dwfl);
	object->dwfl = NULL;
}

/* Reports the ELF file behind `fd`, which is consumed, as the one module of a
 * new session, at its own addresses.  NULL when it is no ELF file. */
static Dwfl_Module *report(struct vr_search *search, struct vr_object *object, const char *path,
			   int fd)
{
	Dwfl_Module *module;
	void **userdata;

	fd = vr_elf_unpack(fd, &object->unread);
	object->search = search;
	object->dwfl = dwfl_begin(&search->callbacks);
	if (!object->dwfl) {
		close(fd);
		return NULL;
	}
	dwfl_report_begin(object->dwfl);
	module = dwfl_report_elf(object->dwfl, object->base, path, fd, 0, true);
	if (!module)
		close(fd);
	dwfl_report_end(object->dwfl, NULL, NULL);
	if (module && dwfl_module_info(module, &userdata, NULL, NULL, NULL, NULL, NULL, NULL))
		*userdata = object;
	return module;
}

static int is_recorded_build(const struct vr_object *object, Dwfl_Module *module)
{
	GElf_Addr bias;
	Elf *elf = dwfl_module_getelf(module, &bias);

	return elf && vr_elf_has_build_id(elf, object->build_id, object->build_id_len);
}

/* libdwfl opens a debug file when it checks it, and keeps what it has opened then.  Where
 * that is packed, a new session is given the unpacked one. */
static Dwfl_Module *with_debug_file(struct vr_search *search, struct vr_object *object,
				    Dwfl_Module *module, const char *path)
{
	Dwarf_Addr bias;
	int fd;

	(void)dwfl_module_getdwarf(module, &bias);
	if (!object->packed)
		return module;
	drop_session(object);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? NULL : report(search, object, path, fd);
}

/* The file behind `fd`, which is consumed, if it is of the build that ran. */
static Dwfl_Module *open_same(struct vr_search *search, struct vr_object *object, const char *path,
			      int fd)
{
	Dwfl_Module *module = report(search, object, path, fd);

	if (module && (!object->build_id_len || is_recorded_build(object, module))) {
		free(object->opened);
		object->opened = strdup(path);
		module = object->opened ? with_debug_file(search, object, module, path) : NULL;
		if (module)
			return module;
	}
	drop_session(object);
	return NULL;
}

/* The file at the recorded path. */
static Dwfl_Module *open_recorded(struct vr_search *search, struct vr_object *object)
{
	struct stat st;
	int fd = open_regular(object->path, &st);

	object->state = fd < 0 ? VR_SYM_MISSING : VR_SYM_REPLACED;
	if (fd < 0)
		return NULL;
	if (!object->build_id_len && !same_stat(object, &st)) {
		close(fd);
		return NULL;
	}
	return open_same(search, object, object->path, fd);
}

/* FRONT/PATH.  Elsewhere a file without a build-id is known by size and time alone. */
static Dwfl_Module *open_below(struct vr_search *search, struct vr_object *object,
			       const char *front, const char *path)
{
	char whole[PATH_MAX];
	struct stat st;
	int fd;

	if ((size_t)snprintf(whole, sizeof(whole), "%s/%s", front, path) >= sizeof(whole))
		return NULL;
	fd = open_regular(whole, &st);
	if (fd < 0)
		return NULL;
	if (!object->build_id_len &&
	    (!object->file_bytes || object->file_bytes != (uint64_t)st.st_size ||
	     object->mtime_ns != time_ns(&st.st_mtim))) {
		close(fd);
		return NULL;
	}
	return open_same(search, object, whole, fd);
}

/* A container's files are seen through one of its processes, while that lives. */
static Dwfl_Module *open_in_process(struct vr_search *search, struct vr_object *object)
{
	char root[64];

	if (!object->pid || !object->build_id_len || object->path[0] != '/')
		return NULL;
	snprintf(root, sizeof(root), "/proc/%u/root", object->pid);
	return open_below(search, object, root, object->path);
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

static Dwfl_Module *open_debug_file(struct vr_search *search, struct vr_object *object,
				    const char *path)
{
	struct stat st;
	int fd = open_regular(path, &st);

	return fd < 0 ? NULL : open_same(search, object, path, fd);
}

/* The debug file of the recorded build, taken for the object itself: it has the
 * same addresses.  Searched for here, because libdwfl (0.188) leaks an Elf and
 * closes descriptor 0 when it is to find the debug file of a module without
 * a main file. */
static Dwfl_Module *open_by_build_id(struct vr_search *search, struct vr_object *object)
{
	const char *at = search->debug_path ? search->debug_path : DEFAULT_PATH;
	Dwfl_Module *module = NULL;
	char path[PATH_MAX];

	if (object->build_id_len < 2)
		return NULL;
	while (*at && !module) {
		size_t length = strcspn(at, ":"), sign = at[0] == '+' || at[0] == '-';

		if (at[sign] == '/' && !debug_file_path(object, at + sign, length - sign, path))
			module = open_debug_file(search, object, path);
		at += length;
		at += *at == ':';
	}
	return module;
}

/* This kernel's vdso, or one that was installed beside its modules: a record may have been
 * made before the machine was started anew.  Only a build-id tells one from another. */
static Dwfl_Module *open_vdso(struct vr_search *search, struct vr_object *object)
{
	glob_t installed = {0};
	Dwfl_Module *module = NULL;
	int fd = object->build_id_len ? vr_vdso_open() : -1;

	if (fd >= 0)
		module = open_same(search, object, VR_VDSO_NAME, fd);
	if (module || !object->build_id_len)
		return module;
	(void)glob("/lib/modules/*/vdso/vdso64.so", 0, NULL, &installed);
	for (size_t i = 0; i < installed.gl_pathc && !module; i++)
		module = open_debug_file(search, object, installed.gl_pathv[i]);
	globfree(&installed);
	return module;
}

static Dwfl_Module *open_from_server(struct vr_search *search, struct vr_object *object)
{
	Dwfl_Module *module;
	char *path;
	int fd = vr_server_find(object->build_id, object->build_id_len, object->base, &path);

	if (fd < 0)
		return NULL;
	module = open_same(search, object, path, fd);
	free(path);
	return module;
}

Dwfl_Module *vr_search_open(struct vr_search *search, struct vr_object *object)
{
	Dwfl_Module *module =
	    object->vdso ? open_vdso(search, object) : open_recorded(search, object);

	if (!module && search->directory)
		module = open_below(search, object, search->directory, object->path);
	if (!module && search->directory)
		module = open_below(search, object, search->directory, object->base);
	if (!module)
		module = open_in_process(search, object);
	if (!module)
		module = open_by_build_id(search, object);
	if (!module)
		module = open_from_server(search, object);
	return module;
}
