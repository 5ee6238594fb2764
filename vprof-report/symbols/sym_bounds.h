/* Where the functions of an object begin and end, as unwinders are told in its
 * .eh_frame: known of stripped objects too.  Part of sym_object. */
#ifndef VR_SYM_BOUNDS_H
#define VR_SYM_BOUNDS_H

#include <libelf.h>

#include "symbols/sym_range.h"

/* Fills `bounds`, zeroed, with the functions of `elf`: sorted, none overlaps
 * another.  The hot and the cold part of a split function are two; all stubs of
 * a PLT section are one.  Damaged entries are left out.
 * Returns 0 (also without any) or -ENOMEM; sorted in both cases. */
int vr_bounds_load(struct vr_ranges *bounds, Elf *elf);

#endif
