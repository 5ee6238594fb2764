/* A table of distinct texts, numbered in the order they were met. */
#ifndef VR_STRINGS_H
#define VR_STRINGS_H

#include "base/map.h"

/* Zeroed: empty. */
struct vr_strings {
	const char **text; /* borrowed */
	uint32_t *next;	   /* chain of equal hashes */
	size_t count, text_room, next_room;
	struct vr_map by_hash;
};

/* The text's number, from 0; it must outlive the table.  *added, where not
 * NULL, says whether it is new. */
uint32_t vr_strings_at(struct vr_strings *strings, const char *text, int *added);
void vr_strings_free(struct vr_strings *strings);

#endif
