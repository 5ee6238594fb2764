/* The part of profiling_summary.md that is about one run. */
#ifndef VRUN_SECTIONS_H
#define VRUN_SECTIONS_H

#include <stdio.h>

#include "session.h"

void vrun_sections_write(const struct vrun_session *session, const struct vrun_result *result,
			 FILE *out);

#endif
