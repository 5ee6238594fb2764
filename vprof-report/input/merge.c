#include "input/merge.h"

#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"
#include "input/merge_parts.h"

static int same_boot(const struct vr_file *a, const struct vr_file *b)
{
	const char *x = vr_file_string(a, a->header.boot_id);
	const char *y = vr_file_string(b, b->header.boot_id);

	return !*x || !*y || strcmp(x, y) == 0; /* a damaged record does not tell */
}

/* What is not added up is as the head has it; the rest begins at nothing. */
static void describe(struct vr_merge *merge, const struct vprof_header *head)
{
	struct vprof_header *h = &merge->sum->header;

	*h = *head;
	memset(&h->end_ns, 0,
	       offsetof(struct vprof_header, section) - offsetof(struct vprof_header, end_ns));
	memset(&h->scan_state, 0,
	       offsetof(struct vprof_header, section_more) -
		   offsetof(struct vprof_header, scan_state));
	h->exe = vr_merge_string(merge, head->exe);
	h->cmdline = vr_merge_string(merge, head->cmdline);
	h->options = vr_merge_string(merge, head->options);
	h->cwd = vr_merge_string(merge, head->cwd);
	h->library_version = vr_merge_string(merge, head->library_version);
	h->boot_id = vr_merge_string(merge, head->boot_id);
	h->host = vr_merge_string(merge, head->host);
	h->engine_note = vr_merge_string(merge, head->engine_note);
	h->called = head->called ? vr_merge_string(merge, head->called) : 0;
	h->title = head->title ? vr_merge_string(merge, head->title) : 0;
	h->libc_unlike = head->libc_unlike ? vr_merge_string(merge, head->libc_unlike) : 0;
	/* Of mappings the sum; of pauses their number and length, for their moments are each
	 * process's own; of what was resident nothing, for much of that is shared. */
	memset(&h->map_live_bytes, 0,
	       offsetof(struct vprof_header, args) - offsetof(struct vprof_header, map_live_bytes));
	h->map_peak_epoch = 1;
	memset(h->window, 0, sizeof(h->window));
	memset(&h->layers, 0,
	       offsetof(struct vprof_header, reserved) - offsetof(struct vprof_header, layers));
	memset(h->ctl_said, 0, sizeof(h->ctl_said));
	h->pid_namespace = head->pid_namespace;
	h->scan_note = VPROF_NONE;
	h->flags = 0;
	h->peak_epoch = 1;
}

struct vr_merge *vr_merge_new(const struct vr_file *head, int events)
{
	struct vr_merge *merge = vr_xcalloc(1, sizeof(*merge));
	struct vr_file *sum = vr_xcalloc(1, sizeof(*sum));

	merge->sum = sum;
	merge->events = events;
	merge->file = head;
	sum->path = vr_xstrdup(head->path);
	sum->status = head->status;
	sum->same_boot = head->same_boot;
	/* Row 0: no string; a string ends where the array does. */
	sum->string_row_bytes = VPROF_STRING_ROW;
	sum->strings_extent_bytes = UINT64_MAX / 4;
	merge->string_room = VPROF_STRING_ROW * 64;
	sum->strings = vr_xcalloc(merge->string_room, 1);
	sum->strings_bytes = VPROF_STRING_ROW;
	describe(merge, &head->header);
	/* Rows 0 collect what has no row of its own; node 1 stands for what found no room. */
	VR_MERGE_APPEND(merge, node, n_nodes, node_room, ((struct vprof_node){0}));
	VR_MERGE_APPEND(merge, node, n_nodes, node_room, ((struct vprof_node){0}));
	VR_MERGE_APPEND(merge, thread, n_threads, thread_room, ((struct vprof_thread){0}));
	VR_MERGE_APPEND(merge, site, n_sites, site_room, ((struct vprof_site){.peak_epoch = 1}));
	VR_MERGE_APPEND(merge, cpu, n_cpus, cpu_room, ((struct vprof_cpu){0}));
	VR_MERGE_APPEND(merge, lock, n_locks, lock_room, ((struct vprof_lock){0}));
	return merge;
}

/* Records of another boot count by the time of day. */
void vr_merge_clock(struct vr_merge *merge, const struct vr_file *head)
{
	struct vprof_header *h = &merge->sum->header;

	if (same_boot(merge->sum, head) && head->header.start_mono_ns < h->start_mono_ns)
		h->start_mono_ns = head->header.start_mono_ns;
	if (head->header.start_real_ns < h->start_real_ns)
		h->start_real_ns = head->header.start_real_ns;
}

uint64_t vr_merge_time_zero(const struct vr_merge *merge, const struct vr_file *file)
{
	const struct vr_file *sum = merge->sum;
	const struct vprof_header *h = &file->header;

	if (same_boot(sum, file))
		return h->start_mono_ns - sum->header.start_mono_ns;
	return h->start_real_ns > sum->header.start_real_ns
		   ? h->start_real_ns - sum->header.start_real_ns
		   : 0;
}

/* --- tables, row by row ---------------------------------------------------------- */

static uint32_t shard_in_sum(struct vr_merge *merge, uint16_t shard)
{
	uint32_t to = merge->shards + shard;

	return to < UINT16_MAX ? to : UINT16_MAX;
}

static void add_collective(struct vprof_thread *to, const struct vprof_thread *row)
{
	to->cpu_ns += row->cpu_ns;
	to->paused_cpu_ns += row->paused_cpu_ns;
	to->samples += row->samples;
	to->sampled_ns += row->sampled_ns;
	to->allocs += row->allocs;
	to->frees += row->frees;
	to->alloc_bytes += row->alloc_bytes;
	to->freed_bytes += row->freed_bytes;
	to->lock_waits += row->lock_waits;
	to->lock_wait_ns += row->lock_wait_ns;
}

static void add_threads(struct vr_merge *merge)
{
	const struct vr_file *file = merge->file;
	const struct vprof_header *h = &file->header;
	uint32_t shards = 0;

	merge->thread0 = merge->sum->n_threads;
	for (uint32_t i = 0; i < file->n_threads; i++) {
		struct vprof_thread row = file->thread[i];

		shards = row.shard >= shards ? row.shard + 1u : shards;
		row.paused_cpu_ns = row.cpu_ns - vprof_thread_active_ns(h, &file->thread[i]);
		if (!i) {
			add_collective(&merge->sum->thread[0], &row);
			continue;
		}
		row.shard = (uint16_t)shard_in_sum(merge, row.shard);
		row.stack_start = row.stack_end = 0; /* others have theirs there, too */
		row.descriptor = 0;
		row.creator = vr_merge_thread(merge, row.creator);
		row.joiner = vr_merge_thread(merge, row.joiner);
		row.created_ns += merge->shift_ns;
		row.joined_ns += merge->shift_ns;
		row.start_method = vr_merge_address(merge, row.start_method);
		row.start_target = vr_merge_address(merge, row.start_target);
		if (row.state == VPROF_THREAD_LIVE && file->status != VR_STATUS_RUNNING) {
			row.state = VPROF_THREAD_ENDED; /* with its process */
			row.end_ns = vr_file_duration_ns(file);
		}
		row.start_ns += merge->shift_ns;
		row.end_ns += merge->shift_ns;
		if (row.start_module < file->n_modules) {
			uint32_t module = merge->module[row.start_module];

			if (module < merge->sum->n_modules)
				row.start_routine += merge->sum->module[module].bias -
						     file->module[row.start_module].bias;
			row.start_module = module;
		}
		if (h->flags & VPROF_F_EXCLUDE_KERNEL && h->engine != VPROF_ENGINE_OFF)
			row.flags |= VR_THREAD_USER_ONLY;
		VR_MERGE_APPEND(merge, thread, n_threads, thread_room, row);
	}
	for (uint32_t i = 0; i < file->n_sites; i++)
		shards = file->site[i].shard >= shards ? file->site[i].shard + 1u : shards;
	merge->shards += shards;
}

static void add_cpu(struct vr_merge *merge)
{
	const struct vr_file *file = merge->file;

	for (uint32_t i = 0; i < file->n_cpus; i++) {
		struct vprof_cpu row = file->cpu[i];

		if (!i) {
			merge->sum->cpu[0].samples += row.samples;
			merge->sum->cpu[0].weight_ns += row.weight_ns;
			continue;
		}
		row.node = merge->node[row.node];
		row.thread = vr_merge_thread(merge, row.thread);
		row.label = row.label ? vr_merge_string(merge, row.label) : 0;
		VR_MERGE_APPEND(merge, cpu, n_cpus, cpu_room, row);
	}
}

static void add_overflow(struct vprof_site *to, const struct vprof_site *row)
{
	to->allocs += row->allocs;
	to->alloc_bytes += row->alloc_bytes;
	to->frees += row->frees;
	to->freed_bytes += row->freed_bytes;
	to->temporary += row->temporary;
	to->peak_bytes += row->peak_bytes;
	to->peak_blocks += row->peak_blocks;
	to->variance += row->variance;
	to->freed_variance += row->freed_variance;
	if (row->allocs && (!to->first_ns || row->first_ns < to->first_ns))
		to->first_ns = row->first_ns;
	to->last_ns = row->last_ns > to->last_ns ? row->last_ns : to->last_ns;
	for (size_t i = 0; i < VPROF_LIFETIME_BUCKETS; i++)
		to->lifetime[i] += row->lifetime[i];
}

/* What each held when its process was at its own peak. */
static void add_sites(struct vr_merge *merge, struct vr_file *file, uint32_t shard0)
{
	struct vprof_header *member = &file->header;

	member->live_bytes = member->live_blocks = 0;
	for (uint32_t i = 0; i < file->n_sites; i++) {
		struct vprof_site row = file->site[i];

		member->live_bytes += row.alloc_bytes - row.freed_bytes;
		member->live_blocks += row.allocs - row.frees;
		if (row.peak_epoch < file->header.peak_epoch) {
			row.peak_bytes = row.alloc_bytes - row.freed_bytes;
			row.peak_blocks = row.allocs - row.frees;
		}
		row.peak_epoch = 1;
		row.first_ns += merge->shift_ns;
		row.last_ns += merge->shift_ns;
		if (!i) {
			add_overflow(&merge->sum->site[0], &row);
			continue;
		}
		row.node = merge->node[row.node];
		row.label = row.label ? vr_merge_string(merge, row.label) : 0;
		row.shard =
		    (uint16_t)(shard0 + row.shard < UINT16_MAX ? shard0 + row.shard : UINT16_MAX);
		VR_MERGE_APPEND(merge, site, n_sites, site_room, row);
	}
}

/* Of a search that was completed, and no older one. */
static void add_leaks(struct vr_merge *merge)
{
	const struct vr_file *file = merge->file;
	const struct vprof_header *h = &file->header;

	if (h->scan_state != VPROF_SCAN_COMPLETE || !h->scan_count)
		return;
	for (uint32_t i = 0; i < file->n_leaks; i++) {
		struct vprof_leak row = file->leak[i];

		if (row.scan != h->scan_count)
			continue;
		row.scan = 1;
		row.node = merge->node[row.node];
		row.owner = row.owner < file->n_nodes ? merge->node[row.owner] : 0;
		row.oldest_ns += merge->shift_ns;
		row.newest_ns += merge->shift_ns;
		VR_MERGE_APPEND(merge, leak, n_leaks, leak_room, row);
	}
}

static void add_marks(struct vr_merge *merge)
{
	const struct vr_file *file = merge->file;

	merge->mark0 = merge->sum->n_marks;
	for (uint32_t i = 0; i < file->n_marks; i++) {
		struct vprof_mark row = file->mark[i];

		row.name = vr_merge_string(merge, row.name);
		row.first_ns += merge->shift_ns;
		row.last_ns += merge->shift_ns;
		VR_MERGE_APPEND(merge, mark, n_marks, mark_room, row);
	}
}

static void add_events(struct vr_merge *merge)
{
	const struct vr_file *file = merge->file;
	struct vr_file *sum = merge->sum;
	uint64_t oldest_ns = file->oldest_event_ns + merge->shift_ns;

	if (file->wrapped && (!sum->wrapped || oldest_ns > sum->oldest_event_ns))
		sum->oldest_event_ns = oldest_ns;
	sum->wrapped |= file->wrapped;
	for (size_t i = 0; i < file->n_events && merge->events; i++) {
		struct vprof_event row = file->event[i];

		row.t_ns += merge->shift_ns;
		row.node = merge->node[row.node];
		row.thread = vr_merge_thread(merge, row.thread);
		if (row.kind == VPROF_EV_CPU)
			row.arg = row.arg ? vr_merge_string(merge, row.arg) : 0;
		else if (row.kind == VPROF_EV_MARK)
			row.arg += merge->mark0;
		else if (row.kind == VPROF_EV_WAIT)
			row.arg = row.arg ? merge->lock0 + row.arg - 1 : 0;
		else if (row.kind == VPROF_EV_CALL)
			row.arg += merge->call0;
		VR_MERGE_APPEND(merge, event, n_events, event_room, row);
	}
}

/* --- headers --------------------------------------------------------------------- */

static void add_counts(struct vprof_header *to, const struct vprof_header *h)
{
	to->cpu_ns += h->cpu_ns;
	to->cpu_user_ns += h->cpu_user_ns;
	to->cpu_system_ns += h->cpu_system_ns;
	to->samples += h->samples;
	to->sampled_ns += h->sampled_ns;
	to->samples_expected += h->samples_expected;
	to->peak_bytes += h->peak_bytes;
	to->peak_blocks += h->peak_blocks;
	to->own_cpu_ns += h->own_cpu_ns;
	to->own_memory_bytes += h->own_memory_bytes;
	to->own_heap_bytes += h->own_heap_bytes;
	to->events_written += h->events_written;
	to->blocks_reserved += h->blocks_reserved;
	to->blocks_capacity += h->blocks_capacity;
	to->rows_learned += h->rows_learned;
	to->unwinds += h->unwinds;
	to->full_steps += h->full_steps;
	to->pauses += h->pauses;
	to->paused_ns += h->paused_ns; /* of all, as CPU time is */
	for (unsigned i = 0; i < VPROF_LOST_COUNT; i++)
		to->lost[i] += h->lost[i];
	to->flags |= h->flags & ~(uint32_t)VPROF_F_OWN_MALLOC;
}

/* Searches for pointers, each in a process by itself. */
static void add_scans(struct vprof_header *to, const struct vprof_header *h)
{
	if (h->scan_state != VPROF_SCAN_COMPLETE || !h->scan_count)
		return;
	to->scan_state = VPROF_SCAN_COMPLETE;
	to->scan_count = 1;
	to->scan_rules |= h->scan_rules;
	to->scan_trigger = h->scan_trigger;
	to->scan_blocks += h->scan_blocks;
	to->scan_bytes += h->scan_bytes;
	to->scan_root_bytes += h->scan_root_bytes;
	to->scan_skipped_bytes += h->scan_skipped_bytes;
	to->scan_pause_ns += h->scan_pause_ns;
	to->scan_total_ns += h->scan_total_ns;
	to->scan_missed += h->scan_missed;
	if (h->scan_memory_bytes > to->scan_memory_bytes)
		to->scan_memory_bytes = h->scan_memory_bytes;
	for (unsigned i = 0; i < VPROF_UNSEARCHED_COUNT; i++)
		to->scan_unsearched[i] += h->scan_unsearched[i];
}

/* Settings are the first's that had the thing on. */
static void add_settings(struct vprof_header *to, const struct vprof_header *h)
{
	if (to->engine == VPROF_ENGINE_OFF && h->engine != VPROF_ENGINE_OFF) {
		to->engine = h->engine;
		to->cpu_hz = h->cpu_hz;
		to->cpu_period_ns = h->cpu_period_ns;
	}
	if (h->heap_mode == VPROF_HEAP_SAMPLE || to->heap_mode == VPROF_HEAP_OFF) {
		to->heap_mode = h->heap_mode;
		to->heap_sample_bytes = h->heap_sample_bytes;
	}
	if (h->heap_mode != VPROF_HEAP_OFF)
		to->scan_when |= h->scan_when;
}

/* Text of the members, each once, in lines. */
static char *add_text(char *text, const struct vr_file *file, uint32_t id, const char *between)
{
	const char *more = id && id != VPROF_NONE ? vr_file_string(file, id) : "";

	if (!*more || (text && strstr(text, more)))
		return text;
	return text ? vr_xappend(text, "%s%s", between, more) : vr_xstrdup(more);
}

static void add_header(struct vr_merge *merge)
{
	const struct vr_file *file = merge->file;
	struct vprof_header *to = &merge->sum->header;
	uint64_t end_ns = merge->shift_ns + vr_file_duration_ns(file);

	add_counts(to, &file->header);
	add_scans(to, &file->header);
	add_settings(to, &file->header);
	merge->suppressions =
	    add_text(merge->suppressions, file, file->header.lsan_suppressions, "\n");
	merge->roads = add_text(merge->roads, file, file->header.second_roads, "; ");
	merge->traced = add_text(merge->traced, file, file->header.trace_note, "; ");
	if (!(file->header.flags & VPROF_F_FORKED)) { /* it has its parent's code */
		to->traced += file->header.traced;
		to->trace_refused += file->header.trace_refused;
	}
	to->end_ns = end_ns > to->end_ns ? end_ns : to->end_ns;
	to->heartbeat_ns = to->end_ns;
	merge->own_mallocs += (file->header.flags & VPROF_F_OWN_MALLOC) != 0;
	merge->sum->size_bytes += file->size_bytes;
	merge->sum->used_bytes += file->used_bytes;
}

/* Keeps header, strings and what was damaged of a record whose rows are in the sum. */
static void keep_head(struct vr_merge *merge, struct vr_file *file)
{
	uint64_t last_ns = vr_file_duration_ns(file);

	if (last_ns > file->header.heartbeat_ns)
		file->header.heartbeat_ns = last_ns;
	vr_file_drop_rows(file);
	merge->sum->member = vr_xgrow(merge->sum->member, merge->sum->n_members,
				      &merge->member_room, sizeof(*merge->sum->member));
	merge->sum->member[merge->sum->n_members++] = file;
}

uint32_t *vr_merge_add(struct vr_merge *merge, struct vr_file *file)
{
	uint32_t *node, shard0 = merge->shards, site0 = merge->sum->n_sites;

	merge->file = file;
	merge->shift_ns = vr_merge_time_zero(merge, file);
	vr_merge_modules(merge);
	vr_merge_nodes(merge);
	add_header(merge);
	add_threads(merge);
	add_cpu(merge);
	add_sites(merge, file, shard0);
	vr_merge_heap_times(merge, site0);
	vr_merge_locks(merge);
	vr_merge_spans(merge);
	vr_merge_waits(merge);
	vr_merge_counts(merge);
	vr_merge_units(merge);
	vr_merge_maps(merge);
	add_leaks(merge);
	add_marks(merge);
	add_events(merge);
	vr_merge_course(merge, file);
	keep_head(merge, file);
	node = merge->node;
	free(merge->module);
	merge->node = merge->module = NULL;
	return node;
}

static int by_time(const void *a, const void *b)
{
	const struct vprof_event *x = a, *y = b;

	return x->t_ns < y->t_ns ? -1 : x->t_ns > y->t_ns;
}

static uint32_t own_string(struct vr_merge *merge, char *text)
{
	uint32_t id = text ? vr_merge_text(merge, text) : 0;

	free(text);
	return id;
}

struct vr_file *vr_merge_finish(struct vr_merge *merge)
{
	struct vr_file *sum = merge->sum;

	vr_merge_timeline(merge);
	for (uint32_t i = 0; i < sum->n_points; i++)
		if (sum->point[i].heap_live > sum->together_bytes)
			sum->together_bytes = sum->point[i].heap_live;
	if (sum->n_events)
		qsort(sum->event, sum->n_events, sizeof(*sum->event), by_time);
	if (sum->n_members && merge->own_mallocs == sum->n_members)
		sum->header.flags |= VPROF_F_OWN_MALLOC; /* of all */
	for (size_t i = 0; i < sum->n_members; i++) {
		sum->header.live_bytes += sum->member[i]->header.live_bytes;
		sum->header.live_blocks += sum->member[i]->header.live_blocks;
	}
	sum->header.lsan_suppressions = own_string(merge, merge->suppressions);
	sum->header.second_roads = own_string(merge, merge->roads);
	sum->header.trace_note = own_string(merge, merge->traced);
	vr_map_free(&merge->string_at);
	vr_map_free(&merge->module_at);
	vr_map_free(&merge->node_at);
	vr_map_free(&merge->map_at);
	free(merge->course);
	free(merge);
	return sum;
}
