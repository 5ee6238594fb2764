/* How often functions of libc that are hooked were called: rows of COUNTS by thread, which get
 * what vp_tls.hooked has every second or two, and at the end of the thread and of the process. */
#ifndef VP_TRACK_HOOKED_H
#define VP_TRACK_HOOKED_H

struct vp_thread;

int vp_hooked_init(void); /* a fresh file; 0 */
void vp_hooked_fork_child(void);
void vp_hooked_thread_end(struct vp_thread *thread);
void vp_hooked_tick(int last); /* Context: helper thread */
void vp_hooked_finish(int ending);

#endif
