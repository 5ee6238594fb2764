/* What the rows of the verb stacks tell. */
#ifndef VR_STACKS_FIELDS_H
#define VR_STACKS_FIELDS_H

#include "model/dump.h"
#include "text/fields.h"

extern const struct vr_field vr_stacks_fields[];
extern const size_t vr_stacks_fields_count;

/* "book_mutex (app)", "/data/journal (descriptor 7)", ...; NULL: nothing that is known;
 * free() it. */
char *vr_stacks_target(struct vr_profile *profile, const struct vprof_dump *row);
/* The locks it has, joined by commas; NULL: none that is known; free() it. */
char *vr_stacks_held(struct vr_profile *profile, const struct vprof_dump *row);

#endif
