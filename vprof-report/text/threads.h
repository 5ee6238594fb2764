/* Threads in one line. */
#ifndef VR_THREADS_TEXT_H
#define VR_THREADS_TEXT_H

#include "model/threads.h"

/* "3, on a CPU for a share of their lives: feed 99% (spins), main 2%, ...": those with most CPU
 * time first; those of one name by the function they began with; free() it. */
char *vr_threads_text(const struct vr_profile *profile, const struct vr_thread *thread);

/* "feed", or "feed (recv_loop)" where the name does not tell, or not which; free() it. */
char *vr_thread_text(const struct vr_profile *profile, const struct vr_thread *thread,
		     uint32_t row);

/* Appends ", in FUNCTION" where one function alone asks; takes the text. */
char *vr_spin_caller(const struct vr_profile *profile, char *text, const struct vr_spin *spin);

#endif
