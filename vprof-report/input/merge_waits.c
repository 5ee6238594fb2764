/* Time off the CPU of several processes. */
#include "input/merge_parts.h"

static uint32_t loop_in_sum(const struct vr_merge *merge, uint32_t loop)
{
	return loop == VPROF_NONE ? VPROF_NONE : merge->loop0 + loop;
}

static uint64_t time_in_sum(const struct vr_merge *merge, uint64_t ns)
{
	return ns ? ns + merge->shift_ns : 0; /* 0: never */
}

static uint32_t thread_or_none(const struct vr_merge *merge, uint32_t thread)
{
	return thread == VPROF_NONE ? VPROF_NONE : vr_merge_thread(merge, thread);
}

/* Void rows too: others count on their places. */
static void add_loops(struct vr_merge *merge)
{
	const struct vr_file *file = merge->file;

	merge->loop0 = merge->sum->n_loops;
	for (uint32_t i = 0; i < file->n_loops; i++) {
		struct vprof_loop row = file->loop[i];

		row.thread = vr_merge_thread(merge, row.thread);
		row.node = merge->node[row.node];
		row.name = vr_merge_string(merge, row.name);
		row.site = vr_merge_address(merge, row.site);
		row.first_ns = time_in_sum(merge, row.first_ns);
		row.last_ns = time_in_sum(merge, row.last_ns);
		row.max_at_ns = time_in_sum(merge, row.max_at_ns);
		row.now_ns = time_in_sum(merge, row.now_ns);
		VR_MERGE_APPEND(merge, loop, n_loops, loop_room, row);
	}
}

static void add_labels(struct vr_merge *merge)
{
	const struct vr_file *file = merge->file;

	for (uint32_t i = 0; i < file->n_label_loops; i++) {
		struct vprof_label_loop row = file->label_loop[i];

		if (!row.label)
			continue;
		row.loop = merge->loop0 + row.loop;
		row.label = vr_merge_string(merge, row.label);
		row.max_at_ns = time_in_sum(merge, row.max_at_ns);
		VR_MERGE_APPEND(merge, label_loop, n_label_loops, label_loop_room, row);
	}
}

static void add_calls(struct vr_merge *merge)
{
	const struct vr_file *file = merge->file;

	merge->call0 = merge->sum->n_calls;
	for (uint32_t i = 0; i < file->n_calls; i++) {
		struct vprof_call row = file->call[i];

		row.node = merge->node[row.node];
		row.thread = vr_merge_thread(merge, row.thread);
		row.name = vr_merge_string(merge, row.name);
		row.target = vr_merge_string(merge, row.target);
		row.label = row.label ? vr_merge_string(merge, row.label) : 0;
		row.site = vr_merge_address(merge, row.site);
		if (row.target_kind == VPROF_TARGET_ADDRESS)
			row.object = vr_merge_address(merge, row.object);
		if (row.calls)
			row.loop = loop_in_sum(merge, row.loop);
		row.first_ns = time_in_sum(merge, row.first_ns);
		row.last_ns = time_in_sum(merge, row.last_ns);
		VR_MERGE_APPEND(merge, call, n_calls, call_room, row);
	}
}

static void add_books(struct vr_merge *merge)
{
	const struct vr_file *file = merge->file;

	for (uint32_t i = 0; i < file->n_books; i++) {
		struct vprof_book row = file->book[i];

		row.thread = vr_merge_thread(merge, row.thread);
		row.until_ns = time_in_sum(merge, row.until_ns);
		VR_MERGE_APPEND(merge, book, n_books, book_room, row);
	}
}

static void add_stalls(struct vr_merge *merge)
{
	const struct vr_file *file = merge->file;

	for (uint32_t i = 0; i < file->n_stalls; i++) {
		struct vprof_stall row = file->stall[i];

		row.thread = vr_merge_thread(merge, row.thread);
		row.node = merge->node[row.node];
		row.call = vr_merge_string(merge, row.call);
		row.target = vr_merge_string(merge, row.target);
		row.wchan = vr_merge_string(merge, row.wchan);
		row.object = vr_merge_address(merge, row.object);
		row.label = row.label ? vr_merge_string(merge, row.label) : 0;
		row.holder = thread_or_none(merge, row.holder);
		row.holder_node = merge->node[row.holder_node];
		row.holder_call = vr_merge_string(merge, row.holder_call);
		row.holder_target = vr_merge_string(merge, row.holder_target);
		if (row.duration_ns) {
			row.loop = loop_in_sum(merge, row.loop);
			row.begin_ns += merge->shift_ns;
		}
		row.first_look_ns = time_in_sum(merge, row.first_look_ns);
		VR_MERGE_APPEND(merge, stall, n_stalls, stall_room, row);
	}
}

/* Dumps are numbered through. */
static void add_dumps(struct vr_merge *merge)
{
	const struct vr_file *file = merge->file;
	uint32_t before = merge->sum->header.dumps;

	for (uint32_t i = 0; i < file->n_dumps; i++) {
		struct vprof_dump row = file->dump[i];

		if (!row.number)
			continue;
		row.number += before;
		row.thread = vr_merge_thread(merge, row.thread);
		row.node = merge->node[row.node];
		row.call = vr_merge_string(merge, row.call);
		row.target = vr_merge_string(merge, row.target);
		row.wchan = vr_merge_string(merge, row.wchan);
		row.waits_for = thread_or_none(merge, row.waits_for);
		row.object = vr_merge_address(merge, row.object);
		row.t_ns += merge->shift_ns;
		row.since_ns = time_in_sum(merge, row.since_ns);
		row.span += row.span ? merge->span0 : 0;
		row.span_since_ns = time_in_sum(merge, row.span_since_ns);
		for (size_t k = 0; k < VPROF_DUMP_HELD; k++)
			row.held[k] = vr_merge_address(merge, row.held[k]);
		VR_MERGE_APPEND(merge, dump, n_dumps, dump_room, row);
	}
}

/* Layers are those of all that have any; limits are the first's. */
static void add_header(struct vr_merge *merge)
{
	const struct vprof_header *h = &merge->file->header;
	struct vprof_header *to = &merge->sum->header;

	if (h->layers)
		to->layers = to->layers ? to->layers & h->layers : h->layers;
	if (h->layers_note && !to->layers_note)
		to->layers_note = vr_merge_string(merge, h->layers_note);
	if (!to->stall_ns) {
		to->stall_ns = h->stall_ns;
		to->stall_auto = h->stall_auto;
	}
	if (!to->hang_ns)
		to->hang_ns = h->hang_ns;
	to->dumps += h->dumps;
	to->stalls += h->stalls;
	to->frozen += h->frozen;
	to->frozen_ns += h->frozen_ns;
	to->late_looks += h->late_looks;
	to->loop_looks += h->loop_looks;
}

void vr_merge_waits(struct vr_merge *merge)
{
	add_loops(merge);
	add_labels(merge);
	add_calls(merge);
	add_books(merge);
	add_stalls(merge);
	add_dumps(merge);
	add_header(merge);
}
