/* The rows of CALLS: which one a call is counted in. */
#ifndef VP_TRACK_CALL_ROWS_H
#define VP_TRACK_CALL_ROWS_H

#include "track/call.h"

/* String id of a kind's function; VPROF_NONE: there is no room for it.
 * Context of these: busy guard held, or the helper. */
uint32_t vp_call_name(enum vp_call_kind kind);

/* The row of a stack under the label in force, and its number in *id; NULL: there is no room for
 * one. */
struct vprof_call *vp_call_row(const struct vp_call *call, uint32_t node, uint32_t *id);

#endif
