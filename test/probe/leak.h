/* What the leak probes share.  Each of them is a set of cases, chosen by the
 * first argument; test/inject/leak_suite.table has the right answers.
 *
 * A conservative search believes every word that looks like a pointer, so a
 * block is lost for certain only when no forgotten copy of its address is
 * left: cases run deep below main's frame, and leak_scrub() clears what they
 * leave behind, in memory and in registers.  Where a case wants its block to
 * be found in one place alone, it passes the address there as a complement. */
#ifndef LEAK_H
#define LEAK_H

#include "probe.h"
#include <sched.h>

#define NOINLINE      __attribute__((noinline))
#define LEAK_COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct leak_case {
	const char *name;
	void (*run)(void);
};

/* Zero is no address, and neither is a word of these bytes. */
static NOINLINE void *leak_fill(void *p, size_t size)
{
	unsigned char *at = (unsigned char *)opaque(p);

	if (!at)
		DIE("no memory");
	for (size_t i = 0; i < size; i++)
		at[i] = 0x5a;
	return p;
}

static NOINLINE __attribute__((unused)) void *block(size_t size)
{
	return leak_fill(malloc(size), size);
}

/* Clears 256 KiB below the caller's frame and the registers that a call need
 * not keep.  Those that it must keep hold the caller's own values. */
static NOINLINE void leak_scrub(void)
{
	volatile long dead[32 << 10];

	for (size_t i = 0; i < LEAK_COUNT(dead); i++)
		dead[i] = 0;
	__asm__ volatile("xor %%eax, %%eax\n\txor %%ecx, %%ecx\n\txor %%edx, %%edx\n\t"
			 "xor %%esi, %%esi\n\txor %%edi, %%edi\n\txor %%r8d, %%r8d\n\t"
			 "xor %%r9d, %%r9d\n\txor %%r10d, %%r10d\n\txor %%r11d, %%r11d\n\t"
			 "pxor %%xmm0, %%xmm0\n\tpxor %%xmm1, %%xmm1\n\tpxor %%xmm2, %%xmm2\n\t"
			 "pxor %%xmm3, %%xmm3\n\tpxor %%xmm4, %%xmm4\n\tpxor %%xmm5, %%xmm5\n\t"
			 "pxor %%xmm6, %%xmm6\n\tpxor %%xmm7, %%xmm7\n\tpxor %%xmm8, %%xmm8\n\t"
			 "pxor %%xmm9, %%xmm9\n\tpxor %%xmm10, %%xmm10\n\tpxor %%xmm11, %%xmm11\n\t"
			 "pxor %%xmm12, %%xmm12\n\tpxor %%xmm13, %%xmm13\n\t"
			 "pxor %%xmm14, %%xmm14\n\tpxor %%xmm15, %%xmm15"
			 :
			 :
			 : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "xmm0",
			   "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
			   "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "memory");
}

/* Runs it 64 KiB further down, so that leak_scrub() reaches all its frames. */
static NOINLINE void leak_deep(void (*run)(void))
{
	volatile char pad[64 << 10];

	pad[0] = pad[sizeof(pad) - 1] = 0;
	run();
	pad[0] = 1;
}

static NOINLINE void leak_run(void (*run)(void))
{
	leak_deep(run);
	leak_scrub();
}

/* Waits for another thread to say that it is where the case wants it. */
static __attribute__((unused)) void leak_await(volatile int *flag, int value)
{
	while (*flag != value)
		sched_yield();
}

static __attribute__((unused)) int leak_main(int argc, char **argv, const struct leak_case *cases,
					     size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (argc > 1 && strcmp(argv[1], cases[i].name))
			continue;
		if (argc < 2) {
			say("%s\n", cases[i].name);
			continue;
		}
		leak_run(cases[i].run);
		return 0;
	}
	return argc < 2 ? 0 : 97;
}

#endif
