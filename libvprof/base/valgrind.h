/* valgrind, which runs a program's instructions one by one and knows no threads but those of
 * libc: it ends a program that starts one of another kind, as our helper is. */
#ifndef VP_BASE_VALGRIND_H
#define VP_BASE_VALGRIND_H

#include <stdint.h>

/* 1: it runs this process.  A processor does nothing here: the four shifts turn a register
 * around twice.  valgrind knows them, and answers what it is asked. */
static inline int vp_in_valgrind(void)
{
	const uint64_t is_there[6] = {0x1001};
	uint64_t answer = 0;

	__asm__ volatile(
	    "rolq $3, %%rdi\n\trolq $13, %%rdi\n\trolq $61, %%rdi\n\trolq $51, %%rdi\n\t"
	    "xchgq %%rbx, %%rbx"
	    : "+d"(answer)
	    : "a"(is_there)
	    : "cc", "memory");
	return answer != 0;
}

#endif
