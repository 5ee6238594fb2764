/* Words that the summary and the screen have in common. */
#ifndef VRUN_WORDS_H
#define VRUN_WORDS_H

#include <stdio.h>

#include "session.h"

/* Why each run was slow, and its findings, as `summary` has them, numbered.
 *
 *   line   format of a finding: number, run, text, command */
size_t vrun_findings(const struct vrun_session *session, FILE *out,
		     void (*line)(FILE *out, size_t number, const char *run, const char *text,
				  const char *command));

/* Words for the last column: "clean", "leak: 12.0 KiB lost", ...; free() it. */
char *vrun_leak_words(const struct vrun_session *session, const struct vrun_result *result);
/* The frame of a site that the report blames. */
const json_t *vrun_responsible_frame(const json_t *site);
/* "file.c:12", or the module of a function without lines; free() it. */
char *vrun_place(const json_t *frame);

/* Columns of a function's name in the summary. */
#define VRUN_NAME_ROOM 100

#endif
