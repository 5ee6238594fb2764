#include "cli/target.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "cli/binary.h"
#include "cli/library.h"
#include "cli/text.h"
#include "cli/xalloc.h"

#define SCRIPTS_MOST 4 /* the kernel follows no more */

static void refuse(struct vr_target *target, enum vr_target_trouble trouble, char *why,
		   const char *fix)
{
	target->trouble = trouble;
	target->why = why;
	target->fix = fix ? vr_xstrdup(fix) : NULL;
}

/* --- where it is ------------------------------------------------------------- */

static int is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static char *look_in_path(const char *name)
{
	const char *at = getenv("PATH");

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

/* The path execvp would take; NULL with target->why. */
static char *look_up(const char *name, struct vr_target *target)
{
	char *path = strchr(name, '/') ? NULL : look_in_path(name);
	struct stat st;
	int error = ENOENT;

	if (path)
		return path;
	if (strchr(name, '/')) {
		if (is_program(name))
			return vr_xstrdup(name);
		if (stat(name, &st) < 0)
			error = errno;
		else
			error = S_ISDIR(st.st_mode) ? EISDIR : EACCES;
	}
	refuse(target, error == ENOENT || error == ENOTDIR ? VR_TARGET_ABSENT : VR_TARGET_REFUSED,
	       vr_xstrdup(strerror(error)), NULL);
	return NULL;
}

/* "env PROGRAM", as scripts begin that do not know where it is: the program; NULL: it is no
 * such line, or the program is nowhere. */
static char *after_env(const char *interpreter, const char *rest)
{
	static const char blank[] = " \t";

	if (strcmp(vr_text_base(interpreter), "env") != 0)
		return NULL;
	for (rest += strspn(rest, blank); *rest && *rest != '\n';) {
		size_t length = strcspn(rest, " \t\r\n");
		char *word = vr_xprintf("%.*s", (int)length, rest), *path = NULL;
		int other = word[0] == '-' || strchr(word, '=') != NULL;

		if (!other)
			path = look_in_path(word);
		free(word);
		if (!other)
			return path;
		rest += length;
		rest += strspn(rest, blank);
	}
	return NULL;
}

/* The interpreter of a "#!" script; NULL: it is none.  free() it. */
static char *interpreter_of(const char *path)
{
	char head[PATH_MAX];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t len = fd < 0 ? -1 : read(fd, head, sizeof(head) - 1);
	const char *name = head + 2;
	char *whole, *program;

	if (fd >= 0)
		close(fd);
	head[len > 0 ? len : 0] = '\0';
	if (strncmp(head, "#!", 2) != 0)
		return NULL;
	name += strspn(name, " \t");
	len = (ssize_t)strcspn(name, " \t\r\n");
	if (!len)
		return NULL;
	whole = vr_xprintf("%.*s", (int)len, name);
	program = after_env(whole, name + len);
	if (!program)
		return whole;
	free(whole);
	return program;
}

/* --- what it is -------------------------------------------------------------- */

/* Rights the caller lacks: the kernel then marks the process, and the loader takes no
 * LD_PRELOAD with a slash in it. */
static int gains_rights(const char *path)
{
	char capabilities[64];
	struct statvfs fs;
	struct stat st;

	if (stat(path, &st) < 0 || (statvfs(path, &fs) == 0 && fs.f_flag & ST_NOSUID))
		return 0;
	if (st.st_mode & S_ISUID && st.st_uid != getuid())
		return 1;
	if ((st.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && st.st_gid != getgid())
		return 1;
	return getuid() != 0 &&
	       getxattr(path, "security.capability", capabilities, sizeof(capabilities)) > 0;
}

/* A program that runs others, or a loader itself, is linked to nothing either. */
static int is_loader(const struct vr_binary *binary)
{
	return binary->soname && strncmp(binary->soname, "ld-linux", 8) == 0;
}

static void check_libc(const struct vr_binary *binary, const char *library,
		       struct vr_target *target)
{
	const char *loader = vr_text_base(binary->loader);
	char *where = NULL, *missing;

	if (access(binary->loader, F_OK) != 0) {
		refuse(
		    target, VR_TARGET_ABSENT,
		    vr_xprintf("the loader it names, %s, is not on this machine", binary->loader),
		    "install the C library it was linked with, or link it anew here");
		return;
	}
	if (strncmp(loader, "ld-", 3) != 0 || strncmp(loader, "ld-musl", 7) == 0 ||
	    vr_binary_needs(binary, "libc.musl")) {
		refuse(target, VR_TARGET_UNFIT,
		       vr_xprintf("its C library is %s, and libvprof works with glibc only",
				  strstr(loader, "musl") ? "musl" : "not glibc"),
		       "link it with glibc (build it on a glibc system)");
		return;
	}
	missing = library ? vr_library_missing(library, binary, target->object, &where) : NULL;
	if (missing) {
		refuse(target, VR_TARGET_UNFIT,
		       vr_xprintf("libvprof.so needs %s, and its C library, %s, is older", missing,
				  where),
		       "build libvprof where the program was built; it needs glibc 2.35 or later");
		free(missing);
	}
	free(where);
}

/* Its users may know better. */
static int may_come_second(void)
{
	const char *options = getenv("ASAN_OPTIONS");

	return options && strstr(options, "verify_asan_link_order=0");
}

static void check_binary(const struct vr_binary *binary, const char *library,
			 struct vr_target *target)
{
	if (binary->machine)
		refuse(target, VR_TARGET_UNFIT,
		       vr_xprintf("it is a program for %s", binary->machine),
		       "libvprof exists for 64-bit x86 only: profile a build for that");
	else if (is_loader(binary))
		return;
	else if (!binary->loader)
		refuse(target, VR_TARGET_UNFIT,
		       vr_xstrdup("it is linked statically, so no library can be preloaded"),
		       "link it dynamically (without -static)");
	else if (gains_rights(target->object))
		refuse(target, VR_TARGET_UNFIT,
		       vr_xstrdup("it runs with rights of its own (set-user-ID, set-group-ID or "
				  "file capabilities), and the loader then ignores LD_PRELOAD"),
		       "run it as the user it belongs to, or a copy without these rights");
	else if (vr_binary_needs(binary, "libasan.") && !may_come_second())
		refuse(
		    target, VR_TARGET_UNFIT,
		    vr_xstrdup("AddressSanitizer is linked in, which does not start where another "
			       "library comes before it"),
		    "build it without -fsanitize=address");
	else
		check_libc(binary, library, target);
}

/* Scripts lead to their interpreter, which may be a script as well. */
static void check_file(const char *path, const char *library, int depth, struct vr_target *target)
{
	struct vr_binary binary;
	char *interpreter;

	if (vr_binary_read(path, &binary) == 0) {
		target->object = vr_xstrdup(path);
		check_binary(&binary, library, target);
		vr_binary_free(&binary);
		return;
	}
	/* What may be executed but not read is left to the kernel. */
	interpreter = depth < SCRIPTS_MOST ? interpreter_of(path) : NULL;
	if (!interpreter)
		return;
	if (access(interpreter, X_OK) == 0)
		check_file(interpreter, library, depth + 1, target);
	else
		refuse(target, errno == ENOENT ? VR_TARGET_ABSENT : VR_TARGET_REFUSED,
		       vr_xprintf("its interpreter %s: %s", interpreter, strerror(errno)), NULL);
	if (target->trouble == VR_TARGET_UNFIT && depth == 0) {
		char *why = vr_xprintf("it is a script for %s: %s", interpreter, target->why);

		free(target->why);
		target->why = why;
	}
	free(interpreter);
}

void vr_target_look(const char *name, const char *library, struct vr_target *target)
{
	*target = (struct vr_target){0};
	target->path = look_up(name, target);
	if (target->path)
		check_file(target->path, library, 0, target);
}

void vr_target_free(struct vr_target *target)
{
	free(target->path);
	free(target->object);
	free(target->why);
	free(target->fix);
	*target = (struct vr_target){0};
}
