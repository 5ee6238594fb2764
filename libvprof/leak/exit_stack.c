/* How far is the stack of the thread that ends the process in use?
 *
 * Exit handlers run below exit(), over what main and others have left there.
 * The walk goes outwards to exit()'s frame; the registers that its caller may
 * still keep something in were saved by the first function it calls. */
#include "base/real.h"
#include "base/state.h"
#include "base/sys.h"
#include "leak/search.h"
#include "stack/step.h"
#include "thread/threads.h"

#include <signal.h>
#include <sys/auxv.h>

#define EXIT_BYTES 64u /* of code, from exit()'s start to its call */
#define SAVED	   6   /* registers that the function it calls pushes first */
#define DEPTH	   64

#define HWCAP2_FSGSBASE_BIT 2ul /* user space may read the bases */

static int is_exit(uint64_t pc)
{
	uint64_t plain = (uint64_t)(uintptr_t)vp_real.exit;
	uint64_t quick = (uint64_t)(uintptr_t)vp_real.quick_exit;

	return pc - plain < EXIT_BYTES || pc - quick < EXIT_BYTES;
}

/* exit()'s frame is its return address and padding; below lie the return
 * address into exit() and the registers. */
static void take_saved(struct vp_exit_stack *end)
{
	const uint64_t *frame = (const uint64_t *)(uintptr_t)end->sp;

	if (!is_exit(frame[-3]))
		return;
	for (int i = 0; i < SAVED; i++)
		end->word[i] = frame[-4 - i];
	end->words = SAVED;
}

void vp_exit_stack_below_exit(struct vp_exit_stack *end)
{
	const struct vp_thread *thread = vp_thread_self();
	struct vp_regs regs = VP_CALLER_REGS();
	struct vp_view view = {regs.sp, 0, (const void *)(uintptr_t)regs.sp, 0};
	struct vp_step step = {.regs = regs, .view = &view};
	int more = 1;

	end->tid = vp_sys_tid();
	end->sp = regs.sp;
	end->words = 0;
	end->thread_pointer = (uint64_t)(uintptr_t)__builtin_thread_pointer();
	if (!thread || regs.sp < thread->stack.lo || regs.sp >= thread->stack.hi)
		return;
	view.hi = thread->stack.hi;
	for (int i = 0; i < DEPTH && more > 0; i++) {
		more = vp_step_frame(&step);
		if (more > 0 && is_exit(step.where & VPROF_WHERE_ADDRESS)) {
			end->sp = step.regs.sp;
			take_saved(end);
			return;
		}
	}
}

uint64_t vp_exit_stack_gs_base(void)
{
	uint64_t base = 0;

	if (getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE_BIT)
		__asm__ volatile(".byte 0xf3, 0x48, 0x0f, 0xae, 0xc8" : "=a"(base)); /* rdgsbase */
	return base;
}

void vp_exit_stack_add_kept(struct vp_exit_stack *end)
{
	stack_t alternate = {0};

	if (end->words + 2 > sizeof(end->word) / sizeof(end->word[0]))
		return;
	if (vp_sys(SYS_sigaltstack, 0, &alternate, 0) == 0 && !(alternate.ss_flags & SS_DISABLE))
		end->word[end->words++] = (uint64_t)(uintptr_t)alternate.ss_sp;
	end->word[end->words++] = vp_exit_stack_gs_base();
}
