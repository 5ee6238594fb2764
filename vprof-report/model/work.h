/* What CPU time is the program's own work, and what is around it: the loader's, the
 * allocator's, the kernel's. */
#ifndef VR_WORK_H
#define VR_WORK_H

#include "model/cpu.h"

/* Of a function, or of all that runs below it. */
enum vr_role {
	VR_ROLE_STARTUP = 1,   /* the loader: linking, constructors, destructors */
	VR_ROLE_ALLOCATOR = 2, /* malloc, free and their like */
	VR_ROLE_KERNEL = 4
};

struct vr_work {
	uint64_t startup_ns, allocator_ns, kernel_ns; /* each may be in two of them */
	/* The function with most time of its own that is neither start-up nor of an allocator nor
	 * the kernel's; VPROF_NONE: there is none. */
	uint32_t top;
	uint64_t top_ns;
	/* The one that called the kernel for most of its time; VPROF_NONE: not known. */
	uint32_t kernel_caller;
	uint64_t kernel_caller_ns;
};

/* After vr_cpu_functions(), which resolves the stacks of `cpu`. */
struct vr_work vr_work_of(struct vr_profile *profile, const struct vr_cpu *cpu);

/* 1 for a stack of the loader's work: what it allocates is once and for all. */
int vr_work_is_startup(struct vr_stacks *stacks, uint32_t node);

#endif
