/* The directory of results and the ring files that runs leave in it. */
#ifndef VRUN_RECORDS_H
#define VRUN_RECORDS_H

#include <jansson.h>

#include "plan.h"

#define VRUN_RECORD_SUFFIX ".vprof"

/* A ring file; the largest user of CPU time stands for the run. */
struct vrun_record {
	char *path;   /* as the user would type it */
	json_t *info; /* answer of `info`; NULL: unreadable */
};

/* Makes the directory: `out`, which must not exist or be empty, or one named
 * after the time.  Returns its name, to be freed; NULL after one line on
 * stderr. */
char *vrun_records_directory(const char *out);

/* What out= of the library's options is to be for a run: absolute, a file for
 * each process.  free() it; NULL after one line on stderr. */
char *vrun_records_pattern(const char *dir, const struct vrun_run *run);

/* The ring files that a run wrote, or is writing, none of them asked about yet;
 * vrun_records_free() them. */
struct vrun_record *vrun_records_find(const char *dir, const struct vrun_run *run, size_t *count);
void vrun_records_free(struct vrun_record *record, size_t count);

#endif
