#include "track/call_record.h"
#include "base/peer.h"
#include "ring/events.h"
#include "ring/tables.h"
#include "stack/capture.h"
#include "track/call_names.h"
#include "track/call_rows.h"
#include "track/under.h"

#include <string.h>

/* What one that lasted this long waited for is worth asking. */
#define NAMED_NS 1000000u
/* Text of a path that is kept. */
#define TEXT_MOST 1024u

enum vprof_class vp_call_class(const struct vp_call *call)
{
	enum vprof_class class = vp_call_info[call->kind].traits & VP_CALL_CLASS_MASK;

	if (call->where == VP_LOOP_OUTSIDE || class == VPROF_CLASS_LOCK)
		return class;
	if (call->where == VP_LOOP_INSIDE)
		return VPROF_CLASS_BLOCKED;
	return class == VPROF_CLASS_PACED ? VPROF_CLASS_PACED : VPROF_CLASS_IDLE;
}

/* The text that an argument is, where it is one. */
static uint32_t text_of(const struct vp_call *call, const struct vp_call_outcome *outcome)
{
	const char *text = (const char *)(uintptr_t)call->object;
	char peer[128];
	struct vp_text name;

	if (outcome->failed == VP_CALL_UNREAD)
		return VPROF_NONE;
	switch (vp_call_info[call->kind].target) {
	case VPROF_TARGET_PATH:
	case VPROF_TARGET_HOST:
		return text ? vp_string_add(text, strnlen(text, TEXT_MOST)) : VPROF_NONE;
	case VPROF_TARGET_PEER:
		vp_text_init(&name, peer, sizeof(peer));
		vp_peer_text(&name, outcome->peer, outcome->peer ? outcome->peer_bytes : 0);
		return name.len ? vp_string_add(peer, name.len) : VPROF_NONE;
	default:
		return VPROF_NONE;
	}
}

/* What the longest call of a row waited for.  Texts take room: not for a little more.
 * The helper may be about to name the one before: see track/call_names.c. */
static void keep_longest(struct vprof_call *row, uint32_t row_id, const struct vp_call *call,
			 const struct vp_call_outcome *outcome, uint64_t ns)
{
	if (ns <= row->max_ns)
		return;
	if (row->object != call->object && row->blocked > 1)
		row->flags |= VPROF_CALL_TARGETS;
	if (ns > row->max_ns + row->max_ns / 2 || row->target == VPROF_NONE) {
		__atomic_store_n(&row->longest_ns, call->since_ns, __ATOMIC_RELEASE);
		__atomic_store_n(&row->target, text_of(call, outcome), __ATOMIC_RELEASE);
		row->object = call->object;
		if (row->target_kind == VPROF_TARGET_FD && ns >= NAMED_NS)
			vp_call_wants_name(row_id, call->thread->tid);
	}
	row->max_ns = ns;
}

/* No iteration has the wait of its own loop in it; a span that is open may. */
static void add_to_units(const struct vp_call *call, uint32_t node, uint64_t now_ns)
{
	if (call->where == VP_LOOP_OWN && !call->thread->span_now)
		return;
	vp_unit_call(&call->thread->stalls.calls,
		     &(struct vp_unit_lasted){call->since_ns, now_ns, node, call->kind,
					      (uint16_t)vp_call_class(call)});
}

void vp_call_lasted(const struct vp_call *call, uint32_t node, uint64_t now_ns)
{
	struct vp_loop_worst *worst = &call->thread->loops.worst;
	uint64_t ns = now_ns - call->since_ns;

	vp_under_call(call, node, now_ns);
	add_to_units(call, node, now_ns);
	if (call->where == VP_LOOP_INSIDE && ns > worst->ns) {
		call->thread->loops.has_worst = 1;
		*worst = (struct vp_loop_worst){.begin_ns = call->since_ns,
						.ns = ns,
						.object = call->object,
						.node = node,
						.kind = call->kind,
						.class = (uint16_t)vp_call_class(call)};
	}
}

static void count_lasting(struct vprof_call *row, uint32_t row_id, const struct vp_call *call,
			  const struct vp_call_outcome *outcome, uint64_t now_ns)
{
	uint64_t ns = now_ns - call->since_ns;
	struct vprof_event event = {.t_ns = now_ns,
				    .node = row->node,
				    .thread = call->thread->row_id,
				    .value = ns,
				    .kind = VPROF_EV_CALL,
				    .arg = row_id,
				    .flags = (uint16_t)vp_call_class(call)};

	row->blocked++;
	row->blocked_ns += ns;
	keep_longest(row, row_id, call, outcome, ns);
	vp_call_lasted(call, row->node, now_ns);
	vp_event_put(&call->thread->calls.writer, &event);
}

void vp_call_record(const struct vp_call *call, const struct vp_call_outcome *outcome,
		    uint64_t now_ns)
{
	uint32_t node = vp_capture_stack(&call->thread->stack, call->caller), id;
	struct vprof_call *row = vp_call_row(call, node, &id);

	if (!row) {
		vp_lost(VPROF_LOST_CALLS, 1);
		return;
	}
	if (!row->first_ns)
		row->first_ns = now_ns;
	if (call->where == VP_LOOP_OWN) {
		row->flags |= VPROF_CALL_AT_LOOP;
		row->loop = call->loop->row_id;
	}
	vp_call_count_one(row, call, outcome->amount, outcome->failed);
	vp_call_count_time(row, call, now_ns);
	if (now_ns - call->since_ns >= VPROF_CALL_LASTED_NS)
		count_lasting(row, id, call, outcome, now_ns);
	*call->site = (struct vp_call_site){.pc = call->caller->pc,
					    .sp = call->caller->sp,
					    .row = row,
					    .label = call->thread->label,
					    .kind = call->kind};
}

void vp_call_count_own(struct vprof_call *row, const struct vp_call *call, uint64_t now_ns)
{
	uint64_t ns = now_ns - call->since_ns;

	if (ns < VPROF_CALL_LASTED_NS)
		return;
	vp_under_call(call, row->node, now_ns);
	add_to_units(call, row->node, now_ns);
	row->blocked++;
	row->blocked_ns += ns;
	if (ns > row->max_ns) {
		row->max_ns = ns;
		row->object = call->object;
	}
}
