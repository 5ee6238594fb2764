#include "target.h"
#include "cli/warn.h"
#include "cli/xalloc.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum {
	STATUS_CANNOT_PROFILE = 125,
	STATUS_CANNOT_EXECUTE = 126,
	STATUS_NOT_FOUND = 127,
};

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* The path execvp would take; NULL with *error set.  free() it. */
static char *look_up(const char *name, int *error)
{
	const char *at = getenv("PATH");
	struct stat st;

	*error = ENOENT;
	if (strchr(name, '/')) {
		if (is_program(name))
			return vr_xstrdup(name);
		if (stat(name, &st) < 0)
			*error = errno;
		else
			*error = S_ISDIR(st.st_mode) ? EISDIR : EACCES;
		return NULL;
	}
	for (at = at ? at : "/bin:/usr/bin"; *name;) {
		size_t len = strcspn(at, ":");
		char *path = vr_xprintf("%.*s%s%s", (int)len, at, len ? "/" : "", name);

		if (is_program(path))
			return path;
		free(path);
		if (!at[len])
			break;
		at += len + 1;
	}
	return NULL;
}

/* The interpreter of a "#!" script into `name`; 1 when there is one. */
static int interpreter(const char *head, char name[PATH_MAX])
{
	size_t len;

	if (strncmp(head, "#!", 2) != 0)
		return 0;
	head += 2 + strspn(head + 2, " \t");
	len = strcspn(head, " \t\n");
	if (!len || len >= PATH_MAX)
		return 0;
	memcpy(name, head, len);
	name[len] = '\0';
	return 1;
}

/* 1: an ELF program that names a loader.  0: it names none.  -1: unreadable. */
static int has_loader(int fd, const Elf64_Ehdr *elf)
{
	for (unsigned i = 0; i < elf->e_phnum; i++) {
		off_t at = (off_t)(elf->e_phoff + (uint64_t)i * elf->e_phentsize);
		Elf64_Phdr segment;

		if (pread(fd, &segment, sizeof(segment), at) != (ssize_t)sizeof(segment))
			return -1;
		if (segment.p_type == PT_INTERP)
			return 1;
	}
	return 0;
}

/* Rights the caller lacks: the kernel then marks the process, and the loader
 * takes no LD_PRELOAD with a slash in it. */
static bool gains_rights(int fd)
{
	struct stat st;
	char capabilities[64];

	if (fstat(fd, &st) < 0)
		return false;
	if (st.st_mode & S_ISUID && st.st_uid != getuid())
		return true;
	if ((st.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && st.st_gid != getgid())
		return true;
	return getuid() != 0 &&
	       fgetxattr(fd, "security.capability", capabilities, sizeof(capabilities)) > 0;
}

static int refuse(const char *name, const char *why, const char *hint)
{
	vr_warn("%s cannot be profiled: %s. Nothing was run; %s", name, why, hint);
	return STATUS_CANNOT_PROFILE;
}

static int check_elf(const char *name, int fd, const Elf64_Ehdr *elf)
{
	if (elf->e_ident[EI_CLASS] != ELFCLASS64 || elf->e_machine != EM_X86_64)
		return refuse(name, "it is not a 64-bit x86 program",
			      "libvprof exists for x86-64 only");
	if (has_loader(fd, elf) == 0)
		return refuse(name, "it is linked statically, so no library can be preloaded",
			      "link it dynamically (without -static)");
	if (gains_rights(fd))
		return refuse(name,
			      "it runs with rights of its own (set-user-ID, set-group-ID or file "
			      "capabilities), and the loader then ignores LD_PRELOAD",
			      "run it as the user it belongs to, or a copy without these rights");
	return 0;
}

static int check_path(const char *name, const char *path, int depth);

static int check_interpreter(const char *name, const char *path, int depth)
{
	int error;

	if (access(path, X_OK) == 0)
		return check_path(name, path, depth);
	error = errno;
	vr_warn("%s cannot be started: its interpreter %s: %s", name, path, strerror(error));
	return error == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_EXECUTE;
}

/* Scripts lead to their interpreter, which may be a script as well. */
static int check_path(const char *name, const char *path, int depth)
{
	union {
		Elf64_Ehdr elf;
		char text[PATH_MAX + 16];
	} head;
	char next[PATH_MAX];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, head.text, sizeof(head.text) - 1);
	int status = 0;

	head.text[len > 0 ? len : 0] = '\0';
	/* What may be executed but not read is left to the kernel. */
	if (len >= (ssize_t)sizeof(head.elf) && memcmp(head.elf.e_ident, ELFMAG, SELFMAG) == 0)
		status = check_elf(name, fd, &head.elf);
	else if (len > 0 && interpreter(head.text, next) && depth < 4)
		status = check_interpreter(name, next, depth + 1);
	if (fd >= 0)
		close(fd);
	return status;
}

int vrun_target_check(const char *name)
{
	int error, status;
	char *path = look_up(name, &error);

	if (!path) {
		vr_warn("%s cannot be started: %s", name, strerror(error));
		return error == ENOENT || error == ENOTDIR ? STATUS_NOT_FOUND
							   : STATUS_CANNOT_EXECUTE;
	}
	status = check_path(name, path, 0);
	free(path);
	return status;
}
