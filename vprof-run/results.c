#include "results.h"
#include "cli/xalloc.h"
#include "engine.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define START_NS 20000000u /* of CPU time: what starting a program may cost */

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
	char *path = vr_xprintf("%s/%s" VRUN_RECORD_SUFFIX, dir, result->run->label);

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
	const char **argv = vr_xcalloc(r->records + 3, sizeof(*argv));
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
	r->loops = vrun_engine_ask((const char *[]){"loop", file, "-n", "5", NULL}, NULL);
	r->spans = vrun_engine_ask((const char *[]){"spans", file, "-n", "5", NULL}, NULL);
	r->waits = vrun_engine_ask((const char *[]){"waits", file, "-n", "5", NULL}, NULL);
	r->locks = vrun_engine_ask((const char *[]){"locks", file, "-n", "5", NULL}, NULL);
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
	r->record = vrun_records_find(dir, r->run, &r->records);
	for (size_t i = 0; i < r->records; i++)
		r->record[i].info =
		    vrun_engine_ask((const char *[]){"info", r->record[i].path, NULL}, NULL);
	qsort(r->record, r->records, sizeof(*r->record), by_weight);
	if (r->records && r->record[0].info) {
		choose_main(r);
		name_main(r, dir);
		ask_all(r, options);
	}
	if (options->gate)
		ask_gate(r);
}

char *vrun_results_command(const struct vrun_result *r)
{
	const char *program = r->run->argv[0];
	size_t len = strlen(program);

	for (size_t i = 0; i < r->records; i++) {
		const char *text =
		    r->record[i].info ? vrun_json_text(r->record[i].info, "run.cmdline") : "";

		if (strncmp(text, program, len) == 0 && (!text[len] || text[len] == ' '))
			return vr_xstrdup(text);
	}
	return vr_xprintf("%s%s", program, r->run->argv[1] ? " ..." : "");
}

void vrun_results_free(struct vrun_result *r)
{
	json_t *const answer[] = {r->summary,  r->by_self, r->by_total, r->heap,  r->leaks,
				  r->timeline, r->loops,   r->waits,	r->locks, r->spans};

	for (size_t i = 0; i < sizeof(answer) / sizeof(answer[0]); i++)
		json_decref(answer[i]);
	for (size_t i = 0; i < sizeof(r->file) / sizeof(r->file[0]); i++)
		free(r->file[i]);
	vrun_records_free(r->record, r->records);
}
