/* What `locks` tells of which lock it is. */
#ifndef VR_LOCKS_WHERE_H
#define VR_LOCKS_WHERE_H

#include "text/fields.h"

/* Getters of fields of a struct vr_lock. */
vr_get vr_get_lock_kind, vr_get_lock_address, vr_get_lock_place, vr_get_lock_name,
    vr_get_lock_module, vr_get_lock_offset, vr_get_lock_site, vr_get_lock_owner, vr_get_lock_lock;

#endif
