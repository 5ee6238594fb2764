/* The part of profiling_summary.md that is about one run. */
#ifndef VRUN_SECTIONS_H
#define VRUN_SECTIONS_H

#include "summary.h"

void vrun_sections_write(const struct vrun_session *session, const struct vrun_result *result,
			 FILE *out);

/* Text as Markdown shows it, fit for a table's cell: names come from programs
 * nobody vouches for. */
void vrun_md_text(FILE *out, const char *text);
/* A name as `code`, also fit for a cell. */
void vrun_md_code(FILE *out, const char *text);
/* Text in an indented block, where only what breaks a line matters. */
void vrun_md_plain(FILE *out, const char *text);

#endif
