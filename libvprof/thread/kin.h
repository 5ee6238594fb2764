/* Which thread started and which joined which: what a thread did before it started another
 * one comes before all that the other does, and what that does before what comes after its
 * join. */
#ifndef VP_THREAD_KIN_H
#define VP_THREAD_KIN_H

#include <stdint.h>

struct vp_thread;

/* Who is about to start a thread, and when. */
struct vp_kin_creator {
	uint32_t row; /* in THREADS; 0: not known */
	uint64_t at_ns;
};

/* Context: the thread that starts another; busy guard held. */
struct vp_kin_creator vp_kin_create(void);

/* In the new thread, which has its row.  Context: busy guard held. */
void vp_kin_started(const struct vp_thread *thread, const struct vp_kin_creator *creator);

/* Its row in THREADS; 0: not known.  Context: any thread. */
uint32_t vp_kin_row(uint64_t descriptor);

/* The calling thread has joined the one with this pthread_t.  Context: any thread. */
void vp_kin_joined(uint64_t descriptor);

void vp_kin_init(void); /* fresh file: no threads are known */

#endif
