/* The directory of results and what one run left in it. */
#ifndef VRUN_RESULTS_H
#define VRUN_RESULTS_H

#include "options.h"
#include "records.h"
#include "watch.h"

/* The files beside a record, for other viewers; see files.h. */
enum vrun_file_kind {
	VRUN_FILE_PROF,
	VRUN_FILE_FOLDED,
	VRUN_FILE_CSV,
	VRUN_FILE_TIMELINE_PNG,
	VRUN_FILE_TOP_PNG,
	VRUN_FILE_LEAKS_PNG,
	VRUN_FILE_LOOP_PNG,
	VRUN_FILE_SPANS_PNG,
	VRUN_FILE_KINDS,
};

struct vrun_result {
	const struct vrun_run *run;
	struct vrun_end end;
	struct vrun_record *record; /* [0] is the main one */
	size_t records;
	/* answers about the main record; NULL: none, or not asked for */
	json_t *summary, *by_self, *by_total, *heap, *leaks, *timeline, *loops, *waits, *locks,
	    *spans;
	char *file[VRUN_FILE_KINDS]; /* names below the directory; NULL: not written */
	/* exit statuses over all records, of `leaks --gate` and of `check`; 0: passed, or not asked
	 * for; -1: there was nothing to judge */
	int gate, budgets;
};

/* Finds the ring files that a run left, gives the main one the run's own name
 * and asks vprof-report about them. */
void vrun_results_read(struct vrun_result *result, const char *dir,
		       const struct vrun_options *options);
void vrun_results_free(struct vrun_result *result);

/* What ran, as its record has it: what looks like a secret is masked there.  Without such a
 * record the program's name and "...".  free() it. */
char *vrun_results_command(const struct vrun_result *result);

#endif
