#include "stack/unwind.h"
#include "base/service.h"
#include "base/sys.h"
#include "ring/file.h"
#include "ring/tables.h"
#include "stack/capture.h"
#include "stack/modules.h"
#include "stack/oracle.h"
#include "stack/step.h"

#include <dlfcn.h>

struct learn_request {
	uint64_t address, rule;
};

/* A row is there already while objects are being unloaded: it holds if its module does. */
static void learn(void *arg)
{
	struct learn_request *request = arg;
	uint64_t word = vp_rows_find(request->address);
	const struct vp_module *module = word ? vp_module_find(request->address) : NULL;

	if (module && vp_rule_unpack(word).module == module->id)
		request->rule = word;
	else
		request->rule = vp_learn_row(request->address);
}

uint64_t vp_step_learn(uint64_t address)
{
	struct learn_request request = {address, 0};

	vp_service_try(learn, &request);
	return request.rule;
}

uint64_t vp_step_nowhere(uint64_t lookup, uint64_t word)
{
	struct dl_find_object found;

	if (vp_rule_unpack(word).module != VPROF_MODULE_UNKNOWN ||
	    _dl_find_object((void *)(uintptr_t)lookup, &found) != 0)
		return word;
	return vp_step_learn(lookup);
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

	step->refused = !vp_service_try(full_step, &request);
	__atomic_fetch_add(&vp_file.header->full_steps, 1, __ATOMIC_RELAXED);
	step->full = 1;
	if (step->refused)
		return VPROF_LOST_REENTRANT;
	if (!request.ok || request.regs.sp <= step->regs.sp)
		return VPROF_CUT_BAD_FRAME;
	step->regs = request.regs;
	return 0;
}

/* The return address that the frame of step->regs leads to, where its rule is a plain one. */
static uint64_t slot_of(const struct vp_step *step, int exact)
{
	struct vp_rule rule = vp_rule_unpack(vp_rows_find(step->regs.pc - !exact));
	uint64_t base = rule.kind == VP_ROW_BP ? step->regs.bp : step->regs.sp;

	if ((rule.kind != VP_ROW_SP && rule.kind != VP_ROW_BP) || rule.hidden)
		return 0;
	return base + (uint64_t)(int64_t)rule.cfa_off - 8;
}

/* Fills *cut, which may be NULL, where the copy's end cut the walk.
 *   why  [out] 0: it came to the outermost frame; else why not */
static size_t steps(const struct vp_regs *start, int exact, const struct vp_view *view,
		    uint64_t *where, size_t max, struct vp_cut *cut, int *why)
{
	struct vp_step step = {.regs = *start, .exact = exact, .view = view};
	int more = 1, was_exact = exact;
	size_t n = 0;

	step.unloading = __atomic_load_n(&vp_modules_closing, __ATOMIC_ACQUIRE) != 0;
	while (more > 0 && n < max) {
		if (cut)
			cut->sp[n] = step.regs.sp;
		was_exact = step.exact;
		more = vp_step_frame(&step);
		if (more >= 0 && !step.hidden)
			where[n++] = step.where;
	}
	if (cut && more <= 0 && step.cut == VPROF_CUT_COPY_END) {
		cut->slot = slot_of(&step, was_exact);
		cut->regs = step.regs;
		cut->exact = was_exact;
	}
	*why = more > 0 ? VPROF_CUT_DEPTH : step.cut;
	return n;
}

/* Counts why a walk was cut, but for what stands in *cut. */
static size_t walk(const struct vp_regs *start, int exact, const struct vp_view *view,
		   uint64_t *where, size_t max, struct vp_cut *cut)
{
	int why;
	size_t n = steps(start, exact, view, where, max, cut, &why);

	if (why && !(cut && cut->slot))
		vp_lost((enum vprof_lost)why, 1);
	vp_oracle_walk(start, exact, view, where, n);
	return n;
}

size_t vp_unwind_try(const struct vp_regs *start, int exact, const struct vp_view *view,
		     uint64_t *where, size_t max, int *why)
{
	return steps(start, exact, view, where, max, NULL, why);
}

size_t vp_unwind(const struct vp_regs *start, int exact, const struct vp_view *view,
		 uint64_t *where, size_t max)
{
	return walk(start, exact, view, where, max, NULL);
}

size_t vp_unwind_copy(const struct vp_regs *start, int exact, const struct vp_view *view,
		      uint64_t *where, size_t max, struct vp_cut *cut)
{
	cut->slot = 0;
	return walk(start, exact, view, where, max, cut);
}

size_t vp_unwind_foreign(struct vp_stack *stack, const struct vp_regs *start, int exact,
			 uint64_t *where, size_t max)
{
	struct vp_view view = {start->sp, 0, stack->foreign, 1};
	size_t got = vp_sys_peek(stack->foreign, start->sp, sizeof(stack->foreign));

	view.hi = view.lo + got;
	if (!got)
		vp_lost(VPROF_CUT_FOREIGN, 1);
	return vp_unwind(start, exact, &view, where, max);
}

size_t vp_unwind_live(struct vp_stack *stack, const struct vp_regs *start, int exact,
		      uint64_t *where, size_t max)
{
	struct vp_view view = {start->sp, stack->hi, (const void *)(uintptr_t)start->sp, 0};

	if (start->sp < stack->lo || start->sp >= stack->hi)
		return vp_unwind_foreign(stack, start, exact, where, max);
	return vp_unwind(start, exact, &view, where, max);
}

static void drop(const struct vp_module *module)
{
	vp_rows_drop(module->start, module->end);
}

/* Being a service, it waits for whoever still reads without care. */
static void close_begin(void *arg)
{
	(void)arg;
	/* Pairs with vp_capture_stack() and vp_unwind(). */
	__atomic_store_n(&vp_modules_closing, vp_modules_closing + 1, __ATOMIC_RELEASE);
	vp_rows_new_generation();
}

static void sweep(void *arg)
{
	(void)arg;
	vp_modules_sweep(drop);
}

static void close_done(void *arg)
{
	sweep(arg);
	if (vp_modules_closing) /* in a child forked by a destructor it is 0 */
		/* Pairs with vp_capture_stack() and vp_unwind(). */
		__atomic_store_n(&vp_modules_closing, vp_modules_closing - 1, __ATOMIC_RELEASE);
	vp_rows_new_generation();
}

void vp_unwind_tick(int last)
{
	if (!last)
		vp_service_try(sweep, NULL);
}

void vp_unwind_close_begin(void)
{
	vp_service(close_begin, NULL);
}

void vp_unwind_close_done(void)
{
	vp_service(close_done, NULL);
}

void vp_unwind_fork_child(void)
{
	vp_modules_closing = 0;
	vp_service(close_done, NULL);
}
