#include "input/check.h"

#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"
#include "input/check_parts.h"

static void check_header_strings(struct vr_file *file)
{
	const struct vprof_header *h = &file->header;
	const uint32_t id[] = {
	    h->exe,	    h->cmdline,	  h->options,	  h->cwd,	h->library_version,
	    h->boot_id,	    h->host,	  h->engine_note, h->scan_note, h->lsan_suppressions,
	    h->libc_unlike, h->trace_note};

	for (size_t i = 0; i < sizeof(id) / sizeof(id[0]); i++) {
		if (vr_check_string(file, id[i]))
			continue;
		vr_damage_add(file, "header", "string id out of range",
			      offsetof(struct vprof_header, exe), 0, 0);
		return;
	}
}

static void check_modules(struct vr_file *file, const struct vr_layout *layout)
{
	struct vr_tally tally = {.kind = VPROF_SEC_MODULES};

	for (uint32_t i = 0; i < file->n_modules; i++) {
		struct vprof_module *m = &file->module[i];
		const char *reason = NULL;

		if (m->start == 0 && m->end == 0 && m->build_id_bytes == 0)
			continue; /* handed out, not filled in yet */
		if (m->start >= m->end || m->end > VPROF_WHERE_ADDRESS + 1)
			reason = "address range makes no sense";
		else if (m->build_id_bytes > sizeof(m->build_id))
			reason = "build-id is too long";
		else if (!vr_check_string(file, m->path))
			reason = "string id out of range";
		if (!reason)
			continue;
		vr_tally_hit(&tally, i, reason);
		*m = (struct vprof_module){.path = VPROF_NONE};
	}
	vr_tally_report(&tally, file, layout);
}

static void check_threads(struct vr_file *file, const struct vr_layout *layout)
{
	struct vr_tally tally = {.kind = VPROF_SEC_THREADS};

	for (uint32_t i = 0; i < file->n_threads; i++) {
		struct vprof_thread *t = &file->thread[i];

		t->name[sizeof(t->name) - 1] = '\0';
		if (t->stack_start > t->stack_end)
			t->stack_start = t->stack_end = 0;
		if (t->state <= VPROF_THREAD_ENDED)
			continue;
		vr_tally_hit(&tally, i, "unknown thread state");
		memset(t, 0, sizeof(*t));
	}
	vr_tally_report(&tally, file, layout);
}

static void check_nodes(struct vr_file *file, const struct vr_layout *layout)
{
	struct vr_tally tally = {.kind = VPROF_SEC_NODES};

	if (file->n_nodes)
		file->node[0] = (struct vprof_node){0};
	for (uint32_t i = 1; i < file->n_nodes; i++) {
		struct vprof_node *n = &file->node[i];
		uint64_t module = n->where >> VPROF_WHERE_MODULE_SHIFT;

		if (n->parent >= i) {
			vr_tally_hit(&tally, i, "parent is not an older node");
			n->parent = VR_NODE_UNREADABLE;
		} else if (module >= file->n_modules && module < VPROF_MODULE_KERNEL) {
			vr_tally_hit(&tally, i, "module id out of range");
			n->where |= (uint64_t)VPROF_MODULE_UNKNOWN << VPROF_WHERE_MODULE_SHIFT;
		}
	}
	vr_tally_report(&tally, file, layout);
}

static void check_sites(struct vr_file *file, const struct vr_layout *layout)
{
	struct vr_tally tally = {.kind = VPROF_SEC_SITES};

	for (uint32_t i = 0; i < file->n_sites; i++) {
		struct vprof_site *site = &file->site[i];

		if (site->label >= vr_file_string_ids(file)) {
			vr_tally_hit(&tally, i, "label out of range");
			site->label = 0;
		}
		if (site->node < file->n_nodes)
			continue;
		if (site->allocs || site->frees)
			vr_tally_hit(&tally, i, "node id out of range");
		memset(site, 0, sizeof(*site));
	}
	vr_tally_report(&tally, file, layout);
}

static void check_cpu(struct vr_file *file, const struct vr_layout *layout)
{
	struct vr_tally tally = {.kind = VPROF_SEC_CPU};

	for (uint32_t i = 0; i < file->n_cpus; i++) {
		struct vprof_cpu *c = &file->cpu[i];

		if (c->node < file->n_nodes && c->thread < file->n_threads &&
		    c->label < vr_file_string_ids(file))
			continue;
		if (c->samples || c->weight_ns)
			vr_tally_hit(&tally, i,
				     c->node >= file->n_nodes	    ? "node id out of range"
				     : c->thread >= file->n_threads ? "thread id out of range"
								    : "label out of range");
		memset(c, 0, sizeof(*c));
	}
	vr_tally_report(&tally, file, layout);
}

static void check_leaks(struct vr_file *file, const struct vr_layout *layout)
{
	struct vr_tally tally = {.kind = VPROF_SEC_LEAKS};

	for (uint32_t i = 0; i < file->n_leaks; i++) {
		struct vprof_leak *leak = &file->leak[i];
		const char *reason = NULL;

		if (!leak->scan)
			continue; /* handed out, not filled in yet */
		if (leak->node >= file->n_nodes)
			reason = "node id out of range";
		else if (!leak->verdict || leak->verdict > VPROF_LEAK_RUNTIME)
			reason = "unknown verdict";
		else if (leak->scan > file->header.scan_count && !vr_layout_unfinished(layout))
			reason = "of a search that never was";
		else if (leak->owner >= file->n_nodes)
			leak->owner = VPROF_NODE_ROOT; /* known to no stack */
		if (leak->because >= VPROF_UNSEARCHED_COUNT)
			leak->because = VPROF_UNSEARCHED_OTHER;
		if (!reason)
			continue;
		vr_tally_hit(&tally, i, reason);
		memset(leak, 0, sizeof(*leak));
	}
	vr_tally_report(&tally, file, layout);
}

static void check_marks(struct vr_file *file, const struct vr_layout *layout)
{
	struct vr_tally tally = {.kind = VPROF_SEC_MARKS};

	for (uint32_t i = 0; i < file->n_marks; i++) {
		if (vr_check_string(file, file->mark[i].name))
			continue;
		vr_tally_hit(&tally, i, "string id out of range");
		file->mark[i] = (struct vprof_mark){.name = VPROF_NONE};
	}
	vr_tally_report(&tally, file, layout);
}

static void check_maps(struct vr_file *file, const struct vr_layout *layout)
{
	struct vr_tally tally = {.kind = VPROF_SEC_MAPS};

	for (uint32_t i = 0; i < file->n_maps; i++) {
		if (file->map[i].node < file->n_nodes)
			continue;
		vr_tally_hit(&tally, i, "node id out of range");
		memset(&file->map[i], 0, sizeof(file->map[i]));
	}
	vr_tally_report(&tally, file, layout);
}

static void check_accounts(struct vr_file *file, const struct vr_layout *layout)
{
	struct vr_tally tally = {.kind = VPROF_SEC_ACCOUNTS};
	uint32_t kept = 0;

	for (uint32_t i = 0; i < file->n_accounts; i++) {
		const struct vprof_account *account = &file->account[i];

		if (!account->number)
			continue; /* handed out, not filled in yet */
		if (kept && account->t_ns < file->account[kept - 1].t_ns) {
			if (!vr_layout_unfinished(layout))
				vr_tally_hit(&tally, i, "time runs backwards");
			continue;
		}
		file->account[kept++] = *account;
	}
	vr_tally_report(&tally, file, layout);
	file->n_accounts = kept;
}

static void check_resident(struct vr_file *file, const struct vr_layout *layout)
{
	struct vr_tally tally = {.kind = VPROF_SEC_RESIDENT};

	for (uint32_t i = 0; i < file->n_residents; i++) {
		struct vprof_resident *row = &file->resident[i];
		const char *reason = NULL;

		if (!row->account)
			continue;
		if (row->node >= file->n_nodes)
			reason = "node id out of range";
		else if (row->kind >= VPROF_RESIDENT_KINDS)
			reason = "unknown kind";
		else if (!vr_check_string(file, row->name))
			reason = "string id out of range";
		if (!reason)
			continue;
		vr_tally_hit(&tally, i, reason);
		memset(row, 0, sizeof(*row));
	}
	vr_tally_report(&tally, file, layout);
}

static void check_timeline(struct vr_file *file, const struct vr_layout *layout)
{
	struct vr_tally tally = {.kind = VPROF_SEC_TIMELINE};
	uint32_t kept = 0;

	for (uint32_t i = 0; i < file->n_points; i++) {
		const struct vprof_point *p = &file->point[i];

		if (p->ticks == 0 && p->t_ns == 0 && p->rss == 0)
			continue; /* handed out, not filled in yet */
		if (kept && p->t_ns < file->point[kept - 1].t_ns) {
			/* A live timeline is merged in place as we read. */
			if (!vr_layout_unfinished(layout))
				vr_tally_hit(&tally, i, "time runs backwards");
			continue;
		}
		file->point[kept++] = *p;
	}
	vr_tally_report(&tally, file, layout);
	file->n_points = kept;
}

/* NULL when the clock of the series can be used, else what is wrong with it. */
static const char *clock_fault(const struct vr_file *file)
{
	const uint64_t *t_ns = file->series[0].bytes;

	if (file->series_points > VPROF_SERIES_POINTS)
		return "too many points";
	if (file->header.series_sequence % 2)
		return "points were being merged";
	for (uint32_t i = 1; i < file->series_points; i++)
		if (t_ns[i] < t_ns[i - 1])
			return "time runs backwards";
	return NULL;
}

static void check_series(struct vr_file *file, const struct vr_layout *layout)
{
	struct vr_tally tally = {.kind = VPROF_SEC_SERIES};
	const char *fault = file->series_rows ? clock_fault(file) : NULL;

	/* A process that was killed may have been merging points. */
	if (fault && !vr_layout_unfinished(layout))
		vr_tally_hit(&tally, 0, fault);
	if (fault || !file->series_rows)
		file->series_rows = file->series_points = 0;
	for (uint32_t i = 1; i < file->series_rows; i++) {
		struct vprof_series *s = &file->series[i];

		if (s->node < file->n_nodes && s->first <= file->series_points)
			continue;
		vr_tally_hit(&tally, i,
			     s->node < file->n_nodes ? "first point out of range"
						     : "node id out of range");
		memset(s, 0, sizeof(*s));
		s->first = file->series_points;
	}
	vr_tally_report(&tally, file, layout);
}

void vr_check_tables(struct vr_file *file, const struct vr_layout *layout)
{
	if (file->header.flags & VPROF_F_DAMAGED)
		vr_damage_add(file, "file",
			      "somebody cut it or made holes in it while it was written", 0, 0, 0);
	check_header_strings(file);
	check_modules(file, layout);
	check_threads(file, layout);
	check_nodes(file, layout);
	check_sites(file, layout);
	vr_check_heap_times(file, layout);
	check_cpu(file, layout);
	vr_check_locks(file, layout);
	check_leaks(file, layout);
	check_series(file, layout);
	check_marks(file, layout);
	check_maps(file, layout);
	check_accounts(file, layout);
	check_resident(file, layout);
	check_timeline(file, layout);
	vr_check_waits(file, layout);
	vr_check_orders(file, layout);
	vr_check_labels(file, layout);
	vr_check_spans(file, layout);
	vr_check_copies(file, layout);
	vr_check_counts(file, layout);
	vr_check_units(file, layout);
}

/* A block and its place, for sorting by age. */
struct aged {
	uint64_t seq;
	uint32_t row;
};

static int by_age(const void *a, const void *b)
{
	const struct aged *x = a;
	const struct aged *y = b;

	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* NULL when the block in `row` is whole, "" when it holds nothing, else what
 * is wrong with it. */
static const char *block_fault(const struct vr_file *file, const struct vprof_event_block *block,
			       uint32_t row, uint64_t reserved_after)
{
	uint64_t capacity = file->header.blocks_capacity;
	uint64_t number = block->seq - 1;

	if (block->seq == 0)
		return "";
	if (number != row && (!capacity || number % capacity != row))
		return "block number does not fit its place";
	if (number >= reserved_after)
		return "block number was never handed out";
	if (block->used > VPROF_BLOCK_EVENTS)
		return "too many events in a block";
	if (capacity && number + capacity < reserved_after)
		return ""; /* recycled while we read it */
	return NULL;
}

static int event_ok(const struct vr_file *file, const struct vprof_event *event)
{
	if (event->node >= file->n_nodes || event->thread >= file->n_threads)
		return 0;
	switch (event->kind) {
	case VPROF_EV_CPU:
		return event->arg < vr_file_string_ids(file);
	case VPROF_EV_MARK:
		return event->arg < file->n_marks;
	case VPROF_EV_WAIT:
		return event->arg < file->n_locks;
	case VPROF_EV_CALL:
		return event->arg < file->n_calls && event->flags < VPROF_CLASS_COUNT;
	default:
		return 1;
	}
}

/* Appends the events of one block.  Returns how many were bad. */
static uint32_t add_block(struct vr_file *file, const struct vprof_event_block *block,
			  int unfinished)
{
	uint32_t bad = 0;

	for (uint32_t i = 0; i < block->used; i++) {
		const struct vprof_event *event = &block->event[i];

		if (event->kind == VPROF_EV_NONE)
			continue;
		/* Its row may be newer than the header read before. */
		if (unfinished && event->kind == VPROF_EV_WAIT && event->arg >= file->n_locks)
			continue;
		if (unfinished && event->kind == VPROF_EV_MARK && event->arg >= file->n_marks)
			continue;
		if (unfinished && event->kind == VPROF_EV_CALL && event->arg >= file->n_calls)
			continue;
		if (event_ok(file, event))
			file->event[file->n_events++] = *event;
		else
			bad++;
	}
	return bad;
}

void vr_check_events(struct vr_file *file, const struct vr_layout *layout,
		     const struct vprof_event_block *block, uint32_t blocks,
		     uint64_t reserved_after)
{
	struct vr_tally tally = {.kind = VPROF_SEC_EVENTS};
	struct aged *order = vr_xcalloc(blocks, sizeof(*order));
	size_t count = 0;

	for (uint32_t i = 0; i < blocks; i++) {
		const char *fault = block_fault(file, &block[i], i, reserved_after);

		if (!fault)
			order[count++] = (struct aged){block[i].seq, i};
		else if (*fault)
			vr_tally_hit(&tally, i, fault);
	}
	qsort(order, count, sizeof(*order), by_age);
	file->event = vr_xcalloc(count * VPROF_BLOCK_EVENTS, sizeof(*file->event));
	for (size_t i = 0; i < count; i++)
		if (add_block(file, &block[order[i].row], vr_layout_unfinished(layout)))
			vr_tally_hit(&tally, order[i].row, "event with an id out of range");
	vr_tally_report(&tally, file, layout);
	file->wrapped = count && order[0].seq > 1;
	file->oldest_event_ns = count && file->wrapped ? block[order[0].row].first_ns : 0;
	free(order);
}
