/* Labels: what a thread works on, in the program's own words, so that one
 * run can be split into profiles afterwards.
 *
 * A sample of the perf engine is looked at some time after it was taken, so a
 * thread that uses labels keeps a short history of them; the helper looks up
 * the one that was in force.  Threads that use none pay nothing. */
#ifndef VP_TRACK_LABEL_H
#define VP_TRACK_LABEL_H

#include <stdint.h>

struct vp_thread;

#define VP_LABEL_NONE 0u /* a string id that no label has */

/* Puts key=value onto the thread's labels, or takes the last one off.
 * Context: the thread itself, busy guard held. */
void vp_label_begin(struct vp_thread *thread, const char *key, const char *value);
void vp_label_end(struct vp_thread *thread);

/* The label in force, to be given to another thread; 0: none.  Puts one that was taken onto
 * the thread's labels in place of those it has, until vp_label_end(); one that was never
 * taken in this process is none.  Context: as above. */
uint64_t vp_label_take(const struct vp_thread *thread);
void vp_label_give(struct vp_thread *thread, uint64_t taken);

/* The label in force, as a string id.  Context: the thread itself, or a signal
 * handler in it. */
uint32_t vp_label_now(const struct vp_thread *thread);

/* The label that was in force in a thread, by its row, at a time.  Where its
 * history has been overwritten: none, and counted.  Context: helper thread. */
uint32_t vp_label_at(uint32_t thread_row, uint64_t t_ns);

/* The thread has ended and all its samples are in.  Context: helper thread. */
void vp_label_forget(uint32_t thread_row);

int vp_labels_init(void); /* fresh file: no labels */

#endif
