/* From a profile to what the writers of export/ take. */
#ifndef VR_EXPORT_FILL_H
#define VR_EXPORT_FILL_H

#include "export/dump.h"
#include "model/profile.h"

/* Everything selected: CPU time by stack and thread, and the heap by stack.
 * With a window there is no heap in it, as heap totals have no times; with
 * select.module the stacks that touch such an object.  The profile must outlive
 * the dump.
 *   command   the command line as it may be shown
 *   by_label  1: what is under each label by itself */
struct vr_dump *vr_dump_new(struct vr_profile *profile, const char *command, int by_label);
void vr_dump_free(struct vr_dump *dump);

/* --- times.c */
/* What the selected threads did when: dump->times. */
void vr_dump_add_times(struct vr_dump *dump, struct vr_profile *profile);
/* Spans as they are counted: dump->span. */
void vr_dump_add_spans(struct vr_dump *dump, struct vr_profile *profile);
void vr_dump_free_times(struct vr_dump *dump);

/* --- split.c */
/* What each label has of the samples there are; `fill` adds those of the labels that the profile
 * keeps just then. */
void vr_dump_split_labels(struct vr_dump *dump, struct vr_profile *profile, void (*fill)(void *),
			  void *arg);
void vr_dump_free_labels(struct vr_dump *dump);

#endif
