/* One value as text.  Part of output. */
#ifndef VR_OUT_CELL_H
#define VR_OUT_CELL_H

#include "output/out.h"

#define VR_CELL_MAX 64u

/* The value of a cell that is neither null nor VR_TEXT.
 *   plain  1: for programs (CSV), 0: for people (tables)
 * Returns buf, or "" where the number is not finite. */
const char *vr_cell_format(char buf[VR_CELL_MAX], enum vr_unit unit, const struct vr_cell *cell,
			   int plain);

#endif
