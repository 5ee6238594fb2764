/* Facts about the run itself: pauses, what the profiler cost, what is left of its history. */
#ifndef VR_RUN_H
#define VR_RUN_H

#include "model/cpu.h"

/* 100 * part / whole; 0 when whole is 0. */
double vr_percent(uint64_t part, uint64_t whole);

/* Time in which nothing was recorded but the timeline, as somebody asked, and the rest.  Of
 * several processes: of all, as CPU time is, and of the one that was recorded longest. */
uint64_t vr_paused_ns(const struct vr_file *file);
uint64_t vr_recorded_ns(const struct vr_file *file);

/* The periods in which was recorded, in order, as far as the file has them; the last one stands
 * for all that follow.  Returns how many: 1 where there was no pause, 0 where nothing was
 * recorded or, with *known 0, an older library did not say. */
size_t vr_windows(const struct vr_file *file, struct vprof_window out[VPROF_WINDOWS], int *known);

/* What the library cost: CPU time of its thread, as shares of the run and of
 * the process's CPU time, and the share of the program's own CPU time that was
 * sampled inside the library's hooks, all in percent. */
struct vr_overhead {
	uint64_t cpu_ns, memory_bytes, heap_bytes;
	double run_percent, cpu_percent, hooks_percent;
	int few; /* the program used too little CPU time for the last two to mean anything */
};
struct vr_overhead vr_overhead(const struct vr_profile *profile, const struct vr_cpu *cpu);

/* How much of the event history was overwritten. */
struct vr_history {
	int wrapped;
	uint64_t events_kept, events_written;
	uint64_t blocks_overwritten;
	uint64_t kept_ns, lost_ns; /* time that is and is not covered */
};
struct vr_history vr_history(const struct vr_profile *profile);

#endif
