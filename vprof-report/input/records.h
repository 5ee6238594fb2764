/* The records of a directory: their heads, with which to choose one. */
#ifndef VR_RECORDS_H
#define VR_RECORDS_H

#include <time.h>

#include "input/file.h"

struct vr_record {
	char *path;
	struct vr_file *head;	 /* header and strings; NULL: it cannot be read */
	char *error;		 /* why not, else NULL */
	struct timespec written; /* last */
};

/* All zero: none yet. */
struct vr_records {
	struct vr_record *record; /* by path */
	size_t count, room;
};

/* Adds the *.vprof of a directory, and where `deep` those of its profile_results_*
 * (vprof-run's).  "": the working directory; names in it then have no directory.
 * Returns 0 or -errno where it cannot be read. */
int vr_records_look(struct vr_records *records, const char *directory, int deep);
/* Adds one by its path, unless it is there. */
void vr_records_add(struct vr_records *records, const char *path);
void vr_records_free(struct vr_records *records);

/* Do both paths lead to one file? */
int vr_records_same(const char *a, const char *b);

/* The directory of a path, "" for a bare name; free() it. */
char *vr_records_directory(const char *path);

#endif
