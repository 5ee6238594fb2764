/* Suppressions as LeakSanitizer has them: lines "leak:PATTERN", # for comments.
 * A pattern is looked for anywhere in the functions, files and objects of a call
 * path; * stands for any text, ^ at its start and $ at its end tie it down. */
#ifndef VR_SUPPRESS_H
#define VR_SUPPRESS_H

#include "base/err.h"
#include "model/stacks.h"

struct vr_suppression {
	char *pattern;
	char *source;		       /* the file it came from, or who gave it */
	uint64_t sites, blocks, bytes; /* what it took away, counted by the caller */
};

/* Zeroed: none. */
struct vr_suppressions {
	struct vr_suppression *one;
	size_t count, room;
};

/* 1 when the pattern is found in the text, which is not empty. */
int vr_suppress_matches(const char *pattern, const char *text);

/* Adds one pattern. */
void vr_suppressions_add(struct vr_suppressions *list, const char *pattern, size_t length,
			 const char *source);
/* Adds the lines of a text.  Returns 0, or -EINVAL with the first bad line in err, or
 * -E2BIG when there are too many. */
int vr_suppressions_parse(struct vr_suppressions *list, const char *text, const char *source,
			  struct vr_err *err);
/* Adds a file.  Returns 0, -EINVAL, or -errno when it cannot be read. */
int vr_suppressions_read(struct vr_suppressions *list, const char *path, struct vr_err *err);
/* The first that matches a frame of the stack, or NULL. */
struct vr_suppression *vr_suppressions_find(const struct vr_suppressions *list,
					    struct vr_stacks *stacks, uint32_t node);
void vr_suppressions_free(struct vr_suppressions *list);

#endif
