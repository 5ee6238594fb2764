/* The directory of results and what one run left in it. */
#ifndef VRUN_RESULTS_H
#define VRUN_RESULTS_H

#include <jansson.h>

#include "options.h"
#include "watch.h"

/* A ring file; the largest user of CPU time stands for the run. */
struct vrun_record {
	char *path;   /* as the user would type it */
	json_t *info; /* answer of `info`; NULL: unreadable */
};

/* The files beside a record, for other viewers; see files.h. */
enum vrun_file_kind {
	VRUN_FILE_PROF,
	VRUN_FILE_FOLDED,
	VRUN_FILE_CSV,
	VRUN_FILE_TIMELINE_PNG,
	VRUN_FILE_TOP_PNG,
	VRUN_FILE_LEAKS_PNG,
	VRUN_FILE_KINDS,
};

struct vrun_result {
	const struct vrun_run *run;
	struct vrun_end end;
	struct vrun_record *record; /* [0] is the main one */
	size_t records;
	/* answers about the main record; NULL: none, or not asked for */
	json_t *summary, *by_self, *by_total, *heap, *leaks, *timeline;
	char *file[VRUN_FILE_KINDS]; /* names below the directory; NULL: not written */
	int gate;		     /* exit status of `leaks --gate` over all records; 0: passed */
};

/* Makes the directory: `out`, which must not exist or be empty, or one named
 * after the time.  Returns its name, to be freed; NULL after one line on
 * stderr. */
char *vrun_results_create(const char *out);

/* What out= of the library's options is to be for a run: absolute, a file for
 * each process.  free() it; NULL after one line on stderr. */
char *vrun_results_pattern(const char *dir, const struct vrun_run *run);

/* Fills in the record paths of a result: the ring files that its run wrote, or
 * is writing. */
void vrun_results_find(struct vrun_result *result, const char *dir);

/* Finds the ring files that a run left, gives the main one the run's own name
 * and asks vprof-report about them.  Writes the files beside it. */
void vrun_results_read(struct vrun_result *result, const char *dir,
		       const struct vrun_options *options);
void vrun_results_free(struct vrun_result *result);

#endif
