/* Rules: each is one thing that may stand out in a run.
 *
 * A new one is a struct in its family's file (record.c, heap.c, cpu.c, threads.c, slow.c,
 * slow_spans.c), its name below and its place in an order of rules.c. */
#ifndef VR_RULES_H
#define VR_RULES_H

#include "model/calls.h"
#include "model/cpu.h"
#include "model/heap.h"
#include "model/leaks.h"
#include "model/locks.h"
#include "model/loops.h"
#include "model/memory.h"
#include "model/spans.h"
#include "model/threads.h"
#include "model/work.h"

/* What was read of the run. */
struct vr_seen {
	struct vr_profile *profile;
	const struct vr_cpu *cpu;
	struct vr_work work; /* of cpu */
	const struct vr_heap *heap;
	const struct vr_leaks *leaks; /* what was suppressed is marked */
	const struct vr_memory *memory;
	const struct vr_thread *threads; /* by row of THREADS */
	const struct vr_locks *locks;
	const struct vr_calls *calls;
	const struct vr_loops *loops;
	const struct vr_spans *spans; /* by name */
};

/* What a rule found: each fills what its evidence speaks of. */
struct vr_case {
	uint64_t count;
	double percent;
	uint32_t thread;			 /* row */
	uint64_t allocs, temporary, alloc_bytes; /* of one function */
	const struct vr_leak *leak;
	const struct vr_function *function;
	const struct vr_loop *loop;
	const struct vr_stall *stall;
	const struct vr_stall_cause *cause;
	const struct vr_call_site *site;
	const struct vr_span_sum *span;
	const char *next; /* where the rule's own would not do; NULL: it does */
};

struct vr_rule {
	const char *name;
	/* 1: it is so */
	int (*examine)(const struct vr_seen *seen, struct vr_case *found);
	/* What was seen, in one line; free() it. */
	char *(*evidence)(const struct vr_seen *seen, const struct vr_case *found);
	const char *advice; /* what to make of it, NULL: the evidence speaks for itself */
	const char *next;   /* verb and options of the command that shows more */
	/* its operand before the file, NULL: none */
	const char *(*operand)(const struct vr_case *found);
	/* the same as `next`, where it depends on what was found: free() it; NULL: it does not */
	char *(*ask)(const struct vr_case *found);
};

/* In the order in which they are asked: what to look at first, and why it was slow. */
extern const struct vr_rule *const vr_rules[], *const vr_slow_rules[];
extern const size_t vr_rules_count, vr_slow_rules_count;

extern const struct vr_rule vr_rule_own_malloc, vr_rule_lost_samples, vr_rule_unsampled,
    vr_rule_short, vr_rule_growing, vr_rule_rising, vr_rule_kernel, vr_rule_hot_function,
    vr_rule_allocator, vr_rule_leak, vr_rule_unsearched, vr_rule_idle, vr_rule_runnable,
    vr_rule_spins, vr_rule_nothing_recorded, vr_rule_deadlock, vr_rule_hang, vr_rule_stalls,
    vr_rule_outside, vr_rule_loop_blocked, vr_rule_loop_busy, vr_rule_blocked, vr_rule_locked,
    vr_rule_pages, vr_rule_slow_spans;

#endif
