/* Do the blocks of a site stay longer and longer?  By Little's law what lives is
 * the rate of allocation times the time a block stays: when it rises and the
 * rate does not, blocks stay longer, as in a queue whose consumer is too slow. */
#ifndef VR_QUEUE_H
#define VR_QUEUE_H

#include "model/growth_facts.h"

/* 1 when they do, 0 when more are allocated instead or neither is sure, -1
 * when the record does not tell how many were allocated when.
 *
 *   stay_now  [out] how long a block stays by now, seconds or iterations */
int vr_queue_grows(const struct vr_growth_facts *facts, double *stay_now);

#endif
