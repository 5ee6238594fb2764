#include "track/loop_rows.h"
#include "ring/tables.h"
#include "stack/capture.h"

/* Has the frame around that of the loop's wait returned?  What cannot be seen has not.
 * Context: the thread's stack has just been captured. */
static int is_gone(const struct vp_thread *thread, const struct vp_loop *loop, uint64_t sp)
{
	const struct vp_capture *last = &thread->stack.capture;

	if (!loop || !loop->outer_pc ||
	    sp - thread->stack.lo >= thread->stack.hi - thread->stack.lo)
		return 0;
	for (uint32_t i = last->depth; i > 0; i--) {
		if (last->frame[i].sp == loop->outer_sp && last->frame[i].pc == loop->outer_pc)
			return 0;
		if (last->frame[i].sp > loop->outer_sp)
			return 1;
	}
	return 0;
}

static void note_outer(const struct vp_thread *thread, struct vp_loop *site, uint64_t sp)
{
	const struct vp_capture *last = &thread->stack.capture;

	site->outer_pc = 0;
	if (last->depth < 2 || last->frame[last->depth].sp != sp)
		return;
	site->outer_sp = last->frame[last->depth - 1].sp;
	site->outer_pc = last->frame[last->depth - 1].pc;
}

static struct vprof_loop *new_row(const struct vp_thread *thread, struct vp_loop *site,
				  uint32_t node, uint32_t name)
{
	uint32_t id;
	struct vprof_loop *row = vp_table_add(VPROF_SEC_LOOPS, &id);

	if (!row) {
		site->refused = 1;
		vp_lost(VPROF_LOST_LOOPS, 1);
		return NULL;
	}
	row->thread = thread->row_id;
	row->node = node;
	row->site = site->pc;
	row->depth = site->sp;
	site->row_id = id;
	/* Pairs with a reader of the file, to which a row without a name is none. */
	__atomic_store_n(&row->name, name, __ATOMIC_RELEASE);
	return row;
}

int vp_loop_settle(struct vp_thread *thread, struct vp_loop *site, const struct vp_regs *caller,
		   uint32_t name, struct vp_loop_past *past)
{
	struct vp_loops *loops = &thread->loops;
	uint32_t node = vp_capture_stack(&thread->stack, caller);
	int gone = is_gone(thread, loops->now, caller->sp);

	if (!vp_loop_takes_over(loops, site, gone, site->back_ns))
		return 0;
	if (!site->row) {
		note_outer(thread, site, caller->sp);
		site->row = new_row(thread, site, node, name);
	}
	if (!site->row)
		return 0;
	*past = site->past;
	vp_loop_take(loops, site, gone);
	return 1;
}

void vp_loops_thread_start(struct vp_thread *thread)
{
	thread->loops.stack_lo = thread->stack.lo;
	thread->loops.stack_hi = thread->stack.hi;
	thread->loops.pauses = vp_control.pauses;
}

void vp_loops_thread_end(struct vp_thread *thread)
{
	vp_loops_drop(&thread->loops);
}
