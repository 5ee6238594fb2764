#include "helper/seen.h"
#include "base/clock.h"
#include "base/doing.h"
#include "base/sys.h"
#include "base/syscall_names.h"
#include "helper/look.h"
#include "helper/owners.h"
#include "helper/target.h"
#include "ring/names.h"
#include "track/call_rows.h"
#include "track/cpu.h"
#include "track/span.h"

#include <string.h>

/* A line that is always being written is not that of a thread that waits. */
#define LINE_TRIES 4

void vp_seen_thread(const struct vp_thread *thread, struct vp_seen_thread *out)
{
	int tries = LINE_TRIES;

	out->thread = thread;
	out->tid = thread->tid;
	out->row = thread->row_id;
	out->stack_hi = thread->stack.hi;
	while (!vp_line_read(&thread->line, &out->line) && --tries)
		;
	if (!tries)
		out->line.kind = VP_CALL_NONE;
	out->span = vp_span_innermost(thread, &out->span_since_ns);
}

static struct vp_seen_thread *wanted;

static void find(const struct vp_thread *thread)
{
	if (thread->tid == wanted->tid)
		vp_seen_thread(thread, wanted);
}

void vp_seen_find(int tid, struct vp_seen_thread *out)
{
	*out = (struct vp_seen_thread){.tid = tid};
	wanted = out;
	vp_threads_each(find);
	if (!out->thread)
		out->row = vp_threads_row_of_tid(tid, vp_clock_now());
}

/* ---- by the line ------------------------------------------------------------ */

static int is_still_there(const void *arg)
{
	const struct vp_seen_thread *who = arg;

	return vp_line_is(&who->thread->line, &who->line);
}

/* Returns 0 where the thread has gone on. */
static int look_at_line(const struct vp_seen_thread *who, struct vp_seen *out)
{
	const struct vp_call_info *info = &vp_call_info[who->line.kind];
	const struct vp_look_at at = {who->tid, who->stack_hi};
	uint32_t node = vp_look_published(&at, &who->line.caller, is_still_there, who);

	if (!is_still_there(who))
		return 0;
	out->state = VPROF_DUMP_CALL;
	out->class = info->traits & VP_CALL_CLASS_MASK;
	out->idle = (who->line.flags & VP_LINE_AT_LOOP) != 0;
	out->node = node;
	out->call = vp_call_name(who->line.kind);
	out->object = who->line.object;
	out->since_ns = who->line.since_ns;
	out->target = vp_target_text(who->tid, info->target, who->line.object);
	out->owner = vp_owner_of(who->line.kind, who->line.object);
	return 1;
}

/* ---- by the kernel's word --------------------------------------------------- */

static uint32_t name_of(long number)
{
	const char *name = vp_syscall_name(number);

	return name ? vp_name_id(name, strlen(name)) : VPROF_NONE;
}

static void look_at_call(const struct vp_seen_thread *who, const struct vp_doing *doing,
			 struct vp_seen *out)
{
	out->state = VPROF_DUMP_SYSCALL;
	out->class = VPROF_CLASS_UNHOOKED;
	out->call = name_of(doing->number);
	out->object = doing->arg[0];
	out->target = vp_target_text(who->tid, vp_syscall_target(doing->number), out->object);
	out->owner = vp_owner_of_futex(doing);
	if (out->owner)
		out->class = VPROF_CLASS_LOCK;
}

static void look_at_kernel(const struct vp_seen_thread *who, uint64_t from_ns, struct vp_seen *out)
{
	const struct vp_look_at at = {who->tid, who->stack_hi};
	struct vp_doing doing;

	vp_doing_look(who->tid, &doing);
	out->stopped = doing.what == VP_DOING_STOPPED;
	switch (doing.what) {
	case VP_DOING_CALL:
		look_at_call(who, &doing, out);
		break;
	case VP_DOING_FAULT:
		out->state = VPROF_DUMP_FAULT;
		out->class = VPROF_CLASS_FAULT;
		break;
	case VP_DOING_RUNNING:
		out->state = VPROF_DUMP_RUNNING;
		out->node = vp_track_cpu_recent(who->row, from_ns);
		return;
	default:
		break;
	}
	out->node = vp_look_doing(&at, &doing, &out->guessed);
}

void vp_seen_look(const struct vp_seen_thread *who, uint64_t from_ns, struct vp_seen *out)
{
	char text[VP_DOING_WCHAN];

	*out = (struct vp_seen){.call = VPROF_NONE, .target = VPROF_NONE, .wchan = VPROF_NONE};
	if (who->line.kind == VP_CALL_NONE || !look_at_line(who, out))
		look_at_kernel(who, from_ns, out);
	if (out->state != VPROF_DUMP_RUNNING)
		out->wchan = vp_name_id(text, vp_doing_wchan(who->tid, text));
}
