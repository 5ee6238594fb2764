/* The labels that threads had (vprof_begin), taken apart into pairs.
 *
 * A label is what was in force at a moment: pairs "key=value", the outermost
 * first. */
#ifndef VR_LABELS_H
#define VR_LABELS_H

#include "input/file.h"

struct vr_label_pair {
	char *text; /* "key=value" */
};

struct vr_label {
	uint32_t id;	/* string id, as in rows */
	uint32_t *pair; /* index into vr_labels.pair, the outermost first; each once */
	size_t n_pairs;
};

struct vr_labels {
	struct vr_label *label;
	size_t n_labels;
	struct vr_label_pair *pair;
	size_t n_pairs;
};

/* Every label in rows or events. */
struct vr_labels *vr_labels_new(const struct vr_file *file);
void vr_labels_free(struct vr_labels *labels); /* NULL is fine */

#endif
