#include "cli/library.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/text.h"
#include "cli/xalloc.h"

static const char *const usual[] = {
    "/usr/local/lib",
    "/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu",
    "/lib64",
    "/usr/lib64",
    "/lib",
    "/usr/lib",
};
#define USUAL (sizeof(usual) / sizeof(usual[0]))

char *vr_beside(const char *name, const char *other)
{
	char dir[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", dir, sizeof(dir) - 1);
	char *path;

	if (len <= 0)
		return NULL;
	dir[len] = '\0';
	*strrchr(dir, '/') = '\0';
	path = vr_xprintf("%s/%s", dir, name);
	if (access(path, R_OK) != 0 && other) {
		free(path);
		path = vr_xprintf("%s/%s/%s", dir, other, name);
	}
	if (access(path, R_OK) == 0)
		return path;
	free(path);
	return NULL;
}

/* The first of DIR/NAME that is there, of a list parted at colons. */
static char *find_in(const char *list, const char *name)
{
	while (list && *list) {
		size_t len = strcspn(list, ":");
		char *path = vr_xprintf("%.*s/%s", (int)len, list, name);

		if (len && access(path, R_OK) == 0)
			return path;
		free(path);
		list += len + (list[len] == ':');
	}
	return NULL;
}

static char *find_usual(const char *name)
{
	char *path = find_in(getenv("LD_LIBRARY_PATH"), name);

	for (size_t i = 0; !path && i < USUAL; i++)
		path = find_in(usual[i], name);
	return path;
}

char *vr_library_find(void)
{
	char *path = vr_beside("libvprof.so", "../lib");

	return path ? path : find_usual("libvprof.so");
}

int vr_library_splits(const char *path)
{
	return strpbrk(path, " :") != NULL;
}

/* The directory a file lies in, its links followed. */
static char *directory_of(const char *path)
{
	char *whole = realpath(path, NULL), *slash = whole ? strrchr(whole, '/') : NULL;

	if (slash)
		*slash = '\0';
	return whole;
}

static char *beside_file(const char *path, const char *name)
{
	char *dir = directory_of(path), *found = dir ? find_in(dir, name) : NULL;

	free(dir);
	return found;
}

/* libc.so.6 of a program, about as its loader would find it: the cache is left out, which
 * names what lies beside the loader. */
static char *find_libc(const struct vr_binary *program, const char *path)
{
	static const char name[] = "libc.so.6";
	char *origin = directory_of(path), *found = NULL;

	if (program->runpath && origin) {
		char *braces = vr_text_replace(program->runpath, "${ORIGIN}", origin);
		char *list = vr_text_replace(braces, "$ORIGIN", origin);

		found = find_in(list, name);
		free(list);
		free(braces);
	}
	free(origin);
	if (!found)
		found = find_in(getenv("LD_LIBRARY_PATH"), name);
	if (!found)
		found = beside_file(program->loader, name);
	return found ? found : find_usual(name);
}

char *vr_library_missing(const char *library, const struct vr_binary *program, const char *path,
			 char **where)
{
	char *missing;

	*where = find_libc(program, path);
	missing = *where ? vr_binary_missing_version(library, "libc.so.6", *where) : NULL;
	if (missing)
		return missing;
	free(*where);
	*where = vr_xstrdup(program->loader);
	return vr_binary_missing_version(library, "ld-linux-x86-64.so.2", program->loader);
}
