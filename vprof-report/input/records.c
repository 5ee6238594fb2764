#include "input/records.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/xalloc.h"
#include "input/read.h"

#define RESULTS "profile_results_"
#define SUFFIX	".vprof"

char *vr_records_directory(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return vr_xstrdup("");
	return slash == path ? vr_xstrdup("/") : vr_xprintf("%.*s", (int)(slash - path), path);
}

static char *join(const char *directory, const char *name)
{
	size_t len = strlen(directory);

	if (!len)
		return vr_xstrdup(name);
	return vr_xprintf("%s%s%s", directory, directory[len - 1] == '/' ? "" : "/", name);
}

static void add(struct vr_records *records, char *path)
{
	struct vr_record *record;
	struct vr_err err;
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode)) {
		free(path);
		return;
	}
	records->record =
	    vr_xgrow(records->record, records->count, &records->room, sizeof(*record));
	record = &records->record[records->count++];
	*record = (struct vr_record){.path = path, .written = st.st_mtim};
	if (vr_file_open_head(path, &record->head, &err) < 0)
		record->error = vr_xstrdup(err.text);
}

int vr_records_same(const char *a, const char *b)
{
	struct stat x, y;

	return strcmp(a, b) == 0 || (stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_ino == y.st_ino &&
				     x.st_dev == y.st_dev);
}

static int is_record(const char *name)
{
	size_t len = strlen(name), suffix = strlen(SUFFIX);

	return len > suffix && strcmp(name + len - suffix, SUFFIX) == 0;
}

static int look(struct vr_records *records, const char *directory, int deep)
{
	DIR *dir = opendir(*directory ? directory : ".");
	struct dirent *entry;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		char *path = join(directory, entry->d_name);

		if (is_record(entry->d_name)) {
			add(records, path);
			continue;
		}
		if (deep && strncmp(entry->d_name, RESULTS, strlen(RESULTS)) == 0)
			(void)look(records, path, 0); /* it may be no directory */
		free(path);
	}
	closedir(dir);
	return 0;
}

static int by_path(const void *a, const void *b)
{
	const struct vr_record *x = a, *y = b;

	return strcmp(x->path, y->path);
}

static void sort(struct vr_records *records)
{
	if (records->count)
		qsort(records->record, records->count, sizeof(*records->record), by_path);
}

int vr_records_look(struct vr_records *records, const char *directory, int deep)
{
	int ret = look(records, directory, deep);

	sort(records);
	return ret;
}

void vr_records_add(struct vr_records *records, const char *path)
{
	for (size_t i = 0; i < records->count; i++)
		if (vr_records_same(records->record[i].path, path))
			return;
	add(records, vr_xstrdup(path));
	sort(records);
}

void vr_records_free(struct vr_records *records)
{
	for (size_t i = 0; i < records->count; i++) {
		free(records->record[i].path);
		free(records->record[i].error);
		vr_file_close(records->record[i].head);
	}
	free(records->record);
	*records = (struct vr_records){0};
}
