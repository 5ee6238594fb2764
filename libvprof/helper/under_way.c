#include "helper/under_way.h"
#include "base/clock.h"
#include "base/state.h"
#include "base/sys.h"
#include "helper/seen.h"
#include "ring/tables.h"
#include "track/call_rows.h"

#define THREADS_MOST 4096u /* at that moment in calls: of more, the rest is not charged */

static struct vp_seen_thread *found;
static uint32_t found_count;

/* Waits for locks are charged by track/wait.c. */
static int is_call(const struct vp_call_line *line)
{
	return line->kind != VP_CALL_NONE && line->kind < VP_CALL_OF_LOCKS && line->since_ns;
}

static void find(const struct vp_thread *thread)
{
	if (found_count == THREADS_MOST || !thread->row_id || !is_call(&thread->line))
		return;
	vp_seen_thread(thread, &found[found_count]);
	found_count += is_call(&found[found_count].line) != 0;
}

static void fill(struct vprof_call *row, const struct vp_call_line *line, uint64_t ns)
{
	row->calls = row->blocked = 1;
	row->time_ns = row->max_ns = row->blocked_ns = ns;
	row->first_ns = row->last_ns = line->since_ns + ns;
	row->histogram[vprof_histogram_bucket(ns, VPROF_CALL_UNIT_BITS, VPROF_CALL_SUB_BITS,
					      VPROF_CALL_BUCKETS)] = 1;
	if (line->flags & VP_LINE_AT_LOOP) {
		row->flags = VPROF_CALL_AT_LOOP;
		row->idle = 1;
		row->idle_ns = ns;
	} else if (line->iteration_ns) {
		row->on_loop = 1;
		row->on_loop_ns = ns;
	}
}

/* A row of its own: nobody touches another thread's index. */
static void charge(const struct vp_seen_thread *who, uint64_t now_ns)
{
	const struct vp_call_info *info = &vp_call_info[who->line.kind];
	struct vprof_call *row;
	struct vp_seen seen;
	uint32_t id;

	vp_seen_look(who, now_ns, &seen);
	if (seen.state != VPROF_DUMP_CALL || seen.since_ns != who->line.since_ns ||
	    now_ns < seen.since_ns)
		return; /* it has ended */
	row = vp_table_add(VPROF_SEC_CALLS, &id);
	if (!row) {
		vp_lost(VPROF_LOST_CALLS, 1);
		return;
	}
	row->node = seen.node;
	row->thread = who->row;
	row->class = info->traits & VP_CALL_CLASS_MASK;
	row->site = who->line.caller.pc;
	row->target = seen.target;
	row->target_kind = info->target;
	row->object = seen.object;
	row->loop = VPROF_NONE;
	fill(row, &who->line, now_ns - seen.since_ns);
	/* Pairs with a reader of the file, to which a row without a name is none. */
	__atomic_store_n(&row->name, vp_call_name(who->line.kind), __ATOMIC_RELEASE);
}

void vp_under_way_charge(void)
{
	uint64_t now = vp_clock_now();

	if (!vp_control.calls)
		return;
	vp_control.calls = 0;
	found = vp_sys_map(THREADS_MOST * sizeof(*found));
	found_count = 0;
	if (!found)
		return;
	vp_threads_each(find);
	for (uint32_t i = 0; i < found_count; i++)
		charge(&found[i], now);
	vp_sys_unmap(found, THREADS_MOST * sizeof(*found));
	found = NULL;
}
