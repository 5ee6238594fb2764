/* A possible deadlock in words. */
#ifndef VR_LOCK_ORDERS_H
#define VR_LOCK_ORDERS_H

#include "model/lock_order.h"

/* "feed has m_book and takes m_index, quote has m_index and takes m_book"; free() it. */
char *vr_cycle_text(struct vr_profile *profile, const struct vr_cycle *cycle);

/* What a lock of a row is called, in a sentence; free() it. */
char *vr_order_lock_text(struct vr_profile *profile, const struct vprof_order *row,
			 const struct vprof_order_lock *lock);

/* "worker (thread 1234)"; free() it. */
char *vr_order_thread_text(const struct vr_profile *profile, const struct vprof_order *row);

#endif
