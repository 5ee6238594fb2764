/* A thread of ours that libc does not know.
 *
 * A pthread changes what libc thinks of a program: malloc, stdio and shared_ptr
 * lock, fork takes locks that a child signalled early waits for in vain, and the
 * program no longer ends with its last thread.  So the helper is a task of the
 * kernel's only, with a stack and a thread-local block laid by hand as the x86-64
 * psABI and glibc have it ("variant II": the blocks of all modules below the thread
 * pointer, the descriptor at it).
 *
 * What runs there may use memory of this library, system calls, and functions of
 * libc that neither lock nor allocate: for libc there is still one thread, and its
 * locks are plain stores.  docs/decisions/helper.md */
#ifndef VP_BASE_TASK_H
#define VP_BASE_TASK_H

#include <stdint.h>

#define VP_TASK_STACK (128u << 10)

struct vp_task {
	unsigned char *area; /* guard, stack, thread-local block, descriptor, DTV */
	uint64_t area_bytes;
	int tid;       /* 0: none */
	uint32_t gone; /* futex: 0 when the kernel has taken the task apart */
};

/* Finds out how thread-local blocks lie here.  Returns 0, or -ENOTSUP where they do
 * not lie as known.  Context: once, while the loader's lists stand still. */
int vp_task_learn(void);

/* Starts fn in a task with descriptors, working directory and root of its own, and
 * the signals, memory and credentials of the caller; all signals are blocked there.
 * Returns 0, or -errno: out of memory, no more tasks allowed, or not learned; -ENOSYS
 * where a filter would kill for it. */
int vp_task_start(struct vp_task *task, void (*fn)(void));

/* Makes a task that ends at once, as vp_task_start makes its own: to see whether a
 * filter lets it.  Context: a child that may die of it. */
void vp_task_try(void);

/* Has the task left the process?  Waits for it, at most so long. */
int vp_task_wait(struct vp_task *task, uint64_t wait_ns);

/* In a forked child the task does not exist; its memory is used afresh. */
void vp_task_fork_child(struct vp_task *task);

#endif
