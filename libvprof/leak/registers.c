/* Which of a stopped thread's registers may hold a pointer.
 *
 * The kernel has put them on its stack in the form of XSAVE: x87 and MMX, SSE, and
 * behind a header the upper halves of AVX and AVX-512, masks, tiles, and whatever a
 * later processor adds.  Where each part lies, the processor says. */
#include "leak/internal.h"

#include <cpuid.h>

#define X87_OFFSET	32u  /* in the area: eight of 16 bytes */
#define SSE_END		416u /* sixteen of 16 bytes behind those */
#define SOFTWARE_OFFSET 464u /* what the kernel says of the area */
#define HEADER_OFFSET	512u
#define EXTENDED	0x46505853u /* "there is more than SSE" */
#define PART_FIRST	2u	    /* the first behind the header */
#define PART_MOST	63u
#define PART_PKRU	9u
#define LOST_IN_CALLS	3u /* the last of `word`: rax, rcx, r11 */
#define SYSCALL		0x050fu

static uint64_t load(uint64_t address)
{
	uint64_t word = vp_leak_load(address);

	if (word == ~0ull && vp_leak_fault_at) {
		vp_leak_fault_at = 0;
		return 0;
	}
	return word;
}

/* Behind the instruction, or on it: the kernel is about to start the call again. */
static int in_a_call(uint64_t pc)
{
	return load(pc - 8) >> 48 == SYSCALL || (load(pc) & 0xffff) == SYSCALL;
}

static void parts(uint64_t area, void (*each)(uint64_t lo, uint64_t hi))
{
	uint64_t used = load(area + HEADER_OFFSET);
	uint32_t room = (uint32_t)load(area + SOFTWARE_OFFSET + 16);

	for (uint32_t i = PART_FIRST; i < PART_MOST; i++) {
		uint32_t bytes, offset, ecx, edx;

		if (!(used >> i & 1) || i == PART_PKRU)
			continue;
		__cpuid_count(0xd, i, bytes, offset, ecx, edx);
		if (offset > HEADER_OFFSET && offset <= room && bytes <= room - offset)
			each(area + offset, area + offset + bytes);
	}
}

void vp_leak_registers(const struct vp_leak_thread *thread, void (*each)(uint64_t lo, uint64_t hi))
{
	uint64_t lo = (uint64_t)(uintptr_t)thread->word, area = thread->vectors;
	int in_call = thread->pc && in_a_call(thread->pc);

	each(lo, lo + (thread->words - (in_call ? LOST_IN_CALLS : 0)) * 8ull);
	/* Nobody keeps anything there across a call of libc's; across one that is part
	 * of the program's own code it may. */
	if (!area || (in_call && vp_leak_is_runtime_code(thread->pc)))
		return;
	each(area + X87_OFFSET, area + SSE_END);
	if ((uint32_t)load(area + SOFTWARE_OFFSET) == EXTENDED)
		parts(area, each);
}
