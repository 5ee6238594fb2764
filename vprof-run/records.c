#include "records.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cli/text.h"
#include "cli/warn.h"
#include "cli/xalloc.h"

static bool is_empty(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool empty = dir != NULL;

	while (dir && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			empty = false;
	if (dir)
		closedir(dir);
	return empty;
}

/* Its parents too. */
static int make_directory(const char *path)
{
	char *copy = vr_xstrdup(path);
	int err = 0;

	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(copy, 0777);
		*slash = '/';
	}
	if (mkdir(copy, 0777) < 0)
		err = -errno;
	free(copy);
	return err;
}

char *vrun_records_directory(const char *out)
{
	time_t now = time(NULL);
	char stamp[64];
	char *name;
	int err;

	if (out) {
		err = make_directory(out);
		if (err == 0 || (err == -EEXIST && is_empty(out)))
			return vr_xstrdup(out);
		vr_warn("--out %s: %s", out,
			err == -EEXIST ? "it is there and is not an empty directory"
				       : strerror(-err));
		return NULL;
	}
	strftime(stamp, sizeof(stamp), "profile_results_%Y%m%d_%H%M%S", localtime(&now));
	for (int again = 1;; again++) {
		name = again == 1 ? vr_xstrdup(stamp) : vr_xprintf("%s-%d", stamp, again);
		if (mkdir(name, 0777) == 0)
			return name;
		if (errno != EEXIST || again == 100)
			break;
		free(name); /* two in one second */
	}
	vr_warn("no directory for the results can be made here (%s: %s); --out DIRECTORY names "
		"another place",
		name, strerror(errno));
	free(name);
	return NULL;
}

char *vrun_records_pattern(const char *dir, const struct vrun_run *run)
{
	char *whole = realpath(dir, NULL), *plain, *pattern;

	if (!whole) {
		vr_warn("%s: %s", dir, strerror(errno));
		return NULL;
	}
	plain = vr_text_replace(whole, "%", "%%");
	pattern = vr_xprintf("%s/%s@%%e.%%p" VRUN_RECORD_SUFFIX, plain, run->label);
	free(plain);
	free(whole);
	return pattern;
}

/* Every LABEL@PROGRAM.PID.vprof. */
struct vrun_record *vrun_records_find(const char *dir, const struct vrun_run *run, size_t *count)
{
	char *prefix = vr_xprintf("%s@", run->label);
	struct vrun_record *record = NULL;
	DIR *files = opendir(dir);
	struct dirent *entry;
	size_t room = 0;

	*count = 0;
	while (files && (entry = readdir(files))) {
		const char *name = entry->d_name;
		size_t len = strlen(name);

		if (strncmp(name, prefix, strlen(prefix)) != 0 ||
		    len < strlen(VRUN_RECORD_SUFFIX) ||
		    strcmp(name + len - strlen(VRUN_RECORD_SUFFIX), VRUN_RECORD_SUFFIX) != 0)
			continue;
		record = vr_xgrow(record, *count, &room, sizeof(*record));
		record[(*count)++] = (struct vrun_record){.path = vr_xprintf("%s/%s", dir, name)};
	}
	if (files)
		closedir(files);
	free(prefix);
	return record;
}

void vrun_records_free(struct vrun_record *record, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		json_decref(record[i].info);
		free(record[i].path);
	}
	free(record);
}
