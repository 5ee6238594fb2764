#include "input/running.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <vprof_format.h>

#include "cli/xalloc.h"

int vr_is_record(const char *path)
{
	char magic[sizeof(VPROF_MAGIC) - 1] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int is = fd >= 0 && read(fd, magic, sizeof(magic)) == (ssize_t)sizeof(magic) &&
		 memcmp(magic, VPROF_MAGIC, sizeof(magic)) == 0;

	if (fd >= 0)
		close(fd);
	return is;
}

/* The first shared mapping of a ring file: there is one path behind the numbers of a line. */
static char *find_mapped(FILE *maps)
{
	char *line = NULL, *found = NULL;
	size_t room = 0;

	while (!found && getline(&line, &room, maps) > 0) {
		char *path = strchr(line, '/');

		line[strcspn(line, "\n")] = '\0';
		if (path && strstr(line, " rw-s ") && vr_is_record(path))
			found = vr_xstrdup(path);
	}
	free(line);
	return found;
}

static void name_of(unsigned long pid, char name[32])
{
	char path[64];
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%lu/comm", pid);
	in = fopen(path, "re");
	if (!in || !fgets(name, 32, in))
		strcpy(name, "a process");
	if (in)
		fclose(in);
	name[strcspn(name, "\n")] = '\0';
}

int vr_running_record(unsigned long pid, char **path, struct vr_err *err)
{
	char name[64];
	FILE *maps;

	snprintf(name, sizeof(name), "/proc/%lu/maps", pid);
	maps = fopen(name, "re");
	if (!maps)
		return vr_err_set(err, errno == ENOENT ? -ESRCH : -errno,
				  "process %lu cannot be looked at: %s", pid, strerror(errno));
	*path = find_mapped(maps);
	fclose(maps);
	if (*path)
		return 0;
	name_of(pid, name);
	return vr_err_set(err, -ENOENT,
			  "process %lu (%s) was not started under libvprof, and nothing can attach "
			  "to it: the library must be there from its first instruction. Start it "
			  "with LD_PRELOAD=libvprof.so VPROF_OPTIONS=start=paused, then "
			  "`vprof-report ctl PID resume` when it matters",
			  pid, name);
}
