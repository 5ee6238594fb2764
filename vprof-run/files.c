#include "files.h"
#include "cli/warn.h"
#include "cli/xalloc.h"
#include "engine.h"

#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

/* What a file is made from; without it there is nothing to write. */
enum need { CPU_SAMPLES, POINTS, UNFREED, LOOPS, SPANS };

static const struct kind {
	const char *suffix, *purpose;
	enum need need;
	const char *argv[6]; /* with the record behind; the file is named last */
} kinds[VRUN_FILE_KINDS] = {
    [VRUN_FILE_PROF] = {"prof",
			"CPU profile for Python's pstats, snakeviz and gprof2dot",
			CPU_SAMPLES,
			{"export", "--format", "pstats", "-o"}},
    [VRUN_FILE_FOLDED] = {"folded",
			  "CPU stacks, ready for flame graphs",
			  CPU_SAMPLES,
			  {"export", "--format", "folded", "-o"}},
    [VRUN_FILE_CSV] = {"timeline.csv",
		       "memory and CPU over time",
		       POINTS,
		       {"timeline", "--format", "csv"}},
    [VRUN_FILE_TIMELINE_PNG] = {"timeline.png",
				"the same as a picture",
				POINTS,
				{"timeline", "--png"}},
    [VRUN_FILE_TOP_PNG] = {"top.png",
			   "the 20 functions with most time, as a picture",
			   CPU_SAMPLES,
			   {"flat", "--png"}},
    [VRUN_FILE_LEAKS_PNG] = {"leaks.png",
			     "what was not freed, by site, as a picture",
			     UNFREED,
			     {"leaks", "--png"}},
    [VRUN_FILE_LOOP_PNG] = {"loop.png",
			    "how long iterations of event loops took, as a picture",
			    LOOPS,
			    {"loop", "--png"}},
    [VRUN_FILE_SPANS_PNG] = {"spans.png",
			     "how long the program's spans took, as a picture",
			     SPANS,
			     {"spans", "--png"}},
};

static bool has(const struct vrun_result *r, enum need need)
{
	switch (need) {
	case CPU_SAMPLES:
		return vrun_json_u64(r->by_self, "totals.samples") != 0;
	case POINTS:
		return json_array_size(vrun_json_at(r->timeline, "points")) != 0;
	case UNFREED:
		return vrun_json_u64(r->leaks, "totals.unfreed.bytes") != 0;
	case LOOPS:
		return json_array_size(vrun_json_at(r->loops, "loops")) != 0;
	case SPANS:
		return json_array_size(vrun_json_at(r->spans, "spans")) != 0;
	}
	return false;
}

/* 1 when it was written. */
static int write_one(const struct kind *kind, const char *record, const char *path)
{
	const char *argv[8];
	bool to_stdout = kind == &kinds[VRUN_FILE_CSV];
	size_t n = 0;
	int status;

	for (; kind->argv[n]; n++)
		argv[n] = kind->argv[n];
	if (!to_stdout)
		argv[n++] = path;
	argv[n++] = record;
	argv[n] = NULL;
	status = to_stdout ? vrun_engine_write(argv, path) : vrun_engine_run(argv);
	/* 2: written from what could be read of a damaged record. */
	if ((status == 0 || status == 2) && access(path, R_OK) == 0)
		return 1;
	vr_warn("%s was not written: vprof-report %s ended with status %d", path, kind->argv[0],
		status);
	return 0;
}

void vrun_files_write(struct vrun_result *r, const char *dir)
{
	for (size_t i = 0; i < VRUN_FILE_KINDS; i++) {
		char *name, *path;

		if (!has(r, kinds[i].need))
			continue;
		name = vr_xprintf("%s.%s", r->run->label, kinds[i].suffix);
		path = vr_xprintf("%s/%s", dir, name);
		if (write_one(&kinds[i], r->record[0].path, path))
			r->file[i] = name;
		else
			free(name);
		free(path);
	}
}

const char *vrun_file_purpose(enum vrun_file_kind kind)
{
	return kinds[kind].purpose;
}
