/* Strings, modules and nodes of several records, each once. */
#include <stdlib.h>
#include <string.h>

#include "cli/text.h"
#include "cli/xalloc.h"
#include "input/merge_parts.h"

/* Ids of modules that a node can name; those behind are taken. */
#define MODULES_MOST 0xff00u
/* Where modules go whose place is taken: far from where the kernel puts any. */
#define MOVE_FROM 0x100000000000ull
#define MOVE_STEP 0x100000ull

/* Appends the text in rows of its own. */
static uint32_t append(struct vr_merge *merge, const char *text)
{
	struct vr_file *sum = merge->sum;
	size_t rows = strlen(text) / VPROF_STRING_ROW + 1;
	uint32_t id = (uint32_t)(sum->strings_bytes / VPROF_STRING_ROW);
	size_t need = (size_t)sum->strings_bytes + rows * VPROF_STRING_ROW;

	if (need > merge->string_room) {
		merge->string_room = need * 2;
		sum->strings = vr_xrealloc(sum->strings, merge->string_room, 1);
	}
	memset(sum->strings + sum->strings_bytes, 0, rows * VPROF_STRING_ROW);
	strcpy(sum->strings + sum->strings_bytes, text);
	sum->strings_bytes = need;
	return id;
}

uint32_t vr_merge_text(struct vr_merge *merge, const char *text)
{
	int added;

	for (uint64_t hash = vr_hash_text(1, text);; hash++) {
		uint32_t *at = vr_map_at(&merge->string_at, hash, &added);

		if (added)
			return *at = append(merge, text);
		if (strcmp(vr_file_string(merge->sum, *at), text) == 0)
			return *at;
	}
}

uint32_t vr_merge_string(struct vr_merge *merge, uint32_t id)
{
	const char *text = id == VPROF_NONE ? "" : vr_file_string(merge->file, id);

	if (*text)
		return vr_merge_text(merge, text);
	return id == VPROF_NONE ? VPROF_NONE : 0;
}

static int same_module(const struct vprof_module *a, const struct vprof_module *b)
{
	return a->path == b->path && a->build_id_bytes == b->build_id_bytes &&
	       memcmp(a->build_id, b->build_id, sizeof(a->build_id)) == 0 &&
	       (a->build_id_bytes ||
		(a->inode == b->inode && a->device == b->device && a->file_bytes == b->file_bytes &&
		 a->mtime_ns == b->mtime_ns));
}

static uint32_t append_module(struct vr_merge *merge, const struct vprof_module *module,
			      uint32_t pid)
{
	struct vr_file *sum = merge->sum;

	sum->module =
	    vr_xgrow(sum->module, sum->n_modules, &merge->module_room, sizeof(*sum->module));
	sum->module_pid =
	    vr_xgrow(sum->module_pid, sum->n_modules, &merge->pid_room, sizeof(*sum->module_pid));
	sum->module[sum->n_modules] = *module;
	sum->module_pid[sum->n_modules] = pid;
	return sum->n_modules++;
}

/* Another build of what an earlier record had at that path: once a name. */
static void note_builds(struct vr_merge *merge, uint32_t path)
{
	struct vr_file *sum = merge->sum;
	const char *name = vr_text_base(vr_file_string(sum, path));

	if (!sum->other_builds)
		sum->other_builds = vr_xstrdup(name);
	else if (!strstr(sum->other_builds, name))
		sum->other_builds = vr_xappend(sum->other_builds, ", %s", name);
}

static int is_free(const struct vr_file *sum, uint64_t start, uint64_t end)
{
	for (uint32_t i = 0; i < sum->n_modules; i++)
		if (start < sum->module[i].end && sum->module[i].start < end)
			return 0;
	return 1;
}

/* Two programs may have been at the same addresses: the second is moved to where nothing
 * is, so that an address of the sum is in one module. */
static void find_place(struct vr_merge *merge, struct vprof_module *module)
{
	uint64_t bytes = module->end - module->start, step = (bytes | (MOVE_STEP - 1)) + 1;
	uint64_t to = MOVE_FROM;

	if (is_free(merge->sum, module->start, module->end))
		return;
	while (to + bytes < VPROF_WHERE_ADDRESS && !is_free(merge->sum, to, to + bytes))
		to += step;
	module->bias += to - module->start;
	module->start = to;
	module->end = to + bytes;
}

/* The number in the sum of a module, which is where the first record had it. */
static uint32_t add_module(struct vr_merge *merge, const struct vprof_module *module)
{
	struct vprof_module row = *module;
	int added, other = 0;

	row.path = vr_merge_string(merge, module->path);
	row.load_ns += merge->shift_ns;
	row.unload_ns += row.unload_ns ? merge->shift_ns : 0;
	/* The second of a path is found behind the first, and so on. */
	for (uint64_t hash = vr_hash(2, row.path);; hash++) {
		uint32_t *at = vr_map_at(&merge->module_at, hash, &added);

		if (added) {
			if (other)
				note_builds(merge, row.path);
			if (merge->sum->n_modules >= MODULES_MOST)
				return *at = VPROF_MODULE_UNKNOWN;
			find_place(merge, &row);
			return *at = append_module(merge, &row, 0);
		}
		if (*at >= merge->sum->n_modules)
			continue;
		if (same_module(&merge->sum->module[*at], &row))
			return *at;
		other |= merge->sum->module[*at].path == row.path;
	}
}

void vr_merge_modules(struct vr_merge *merge)
{
	const struct vr_file *file = merge->file;

	merge->no_object = VPROF_NONE;
	merge->module = vr_xcalloc(file->n_modules + 1, sizeof(*merge->module));
	for (uint32_t i = 0; i < file->n_modules; i++)
		merge->module[i] = file->module[i].end ? add_module(merge, &file->module[i])
						       : VPROF_MODULE_UNKNOWN;
}

/* Code without an object is each process's own: its perf map knows it. */
static uint32_t no_object(struct vr_merge *merge)
{
	if (merge->no_object == VPROF_NONE)
		merge->no_object =
		    merge->sum->n_modules >= MODULES_MOST
			? VPROF_MODULE_UNKNOWN
			: append_module(merge, &(struct vprof_module){.path = VPROF_NONE},
					merge->file->header.pid);
	return merge->no_object;
}

uint64_t vr_merge_where(struct vr_merge *merge, uint64_t where)
{
	const struct vr_file *file = merge->file;
	uint32_t module = (uint32_t)(where >> VPROF_WHERE_MODULE_SHIFT), to = module;
	uint64_t address = where & VPROF_WHERE_ADDRESS;

	if (module == VPROF_MODULE_UNKNOWN && address >= VPROF_WHERE_CUT_MOST)
		to = no_object(merge);
	else if (module < file->n_modules)
		to = merge->module[module];
	if (module < file->n_modules && to < merge->sum->n_modules)
		address = (address - file->module[module].bias + merge->sum->module[to].bias) &
			  VPROF_WHERE_ADDRESS;
	return address | (where & VPROF_WHERE_EXACT) | (uint64_t)to << VPROF_WHERE_MODULE_SHIFT;
}

/* The node of the sum for this frame below that one; made where there is none. */
static uint32_t add_node(struct vr_merge *merge, uint32_t parent, uint64_t where)
{
	struct vr_file *sum = merge->sum;
	int added;

	for (uint64_t hash = vr_hash(vr_hash(3, parent), where);; hash++) {
		uint32_t *at = vr_map_at(&merge->node_at, hash, &added);

		if (added) {
			sum->node = vr_xgrow(sum->node, sum->n_nodes, &merge->node_room,
					     sizeof(*sum->node));
			sum->node[sum->n_nodes] =
			    (struct vprof_node){.where = where, .parent = parent};
			return *at = sum->n_nodes++;
		}
		if (sum->node[*at].parent == parent && sum->node[*at].where == where)
			return *at;
	}
}

void vr_merge_nodes(struct vr_merge *merge)
{
	const struct vr_file *file = merge->file;

	merge->node = vr_xcalloc(file->n_nodes + 2, sizeof(*merge->node));
	merge->node[VPROF_NODE_OVERFLOW] = VPROF_NODE_OVERFLOW;
	for (uint32_t i = 2; i < file->n_nodes; i++) {
		uint32_t parent = file->node[i].parent;

		merge->node[i] =
		    add_node(merge, parent == VR_NODE_UNREADABLE ? parent : merge->node[parent],
			     vr_merge_where(merge, file->node[i].where));
	}
}

uint64_t vr_merge_address(const struct vr_merge *merge, uint64_t address)
{
	const struct vr_file *file = merge->file;

	for (uint32_t i = 0; i < file->n_modules; i++) {
		const struct vprof_module *m = &file->module[i];

		if (address >= m->start && address < m->end &&
		    merge->module[i] < merge->sum->n_modules)
			return address + merge->sum->module[merge->module[i]].bias - m->bias;
	}
	return address;
}
