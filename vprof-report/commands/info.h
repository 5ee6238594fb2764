/* Facts about the run itself, for info and summary. */
#ifndef VR_INFO_H
#define VR_INFO_H

#include "commands/command.h"
#include "model/cpu.h"

/* What the library cost: CPU time of its thread, as shares of the run and of
 * the process's CPU time, and the share of the program's own CPU time that was
 * sampled inside the library's hooks, all in percent. */
struct vr_overhead {
	uint64_t cpu_ns, memory_bytes, heap_bytes;
	double run_percent, cpu_percent, hooks_percent;
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

/* Every loss that is not zero, in words and separated by commas (free() it);
 * NULL when nothing was lost. */
char *vr_losses_text(const struct vr_file *file);

const char *vr_heap_mode_name(uint32_t mode);
const char *vr_sym_state_text(enum vr_sym_state state);

#endif
