/* The section of profiling_summary.md about spans, loops, stalls and calls that block. */
#ifndef VRUN_WAITING_H
#define VRUN_WAITING_H

#include <stdio.h>

#include "session.h"

/* Nothing where no thread waited for anything and neither a loop nor a span was seen. */
void vrun_waiting_write(const struct vrun_result *result, FILE *out);

#endif
