/* What `locks` tells of those who woke. */
#ifndef VR_LOCKS_WAKERS_H
#define VR_LOCKS_WAKERS_H

#include "model/wakers.h"
#include "text/fields.h"

/* Getters of fields of a struct vr_lock; rows->model is a struct vr_lock_doing. */
vr_get vr_get_woken_by, vr_get_wakers, vr_get_herd;

/* Tables of records without them look as they did. */
int vr_has_wakers(const struct vr_rows *rows);

/* Under the table: who woke those that waited for it. */
void vr_print_wakers(struct vr_context *ctx, const struct vr_woken *woken);

#endif
