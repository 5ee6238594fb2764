/* The search for pointers to live blocks: which of them are lost?
 *
 * The helper stops the other threads for as long as it takes to fork a
 * snapshot of the process (their registers are part of it), and lets them go.
 * The child does the searching, in memory of its own, without the host's
 * descriptors; its result becomes rows of the LEAKS section.  docs/leaks.md
 * says what is searched. */
#ifndef VP_LEAK_SEARCH_H
#define VP_LEAK_SEARCH_H

#include "vprof_format.h"

#include <stddef.h>
#include <stdint.h>

/* Why there is none, in scan_note; at the start and when recording ends. */
void vp_leak_search_note(const char *why);

/* Where the process ends.  The exiting thread says where its stack is still
 * in use: at the caller of exit(), whose registers were saved right below. */
struct vp_exit_stack {
	int tid;
	uint64_t sp; /* words from here on are in use */
	uint32_t words;
	uint64_t word[8]; /* registers that calls preserve, and what vp_exit_stack_add_kept adds */
	uint64_t thread_pointer;
	int by_signal; /* all of that was told by vp_exit_stack_at_signal */
};
void vp_exit_stack_below_exit(struct vp_exit_stack *end); /* from below exit() */
/* In a signal handler, with its context: the thread is where the signal met it. */
void vp_exit_stack_at_signal(struct vp_exit_stack *end, const void *context);
/* From a hook: its caller's stack, and the registers it has pushed for it, which
 * __builtin_unwind_init makes all of them, right below the frame pointer's. */
#define VP_EXIT_STACK_HERE(end)                                                                    \
	do {                                                                                       \
		const uint64_t *frame_ = __builtin_frame_address(0);                               \
		__builtin_unwind_init();                                                           \
		(end)->sp = (uint64_t)(uintptr_t)(frame_ + 2);                                     \
		(end)->words = 6;                                                                  \
		for (int i_ = 0; i_ < 6; i_++)                                                     \
			(end)->word[i_] = frame_[-i_];                                             \
		(end)->thread_pointer = (uint64_t)(uintptr_t)__builtin_thread_pointer();           \
	} while (0)

/* Adds what the kernel keeps for the calling thread: its alternate signal stack and
 * the base of gs, which may be all that leads to a block. */
void vp_exit_stack_add_kept(struct vp_exit_stack *end);
uint64_t vp_exit_stack_gs_base(void); /* of the calling thread; 0: none, or not known */

/* The two halves.  begin takes the snapshot and leaves the search to a child;
 * poll returns 1 when it has ended and its result is in the file, 0 when it is
 * still at it, and ends it when its time is over.
 *
 *   end       NULL: the process goes on
 *   own_files 1: the caller's descriptors are the library's own
 * begin returns 0 or -errno as above.
 * Context: one thread at a time: the helper, or where there is none the thread
 * that ends the process; busy guard held. */
int vp_leak_search_begin(enum vprof_scan_trigger trigger, const struct vp_exit_stack *end,
			 int own_files);
int vp_leak_search_poll(uint64_t wait_ns);
/* Takes the result of one that has ended; begins one when leakscan_every says so. */
void vp_leak_search_tick(int last);
void vp_leak_search_every(void);  /* leakscan_every has changed: it counts from now */
void vp_leak_search_cancel(void); /* ends the one under way, if any */
/* Learns from the calling thread's descriptor where libc keeps what; once. */
struct vp_thread;
void vp_leak_search_thread_start(struct vp_thread *thread);
void vp_leak_search_fork_child(void); /* the parent's search is not ours */

/* How long the end of the process may take for it, by the size of the heap: 20 s,
 * and 20 s a GiB. */
uint64_t vp_leak_search_exit_ns(void);

#endif
