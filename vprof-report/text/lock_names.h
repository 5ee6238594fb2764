/* What a lock is called. */
#ifndef VR_LOCK_NAMES_H
#define VR_LOCK_NAMES_H

#include "model/locks.h"
#include "text/names.h"

/* "book_mutex (app)", "app+0x4060", "make_book (block+0x8, book.c:12)",
 * "stack of worker (0x7f00)"; of VR_CAPTIONS, see text/names.h. */
struct vr_caption vr_lock_caption(struct vr_profile *profile, const struct vr_lock *lock);
/* For a sentence; free() it. */
char *vr_lock_text(struct vr_profile *profile, const struct vr_lock *lock);

#endif
