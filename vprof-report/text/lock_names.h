/* What a lock is called. */
#ifndef VR_LOCK_NAMES_H
#define VR_LOCK_NAMES_H

#include "model/blame.h"
#include "model/wakers.h"
#include "text/names.h"

/* "book_mutex (app)", "app+0x4060", "make_book (block+0x8, book.c:12)",
 * "stack of worker (0x7f00)"; of VR_CAPTIONS, see text/names.h. */
struct vr_caption vr_lock_caption(struct vr_profile *profile, const struct vr_lock *lock);
/* Of the lock that lay there, as somebody who waited for it found it; "0x7f00": nobody did. */
char *vr_lock_text_at(struct vr_profile *profile, uint64_t address);
/* For a sentence; free() it. */
char *vr_lock_text(struct vr_profile *profile, const struct vr_lock *lock);

/* "held by feed (1234): of it 38.0 ms in fsync, called from Journal::append", or where it let the
 * lock go; free() it. */
char *vr_holder_text(struct vr_profile *profile, const struct vr_holder *holder);

/* "signal", "post", ... */
const char *vr_wake_name(uint32_t how);
/* "12 times by feed (1234), with a signal in push; it went on 62 us later"; free() it. */
char *vr_waker_text(struct vr_profile *profile, const struct vr_waker *waker);
/* Who did it most: "feed 93%"; free() it. */
char *vr_waker_short(const struct vr_profile *profile, const struct vr_woken *woken);

#endif
