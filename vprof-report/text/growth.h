/* Growth in words: what was judged, what is not decided yet, and when it may be. */
#ifndef VR_TEXT_GROWTH_H
#define VR_TEXT_GROWTH_H

#include "model/growth.h"
#include "text/context.h"

/* Appends to text what growth was judged from and what is not decided yet. */
char *vr_growth_examined(char *text, const struct vr_growth *growth);
/* The sites that are not decided yet, why and for how long; nothing when there
 * is none, or growth is NULL. */
void vr_growth_print_open(struct vr_context *ctx, const struct vr_growth *growth);
/* Why what is allocated there stays; NULL: not known.  free() it. */
char *vr_growth_stay_text(const struct vr_growth_site *site, int by_iteration);

#endif
