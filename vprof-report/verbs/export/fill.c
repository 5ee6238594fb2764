#include "verbs/export/fill.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/text.h"
#include "cli/xalloc.h"
#include "model/counts.h"
#include "model/cpu.h"
#include "model/heap.h"
#include "model/run.h"

struct fill {
	struct vr_dump *dump;
	struct vr_profile *profile;
	uint32_t *node;		  /* node of the trie -> node of the dump, NONE: not met yet */
	uint32_t *frame;	  /* places -> frame, NONE: not met yet */
	uint32_t *function;	  /* function of the model -> of the dump, NONE: not met yet */
	size_t frames, functions; /* the arrays' sizes */
	struct vr_map by_function;
	uint32_t *next_function; /* chain of equal hashes */
	size_t next_room;
	size_t node_room, frame_room, line_room, function_room, sample_room;
};

/* The functions are borrowed until finish_functions() copies their texts. */
static int same_function(const struct vr_dump_function *a, const struct vr_function *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->file, b->file) == 0 &&
	       (b->file[0] || strcmp(a->module, b->module) == 0);
}

/* One function of a header, compiled into two objects, is one function here:
 * formats without modules could not tell the two apart. */
static uint32_t function_of(struct fill *fill, uint32_t index)
{
	const struct vr_function *f = &fill->profile->stacks->function[index];
	struct vr_dump *dump = fill->dump;
	uint64_t hash = vr_hash_text(vr_hash_text(1, f->name), f->file[0] ? f->file : f->module);
	int added;
	uint32_t *head = vr_map_at(&fill->by_function, hash, &added);

	if (added)
		*head = VR_DUMP_NONE;
	for (uint32_t i = *head; i != VR_DUMP_NONE; i = fill->next_function[i])
		if (same_function(&dump->function[i], f))
			return i;
	dump->function = vr_xgrow(dump->function, dump->functions, &fill->function_room,
				  sizeof(*dump->function));
	fill->next_function = vr_xgrow(fill->next_function, dump->functions, &fill->next_room,
				       sizeof(*fill->next_function));
	dump->function[dump->functions] =
	    (struct vr_dump_function){.name = f->name, .file = f->file, .module = f->module};
	fill->next_function[dump->functions] = *head;
	*head = (uint32_t)dump->functions++;
	return *head;
}

/* An array of `want` elements that are NONE where they are new. */
static uint32_t *grow_index(uint32_t *array, size_t *have, size_t want)
{
	if (want <= *have)
		return array;
	want += want / 2;
	array = vr_xrealloc(array, want, sizeof(*array));
	memset(array + *have, 0xff, (want - *have) * sizeof(*array));
	*have = want;
	return array;
}

static uint32_t dump_function(struct fill *fill, uint32_t index)
{
	fill->function =
	    grow_index(fill->function, &fill->functions, fill->profile->stacks->n_functions);
	if (fill->function[index] == VR_DUMP_NONE)
		fill->function[index] = function_of(fill, index);
	return fill->function[index];
}

/* Where the node's code lay in the process; a return address as its call. */
static void set_address(const struct vr_file *file, uint32_t node, struct vr_dump_frame *frame)
{
	uint64_t where, module;

	frame->module = VR_DUMP_NONE;
	if (node <= VPROF_NODE_OVERFLOW || node >= file->n_nodes)
		return;
	where = file->node[node].where;
	module = where >> VPROF_WHERE_MODULE_SHIFT;
	frame->address = where & VPROF_WHERE_ADDRESS;
	if (module == VPROF_MODULE_KERNEL)
		frame->address |= ~VPROF_WHERE_ADDRESS;
	if (!(where & VPROF_WHERE_EXACT) && frame->address)
		frame->address--;
	if (module < file->n_modules)
		frame->module = (uint32_t)module;
}

static uint32_t dump_frame(struct fill *fill, uint32_t node, struct vr_places places)
{
	struct vr_dump *dump = fill->dump;
	const struct vr_stacks *stacks = fill->profile->stacks;
	uint32_t known = stacks->node_places[node] - 1;
	struct vr_dump_frame frame = {.first = (uint32_t)dump->lines, .count = places.count};

	fill->frame = grow_index(fill->frame, &fill->frames, stacks->n_addresses);
	if (fill->frame[known] != VR_DUMP_NONE)
		return fill->frame[known];
	set_address(stacks->file, node, &frame);
	for (uint32_t i = 0; i < places.count; i++) {
		const struct vr_place *place = &stacks->place[places.first + i];

		dump->line =
		    vr_xgrow(dump->line, dump->lines, &fill->line_room, sizeof(*dump->line));
		dump->line[dump->lines++] = (struct vr_dump_line){
		    .function = dump_function(fill, place->function),
		    .line = place->line > 0 ? place->line : 0,
		};
	}
	dump->frame = vr_xgrow(dump->frame, dump->frames, &fill->frame_room, sizeof(*dump->frame));
	dump->frame[dump->frames] = frame;
	fill->frame[known] = (uint32_t)dump->frames++;
	return fill->frame[known];
}

/* The dump's node for one of the trie.  Walks out to the first one known and
 * back in, so that parents come first; no recursion, as stacks can be deep. */
static uint32_t dump_node(struct fill *fill, uint32_t node)
{
	struct vr_dump *dump = fill->dump;
	struct vr_stacks *stacks = fill->profile->stacks;
	uint32_t *todo = NULL;
	size_t count = 0, room = 0;
	uint32_t at;

	for (; fill->node[node] == VR_DUMP_NONE; node = vr_stacks_parent(stacks, node)) {
		todo = vr_xgrow(todo, count, &room, sizeof(*todo));
		todo[count++] = node;
	}
	at = fill->node[node];
	while (count) {
		struct vr_places places = vr_stacks_at(stacks, todo[--count]);

		if (places.count) { /* else a frame of the profiler: as if it were not there */
			dump->node = vr_xgrow(dump->node, dump->nodes, &fill->node_room,
					      sizeof(*dump->node));
			dump->node[dump->nodes] = (struct vr_dump_node){
			    .parent = at,
			    .frame = dump_frame(fill, todo[count], places),
			};
			at = (uint32_t)dump->nodes++;
		}
		fill->node[todo[count]] = at;
	}
	free(todo);
	return at;
}

static struct vr_dump_sample *add_sample(struct fill *fill, uint32_t node, uint32_t thread)
{
	struct vr_dump *dump = fill->dump;
	struct vr_dump_sample sample = {.thread = thread};

	/* What has only frames of the profiler has no stack. */
	sample.node = dump_node(fill, node);
	if (sample.node == 0)
		sample.node =
		    dump_node(fill, vr_stacks_pseudo(fill->profile->stacks, VR_PSEUDO_NO_STACK));
	dump->sample =
	    vr_xgrow(dump->sample, dump->samples, &fill->sample_room, sizeof(*dump->sample));
	dump->sample[dump->samples] = sample;
	return &dump->sample[dump->samples++];
}

static void fill_cpu(struct fill *fill, const struct vr_cpu *cpu)
{
	struct vr_profile *profile = fill->profile;
	const char *glob = profile->select.module;

	for (size_t i = 0; i < cpu->rows; i++) {
		const struct vr_cpu_row *row = &cpu->row[i];
		struct vr_dump_sample *sample;

		if ((!row->ns && !row->samples) ||
		    (glob && !vr_stacks_touches(profile->stacks, row->node, glob)))
			continue;
		sample = add_sample(fill, row->node, row->thread);
		if (cpu->wall) {
			sample->value[VR_VALUE_WALL_NS] = row->ns;
			fill->dump->has_wall = 1;
		}
		if (row->off_cpu)
			continue;
		sample->value[VR_VALUE_SAMPLES] = row->samples;
		sample->value[VR_VALUE_CPU_NS] = row->ns;
		fill->dump->has_cpu = 1;
	}
}

static void fill_heap(struct fill *fill)
{
	struct vr_heap *heap = vr_heap_new(fill->profile);

	for (size_t i = 0; i < heap->n_sites; i++) {
		const struct vr_site *site = &heap->site[i];
		struct vr_dump_sample *sample = add_sample(fill, site->node, VR_DUMP_NONE);

		sample->temporary = heap->sampled ? 0 : site->temporary;
		sample->value[VR_VALUE_ALLOCS] = site->allocs;
		sample->value[VR_VALUE_ALLOC_BYTES] = site->alloc_bytes;
		sample->value[VR_VALUE_LIVE_BLOCKS] = site->live_blocks;
		sample->value[VR_VALUE_LIVE_BYTES] = site->live_bytes;
		sample->value[VR_VALUE_PEAK_BLOCKS] = site->peak_blocks;
		sample->value[VR_VALUE_PEAK_BYTES] = site->peak_bytes;
		fill->dump->has_heap = 1;
	}
	fill->dump->heap_sampled = heap->sampled;
	vr_heap_free(heap);
}

static int by_callee(const void *a, const void *b)
{
	const struct vr_dump_calls *x = a, *y = b;

	if (x->callee != y->callee)
		return x->callee < y->callee ? -1 : 1;
	return x->caller < y->caller ? -1 : x->caller > y->caller;
}

/* Functions that are one in the dump, and were two. */
static void join_counted(struct vr_dump *dump)
{
	size_t kept = 0;

	if (dump->n_counted)
		qsort(dump->counted, dump->n_counted, sizeof(*dump->counted), by_callee);
	for (size_t i = 0; i < dump->n_counted; i++) {
		struct vr_dump_calls *to = kept ? &dump->counted[kept - 1] : NULL;

		if (to && by_callee(to, &dump->counted[i]) == 0) {
			to->calls += dump->counted[i].calls;
			to->primitive += dump->counted[i].primitive;
		} else {
			dump->counted[kept++] = dump->counted[i];
		}
	}
	dump->n_counted = kept;
}

/* With a module only what is called in it. */
static void fill_counts(struct fill *fill)
{
	struct vr_counts *counts = vr_counts_new(fill->profile);
	const struct vr_function *function = fill->profile->stacks->function;
	const char *glob = fill->profile->select.module;
	struct vr_dump *dump = fill->dump;
	size_t room = 0;

	for (size_t i = 0; i < counts->n_edges; i++) {
		const struct vr_count_edge *edge = &counts->edge[i];

		if (glob && !vr_text_glob(glob, function[edge->callee].module))
			continue;
		dump->counted =
		    vr_xgrow(dump->counted, dump->n_counted, &room, sizeof(*dump->counted));
		dump->counted[dump->n_counted++] = (struct vr_dump_calls){
		    .caller = edge->caller == VPROF_NONE ? VR_DUMP_NONE
							 : dump_function(fill, edge->caller),
		    .callee = dump_function(fill, edge->callee),
		    .calls = edge->sum.calls,
		    .primitive = edge->sum.calls - edge->sum.recursive,
		};
	}
	dump->hooked_only = !vr_counts_of_program(counts);
	join_counted(dump);
	vr_counts_free(counts);
}

static void fill_modules(struct vr_dump *dump, const struct vr_file *file)
{
	const char *exe = vr_file_string(file, file->header.exe);

	dump->modules = file->n_modules;
	dump->module = vr_xcalloc(file->n_modules, sizeof(*dump->module));
	dump->main_module = VR_DUMP_NONE;
	for (uint32_t i = 0; i < file->n_modules; i++) {
		const struct vprof_module *m = &file->module[i];
		const char *path = vr_file_string(file, m->path);
		uint32_t bytes = m->build_id_bytes <= sizeof(m->build_id) ? m->build_id_bytes : 0;
		char *id = vr_xcalloc(2 * bytes + 1, 1);

		for (uint32_t k = 0; k < bytes; k++)
			sprintf(id + (size_t)2 * k, "%02x", m->build_id[k]);
		dump->module[i] = (struct vr_dump_module){
		    .path = vr_text_escape(path),
		    .build_id = id,
		    .start = m->start,
		    .end = m->end,
		};
		if (dump->main_module == VR_DUMP_NONE && exe[0] && strcmp(path, exe) == 0)
			dump->main_module = i;
	}
}

static void fill_threads(struct vr_dump *dump, const struct vr_file *file)
{
	dump->threads = file->n_threads;
	dump->thread = vr_xcalloc(file->n_threads, sizeof(*dump->thread));
	for (uint32_t i = 0; i < file->n_threads; i++) {
		dump->thread[i].name = vr_text_escape(file->thread[i].name);
		dump->thread[i].tid = file->thread[i].tid;
	}
}

/* Lines are final once every address was resolved. */
static void finish_functions(struct fill *fill)
{
	const struct vr_stacks *stacks = fill->profile->stacks;
	struct vr_dump *dump = fill->dump;

	for (size_t i = 0; i < fill->functions; i++) {
		struct vr_dump_function *f;
		int line;

		if (fill->function[i] == VR_DUMP_NONE)
			continue;
		f = &dump->function[fill->function[i]];
		line = stacks->function[i].line;
		if (line > 0 && (!f->line || line < f->line))
			f->line = line;
	}
	for (size_t i = 0; i < dump->functions; i++) {
		struct vr_dump_function *f = &dump->function[i];

		f->name = vr_text_escape(f->name);
		f->file = vr_text_escape(f->file);
		f->module = vr_text_escape(f->module);
	}
}

static void fill_header(struct vr_dump *dump, const struct vr_file *file, const char *command)
{
	const struct vprof_header *h = &file->header;

	dump->version = VPROF_VERSION_STRING;
	dump->program = vr_text_escape(vr_file_string(file, h->exe));
	dump->cmdline = vr_text_escape(command);
	dump->pid = h->pid;
	dump->start_real_ns = h->start_real_ns;
	dump->duration_ns = vr_recorded_ns(file);
	dump->period_ns = h->cpu_period_ns;
	dump->peak_ns = h->peak_ns;
	dump->page_bytes = h->page_bytes;
	for (uint32_t i = 0; i < file->n_points; i++)
		if (file->point[i].rss_max > dump->peak_rss_bytes)
			dump->peak_rss_bytes = file->point[i].rss_max;
}

/* Of the labels that are selected now. */
static void fill_again(void *arg)
{
	struct fill *fill = arg;
	struct vr_cpu *cpu = vr_cpu_new_by_thread(fill->profile);

	fill_cpu(fill, cpu);
	if (!fill->profile->select.windowed)
		fill_heap(fill);
	vr_cpu_free(cpu);
}

struct vr_dump *vr_dump_new(struct vr_profile *profile, const char *command, int by_label)
{
	struct vr_dump *dump = vr_xcalloc(1, sizeof(*dump));
	struct fill fill = {.dump = dump, .profile = profile};
	struct vr_cpu *cpu = vr_cpu_new_by_thread(profile); /* it may add nodes */

	fill.node = vr_xcalloc(profile->stacks->n_nodes, sizeof(*fill.node));
	memset(fill.node, 0xff, profile->stacks->n_nodes * sizeof(*fill.node));
	dump->node = vr_xgrow(NULL, 0, &fill.node_room, sizeof(*dump->node));
	dump->node[dump->nodes++] = (struct vr_dump_node){0, 0};
	fill.node[VPROF_NODE_ROOT] = 0;
	fill_header(dump, profile->file, command);
	fill_modules(dump, profile->file);
	fill_threads(dump, profile->file);
	fill_cpu(&fill, cpu);
	if (!profile->select.windowed)
		fill_heap(&fill);
	vr_cpu_free(cpu);
	if (by_label)
		vr_dump_split_labels(dump, profile, fill_again, &fill);
	if (!profile->keep_label) /* calls are counted whatever the label */
		fill_counts(&fill);
	finish_functions(&fill);
	for (size_t i = 0; i < dump->samples; i++)
		for (int v = 0; v < VR_VALUES; v++)
			dump->total[v] += dump->sample[i].value[v];
	free(fill.node);
	free(fill.frame);
	free(fill.function);
	free(fill.next_function);
	vr_map_free(&fill.by_function);
	return dump;
}

/* The texts are this file's own; the writers only read them. */
static void free_text(const char *text)
{
	free((void *)(uintptr_t)text);
}

void vr_dump_free(struct vr_dump *dump)
{
	if (!dump)
		return;
	for (size_t i = 0; i < dump->functions; i++) {
		free_text(dump->function[i].name);
		free_text(dump->function[i].file);
		free_text(dump->function[i].module);
	}
	for (size_t i = 0; i < dump->modules; i++) {
		free_text(dump->module[i].path);
		free_text(dump->module[i].build_id);
	}
	for (size_t i = 0; i < dump->threads; i++)
		free_text(dump->thread[i].name);
	vr_dump_free_labels(dump);
	vr_dump_free_times(dump);
	free_text(dump->program);
	free_text(dump->cmdline);
	free(dump->module);
	free(dump->function);
	free(dump->line);
	free(dump->frame);
	free(dump->node);
	free(dump->thread);
	free(dump->sample);
	free(dump->counted);
	free(dump);
}
