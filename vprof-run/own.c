#include "own.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/xalloc.h"

char *vrun_own_file(const char *name, const char *other)
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
