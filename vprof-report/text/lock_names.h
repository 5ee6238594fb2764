/* What a lock is called. */
#ifndef VR_LOCK_NAMES_H
#define VR_LOCK_NAMES_H

#include "model/blame.h"
#include "text/names.h"

/* "book_mutex (app)", "app+0x4060", "make_book (block+0x8, book.c:12)",
 * "stack of worker (0x7f00)"; of VR_CAPTIONS, see text/names.h. */
struct vr_caption vr_lock_caption(struct vr_profile *profile, const struct vr_lock *lock);
/* For a sentence; free() it. */
char *vr_lock_text(struct vr_profile *profile, const struct vr_lock *lock);

/* "held by feed (1234): of it 38.0 ms in fsync, called from Journal::append", or where it let the
 * lock go; free() it. */
char *vr_holder_text(struct vr_profile *profile, const struct vr_holder *holder);

#endif
