/* Spans in one line. */
#ifndef VR_SPANS_TEXT_H
#define VR_SPANS_TEXT_H

#include "model/spans.h"

/* "decode: 1,000 took 150 ms, p50 140 us, p99 210 us, at most 2 ms; 2 other names": the name with
 * most time first; NULL where no span has ended.  free() it. */
char *vr_spans_line(const struct vr_spans *spans);

#endif
