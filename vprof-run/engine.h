/* vprof-report, run as a program: all reading of ring files is done there. */
#ifndef VRUN_ENGINE_H
#define VRUN_ENGINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Finds vprof-report beside this program or in PATH.  Returns 0, or -ENOENT
 * after one line on stderr. */
int vrun_engine_find(void);

/* Runs `vprof-report COMMAND --format json ...`, quietly.
 *
 *   argv    words behind "vprof-report", NULL-terminated, without --format
 *   status  [out] its exit status; NULL: not wanted
 *
 * Returns the answer, to be json_decref'd; NULL where there was none. */
json_t *vrun_engine_ask(const char *const *argv, int *status);

/* Runs it with stdout into a file.
 *
 *   path   file to create; NULL: our own stdout
 *   quiet  what it complains of is not shown
 *
 * Returns its exit status, -1 when it was killed or not started; a file it
 * could not fill is taken away again. */
int vrun_engine_write(const char *const *argv, const char *path, bool quiet);

/* Members of an answer, 0 or "" where missing; `path` is "run.pid". */
uint64_t vrun_json_u64(const json_t *answer, const char *path);
const char *vrun_json_text(const json_t *answer, const char *path);
const json_t *vrun_json_at(const json_t *answer, const char *path);

#endif
