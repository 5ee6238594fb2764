/* What makes slow units slow, in words. */
#ifndef VR_TAIL_TEXT_H
#define VR_TAIL_TEXT_H

#include "model/tail_units.h"
#include "text/context.h"

/* All texts are malloc()ed. */

/* "read in flush_journal (book.c:12)", "running rebuild (index.c:7)", "not your code: ...". */
char *vr_tail_what_text(const struct vr_profile *profile, const struct vr_tail_what *what);
/* Who else did something while that unit lasted, where it did not just run: "meanwhile journal (12)
 * held book (app) for 8.0 ms, of it 7.9 ms in fsync, called from commit (j.c:3)"; NULL: nobody that
 * is known. */
char *vr_tail_others_text(struct vr_profile *profile, const struct vr_tail *tail, size_t unit);
/* What is known of the slow ones as a whole: a sentence or two. */
char *vr_tail_verdict_text(const struct vr_tail *tail);
/* "causes", "not your code", ... */
const char *vr_tail_verdict_name(enum vr_tail_verdict verdict);
/* "iterations", "spans" */
const char *vr_tail_units_name(const struct vr_tail *tail);
/* "events", "bytes", "size" */
const char *vr_tail_size_name(enum vr_tail_size by);

#endif
