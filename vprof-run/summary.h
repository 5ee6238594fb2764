/* profiling_summary.md: what ran, where the time and memory went, what to
 * look at first. */
#ifndef VRUN_SUMMARY_H
#define VRUN_SUMMARY_H

#include "results.h"

#define VRUN_SUMMARY "profiling_summary.md"

struct vrun_session {
	const struct vrun_options *options;
	char *const *argv; /* how vprof-run was called */
	const char *dir;
	const struct vrun_plan *plan;
	struct vrun_result *result; /* of the first `results` runs of the plan */
	size_t results;
};

/* Writes it into the directory.  Returns 0, or -errno after a line on stderr. */
int vrun_summary_write(const struct vrun_session *session);

/* One finding of `summary` for each run that has some, numbered.
 *
 *   line   format of a finding: number, run, text, command */
size_t vrun_findings(const struct vrun_session *session, FILE *out,
		     void (*line)(FILE *out, size_t number, const char *run, const char *text,
				  const char *command));

/* Words for the last column: "clean", "leak: 12.0 KiB lost", ...; free() it. */
char *vrun_leak_words(const struct vrun_session *session, const struct vrun_result *result);
/* The frame of an allocation site that is not libc's or the loader's. */
const json_t *vrun_asker(const json_t *site);
/* "file.c:12", or the module of a function without lines; free() it. */
char *vrun_place(const json_t *frame);

#endif
