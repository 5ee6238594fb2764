/* The shapes of memory over time, in words for profiling_summary.md. */
#ifndef VRUN_SHAPES_H
#define VRUN_SHAPES_H

#include <jansson.h>
#include <stdio.h>

/* A list of what `summary` named, or that it named nothing.
 *
 *   summary  the answer of `vprof-report summary` */
void vrun_shapes_write(const json_t *summary, FILE *out);

#endif
