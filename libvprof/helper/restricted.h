/* Recording ends for good, because the process restricts its system calls. */
#ifndef VP_HELPER_RESTRICTED_H
#define VP_HELPER_RESTRICTED_H

/* From now on nothing is recorded, and no calls but plain ones are made, in all threads.  The
 * record has its end.  Context: any thread, with what is to be finished finished. */
void vp_restricted(void);

#endif
