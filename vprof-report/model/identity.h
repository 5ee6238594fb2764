/* What makes two call paths the same in two builds of a program: the functions,
 * inlined ones too, and the objects they are in.  Not addresses, lines, folders,
 * versions of objects, clones that the compiler made, nor the frames of libc
 * below main(). */
#ifndef VR_IDENTITY_H
#define VR_IDENTITY_H

#include "model/stacks.h"

/* A path that is put together from its innermost frame on.  Zeroed: empty. */
struct vr_identity {
	char *text;	   /* "object!function\n" of each frame; an unknown function is ? */
	char *shape;	   /* "object!" of each run of frames in one object */
	int unnamed;	   /* frames whose function is not known */
	size_t used, room; /* bytes of text */
	int after_start;   /* the last frame is start-up code */
	size_t kept;	   /* of which up to the last frame that is no start-up code */
};

void vr_identity_add(struct vr_identity *identity, const char *function, const char *module);
/* Drops start-up code; nothing is added afterwards. */
void vr_identity_end(struct vr_identity *identity);
struct vr_identity vr_identity_of(struct vr_stacks *stacks, uint32_t node);
void vr_identity_free(struct vr_identity *identity);

/* FNV-1a of a text: kept in other people's files, so it never changes. */
uint64_t vr_identity_hash(const char *text);
/* The 16 hexadecimal digits that name a call path in reports. */
#define VR_FINGERPRINT 17
void vr_fingerprint(struct vr_stacks *stacks, uint32_t node, char out[VR_FINGERPRINT]);

#endif
