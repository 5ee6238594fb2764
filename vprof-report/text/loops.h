/* Loops, stalls and what caused them, in words. */
#ifndef VR_LOOP_TEXT_H
#define VR_LOOP_TEXT_H

#include "model/loops.h"
#include "text/context.h"

/* All texts are malloc()ed. */

/* "feed_loop (feed.c:88)", in so many columns (0: as many as it needs). */
char *vr_loop_text(const struct vr_profile *profile, const struct vr_loop *loop, int room);

/* What a thread did all that time, and where: "fsync of /data/j.log in append (journal.c:88)",
 * "waiting for m_book in apply (book.c:12), held by writer: read in load (load.c:30)",
 * "running parse (json.c:7)", "not your code: ...". */
char *vr_stall_text(struct vr_profile *profile, const struct vr_stall *stall);
/* The same without the place: "fsync of /data/j.log". */
char *vr_stall_what(struct vr_profile *profile, const struct vr_stall *stall);
/* "held by writer: read of /x in load (load.c:30)"; NULL: by nobody that is known. */
char *vr_stall_holder(struct vr_profile *profile, const struct vr_stall *stall);

/* "every 1.000 s, give or take 4.1 ms", "all within 12 ms"; NULL: neither. */
char *vr_rhythm_text(const struct vr_rhythm *rhythm);

#endif
