/* What rows are about, in parts that give way one after the other where room is short.
 *
 * Directories go first, then what cli/short.h lets go of the function's name, then the place;
 * namespaces and classes are the last.  Rows that would look alike show where they differ. */
#ifndef VR_OUT_CAPTION_H
#define VR_OUT_CAPTION_H

#include <stddef.h>

enum vr_caption_form {
	VR_CAPTION_FUNCTION, /* "function (file:line) < other" */
	VR_CAPTION_PSTATS    /* "file:line(function)" */
};

/* " < " reads "called by", " > " reads "calling"; far: others are between. */
enum vr_link { VR_LINK_CALLER, VR_LINK_FAR_CALLER, VR_LINK_CALLEE, VR_LINK_FAR_CALLEE };

struct vr_caption {
	enum vr_caption_form form;
	const char *function;
	const char *place; /* "dir/file.c:12"; NULL: unknown */
	const char
	    *other;	/* function of its call path that tells it from another row; NULL: none */
	int other_line; /* and the line there where nothing else does, 0: not meant */
	enum vr_link link; /* from the function to the other */
	int whole;	   /* as it is, however long */
};

#define VR_CAPTION_MOST 120 /* columns of a name where the width is not known */

/* A text for each label, NULL where that is NULL, in at most `room` columns (0: unknown) where it
 * is not to be whole; clean. free() each and the array. */
char **vr_captions_fit(const struct vr_caption *const *label, size_t count, int room);
/* The same of one. */
char *vr_caption_fit(const struct vr_caption *label, int room);
/* Everything of it as it is, not made clean; free() it. */
char *vr_caption_whole(const struct vr_caption *label);

#endif
