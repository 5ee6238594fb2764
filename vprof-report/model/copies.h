/* Counters between two marks: what a record would say if it had begun at the one and ended at
 * the other. */
#ifndef VR_COPIES_H
#define VR_COPIES_H

#include "input/file.h"

enum vr_copy_state {
	VR_COPY_WHOLE,
	VR_COPY_NO_MARK, /* there was no such mark */
	VR_COPY_NONE,	 /* it is not one of the first names, or of an older library */
	VR_COPY_CUT	 /* there was no room for all of it, or it was never over */
};

/* What was copied at the first mark of a name. */
struct vr_copy {
	uint32_t mark;
	uint64_t begin_ns, end_ns; /* of the copying */
	uint64_t stalls;	   /* header.stalls */
};
enum vr_copy_state vr_copy_find(const struct vr_file *file, const char *name, struct vr_copy *copy);

/* The file with what was counted from one copy (NULL: the start) until another (NULL: the end) in
 * SITES, THREADS, CALLS, LOOPS, LOCKS and SPANS.  The largest of something is 0 where it is not of
 * that time.  Everything else is the file's own; vr_copies_free() it before that is closed. */
struct vr_file *vr_copies_between(const struct vr_file *file, const struct vr_copy *from,
				  const struct vr_copy *until);
void vr_copies_free(struct vr_file *between);

#endif
