/* What the resident memory is made of, in words. */
#ifndef VR_TEXT_RESIDENT_H
#define VR_TEXT_RESIDENT_H

#include <jansson.h>

#include "model/maps.h"
#include "model/run.h"

/* All are to be freed. */

/* What a kind is, and of malloc how much of it was live. */
char *vr_resident_kind_text(const struct vr_resident *resident, uint32_t kind);

/* One line: what the resident memory was made of while it was about at its highest.  NULL: no
 * account, or all is as one would expect, a live heap and little else. */
char *vr_resident_line(struct vr_profile *profile);

/* What the profiler itself takes; the same figure as there, so that there are not two. */
char *vr_own_memory_text(struct vr_profile *profile, const struct vr_overhead *cost);

/* Why there is no account. */
char *vr_resident_none_text(const struct vr_file *file);

/* {"t_ns", "resident_bytes", kinds ...}, of the same moment; null without an account. */
json_t *vr_resident_json(struct vr_profile *profile);

#endif
