/* Readings of /proc for the timeline, without libc allocation or stdio.
 *
 * Nothing below /proc/PID/task is looked into, or listed, that need not be: when the
 * process ends, the kernel takes what was apart from two sides, one spinning until the
 * other is done.  On a busy machine that was half the CPU time of a forked child. */
#ifndef VP_BASE_PROC_H
#define VP_BASE_PROC_H

#include <stdint.h>

/* Bytes.  The file descriptors are opened once by vp_proc_open in the
 * helper thread's own descriptor table and re-read with pread.
 * All return 0 or -errno and leave `out` zeroed on failure. */
struct vp_statm {
	uint64_t vms, rss, shared, data;
};
struct vp_smaps {
	uint64_t pss, uss; /* Pss, Private_Clean + Private_Dirty */
};
struct vp_procstat {
	uint64_t minor_faults, major_faults, threads, start_ticks;
	uint64_t user_ns, system_ns; /* from getrusage(RUSAGE_SELF) */
	uint64_t switches;	     /* voluntary + involuntary, getrusage */
	char state;		     /* of the main thread: R, S, D, Z ... */
	int exit_code;		     /* what it ended with, once it has, as wait() has it */
};

/* Remembers what the process has used so far: CPU time, faults and switches go on counting
 * through exec, and what another program used is not this one's.  All that is counted here
 * is from then on.
 * Context: at the start of a record, in the first thread. */
void vp_proc_begin(void);
/* CPU time of the process since then, in ns. */
uint64_t vp_proc_cpu_ns(void);
/* Of CPU time of a thread that its clock tells, the part since then. */
uint64_t vp_proc_thread_ns(uint32_t tid, uint64_t clock_ns);

int vp_proc_open(void);
void vp_proc_close(void);
int vp_proc_statm(struct vp_statm *out);
int vp_proc_smaps(struct vp_smaps *out); /* can take milliseconds */
/* Files opened with the others, or -errno: /proc/self/smaps and /proc/self/pagemap. */
int vp_proc_mappings(void);
int vp_proc_pages(void);
int vp_proc_stat(struct vp_procstat *out);
/* The arguments as they are now, joined by blanks, NUL-terminated: a process may have
 * written over them.  Returns their length or -errno. */
#define VP_PROC_TITLE 512
long vp_proc_title(char text[VP_PROC_TITLE]);
/* comm of a thread of this process, NUL-terminated, "" when it is gone. */
int vp_proc_comm(int tid, char name[16]);
/* Signals a thread has blocked, bit 0 for signal 1; 0 when it is gone. */
uint64_t vp_proc_blocked(int tid);
/* Calls each(tid, arg) for the threads of this process, those that have ended
 * and are not reaped yet included.  Returns 0 or -errno. */
int vp_proc_tasks(void (*each)(int tid, void *arg), void *arg);

#endif
