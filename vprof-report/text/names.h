/* What functions and places are called, and the states of a run and its record. */
#ifndef VR_NAMES_H
#define VR_NAMES_H

#include "model/profile.h"
#include "output/out_caption.h"

/* "file:line(function)" as pstats writes it; an object's name stands in for an unknown file. */
struct vr_caption vr_location_caption(const struct vr_function *function, int strip_dirs);
/* "function (file:line)": of a function, and of one frame of a stack with the line that ran. */
struct vr_caption vr_function_caption(const struct vr_function *function, int strip_dirs);
struct vr_caption vr_place_caption(const struct vr_stacks *stacks, const struct vr_place *place,
				   int strip_dirs);
/* The same of the responsible frame (model/responsible.h) of a stack; "[no stack]". */
struct vr_caption vr_responsible_caption(struct vr_stacks *stacks, uint32_t node, int strip_dirs);
/* What the label owns; its function is the profile's. */
void vr_caption_done(struct vr_caption *label);

/* Everything of it as it is, for programs; takes the label, free() the text. */
char *vr_caption_full(struct vr_caption label);
/* For people, in so many columns (0: unknown); takes the label, free() the text. */
char *vr_caption_short(const struct vr_profile *profile, struct vr_caption label, int room);
#define VR_PROSE_ROOM 72 /* for a name in a sentence */

/* vr_caption_full() of the labels above. */
char *vr_location(const struct vr_function *function, int strip_dirs);
char *vr_function_text(const struct vr_function *function, int strip_dirs);
char *vr_responsible_text(struct vr_stacks *stacks, uint32_t node, int strip_dirs);

/* 1 for "libx.so+0x12" and a bare address: nobody knows what it is called. */
int vr_function_is_nameless(const struct vr_function *function);

/* "exited with status 0", "killed", "running for 12.3 s", ...; free() it. */
char *vr_status_text(const struct vr_file *file);
const char *vr_engine_name(uint32_t engine);
const char *vr_heap_mode_name(uint32_t mode);
const char *vr_lost_name(unsigned which); /* of enum vprof_lost; NULL: not used */
/* Of enum vprof_layer: "switches" for bit 1; NULL: there is none. All that are set; free() it. */
const char *vr_layer_name(unsigned bit);
char *vr_layers_text(uint32_t layers);
const char *vr_sym_state_text(enum vr_sym_state state);
/* Every loss that is not zero, in words and separated by commas (free() it);
 * NULL when nothing was lost. */
char *vr_losses_text(const struct vr_file *file);

#endif
