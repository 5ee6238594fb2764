#include "model/wall.h"

#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "cli/text.h"
#include "cli/xalloc.h"
#include "model/calls.h"
#include "model/locks.h"

struct build {
	struct vr_profile *profile;
	struct vr_wall *wall;
	const char *libc; /* path of the object, "" where it is not known */
};

int vr_wall_is_idle(uint32_t class)
{
	return class == VPROF_CLASS_IDLE || class == VPROF_CLASS_PACED;
}

static const char *libc_path(const struct vr_file *file)
{
	for (uint32_t i = 0; i < file->n_modules; i++) {
		const char *path = vr_file_string(file, file->module[i].path);

		if (strncmp(vr_text_base(path), "libc.so", 7) == 0)
			return path;
	}
	return "";
}

static void add_row(struct vr_wall *wall, struct vr_wall_row row)
{
	if (!row.ns)
		return;
	row.times += !row.times;
	wall->row = vr_xgrow(wall->row, wall->rows, &wall->room, sizeof(*wall->row));
	wall->row[wall->rows++] = row;
}

/* The function that waited, below the stack it was called from. */
static uint32_t leaf(const struct build *build, uint32_t node, const char *function)
{
	struct vr_stacks *stacks = build->profile->stacks;

	if (node == VPROF_NODE_ROOT)
		node = vr_stacks_pseudo(stacks, VR_PSEUDO_NO_STACK);
	return vr_stacks_add(stacks, node, function[0] ? function : "[call]", build->libc);
}

/* ---- calls that may block ------------------------------------------------------- */

/* Of a row: what it waited as `class`, and how often as far as that can be told. */
static void add_part(struct build *build, const struct vprof_call *call, uint32_t node,
		     uint32_t class, uint64_t ns)
{
	double part = (double)ns / (double)call->blocked_ns;

	add_row(build->wall, (struct vr_wall_row){
				 .node = node,
				 .thread = call->thread,
				 .class = class,
				 .kind = VR_WALL_CALL,
				 .ns = ns,
				 .times = (uint64_t)(part * (double)call->blocked + 0.5),
			     });
}

static void add_call(struct build *build, const struct vprof_call *call)
{
	uint64_t ns[VPROF_CLASS_COUNT];
	uint32_t node;

	if (!call->blocked_ns || !build->profile->keep_thread[call->thread] ||
	    !vr_profile_keeps_label(build->profile, call->label))
		return;
	node = leaf(build, call->node, vr_file_string(build->profile->file, call->name));
	vr_call_row_classes(call, ns);
	for (uint32_t class = 0; class < VPROF_CLASS_COUNT; class ++)
		add_part(build, call, node, class, ns[class]);
}

/* ---- locks ------------------------------------------------------------------------ */

static const char *lock_function(uint32_t kind)
{
	static const char *const function[] = {
	    [VPROF_LOCK_MUTEX] = "pthread_mutex_lock",
	    [VPROF_LOCK_RDLOCK] = "pthread_rwlock_rdlock",
	    [VPROF_LOCK_WRLOCK] = "pthread_rwlock_wrlock",
	    [VPROF_LOCK_COND] = "pthread_cond_wait",
	    [VPROF_LOCK_JOIN] = "pthread_join",
	};

	return kind < sizeof(function) / sizeof(function[0]) ? function[kind] : NULL;
}

static void add_wait(struct build *build, const struct vprof_lock *lock, uint32_t node,
		     uint32_t thread, uint64_t ns, uint64_t times)
{
	const char *function = lock_function(lock->kind);
	struct vr_wall_row row = {.thread = thread, .class = VPROF_CLASS_LOCK, .ns = ns};

	/* CALLS has it. */
	if (vr_lock_is_call(lock->kind))
		return;
	if (!ns || !build->profile->keep_thread[thread] ||
	    !vr_profile_keeps_label(build->profile, lock->label))
		return;
	row.times = times;
	row.kind = lock->kind == VPROF_LOCK_COND ? VR_WALL_COND : VR_WALL_CALL;
	if (lock->kind == VPROF_LOCK_COND || lock->kind == VPROF_LOCK_JOIN)
		row.class = VPROF_CLASS_IDLE;
	row.node = function ? leaf(build, node, function)
			    : vr_stacks_pseudo(build->profile->stacks, VR_PSEUDO_LOCK_FULL);
	add_row(build->wall, row);
}

/* ---- tables, or a window ------------------------------------------------------------ */

static void add_tables(struct build *build)
{
	const struct vr_file *file = build->profile->file;

	for (uint32_t i = 0; i < file->n_calls; i++)
		add_call(build, &file->call[i]);
	for (uint32_t i = 0; i < file->n_locks; i++)
		add_wait(build, &file->lock[i], file->lock[i].node, file->lock[i].thread,
			 file->lock[i].wait_ns, file->lock[i].waits);
}

/* Of a time that ended at t_ns: what lies in the window. */
static uint64_t within(const struct vr_select *select, uint64_t t_ns, uint64_t ns)
{
	uint64_t begin = vr_less(t_ns, ns);

	if (begin < select->since_ns)
		begin = select->since_ns;
	t_ns = vr_least(t_ns, select->until_ns);
	return vr_less(t_ns, begin);
}

static void add_events(struct build *build)
{
	const struct vr_file *file = build->profile->file;

	for (size_t i = 0; i < file->n_events; i++) {
		const struct vprof_event *event = &file->event[i];
		uint64_t ns = within(&build->profile->select, event->t_ns, event->value);

		if (event->kind == VPROF_EV_WAIT)
			add_wait(build, &file->lock[event->arg], event->node, event->thread, ns, 1);
		if (event->kind != VPROF_EV_CALL || !build->profile->keep_thread[event->thread] ||
		    !vr_profile_keeps_label(build->profile, file->call[event->arg].label))
			continue;
		add_row(build->wall,
			(struct vr_wall_row){
			    .node = leaf(build, event->node,
					 vr_file_string(file, file->call[event->arg].name)),
			    .thread = event->thread,
			    .class = event->flags,
			    .kind = VR_WALL_CALL,
			    .ns = ns,
			    .times = 1,
			});
	}
}

/* ---- books -------------------------------------------------------------------------- */

static double mean_ns(const struct vr_wall_row *row)
{
	return (double)row->ns / (double)(row->times ? row->times : 1);
}

static int by_thread(const void *a, const void *b)
{
	const struct vr_wall_row *x = a;
	const struct vr_wall_row *y = b;
	int c = vr_smaller_first(x->thread, y->thread);

	if (!c && mean_ns(x) != mean_ns(y))
		return mean_ns(x) < mean_ns(y) ? -1 : 1;
	c = c ? c : vr_smaller_first(x->node, y->node);
	return c ? c : vr_smaller_first(x->class, y->class);
}

/* The rows of one thread, in the order of their means. */
struct part {
	size_t first, end;
};

static uint64_t sum_of(const struct vr_wall *wall, struct part part, uint32_t class)
{
	uint64_t sum = 0;

	for (size_t i = part.first; i < part.end; i++)
		if (wall->row[i].class == class)
			sum += wall->row[i].ns;
	return sum;
}

static void take(struct vr_wall_row *row, uint64_t share, uint64_t *excess)
{
	share = vr_least(share, row->ns);
	row->ns -= share;
	*excess -= share;
}

/* Takes `excess` off the rows of a class: the time their calls were on a CPU, which is taken
 * to be the same for each call, and no more than it lasted. */
static void cut(struct vr_wall *wall, struct part part, uint32_t class, uint64_t excess)
{
	uint64_t calls = 0;

	wall->cut_ns += excess;
	for (size_t i = part.first; i < part.end; i++)
		if (wall->row[i].class == class)
			calls += wall->row[i].times;
	for (size_t i = part.first; i < part.end && calls; i++) {
		struct vr_wall_row *row = &wall->row[i];

		if (row->class != class)
			continue;
		take(row, (uint64_t)((unsigned __int128)excess * row->times / calls), &excess);
		calls -= row->times;
	}
	for (size_t i = part.first; i < part.end; i++) /* what was lost by rounding */
		if (wall->row[i].class == class)
			take(&wall->row[i], excess, &excess);
}

/* Waits for conditions are idle until the books say that so much was not. */
static void split_conditions(struct vr_wall *wall, struct part part, const struct vprof_book *book)
{
	uint64_t blocked = sum_of(wall, part, VPROF_CLASS_BLOCKED);
	uint64_t idle = sum_of(wall, part, VPROF_CLASS_IDLE);
	uint64_t move;

	if (idle <= book->ns[VPROF_CLASS_IDLE] || blocked >= book->ns[VPROF_CLASS_BLOCKED])
		return;
	move = vr_least(idle - book->ns[VPROF_CLASS_IDLE], book->ns[VPROF_CLASS_BLOCKED] - blocked);
	for (size_t i = part.first; i < part.end && move; i++) {
		struct vr_wall_row row = wall->row[i];

		if (row.kind != VR_WALL_COND)
			continue;
		row.class = VPROF_CLASS_BLOCKED;
		row.ns = vr_least(row.ns, move);
		move -= row.ns;
		wall->row[i].ns -= row.ns;
		add_row(wall, row);
	}
}

static void add_book(struct build *build, uint32_t thread, uint32_t class, const char *name,
		     uint64_t ns)
{
	struct vr_stacks *stacks = build->profile->stacks;
	char *frame;
	uint32_t node;

	if (!ns)
		return;
	frame = vr_xprintf("[thread %s]", build->profile->file->thread[thread].name);
	node = vr_stacks_add(stacks, VPROF_NODE_ROOT, frame, "");
	free(frame);
	add_row(build->wall, (struct vr_wall_row){.node = vr_stacks_add(stacks, node, name, ""),
						  .thread = thread,
						  .class = class,
						  .kind = VR_WALL_BOOK,
						  .ns = ns,
						  .times = 1});
}

/* What has no stack, as it is called below the thread's name. */
static const char *const book_name[VPROF_CLASS_COUNT] = {
    [VPROF_CLASS_RUN] = "[on a CPU]",
    [VPROF_CLASS_IDLE] = "[idle, stack not known]",
    [VPROF_CLASS_PACED] = "[paced, stack not known]",
    [VPROF_CLASS_BLOCKED] = "[blocked, stack not known]",
    [VPROF_CLASS_LOCK] = "[lock, stack not known]",
    [VPROF_CLASS_PREEMPTED] = "[preempted]",
    [VPROF_CLASS_FAULT] = "[page faults]",
    [VPROF_CLASS_UNHOOKED] = "[unhooked]",
};

/* Makes the rows of one thread add up to its books. */
static void settle(struct build *build, struct part part, const struct vprof_book *book)
{
	struct vr_wall *wall = build->wall;
	size_t split = wall->rows;

	split_conditions(wall, part, book);
	for (uint32_t class = 0; class < VPROF_CLASS_COUNT; class ++) {
		uint64_t known = sum_of(wall, part, class) +
				 sum_of(wall, (struct part){split, wall->rows}, class);

		/* Samples tell what a thread did on a CPU. */
		if (class == VPROF_CLASS_RUN &&
		    build->profile->file->header.engine != VPROF_ENGINE_OFF)
			continue;
		if (known > book->ns[class])
			cut(wall, part, class, known - book->ns[class]);
		else
			add_book(build, book->thread, class, book_name[class],
				 book->ns[class] - known);
	}
}

static int is_kept(const struct vprof_book *book)
{
	for (uint32_t class = 0; class < VPROF_CLASS_COUNT; class ++)
		if (book->ns[class])
			return 1;
	return 0;
}

static void settle_books(struct build *build)
{
	const struct vr_file *file = build->profile->file;
	struct vr_wall *wall = build->wall;
	size_t rows = wall->rows;
	struct part *part = vr_xcalloc(file->n_threads, sizeof(*part));

	if (rows)
		qsort(wall->row, rows, sizeof(*wall->row), by_thread);
	for (size_t i = 0; i < rows; i++) {
		struct part *one = &part[wall->row[i].thread];

		if (!one->end)
			one->first = i;
		one->end = i + 1;
	}
	for (uint32_t i = 0; i < file->n_books; i++) {
		uint32_t thread = file->book[i].thread;

		if (!is_kept(&file->book[i]) || !build->profile->keep_thread[thread])
			continue;
		wall->books_known = 1;
		settle(build, part[thread], &file->book[i]);
		part[thread] = (struct part){0, 0}; /* a second row of it adds to the first */
	}
	free(part);
}

struct vr_wall *vr_wall_new(struct vr_profile *profile)
{
	const struct vr_file *file = profile->file;
	struct vr_wall *wall = vr_xcalloc(1, sizeof(*wall));
	struct build build = {.profile = profile, .wall = wall, .libc = libc_path(file)};

	wall->calls_known = (file->header.layers & VPROF_LAYER_CALLS) || file->n_calls;
	for (uint32_t i = 1; i < file->n_threads; i++)
		wall->threads += profile->keep_thread[i] && vr_profile_thread_used(profile, i);
	if (profile->select.windowed) {
		add_events(&build);
	} else {
		add_tables(&build);
		if (!profile->keep_label) /* of which books know none */
			settle_books(&build);
	}
	for (size_t i = 0; i < wall->rows; i++)
		wall->ns[wall->row[i].class] += wall->row[i].ns;
	return wall;
}

void vr_wall_free(struct vr_wall *wall)
{
	if (!wall)
		return;
	free(wall->row);
	free(wall);
}
