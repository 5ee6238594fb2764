/* Rules: each is one thing that may stand out in a run.
 *
 * A new one is a struct in its family's file (record.c, heap.c, cpu.c, threads.c), its name below
 * and its place in the order of rules.c. */
#ifndef VR_RULES_H
#define VR_RULES_H

#include "model/cpu.h"
#include "model/heap.h"
#include "model/memory.h"
#include "model/threads.h"

/* What was read of the run. */
struct vr_seen {
	struct vr_profile *profile;
	const struct vr_cpu *cpu;
	const struct vr_cpu_function *function; /* by self_ns, largest first */
	size_t functions;
	const struct vr_heap *heap;
	const struct vr_memory *memory;
	const struct vr_thread *threads; /* by row of THREADS */
};

/* What a rule found: each fills what its evidence speaks of. */
struct vr_case {
	uint64_t count;
	double percent;
	uint32_t thread; /* row */
	const struct vr_site *site;
	const struct vr_function *function;
};

struct vr_rule {
	const char *name;
	/* 1: it is so */
	int (*examine)(const struct vr_seen *seen, struct vr_case *found);
	/* What was seen, in one line; free() it. */
	char *(*evidence)(const struct vr_seen *seen, const struct vr_case *found);
	const char *advice; /* what to make of it, NULL: the evidence speaks for itself */
	const char *next;   /* verb and options of the command that shows more, NULL: none */
	/* its operand before the file, NULL: none */
	const char *(*operand)(const struct vr_case *found);
};

/* In the order in which they are asked. */
extern const struct vr_rule *const vr_rules[];
extern const size_t vr_rules_count;

extern const struct vr_rule vr_rule_own_malloc, vr_rule_lost_samples, vr_rule_growing,
    vr_rule_rising, vr_rule_kernel, vr_rule_hot_function, vr_rule_churn, vr_rule_unfreed,
    vr_rule_idle, vr_rule_runnable, vr_rule_spins;

#endif
