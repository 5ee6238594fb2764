/* Several records as one: those of the processes of a run, added up.
 *
 * The sum is a struct vr_file like any other, with one table of strings, modules and
 * nodes: the same frame of the same object is the same node, wherever each process had
 * the object mapped.  Times are of one clock, which begins with the first of them. */
#ifndef VR_MERGE_H
#define VR_MERGE_H

#include "input/file.h"

struct vr_merge;

/*   head    of the record that the others are added to: what is not added up (program,
 *           settings, status) is as there; not kept
 *   events  1: history too, for windows of time */
struct vr_merge *vr_merge_new(const struct vr_file *head, int events);

/* When recording began in it, before any is added: for the clock. */
void vr_merge_clock(struct vr_merge *merge, const struct vr_file *head);

/* Adds a record and takes it over: what is left of it is a member of the sum.
 * Returns the number that each of its nodes has in the sum, for as many nodes as it
 * had; free() it. */
uint32_t *vr_merge_add(struct vr_merge *merge, struct vr_file *file);

/* The sum; the merge is gone. */
struct vr_file *vr_merge_finish(struct vr_merge *merge);

/* Of a record that is to be added: its time zero on the clock of the sum, once that is
 * known (vr_merge_clock). */
uint64_t vr_merge_time_zero(const struct vr_merge *merge, const struct vr_file *file);

#endif
