/* The registers an unwind starts from (x86-64). */
#ifndef VP_STACK_REGS_H
#define VP_STACK_REGS_H
#include <stdint.h>
struct vp_regs {
	uint64_t pc, sp, bp;
};

/* The registers of the hook's caller.  Hooks are compiled with frame pointers,
 * so their own frame needs no unwinding. */
#define VP_CALLER_REGS()                                                                           \
	((struct vp_regs){(uint64_t)(uintptr_t)__builtin_return_address(0),                        \
			  (uint64_t)(uintptr_t)__builtin_frame_address(0) + 16,                    \
			  *(const uint64_t *)__builtin_frame_address(0)})

#endif
