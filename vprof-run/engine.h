/* vprof-report, run as a program: all reading of ring files is done there. */
#ifndef VRUN_ENGINE_H
#define VRUN_ENGINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Finds vprof-report beside this program or in PATH.  Returns 0, or -ENOENT
 * after one line on stderr. */
int vrun_engine_find(void);

/* The directory of vprof-report where PATH lacks it; NULL: typing the name
 * runs it. */
const char *vrun_engine_missing_from_path(void);

/* Runs `vprof-report COMMAND --format json ...`, quietly.
 *
 *   argv    words behind "vprof-report", NULL-terminated, without --format
 *   status  [out] its exit status; NULL: not wanted
 *
 * Returns the answer, to be json_decref'd; NULL where there was none. */
json_t *vrun_engine_ask(const char *const *argv, int *status);

/* What it writes, free() it; NULL where that is nothing. */
char *vrun_engine_text(const char *const *argv);
/* Runs it with its output going to ours; `quiet`: but for what it complains of.
 * Returns its exit status, -1 when it was killed or not started; so do the
 * others. */
int vrun_engine_print(const char *const *argv, bool quiet);
/* Runs it for what it writes into files; its output is not shown. */
int vrun_engine_run(const char *const *argv);
/* Starts it, quietly; its output is not shown.  Returns its process, which the
 * caller waits for, or -1. */
pid_t vrun_engine_begin(const char *const *argv);
/* Runs it with stdout into `path`, which must not be there yet; it is taken
 * away again when the answer failed. */
int vrun_engine_write(const char *const *argv, const char *path);

/* Members of an answer, 0 or "" where missing; `path` is "run.pid". */
uint64_t vrun_json_u64(const json_t *answer, const char *path);
const char *vrun_json_text(const json_t *answer, const char *path);
const json_t *vrun_json_at(const json_t *answer, const char *path);

#endif
