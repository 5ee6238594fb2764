/* profiling_summary.md: what ran, where the time and memory went, what to
 * look at first. */
#ifndef VRUN_SUMMARY_H
#define VRUN_SUMMARY_H

#include "session.h"

#define VRUN_SUMMARY "profiling_summary.md"

/* Writes it into the directory.  Returns 0, or -errno after a line on stderr. */
int vrun_summary_write(const struct vrun_session *session);

#endif
