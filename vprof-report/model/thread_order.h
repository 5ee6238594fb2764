/* What comes before what because one thread started or joined another. */
#ifndef VR_THREAD_ORDER_H
#define VR_THREAD_ORDER_H

#include "input/file.h"

struct vr_thread_order;

struct vr_thread_order *vr_thread_order_new(const struct vr_file *file);
void vr_thread_order_free(struct vr_thread_order *order);

/* 1: neither comes before the other, so that they may happen at the same time.  All of a row
 * lies between two threads that its thread started or joined: its first time stands for it. */
int vr_thread_order_concurrent(struct vr_thread_order *order, const struct vprof_order *x,
			       const struct vprof_order *y);

#endif
