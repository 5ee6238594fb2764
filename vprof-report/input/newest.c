#include "input/newest.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/xalloc.h"

#define RESULTS "profile_results_"

struct newest {
	char *path;
	struct timespec time;
};

static void take(struct newest *newest, char *path)
{
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) ||
	    (newest->path && (st.st_mtim.tv_sec < newest->time.tv_sec ||
			      (st.st_mtim.tv_sec == newest->time.tv_sec &&
			       st.st_mtim.tv_nsec <= newest->time.tv_nsec)))) {
		free(path);
		return;
	}
	free(newest->path);
	newest->path = path;
	newest->time = st.st_mtim;
}

/* Looks at the files of a directory; of the working directory also at those
 * of vprof-run's directories in it. */
static void look(struct newest *newest, const char *where)
{
	DIR *dir = opendir(where ? where : ".");
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		const char *name = entry->d_name;
		size_t len = strlen(name);

		if (len >= 7 && strcmp(name + len - 6, ".vprof") == 0)
			take(newest, where ? vr_xprintf("%s/%s", where, name) : vr_xstrdup(name));
		else if (!where && strncmp(name, RESULTS, strlen(RESULTS)) == 0)
			look(newest, name);
	}
	if (dir)
		closedir(dir);
}

char *vr_newest_file(void)
{
	struct newest newest = {0};

	look(&newest, NULL);
	return newest.path;
}
