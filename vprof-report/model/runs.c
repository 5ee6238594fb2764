#include "model/runs.h"

#include <stdlib.h>
#include <string.h>

#include "cli/text.h"
#include "cli/xalloc.h"

#define SECOND 1000000000ull
/* The library ends before the process does, which may start others in between. */
#define AFTER_END_NS SECOND
/* What became another program is there as long as that one is, which has no record. */
#define AFTER_EXEC_NS (24ull * 3600 * SECOND)
/* A process that was killed is not seen at its last moment. */
#define AFTER_KILL_NS (60 * SECOND)

const char *vr_called_name(const struct vr_file *file)
{
	const char *called = file->header.called ? vr_file_string(file, file->header.called) : "";

	if (!*called)
		called = vr_file_string(file, file->header.exe);
	called = vr_text_base(called);
	return *called == '-' && called[1] ? called + 1 : called; /* a login shell's */
}

static uint64_t end_of(const struct vr_file *file)
{
	uint64_t end = file->header.start_mono_ns + vr_file_duration_ns(file);

	switch (file->status) {
	case VR_STATUS_EXITED:
		return end + AFTER_END_NS;
	case VR_STATUS_EXECED:
		return end + AFTER_EXEC_NS;
	case VR_STATUS_KILLED:
		return end + AFTER_KILL_NS;
	default:
		return UINT64_MAX;
	}
}

static struct vr_process process_of(const struct vr_record *record)
{
	const struct vprof_header *h = &record->head->header;
	uint64_t own_ns = h->own_cpu_ns < h->cpu_ns ? h->own_cpu_ns : h->cpu_ns;

	return (struct vr_process){
	    .record = record,
	    .file = record->head,
	    .parent = VPROF_NONE,
	    .start_ns = h->start_mono_ns,
	    .end_ns = end_of(record->head),
	    .cpu_ns = h->cpu_ns - own_ns,
	};
}

static int later(struct timespec a, struct timespec b)
{
	return a.tv_sec > b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec > b.tv_nsec);
}

/* Of copies the one written first comes first. */
static int by_start(const void *a, const void *b)
{
	const struct vr_process *x = a, *y = b;

	if (x->start_ns != y->start_ns)
		return x->start_ns < y->start_ns ? -1 : 1;
	if (later(x->record->written, y->record->written))
		return 1;
	if (later(y->record->written, x->record->written))
		return -1;
	return strcmp(x->record->path, y->record->path);
}

/* What a damaged record does not tell is no difference. */
static int same_string(const struct vr_file *a, uint32_t x, const struct vr_file *b, uint32_t y)
{
	const char *s = vr_file_string(a, x), *t = vr_file_string(b, y);

	return !*s || !*t || strcmp(s, t) == 0;
}

static int same_boot(const struct vr_file *a, const struct vr_file *b)
{
	return same_string(a, a->header.boot_id, b, b->header.boot_id);
}

/* Do pids mean the same to both? */
static int same_pids(const struct vr_file *a, const struct vr_file *b)
{
	return same_boot(a, b) && a->header.pid_namespace == b->header.pid_namespace &&
	       same_string(a, a->header.host, b, b->header.host);
}

/* Of the processes before it, that which it came of. */
static void find_parent(const struct vr_runs *runs, size_t of)
{
	struct vr_process *child = &runs->process[of];
	const struct vprof_header *h = &child->file->header;

	for (size_t i = of; i-- > 0 && child->parent == VPROF_NONE;) {
		const struct vr_process *p = &runs->process[i];
		const struct vprof_header *before = &p->file->header;

		if (p->start_ns == child->start_ns)
			continue; /* a copy */
		if (h->parent_mono_ns) {
			if (h->parent_mono_ns != p->start_ns || !same_boot(p->file, child->file))
				continue;
			child->descent = VR_DESCENT_FORK;
		} else {
			if (before->pid != h->pid && before->pid != h->ppid)
				continue;
			if (child->start_ns > p->end_ns || !same_pids(p->file, child->file))
				continue;
			if (before->pid == h->pid && p->file->status == VR_STATUS_EXECED)
				child->descent = VR_DESCENT_EXEC;
			else if (before->pid == h->ppid)
				child->descent = VR_DESCENT_FORK;
			else
				continue;
		}
		child->parent = (uint32_t)i;
	}
}

/* A copy of a record is no process of its run. */
static int is_copy(const struct vr_process *a, const struct vr_process *b)
{
	return a->start_ns == b->start_ns && a->file->header.pid == b->file->header.pid &&
	       same_pids(a->file, b->file);
}

static void find_parents(const struct vr_runs *runs)
{
	for (size_t i = 0; i < runs->count; i++)
		if (!i || !is_copy(&runs->process[i - 1], &runs->process[i]))
			find_parent(runs, i);
}

/* A run while they are put in order. */
struct root {
	uint32_t process; /* the first of it */
	uint64_t last_ns; /* CLOCK_REALTIME: when something of it ended, or began and goes on */
};

/* What goes on would be the newest for ever, whatever was started since. */
static uint64_t last_of(const struct vr_process *p)
{
	uint64_t start_ns = p->file->header.start_real_ns;

	return p->end_ns == UINT64_MAX ? start_ns : start_ns + vr_file_duration_ns(p->file);
}

static int by_last(const void *a, const void *b)
{
	const struct root *x = a, *y = b;

	if (x->last_ns != y->last_ns)
		return x->last_ns > y->last_ns ? -1 : 1;
	return x->process < y->process ? 1 : -1; /* began later */
}

/* What came of each process, in the order they began. */
struct children {
	uint32_t *first, *next; /* index + 1 */
};

static struct children find_children(const struct vr_runs *runs)
{
	struct children of = {
	    .first = vr_xcalloc(runs->count + 1, sizeof(*of.first)),
	    .next = vr_xcalloc(runs->count + 1, sizeof(*of.next)),
	};

	for (size_t i = runs->count; i-- > 0;) {
		uint32_t parent = runs->process[i].parent;

		if (parent == VPROF_NONE)
			continue;
		of.next[i] = of.first[parent];
		of.first[parent] = (uint32_t)i + 1;
	}
	return of;
}

static void append(const struct vr_process *from, struct vr_runs *to, uint32_t parent)
{
	struct vr_process *p = &to->process[to->count++];

	*p = *from;
	p->run = to->runs;
	p->parent = parent;
	p->depth = parent == VPROF_NONE ? 0 : to->process[parent].depth + 1;
}

/* Appends a process and all that came of it, depth first. */
static void append_tree(const struct vr_runs *from, const struct children *of, struct vr_runs *to,
			uint32_t root)
{
	uint32_t at = root, moved = VPROF_NONE; /* where the one below which we are stands now */

	for (;;) {
		append(&from->process[at], to, moved);
		if (of->first[at]) {
			moved = (uint32_t)to->count - 1;
			at = of->first[at] - 1;
			continue;
		}
		while (at != root && !of->next[at]) {
			at = from->process[at].parent;
			moved = to->process[moved].parent;
		}
		if (at == root)
			break;
		at = of->next[at] - 1;
	}
	to->runs++;
}

/* Of each process with all that came of it; children stand behind their parents. */
static void sum_trees(struct vr_runs *runs)
{
	for (size_t i = 0; i < runs->count; i++)
		runs->process[i].tree_cpu_ns = runs->process[i].cpu_ns;
	for (size_t i = runs->count; i-- > 0;)
		if (runs->process[i].parent != VPROF_NONE)
			runs->process[runs->process[i].parent].tree_cpu_ns +=
			    runs->process[i].tree_cpu_ns;
}

static void put_in_order(struct vr_runs *runs)
{
	struct vr_runs sorted = {
	    .process = vr_xcalloc(runs->count + 1, sizeof(*sorted.process)),
	};
	struct children children = find_children(runs);
	struct root *root = vr_xcalloc(runs->count + 1, sizeof(*root));
	uint32_t *of = vr_xcalloc(runs->count + 1, sizeof(*of)); /* its root's index in root[] */
	size_t roots = 0;

	for (size_t i = 0; i < runs->count; i++) {
		const struct vr_process *p = &runs->process[i];
		uint64_t last_ns = last_of(p);

		of[i] = p->parent == VPROF_NONE ? (uint32_t)roots : of[p->parent];
		if (p->parent == VPROF_NONE)
			root[roots++] = (struct root){(uint32_t)i, last_ns};
		else if (last_ns > root[of[i]].last_ns)
			root[of[i]].last_ns = last_ns;
	}
	if (roots)
		qsort(root, roots, sizeof(*root), by_last);
	for (size_t i = 0; i < roots; i++)
		append_tree(runs, &children, &sorted, root[i].process);
	free(children.first);
	free(children.next);
	free(runs->process);
	free(root);
	free(of);
	*runs = sorted;
	sum_trees(runs);
}

struct vr_runs *vr_runs_find(const struct vr_records *records)
{
	struct vr_runs *runs = vr_xcalloc(1, sizeof(*runs));

	runs->process = vr_xcalloc(records->count + 1, sizeof(*runs->process));
	for (size_t i = 0; i < records->count; i++)
		if (records->record[i].head)
			runs->process[runs->count++] = process_of(&records->record[i]);
	if (runs->count)
		qsort(runs->process, runs->count, sizeof(*runs->process), by_start);
	find_parents(runs);
	put_in_order(runs);
	return runs;
}

void vr_runs_free(struct vr_runs *runs)
{
	if (!runs)
		return;
	free(runs->process);
	free(runs);
}

size_t vr_run_processes(const struct vr_runs *runs, uint32_t run, size_t *first)
{
	size_t count = 0;

	*first = 0;
	while (*first < runs->count && runs->process[*first].run != run)
		++*first;
	while (*first + count < runs->count && runs->process[*first + count].run == run)
		count++;
	return count;
}

uint32_t vr_runs_index(const struct vr_runs *runs, const char *path)
{
	for (size_t i = 0; i < runs->count; i++)
		if (vr_records_same(runs->process[i].record->path, path))
			return (uint32_t)i;
	return VPROF_NONE;
}

void vr_runs_first(struct vr_runs *runs, uint32_t run)
{
	struct vr_process *sorted = vr_xcalloc(runs->count + 1, sizeof(*sorted));
	size_t first, count = vr_run_processes(runs, run, &first);

	memcpy(sorted, runs->process + first, count * sizeof(*sorted));
	memcpy(sorted + count, runs->process, first * sizeof(*sorted));
	memcpy(sorted + count + first, runs->process + first + count,
	       (runs->count - first - count) * sizeof(*sorted));
	for (size_t i = 0; i < runs->count; i++) {
		struct vr_process *p = &sorted[i];
		uint32_t moved = i < count	     ? (uint32_t) - (int64_t)first
				 : i < count + first ? (uint32_t)count
						     : 0;

		if (p->parent != VPROF_NONE)
			p->parent += moved;
		p->run = i < count ? 0 : p->run + (p->run < run);
	}
	free(runs->process);
	runs->process = sorted;
}
