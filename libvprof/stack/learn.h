/* libunwind, and the only place that sees it.
 *
 * It is never allowed to walk the host's stack by itself: its local walk
 * validates memory through a private pipe whose descriptor numbers it
 * remembers, takes the loader lock and masks signals at each step.  Its remote
 * interface does none of that; we hand it registers and memory.
 *
 * All functions: service only, but for vp_learn_init (constructor). */
#ifndef VP_STACK_LEARN_H
#define VP_STACK_LEARN_H

#include "stack/regs.h"
#include "stack/view.h"

#include <stdint.h>

/* The bounds of our thread trampolines (thread/spawn.c names the section). */
extern const char __start_vp_trampoline[] __attribute__((visibility("hidden"), weak));
extern const char __stop_vp_trampoline[] __attribute__((visibility("hidden"), weak));

/* Loads libunwind into a scope of its own.  0 or -ENOENT. */
int vp_learn_init(void);

/* Works out the rule of one code address from its unwind information and
 * stores it in the row table.  Returns the packed rule, never 0. */
uint64_t vp_learn_row(uint64_t address);

/* The words of the stack a full step read: the caller's registers depend on
 * them and on *regs alone.  count > VP_LEARN_WORDS: there were more. */
#define VP_LEARN_WORDS 8u
struct vp_learn_words {
	uint32_t count;
	uint64_t address[VP_LEARN_WORDS], value[VP_LEARN_WORDS];
};

/* One full libunwind step from *regs (pc already moved into the call where it
 * is a return address), reading the stack through `view`.
 * Returns 1 and the caller's registers, or 0 when it cannot go on. */
int vp_learn_step(struct vp_regs *regs, const struct vp_view *view, struct vp_learn_words *words);

#endif
