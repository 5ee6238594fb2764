#include "results.h"
#include "engine.h"
#include "files.h"
#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SUFFIX	 ".vprof"
#define START_NS 20000000u /* of CPU time: what starting a program may cost */

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
	char *copy = vrun_xprintf("%s", path);
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

char *vrun_results_create(const char *out)
{
	time_t now = time(NULL);
	char stamp[64];
	char *name;
	int err;

	if (out) {
		err = make_directory(out);
		if (err == 0 || (err == -EEXIST && is_empty(out)))
			return vrun_xprintf("%s", out);
		vrun_say("--out %s: %s", out,
			 err == -EEXIST ? "it is there and is not an empty directory"
					: strerror(-err));
		return NULL;
	}
	strftime(stamp, sizeof(stamp), "profile_results_%Y%m%d_%H%M%S", localtime(&now));
	for (int again = 1;; again++) {
		name = again == 1 ? vrun_xprintf("%s", stamp) : vrun_xprintf("%s-%d", stamp, again);
		if (mkdir(name, 0777) == 0)
			return name;
		if (errno != EEXIST || again == 100)
			break;
		free(name); /* two in one second */
	}
	vrun_say("%s: %s", name, strerror(errno));
	free(name);
	return NULL;
}

char *vrun_results_pattern(const char *dir, const struct vrun_run *run)
{
	char *whole = realpath(dir, NULL), *plain, *pattern;

	if (!whole) {
		vrun_say("%s: %s", dir, strerror(errno));
		return NULL;
	}
	plain = vrun_replace(whole, "%", "%%");
	pattern = vrun_xprintf("%s/%s@%%e.%%p" SUFFIX, plain, run->label);
	free(plain);
	free(whole);
	return pattern;
}

/* Adds every LABEL@PROGRAM.PID.vprof. */
void vrun_results_find(struct vrun_result *result, const char *dir)
{
	char *prefix = vrun_xprintf("%s@", result->run->label);
	DIR *files = opendir(dir);
	struct dirent *entry;
	size_t room = 0;

	while (files && (entry = readdir(files))) {
		const char *name = entry->d_name;
		size_t len = strlen(name);

		if (strncmp(name, prefix, strlen(prefix)) != 0 || len < strlen(SUFFIX) ||
		    strcmp(name + len - strlen(SUFFIX), SUFFIX) != 0)
			continue;
		if (result->records == room) {
			room = room ? 2 * room : 8;
			result->record = realloc(result->record, room * sizeof(*result->record));
			if (!result->record) {
				vrun_say("out of memory");
				exit(125);
			}
		}
		result->record[result->records++] =
		    (struct vrun_record){.path = vrun_xprintf("%s/%s", dir, name)};
	}
	if (files)
		closedir(files);
	free(prefix);
}

/* Most CPU time first; then the one that began first. */
static int by_weight(const void *a, const void *b)
{
	const struct vrun_record *x = a, *y = b;
	uint64_t cpu_x = vrun_json_u64(x->info, "run.cpu_ns");
	uint64_t cpu_y = vrun_json_u64(y->info, "run.cpu_ns");

	if (!x->info != !y->info)
		return x->info ? -1 : 1;
	if (cpu_x != cpu_y)
		return cpu_x > cpu_y ? -1 : 1;
	return strcmp(x->path, y->path);
}

/* The process we started stands for the run, but where another one did the
 * work: a shell's child. */
static void choose_main(struct vrun_result *r)
{
	uint64_t most = vrun_json_u64(r->record[0].info, "run.cpu_ns");

	for (size_t i = 1; i < r->records; i++) {
		const json_t *info = r->record[i].info;
		struct vrun_record own = r->record[i];

		if ((pid_t)vrun_json_u64(info, "run.pid") != r->end.pid ||
		    vrun_json_u64(info, "run.cpu_ns") + START_NS < most)
			continue;
		memmove(&r->record[1], &r->record[0], i * sizeof(own));
		r->record[0] = own;
		return;
	}
}

/* The main record gets the short name, LABEL.vprof. */
static void name_main(struct vrun_result *result, const char *dir)
{
	char *path = vrun_xprintf("%s/%s" SUFFIX, dir, result->run->label);

	/* Not while it is written to: the name in its process stays the old one. */
	if (rename(result->record[0].path, path) == 0) {
		free(result->record[0].path);
		result->record[0].path = path;
	} else {
		free(path);
	}
}

#define GATE_MOST 4000u /* records that fit a command */

/* A leak is a leak, whatever else could not be judged. */
static void ask_gate(struct vrun_result *r)
{
	const char **argv = vrun_xcalloc(r->records + 3, sizeof(*argv));
	size_t n = 0;

	argv[n++] = "leaks";
	argv[n++] = "--gate";
	/* At once: a process that became another program is excused by that one. */
	for (size_t i = 0; i < r->records && i < GATE_MOST; i++)
		argv[n++] = r->record[i].path;
	r->gate = -1;
	if (r->records)
		json_decref(vrun_engine_ask(argv, &r->gate));
	free(argv);
}

static void ask_all(struct vrun_result *r, const struct vrun_options *options)
{
	const char *file = r->record[0].path;

	r->summary = vrun_engine_ask((const char *[]){"summary", file, NULL}, NULL);
	if (!options->skip_cpu) {
		r->by_self = vrun_engine_ask(
		    (const char *[]){"flat", file, "-n", "20", "--sort", "time", NULL}, NULL);
		r->by_total = vrun_engine_ask(
		    (const char *[]){"flat", file, "-n", "20", "--sort", "cumulative", NULL}, NULL);
	}
	if (options->skip_memory)
		return;
	r->timeline = vrun_engine_ask((const char *[]){"timeline", file, NULL}, NULL);
	r->heap = vrun_engine_ask((const char *[]){"heap", file, "-n", "5", "--sort", "peak", NULL},
				  NULL);
	if (!options->skip_leak_test)
		r->leaks = vrun_engine_ask((const char *[]){"leaks", file, "-n", "5", NULL}, NULL);
}

void vrun_results_read(struct vrun_result *r, const char *dir, const struct vrun_options *options)
{
	vrun_results_find(r, dir);
	for (size_t i = 0; i < r->records; i++)
		r->record[i].info =
		    vrun_engine_ask((const char *[]){"info", r->record[i].path, NULL}, NULL);
	qsort(r->record, r->records, sizeof(*r->record), by_weight);
	if (r->records && r->record[0].info) {
		choose_main(r);
		name_main(r, dir);
		ask_all(r, options);
		vrun_files_write(r, dir);
	}
	if (options->gate)
		ask_gate(r);
}

void vrun_results_free(struct vrun_result *r)
{
	json_t *const answer[] = {r->summary, r->by_self, r->by_total,
				  r->heap,    r->leaks,	  r->timeline};

	for (size_t i = 0; i < sizeof(answer) / sizeof(answer[0]); i++)
		json_decref(answer[i]);
	for (size_t i = 0; i < sizeof(r->file) / sizeof(r->file[0]); i++)
		free(r->file[i]);
	for (size_t i = 0; i < r->records; i++) {
		json_decref(r->record[i].info);
		free(r->record[i].path);
	}
	free(r->record);
}
