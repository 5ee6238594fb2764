/* The threads that have a loop: the helper looks at them, and keeps open and mapped for each
 * what could not be opened when it matters, or is read by the thread itself.
 * Context of everything here: helper thread, unless said otherwise. */
#ifndef VP_HELPER_LOOPERS_H
#define VP_HELPER_LOOPERS_H

#include "helper/stall_rows.h"
#include "helper/switch_rate.h"

#define VP_LOOPERS 256u

struct vp_looper {
	struct vp_thread *thread; /* NULL: free */
	int tid;
	uint32_t row;	   /* in THREADS */
	uint32_t sequence; /* of its line, at the last look */
	uint64_t taken;	   /* of its notes */
	uint64_t limit_ns; /* 0: not learned, or not to be */
	void *page;	   /* thread/page.h; NULL: refused */
	int stands;	   /* the page tells nothing more: there is no event behind it */
	uint64_t delay_ns; /* it was runnable without a CPU, as of the last tick */
	struct vp_switch_rate rate;
	struct vp_stall_open open;
};

/* Places in use are below *count. */
struct vp_looper *vp_loopers(uint32_t *count);

/* Is it there still, with the thread it was made for? */
int vp_looper_lives(const struct vp_looper *one);
/* Finds those that are new, and lets go of those that have ended: where a loop has said that it
 * is new, and now and then. */
void vp_loopers_update(uint64_t now_ns);
/* 1: vp_loopers_update() would look. */
int vp_loopers_due(uint64_t now_ns);
void vp_loopers_tick(void);

/* An iteration as long as this is a stall in that thread; VP_STALL_NEVER. */
uint64_t vp_looper_limit(const struct vp_looper *one);
/* stall=auto: limits of loops that have been seen for long enough. */
void vp_loopers_learn(uint64_t now_ns);
void vp_loopers_unlearn(void);
/* The row in LOOPS of the thread's loop that came back last; VPROF_NONE. */
uint32_t vp_looper_loop(const struct vp_looper *one);

void vp_loopers_init(void); /* a fresh file; any thread */
void vp_loopers_close(void);
/* Context: the thread itself, at its end. */
void vp_loopers_thread_end(struct vp_thread *thread);

#endif
