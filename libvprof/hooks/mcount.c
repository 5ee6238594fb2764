/* mcount and __fentry__, which functions built with -pg call at their beginning, and what those
 * call that were patched to.
 *
 * They are called before the function has looked at its arguments, so every register that may
 * hold one comes back as it was; then they jump on to libc's own, which finds the stack and
 * the registers as if we had not been there: gmon.out is its work.  This file is compiled
 * without vector registers; where other code has to run, they are kept aside.
 *
 * Context: any thread, beneath handlers of signals too, before the library has started. */
#include "base/real.h"
#include "hooks/entry.h"
#include "hooks/hooks.h"
#include "hooks/patched.h"
#include "track/count.h"

#include <cpuid.h>

/* For the assembly: where the vector registers go, in XSAVE's form, or FXSAVE's (no mask). */
uint64_t vp_mcount_keep_bytes __attribute__((visibility("hidden")));
uint64_t vp_mcount_keep_mask __attribute__((visibility("hidden")));

/* SSE, AVX, and the three parts of AVX-512: what arguments are passed in. */
#define VECTORS	     0xe6u
#define FXSAVE_BYTES 512u

static uint32_t awake; /* 1: the functions behind are known */

/* Calls vp_mcount_missing() with all vector registers kept. */
void vp_mcount_keep(uint64_t function, uint64_t caller, enum vprof_count_how how)
    __attribute__((visibility("hidden")));
void vp_mcount_missing(uint64_t function, uint64_t caller, enum vprof_count_how how)
    __attribute__((visibility("hidden")));
void *vp_mcount_count(uint64_t function, uint64_t caller, enum vprof_count_how how)
    __attribute__((visibility("hidden")));

static void learn_vectors(void)
{
	unsigned a, b, c, d, bytes = FXSAVE_BYTES + 64;
	uint64_t mask = 0;

	__cpuid(1, a, b, c, d);
	if (c & bit_OSXSAVE) {
		__asm__("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
		mask = a & VECTORS;
	}
	for (unsigned part = 2; part < 8; part++) {
		if (!(mask & 1u << part))
			continue;
		__cpuid_count(0xd, part, a, b, c, d);
		if (a + b > bytes)
			bytes = a + b;
	}
	vp_mcount_keep_mask = mask;
	vp_mcount_keep_bytes = bytes;
}

/* A function that is not in the thread's table yet; or the first call of all. */
void vp_mcount_missing(uint64_t function, uint64_t caller, enum vprof_count_how how)
{
	const struct vp_count_slot *slot;

	if (!vp_started)
		vp_entry_start();
	vp_real_resolve();
	/* Pairs with vp_mcount_count(). */
	__atomic_store_n(&awake, 1, __ATOMIC_RELEASE);
	if (!vp_count_on())
		return;
	slot = vp_count_slow(function, caller, how);
	if (slot)
		vp_count_add(&slot->row->calls);
}

static inline __attribute__((always_inline)) const struct vp_count_slot *find(uint64_t function,
									      uint64_t caller)
{
	const struct vp_counts *counts = vp_count_mine();

	return counts ? vp_count_find(counts->table, function, caller) : NULL;
}

/* Counts one call; returns the function to jump on to, NULL where the loader has not been at
 * our addresses yet (hooks/count.c). */
void *vp_mcount_count(uint64_t function, uint64_t caller, enum vprof_count_how how)
{
	const struct vp_count_slot *slot = NULL;

	if (__builtin_expect(!__atomic_load_n(&awake, __ATOMIC_ACQUIRE), 0)) {
		if (!vp_entry_loaded())
			return NULL;
		learn_vectors();
		vp_mcount_keep(function, caller, how);
	} else if (vp_count_on()) {
		slot = find(function, caller);
		if (__builtin_expect(slot != NULL, 1))
			vp_count_add(&slot->row->calls);
		else
			vp_mcount_keep(function, caller, how);
	}
	return how == VPROF_COUNT_FENTRY ? (void *)vp_real.__fentry__ : (void *)vp_real.mcount;
}

/* --- patched functions ------------------------------------------------------------ */

/* Of a function whose code a caller in the same file knows, it may know, too, which registers
 * stay as they are (-fipa-ra): all do. */
#define KEEPS_ALL __attribute__((no_caller_saved_registers, visibility("hidden")))

void vp_patched_keep(uint64_t function, uint64_t caller) KEEPS_ALL;
void vp_patched_missing(uint64_t function, uint64_t caller) __attribute__((visibility("hidden")));

/* Called with the general registers kept. */
void vp_patched_missing(uint64_t function, uint64_t caller)
{
	if (!vp_mcount_keep_bytes)
		learn_vectors();
	vp_mcount_keep(function, caller, VPROF_COUNT_PATCHED);
}

/* Above our frame pointer are the return addresses into the function and into its caller, as the
 * function has nothing on the stack yet. */
KEEPS_ALL void vp_patched(void)
{
	const uint64_t *frame = __builtin_frame_address(0);
	const struct vp_count_slot *slot;

	if (!vp_count_on())
		return;
	slot = find(frame[1], frame[2]);
	if (__builtin_expect(slot != NULL, 1))
		vp_count_add(&slot->row->calls);
	else
		vp_patched_keep(frame[1], frame[2]);
}

__asm__(".text\n"
	"	.hidden vp_patched_keep\n"
	"	.globl vp_patched_keep\n"
	"	.type vp_patched_keep, @function\n"
	"vp_patched_keep:\n"
	"	.cfi_startproc\n"
	"	subq $72, %rsp\n"
	"	.cfi_adjust_cfa_offset 72\n"
	"	movq %rax, (%rsp)\n"
	"	movq %rcx, 8(%rsp)\n"
	"	movq %rdx, 16(%rsp)\n"
	"	movq %rsi, 24(%rsp)\n"
	"	movq %rdi, 32(%rsp)\n"
	"	movq %r8, 40(%rsp)\n"
	"	movq %r9, 48(%rsp)\n"
	"	movq %r10, 56(%rsp)\n"
	"	movq %r11, 64(%rsp)\n"
	"	call vp_patched_missing\n"
	"	movq (%rsp), %rax\n"
	"	movq 8(%rsp), %rcx\n"
	"	movq 16(%rsp), %rdx\n"
	"	movq 24(%rsp), %rsi\n"
	"	movq 32(%rsp), %rdi\n"
	"	movq 40(%rsp), %r8\n"
	"	movq 48(%rsp), %r9\n"
	"	movq 56(%rsp), %r10\n"
	"	movq 64(%rsp), %r11\n"
	"	addq $72, %rsp\n"
	"	.cfi_adjust_cfa_offset -72\n"
	"	ret\n"
	"	.cfi_endproc\n"
	"	.size vp_patched_keep, . - vp_patched_keep\n");

/* --- mcount and __fentry__ ---------------------------------------------------------- */

/* At the call the return address is in the function that tells of itself.  mcount is called when
 * that has its frame pointer, __fentry__ before it has anything: CALLER is where the return
 * address of the function is.  r11 holds nothing at the beginning of a function. */
#define ENTRY(name, caller, how)                                                                   \
	"	.globl " name "\n"                                                                 \
	"	.type " name ", @function\n"                                                       \
	"	.p2align 4\n" name ":\n"                                                           \
	"	.cfi_startproc\n"                                                                        \
	"	subq $72, %rsp\n"                                                                        \
	"	.cfi_adjust_cfa_offset 72\n"                                                             \
	"	movq %rax, (%rsp)\n"                                                                     \
	"	movq %rcx, 8(%rsp)\n"                                                                    \
	"	movq %rdx, 16(%rsp)\n"                                                                   \
	"	movq %rsi, 24(%rsp)\n"                                                                   \
	"	movq %rdi, 32(%rsp)\n"                                                                   \
	"	movq %r8, 40(%rsp)\n"                                                                    \
	"	movq %r9, 48(%rsp)\n"                                                                    \
	"	movq %r10, 56(%rsp)\n"                                                                   \
	"	movq 72(%rsp), %rdi\n"                                                                   \
	"	movq " caller ", %rsi\n"                                                           \
	"	movl $" how ", %edx\n"                                                             \
	"	call vp_mcount_count\n"                                                                  \
	"	movq %rax, %r11\n"                                                                       \
	"	movq (%rsp), %rax\n"                                                                     \
	"	movq 8(%rsp), %rcx\n"                                                                    \
	"	movq 16(%rsp), %rdx\n"                                                                   \
	"	movq 24(%rsp), %rsi\n"                                                                   \
	"	movq 32(%rsp), %rdi\n"                                                                   \
	"	movq 40(%rsp), %r8\n"                                                                    \
	"	movq 48(%rsp), %r9\n"                                                                    \
	"	movq 56(%rsp), %r10\n"                                                                   \
	"	addq $72, %rsp\n"                                                                        \
	"	.cfi_adjust_cfa_offset -72\n"                                                            \
	"	testq %r11, %r11\n"                                                                      \
	"	jz 1f\n"                                                                                 \
	"	jmp *%r11\n"                                                                             \
	"1:	ret\n"                                                                                 \
	"	.cfi_endproc\n"                                                                          \
	"	.size " name ", . - " name "\n"

__asm__(".text\n" /* the stack need not be aligned here: the code that is called asks for nothing */
	ENTRY("mcount", "8(%rbp)", "2") ENTRY(
	    "__fentry__", "80(%rsp)",
	    "3") "	.globl _mcount\n"
		 "	.set _mcount, mcount\n"
		 "	.hidden vp_mcount_keep\n"
		 "	.globl vp_mcount_keep\n"
		 "	.type vp_mcount_keep, @function\n"
		 "vp_mcount_keep:\n"
		 "	.cfi_startproc\n"
		 "	pushq %rbp\n"
		 "	.cfi_def_cfa_offset 16\n"
		 "	.cfi_offset %rbp, -16\n"
		 "	movq %rsp, %rbp\n"
		 "	.cfi_def_cfa_register %rbp\n"
		 "	pushq %rdx\n"
		 "	pushq %rsi\n"
		 "	subq vp_mcount_keep_bytes(%rip), %rsp\n"
		 "	andq $-64, %rsp\n"
		 "	cmpq $0, vp_mcount_keep_mask(%rip)\n"
		 "	je 1f\n"
		 "	xorl %edx, %edx\n" /* of XSAVE's header nothing may be left from before */
		 "	movq %rdx, 512(%rsp)\n"
		 "	movq %rdx, 520(%rsp)\n"
		 "	movq %rdx, 528(%rsp)\n"
		 "	movq %rdx, 536(%rsp)\n"
		 "	movq %rdx, 544(%rsp)\n"
		 "	movq %rdx, 552(%rsp)\n"
		 "	movq %rdx, 560(%rsp)\n"
		 "	movq %rdx, 568(%rsp)\n"
		 "	movl vp_mcount_keep_mask(%rip), %eax\n"
		 "	xsave64 (%rsp)\n"
		 "	movq -8(%rbp), %rdx\n"
		 "	movq -16(%rbp), %rsi\n"
		 "	call vp_mcount_missing\n"
		 "	xorl %edx, %edx\n"
		 "	movl vp_mcount_keep_mask(%rip), %eax\n"
		 "	xrstor64 (%rsp)\n"
		 "	jmp 2f\n"
		 "1:	fxsave64 (%rsp)\n"
		 "	call vp_mcount_missing\n"
		 "	fxrstor64 (%rsp)\n"
		 "2:	leave\n"
		 "	.cfi_def_cfa %rsp, 8\n"
		 "	ret\n"
		 "	.cfi_endproc\n"
		 "	.size vp_mcount_keep, . - vp_mcount_keep\n");
