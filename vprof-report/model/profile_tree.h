/* Several records as one profile. */
#ifndef VR_PROFILE_TREE_H
#define VR_PROFILE_TREE_H

#include "model/profile.h"

/* Reads records and adds them up (input/merge.h).
 *
 *   head  of the record that the others are added to; not kept
 *   path  of all, that one too
 *
 * Returns as vr_profile_open() does; what cannot be read is left out, and in `unread`. */
int vr_profile_open_tree(const struct vr_file *head, const char *const *path, size_t paths,
			 const struct vr_select *select, struct vr_symcache *symbols,
			 struct vr_profile **out, struct vr_err *err);

#endif
