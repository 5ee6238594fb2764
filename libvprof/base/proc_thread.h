/* Files that /proc has of one thread of this process.
 *
 * Not those below /proc/self/task, which would make the process's end dear (base/proc.h):
 * a thread has the same ones below /proc/TID, listed nowhere. */
#ifndef VP_BASE_PROC_THREAD_H
#define VP_BASE_PROC_THREAD_H

#include <stddef.h>
#include <stdint.h>

/* Opens or reads `file` ("/stat") of a thread; text is NUL-terminated.
 * Returns a descriptor, or the length; or -errno: -ENOENT also where threads have other
 * numbers in this /proc.  Context: helper. */
int vp_proc_thread_open(int tid, const char *file);
int vp_proc_thread_open_own(const char *file); /* of the calling thread, whatever its number */
long vp_proc_thread_read(int tid, const char *file, char *text, size_t size);

/* Its state: R, S, D, T, t, Z ...; 0: not known. */
char vp_proc_thread_state(int tid);

/* Is it a thread of this process, now, which has run for as long at least?  The kernel tells
 * the clock of a thread to its own process only. */
int vp_proc_thread_is_ours(int tid, uint64_t cpu_ns);

/* Its CPU time; 0: it is gone. */
uint64_t vp_proc_thread_cpu_ns(int tid);

#endif
