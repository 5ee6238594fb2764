/* L2 */
#include "stack/unwind.h"
#include "base/service.h"
#include "base/sys.h"
#include "base/thread.h"
#include "ring/file.h"
#include "ring/tables.h"
#include "stack/learn.h"
#include "stack/modules.h"
#include "stack/rows.h"
#include "vprof_format.h"

#include <sys/uio.h>

/* The frame of our thread trampoline is not the host's; hidden from stacks.
 * The section is named in hooks/pthread.c. */
extern const char __start_vp_trampoline[] __attribute__((visibility("hidden")));
extern const char __stop_vp_trampoline[] __attribute__((visibility("hidden")));

struct learn_request {
	uint64_t address, rule;
};

static void learn(void *arg)
{
	struct learn_request *request = arg;

	request->rule = vp_learn_row(request->address);
}

static struct vp_rule rule_of(uint64_t address)
{
	uint64_t word = vp_rows_find(address);

	if (__builtin_expect(!word, 0)) {
		struct learn_request request = {address, 0};

		vp_service(learn, &request);
		word = request.rule;
	}
	return vp_rule_unpack(word);
}

struct step_request {
	struct vp_regs *regs;
	const struct vp_view *view;
	int ok;
};

static void full_step(void *arg)
{
	struct step_request *request = arg;

	request->ok = vp_learn_step(request->regs, request->view);
}

/* One frame outwards by its row.  Returns 0 or the reason to stop. */
static int step_by_row(struct vp_regs *regs, const struct vp_rule *rule,
		       const struct vp_view *view)
{
	uint64_t frame = (rule->kind == VP_ROW_SP ? regs->sp : regs->bp) +
			 (uint64_t)(int64_t)rule->cfa_off;
	uint64_t pc, bp = regs->bp;

	/* The stack grows down: a caller's frame lies above. */
	if (frame <= regs->sp)
		return VPROF_CUT_BAD_FRAME;
	if (!vp_view_read(view, frame - 8, &pc) ||
	    (rule->bp_saved &&
	     !vp_view_read(view, frame + (uint64_t)(int64_t)rule->bp_off, &bp)))
		return view->copied ? VPROF_CUT_COPY_END : VPROF_CUT_BAD_FRAME;
	*regs = (struct vp_regs){pc, frame, bp};
	return 0;
}

/* Code without unwind rules (JIT, assembly): follow the frame pointer, but
 * only where it leads to a return address in code we know. */
static int step_by_frame_pointer(struct vp_regs *regs, const struct vp_view *view)
{
	uint64_t pc, bp;

	if (regs->bp < regs->sp || regs->bp % 8 || !vp_view_read(view, regs->bp + 8, &pc) ||
	    !vp_view_read(view, regs->bp, &bp) || pc < 4096 || pc > VPROF_WHERE_ADDRESS)
		return VPROF_CUT_NO_INFO;
	*regs = (struct vp_regs){pc, regs->bp + 16, bp};
	vp_lost(VPROF_FP_GUESSES, 1);
	return 0;
}

static int step_full(struct vp_regs *regs, uint64_t lookup, const struct vp_view *view)
{
	struct vp_regs next = {lookup, regs->sp, regs->bp};
	struct step_request request = {&next, view, 0};

	vp_service(full_step, &request);
	__atomic_fetch_add(&vp_file.header->full_steps, 1, __ATOMIC_RELAXED);
	if (!request.ok || next.sp <= regs->sp)
		return VPROF_CUT_BAD_FRAME;
	*regs = next;
	return 0;
}

static int is_trampoline(uint64_t pc)
{
	return pc >= (uint64_t)(uintptr_t)__start_vp_trampoline &&
	       pc < (uint64_t)(uintptr_t)__stop_vp_trampoline;
}

static int step(struct vp_regs *regs, const struct vp_rule *rule, uint64_t lookup, int exact,
		const struct vp_view *view)
{
	switch (rule->kind) {
	case VP_ROW_SP:
	case VP_ROW_BP:
		return step_by_row(regs, rule, view);
	case VP_ROW_FULL:
	case VP_ROW_SIGNAL:
		return step_full(regs, lookup, view);
	case VP_ROW_NO_INFO:
		/* The innermost function may not have set up its frame yet. */
		if (exact)
			return VPROF_CUT_NO_INFO;
		return step_by_frame_pointer(regs, view);
	default:
		return VPROF_CUT_NO_INFO;
	}
}

size_t vp_unwind(const struct vp_regs *start, int exact, const struct vp_view *view,
		 uint64_t *where, size_t max)
{
	struct vp_regs regs = *start;
	size_t n = 0;

	for (;;) {
		uint64_t lookup = regs.pc - !exact;
		struct vp_rule rule;
		int cut;

		if (regs.pc < 4096 || regs.pc > VPROF_WHERE_ADDRESS)
			break; /* a return address of 0 ends hand-made stacks */
		if (n == max) {
			vp_lost(VPROF_CUT_DEPTH, 1);
			break;
		}
		rule = rule_of(lookup);
		if (!is_trampoline(regs.pc))
			where[n++] = regs.pc | (exact ? VPROF_WHERE_EXACT : 0) |
				     (uint64_t)rule.module << VPROF_WHERE_MODULE_SHIFT;
		if (rule.kind == VP_ROW_END)
			break;
		cut = step(&regs, &rule, lookup, exact, view);
		if (cut) {
			vp_lost((enum vprof_lost)cut, 1);
			break;
		}
		exact = rule.kind == VP_ROW_SIGNAL;
	}
	return n;
}

/* Coroutine and signal stacks: how far they reach is unknown, so a part is
 * copied by the kernel, which cannot fault. */
static size_t unwind_foreign(struct vp_thread *thread, const struct vp_regs *start, int exact,
			     uint64_t *where, size_t max)
{
	struct vp_view view = {start->sp, 0, thread->foreign, 1};
	size_t want = sizeof(thread->foreign), page = 4096 - (start->sp & 4095), got = 0;

	while (got < want) {
		struct iovec to = {thread->foreign + got, got + page > want ? want - got : page};
		struct iovec from = {(void *)(uintptr_t)(start->sp + got), to.iov_len};
		long ret = vp_sys6(SYS_process_vm_readv, vp_control.pid, (long)&to, 1, (long)&from,
				   1, 0);

		if (ret <= 0)
			break;
		got += (size_t)ret;
		page = 4096;
	}
	view.hi = view.lo + got;
	if (!got)
		vp_lost(VPROF_CUT_FOREIGN, 1);
	return vp_unwind(start, exact, &view, where, max);
}

size_t vp_unwind_live(struct vp_thread *thread, const struct vp_regs *start, int exact,
		      uint64_t *where, size_t max)
{
	struct vp_view view = {start->sp, thread->stack_hi, (const void *)(uintptr_t)start->sp, 0};

	if (start->sp < thread->stack_lo || start->sp >= thread->stack_hi)
		return unwind_foreign(thread, start, exact, where, max);
	return vp_unwind(start, exact, &view, where, max);
}

static void drop(const struct vp_module *module)
{
	vp_rows_drop(module->start, module->end);
}

static void sweep(void *arg)
{
	(void)arg;
	vp_modules_sweep(drop);
}

void vp_unwind_after_dlclose(void)
{
	vp_service(sweep, NULL);
}
