/* The files beside a record, for other viewers. */
#ifndef VRUN_FILES_H
#define VRUN_FILES_H

#include "results.h"

/* Writes those that the record has something for, as LABEL.SUFFIX; names them
 * in result->file, NULL where there is none.  One that failed is said. */
void vrun_files_write(struct vrun_result *result, const char *dir);
/* What a kind is good for. */
const char *vrun_file_purpose(enum vrun_file_kind kind);

#endif
