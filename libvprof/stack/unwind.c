/* L2 */
#include "stack/unwind.h"
#include "base/service.h"
#include "base/sys.h"
#include "base/thread.h"
#include "ring/file.h"
#include "ring/tables.h"
#include "stack/modules.h"
#include "stack/oracle.h"
#include "stack/step.h"

#include <sys/uio.h>

struct learn_request {
	uint64_t address, rule;
};

static void learn(void *arg)
{
	struct learn_request *request = arg;

	request->rule = vp_learn_row(request->address);
}

uint64_t vp_step_learn(uint64_t address)
{
	struct learn_request request = {address, 0};

	vp_service(learn, &request);
	return request.rule;
}

struct full_request {
	struct vp_regs regs;
	struct vp_step *step;
	int ok;
};

static void full_step(void *arg)
{
	struct full_request *request = arg;

	request->ok = vp_learn_step(&request->regs, request->step->view, &request->step->words);
}

int vp_step_full(struct vp_step *step, uint64_t lookup)
{
	struct full_request request = {{lookup, step->regs.sp, step->regs.bp}, step, 0};

	vp_service(full_step, &request);
	__atomic_fetch_add(&vp_file.header->full_steps, 1, __ATOMIC_RELAXED);
	step->full = 1;
	if (!request.ok || request.regs.sp <= step->regs.sp)
		return VPROF_CUT_BAD_FRAME;
	step->regs = request.regs;
	return 0;
}

size_t vp_unwind(const struct vp_regs *start, int exact, const struct vp_view *view,
		 uint64_t *where, size_t max)
{
	struct vp_step step = {.regs = *start, .exact = exact, .view = view};
	size_t n = 0;
	int more = 1;

	while (more > 0 && n < max) {
		more = vp_step_frame(&step);
		if (more >= 0 && !step.hidden)
			where[n++] = step.where;
	}
	if (more > 0)
		vp_lost(VPROF_CUT_DEPTH, 1);
	else if (step.cut)
		vp_lost((enum vprof_lost)step.cut, 1);
	vp_oracle_walk(start, exact, view, where, n);
	return n;
}

size_t vp_unwind_foreign(struct vp_thread *thread, const struct vp_regs *start, int exact,
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
		return vp_unwind_foreign(thread, start, exact, where, max);
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
