/* The registers an unwind starts from (x86-64). */
#ifndef VP_REGS_H
#define VP_REGS_H
#include <stdint.h>
struct vp_regs {
	uint64_t pc, sp, bp;
};
#endif
