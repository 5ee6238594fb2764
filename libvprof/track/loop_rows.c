#include "track/loop_rows.h"
#include "base/clock.h"
#include "base/sys.h"
#include "ring/tables.h"
#include "stack/capture.h"

#include <sys/stat.h>
#include <sys/syscall.h>

/* The frames that have just been captured, without that of the wait itself. */
static void look_around(const struct vp_thread *thread, const struct vp_regs *caller,
			struct vp_loop_around *around)
{
	const struct vp_capture *last = &thread->stack.capture;

	around->count = 0;
	if (last->frame[last->depth].sp != caller->sp) /* a stack that is not its own */
		return;
	for (uint32_t i = last->depth; i > 1 && around->count < VP_LOOP_AROUND; i--)
		around->frame[around->count++] =
		    (struct vp_loop_frame){last->frame[i - 1].sp, last->frame[i - 1].pc};
}

static struct vprof_loop *new_row(const struct vp_thread *thread, struct vp_loop *site,
				  uint32_t node, uint32_t name)
{
	uint32_t id = site->row_id;
	struct vprof_loop *row = site->void_row;

	if (!row)
		row = vp_table_add(VPROF_SEC_LOOPS, &id);
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

/* A file is read to its end again and again, but nobody waits for what comes next. */
static int reads_file(struct vp_loop *site, enum vp_call_kind kind)
{
	const struct vp_call_info *call = &vp_call_info[kind];
	struct stat file;

	if (call->target != VPROF_TARGET_FD || site->rank != VP_LOOP_SLEPT ||
	    (call->traits & VP_CALL_CLASS_MASK) == VPROF_CLASS_IDLE)
		return 0;
	return vp_sys(SYS_fstat, site->object, &file, 0) != 0 || S_ISREG(file.st_mode) ||
	       S_ISBLK(file.st_mode);
}

int vp_loop_settle(struct vp_thread *thread, struct vp_loop *site, const struct vp_regs *caller,
		   enum vp_call_kind kind, uint32_t name, struct vp_loop_past *past)
{
	struct vp_loops *loops = &thread->loops;
	uint32_t node = vp_capture_stack(&thread->stack, caller);
	struct vp_loop_around around;
	enum vp_loop_over how;

	look_around(thread, caller, &around);
	how = vp_loop_takes_over(loops, site, &around, site->back_ns);
	if (how == VP_LOOP_STAYS || reads_file(site, kind))
		return 0;
	if (!site->row)
		site->row = new_row(thread, site, node, name);
	if (!site->row)
		return 0;
	site->void_row = NULL;
	site->around = around;
	*past = site->past;
	if (loops->now && how == VP_LOOP_TAKES_OVER)
		vp_loop_past_alone(past);
	vp_loop_take(loops, site, how);
	return 1;
}

void vp_loops_thread_start(struct vp_thread *thread)
{
	thread->loops.stack_lo = thread->stack.lo;
	thread->loops.stack_hi = thread->stack.hi;
	thread->loops.pauses = vp_control.pauses;
	thread->loops.stalls = &thread->stalls;
}

/* The last one counts as a stall, if it was one, but not as an iteration, as it did not come to
 * its end. */
void vp_loops_finish(int ending)
{
	struct vp_thread *thread = vp_tls.self;
	const struct vp_loop *loop = thread > VP_TLS_ENDED ? thread->loops.now : NULL;
	uint32_t sequence;

	(void)ending;
	if (!loop || !loop->back_ns)
		return;
	vp_stall_note_put(&thread->stalls,
			  &(struct vp_stall_note){.begin_ns = loop->back_ns,
						  .end_ns = vp_clock_now(),
						  .last_ns = loop->back_ns,
						  .worst_ns = thread->loops.worst.ns,
						  .worst_object = thread->loops.worst.object,
						  .worst_node = thread->loops.worst.node,
						  .worst_kind = thread->loops.worst.kind,
						  .loop = loop->row_id});
	vp_loops_drop(&thread->loops);
	sequence = vp_line_open(&thread->line);
	thread->line.iteration_ns = 0;
	vp_line_close(&thread->line, sequence);
}

void vp_loops_thread_end(struct vp_thread *thread)
{
	vp_loops_drop(&thread->loops);
}
