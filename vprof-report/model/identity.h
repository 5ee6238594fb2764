/* What makes two call paths the same in two builds of a program: the functions,
 * inlined ones too, and the objects they are in.  Not addresses, lines, folders,
 * versions of objects, clones that the compiler made, nor the frames of libc
 * below main(). */
#ifndef VR_IDENTITY_H
#define VR_IDENTITY_H

#include "model/stacks.h"

/* One frame as it is compared. */
struct vr_identity_frame {
	char *object;	/* without its version */
	char *function; /* NULL where it is not known */
};

/* A path that is put together from its innermost frame on.  Zeroed: empty. */
struct vr_identity {
	struct vr_identity_frame *frame;
	size_t frames, room;
	int unnamed;	 /* frames whose function is not known */
	int after_start; /* the last frame is start-up code */
	size_t kept;	 /* frames up to the last one that is no start-up code */
	uint64_t path;	 /* of the objects and functions of all frames */
	uint64_t shape;	 /* of the objects of each run of frames in one object */
};

void vr_identity_add(struct vr_identity *identity, const char *function, const char *module);
/* Drops start-up code and sums up; nothing is added afterwards. */
void vr_identity_end(struct vr_identity *identity);
struct vr_identity vr_identity_of(struct vr_stacks *stacks, uint32_t node);
void vr_identity_free(struct vr_identity *identity);

/* FNV-1a of a text: kept in other people's files, so it never changes. */
uint64_t vr_identity_hash(const char *text);
/* The 16 hexadecimal digits that name a call path in reports. */
#define VR_FINGERPRINT 17
void vr_fingerprint(struct vr_stacks *stacks, uint32_t node, char out[VR_FINGERPRINT]);

#endif
