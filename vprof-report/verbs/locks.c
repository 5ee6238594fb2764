#include <inttypes.h>
#include <stdlib.h>

#include "base/order.h"
#include "cli/units.h"
#include "cli/xalloc.h"
#include "model/heap.h"
#include "model/locks.h"
#include "output/out.h"
#include "text/fields.h"
#include "text/json.h"
#include "text/lock_names.h"
#include "text/names.h"
#include "text/notes.h"
#include "text/print.h"
#include "verbs/deadlocks.h"
#include "verbs/locks_blame.h"
#include "verbs/locks_wakers.h"
#include "verbs/locks_where.h"
#include "verbs/verb.h"

static const struct vr_sort_key sort_keys[] = {
    {"wait", VR_LOCKS_WAIT},
    {"waits", VR_LOCKS_WAITS},
    {"max", VR_LOCKS_MAX},
    {NULL, 0},
};

/* Frames printed under a path, and paths where -n is not given. */
#define STACK_FRAMES 8u
#define TOP_PATHS    5u
/* Locks of which is said who was waited for, where -n is not given. */
#define TOP_BLAME 3u

static void print_sum(struct vr_context *ctx, const char *what, struct vr_wait_sum sum)
{
	char waits[VR_UNIT_MAX], time[VR_UNIT_MAX], timeouts[VR_UNIT_MAX];

	fprintf(ctx->out, "   %s: %s in %s wait%s", what, vr_format_ns(time, sum.wait_ns),
		vr_format_count(waits, sum.waits), vr_plural(sum.waits));
	if (sum.timeouts)
		fprintf(ctx->out, ", %s of them timed out",
			vr_format_count(timeouts, sum.timeouts));
	fputc('\n', ctx->out);
}

/* What few programs have is not told of the others. */
static void print_some(struct vr_context *ctx, const char *what, struct vr_wait_sum sum)
{
	if (sum.waits)
		print_sum(ctx, what, sum);
}

static void print_header(struct vr_context *ctx, const struct vr_locks *locks)
{
	print_sum(ctx, "mutexes and rwlocks", vr_locks_held(locks));
	print_sum(ctx, "conditions", locks->kind[VPROF_LOCK_COND]);
	print_sum(ctx, "joins", locks->kind[VPROF_LOCK_JOIN]);
	print_some(ctx, "semaphores", locks->kind[VPROF_LOCK_SEM]);
	print_some(ctx, "barriers", locks->kind[VPROF_LOCK_BARRIER]);
}

static const struct vr_lock *lock_of(const void *row)
{
	return row;
}

/* Who waited most: the innermost frame that is not inside a class of locks. */
static void get_waiter(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_lock_path *path =
	    vr_lock_largest_path(row, (enum vr_locks_key)rows->ctx->sort);

	vr_value_caption(
	    rows, value,
	    vr_responsible_caption(rows->ctx->profile->stacks, path->node, rows->ctx->strip_dirs));
}

static void get_mean(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_wait_sum *sum = row;

	(void)rows;
	value->cell.u = sum->waits ? sum->wait_ns / sum->waits : 0;
}

static const void *sum_of(const struct vr_rows *rows, const void *row)
{
	(void)rows;
	return &lock_of(row)->sum;
}

static const void *path_sum_of(const struct vr_rows *rows, const void *row)
{
	const struct vr_lock_path *path = row;

	(void)rows;
	return &path->sum;
}

#define SUM(member, of) VR_MEMBER(struct vr_wait_sum, member), .part = of
/* Of a lock, and of each path that waited for it. */
#define SUM_FIELDS(columns, of)                                                                    \
	{"waits", "waits", VR_COUNT, (columns) | VR_IN_JSON, SUM(waits, of)},                      \
	    {"wait_ns", "wait", VR_NS, (columns) | VR_IN_JSON, SUM(wait_ns, of)},                  \
	    {"mean_ns",	      "mean",	  VR_NS,      (columns) | VR_IN_JSON,                      \
	     .get = get_mean, .part = of, .yields = 2},                                            \
	    {"max_ns", "max", VR_NS, (columns) | VR_IN_JSON, SUM(max_ns, of)},                     \
	    {"timeouts",	"timeouts", VR_COUNT, (columns) | VR_IN_JSON,                      \
	     SUM(timeouts, of), .yields = 3},                                                      \
	    {"first_ns", "", VR_NS, VR_IN_JSON, SUM(first_ns, of)},                                \
	{                                                                                          \
		"last_ns", "", VR_NS, VR_IN_JSON, SUM(last_ns, of)                                 \
	}

static void get_frames(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_lock_path *path = row;

	value->json = vr_json_frames(rows->ctx->profile->stacks, path->node);
}

static const struct vr_field path_fields[] = {
    SUM_FIELDS(0, path_sum_of),
    {"frames", "", VR_TEXT, VR_IN_JSON, .get = get_frames},
};

static void get_paths(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_lock *lock = row;
	size_t *order = vr_lock_paths_order(lock, (enum vr_locks_key)rows->ctx->sort);

	value->json = json_array();
	for (size_t i = 0; i < lock->n_paths; i++)
		json_array_append_new(value->json, vr_json_fields(rows, VR_FIELDS(path_fields),
								  &lock->path[order[i]]));
	free(order);
}

static const struct vr_field lock_fields[] = {
    {"kind", "kind", VR_TEXT, VR_IN_ALL, .get = vr_get_lock_kind},
    {"address", "", VR_TEXT, VR_IN_JSON, .get = vr_get_lock_address},
    {"place", "in", VR_TEXT, VR_IN_ALL, .get = vr_get_lock_place},
    {"name", "", VR_TEXT, VR_IN_JSON, .get = vr_get_lock_name},
    {"module", "", VR_TEXT, VR_IN_JSON, .get = vr_get_lock_module},
    {"offset", "", VR_COUNT, VR_IN_JSON, .get = vr_get_lock_offset},
    {"site", "", VR_TEXT, VR_IN_JSON, .get = vr_get_lock_site},
    {"stack_of", "", VR_TEXT, VR_IN_JSON, .get = vr_get_lock_owner},
    {"locks", "", VR_COUNT, VR_IN_JSON, VR_MEMBER(struct vr_lock, addresses)},
    SUM_FIELDS(VR_IN_COLUMNS, sum_of),
    {"threads", "threads", VR_COUNT, VR_IN_ALL, VR_MEMBER(struct vr_lock, threads), .yields = 1},
    VR_BLAME_FIELDS,
    {"lock", "lock", VR_TEXT, VR_IN_COLUMNS, .get = vr_get_lock_lock, .elastic = VR_CAPTIONS},
    {"waiter", "waits most in", VR_TEXT, VR_IN_COLUMNS, .get = get_waiter, .elastic = VR_CAPTIONS},
    {"held_by", "held most by", VR_TEXT, VR_IN_COLUMNS, .get = vr_get_held_by,
     .applies = vr_has_blame},
    {"woken_by", "woken most by", VR_TEXT, VR_IN_COLUMNS, .get = vr_get_woken_by,
     .applies = vr_has_wakers},
    {"herd", "", VR_COUNT, VR_IN_JSON, .get = vr_get_herd},
    {"wakers", "", VR_TEXT, VR_IN_JSON, .get = vr_get_wakers},
    {"holders", "", VR_TEXT, VR_IN_JSON, .get = vr_get_holders},
    {"paths", "", VR_TEXT, VR_IN_JSON, .get = get_paths},
};

/* Locks in an order. */
struct list {
	const struct vr_locks *locks;
	struct vr_lock_doing doing;
	const size_t *order;
	size_t count;
};

static const struct vr_lock *lock_at(const struct list *list, size_t i)
{
	return &list->locks->lock[list->order[i]];
}

static void print_rows(struct vr_context *ctx, const struct list *list)
{
	const struct vr_rows rows = {.ctx = ctx, .model = &list->doing};
	struct vr_sheet *sheet = vr_sheet_new(&rows, VR_FIELDS(lock_fields));

	for (size_t i = 0; i < list->count && i < ctx->limit; i++)
		vr_sheet_row(sheet, lock_at(list, i));
	vr_sheet_print(sheet);
}

/* A call path and whose it is. */
struct ranked {
	const struct vr_lock *lock;
	const struct vr_lock_path *path;
};

static uint64_t value_of(const struct vr_wait_sum *sum, enum vr_locks_key key)
{
	return key == VR_LOCKS_WAIT    ? sum->wait_ns
	       : key == VR_LOCKS_WAITS ? sum->waits
				       : sum->max_ns;
}

static int by_value(const void *a, const void *b, void *arg)
{
	const struct ranked *x = a;
	const struct ranked *y = b;
	enum vr_locks_key key = *(enum vr_locks_key *)arg;
	int order = vr_larger_first(value_of(&x->path->sum, key), value_of(&y->path->sum, key));

	return order ? order : vr_smaller_first(x->path->node, y->path->node);
}

static void print_path(struct vr_context *ctx, size_t rank, const struct ranked *one)
{
	const struct vr_wait_sum *sum = &one->path->sum;
	char *name = vr_lock_text(ctx->profile, one->lock);
	char time[VR_UNIT_MAX], waits[VR_UNIT_MAX], most[VR_UNIT_MAX];

	fprintf(ctx->out, "\n#%zu  %s in %s wait%s, at most %s, for %s ", rank,
		vr_format_ns(time, sum->wait_ns), vr_format_count(waits, sum->waits),
		vr_plural(sum->waits), vr_format_ns(most, sum->max_ns),
		vr_lock_kind_name(one->lock->kind));
	vr_print_safe(ctx, name);
	fputc('\n', ctx->out);
	vr_print_stack(ctx, one->path->node, "      ", STACK_FRAMES);
	free(name);
}

/* The largest call paths of these locks. */
static void print_paths(struct vr_context *ctx, const struct list *list)
{
	size_t limit = vr_opts_given(ctx->opts, VR_OPT_LIMIT) ? ctx->limit : TOP_PATHS;
	enum vr_locks_key key = (enum vr_locks_key)ctx->sort;
	struct ranked *ranked;
	size_t paths = 0;

	for (size_t i = 0; i < list->count; i++)
		paths += lock_at(list, i)->n_paths;
	ranked = vr_xcalloc(paths, sizeof(*ranked));
	paths = 0;
	for (size_t i = 0; i < list->count; i++)
		for (size_t k = 0; k < lock_at(list, i)->n_paths; k++)
			ranked[paths++] =
			    (struct ranked){lock_at(list, i), &lock_at(list, i)->path[k]};
	qsort_r(ranked, paths, sizeof(*ranked), by_value, &key);
	for (size_t i = 0; i < paths && i < limit; i++)
		print_path(ctx, i + 1, &ranked[i]);
	free(ranked);
}

/* A rwlock has two rows, and those who held it did so for both. */
static int is_new(const struct list *list, size_t i)
{
	const struct vr_blame *blame = vr_blame_of(list->doing.blames, lock_at(list, i));

	for (size_t k = 0; k < i; k++)
		if (vr_blame_of(list->doing.blames, lock_at(list, k)) == blame)
			return 0;
	return blame != NULL;
}

/* Who was waited for, of the first locks. */
static void print_blame(struct vr_context *ctx, const struct list *list)
{
	size_t limit = vr_opts_given(ctx->opts, VR_OPT_LIMIT) ? ctx->limit : TOP_BLAME;

	for (size_t i = 0; i < list->count && i < limit; i++) {
		char *name;

		if (!is_new(list, i))
			continue;
		name = vr_lock_text(ctx->profile, lock_at(list, i));
		fputs("\nWhose doing: ", ctx->out);
		vr_print_safe(ctx, name);
		fputc('\n', ctx->out);
		vr_print_blame(ctx, list->doing.blames, lock_at(list, i));
		free(name);
	}
}

/* Who woke those that waited, of the first. */
static void print_wakers(struct vr_context *ctx, const struct list *list)
{
	size_t limit = vr_opts_given(ctx->opts, VR_OPT_LIMIT) ? ctx->limit : TOP_BLAME;

	for (size_t i = 0; i < list->count && i < limit; i++) {
		const struct vr_woken *woken = vr_woken_of(list->doing.wakers, lock_at(list, i));
		char *name;

		if (!woken)
			continue;
		name = vr_lock_text(ctx->profile, lock_at(list, i));
		fprintf(ctx->out, "\nWho woke, %s ", vr_lock_kind_name(woken->kind));
		vr_print_safe(ctx, name);
		fputc('\n', ctx->out);
		vr_print_wakers(ctx, woken);
		free(name);
	}
}

static void print_class(struct vr_context *ctx, const char *title, const struct list *list)
{
	if (!list->count)
		return;
	fprintf(ctx->out, "\n%s\n", title);
	print_rows(ctx, list);
	vr_print_more(ctx, ctx->limit, list->count, "rows");
	print_blame(ctx, list);
	print_wakers(ctx, list);
	print_paths(ctx, list);
}

#define KIND(which, member) VR_MEMBER(struct vr_locks, kind[which].member)

static const struct vr_field total_fields[] = {
    {"cond_waits", "", VR_COUNT, VR_IN_JSON, KIND(VPROF_LOCK_COND, waits)},
    {"cond_wait_ns", "", VR_NS, VR_IN_JSON, KIND(VPROF_LOCK_COND, wait_ns)},
    {"join_waits", "", VR_COUNT, VR_IN_JSON, KIND(VPROF_LOCK_JOIN, waits)},
    {"join_wait_ns", "", VR_NS, VR_IN_JSON, KIND(VPROF_LOCK_JOIN, wait_ns)},
    {"sem_waits", "", VR_COUNT, VR_IN_JSON, KIND(VPROF_LOCK_SEM, waits)},
    {"sem_wait_ns", "", VR_NS, VR_IN_JSON, KIND(VPROF_LOCK_SEM, wait_ns)},
    {"barrier_waits", "", VR_COUNT, VR_IN_JSON, KIND(VPROF_LOCK_BARRIER, waits)},
    {"barrier_wait_ns", "", VR_NS, VR_IN_JSON, KIND(VPROF_LOCK_BARRIER, wait_ns)},
};

static const struct vr_field held_fields[] = {
    {"lock_waits", "", VR_COUNT, VR_IN_JSON, VR_MEMBER(struct vr_wait_sum, waits)},
    {"lock_wait_ns", "", VR_NS, VR_IN_JSON, VR_MEMBER(struct vr_wait_sum, wait_ns)},
    {"lock_timeouts", "", VR_COUNT, VR_IN_JSON, VR_MEMBER(struct vr_wait_sum, timeouts)},
};

static json_t *to_json(struct vr_context *ctx, const struct list *list,
		       const struct vr_cycles *cycles)
{
	const struct vr_rows rows = {.ctx = ctx, .model = &list->doing};
	const struct vr_wait_sum held = vr_locks_held(list->locks);
	json_t *root = json_object();
	json_t *totals = vr_json_fields(&rows, VR_FIELDS(held_fields), &held);
	json_t *array = json_array();

	vr_json_set_fields(totals, &rows, VR_FIELDS(total_fields), list->locks);
	json_object_set_new(root, "totals", totals);
	for (size_t i = 0; i < list->count && i < ctx->limit; i++)
		json_array_append_new(
		    array, vr_json_fields(&rows, VR_FIELDS(lock_fields), lock_at(list, i)));
	json_object_set_new(root, "locks", array);
	json_object_set_new(root, "deadlocks", vr_deadlocks_json(ctx, cycles));
	return root;
}

static void warn(const struct vr_context *ctx, const struct vr_locks *locks)
{
	const struct vprof_header *h = &ctx->profile->file->header;
	char oldest[VR_UNIT_MAX];

	if (locks->window_cut)
		vr_note(ctx,
			"the ring has wrapped: waits before %s are gone, the window begins there",
			vr_format_ns(oldest, ctx->profile->file->oldest_event_ns));
	if (h->lost[VPROF_LOST_LOCK_ROWS])
		vr_note(ctx,
			"the lock table was full: %" PRIu64 " wait%s own; run with a larger size=",
			h->lost[VPROF_LOST_LOCK_ROWS],
			h->lost[VPROF_LOST_LOCK_ROWS] == 1 ? " has no row of its"
							   : "s have no row of their");
	if (h->heap_mode == VPROF_HEAP_EXACT)
		return;
	for (size_t i = 0; i < locks->n_locks; i++) {
		if (vr_lock_where(ctx->profile, &locks->lock[i]).home != VR_LOCK_UNKNOWN)
			continue;
		vr_note(ctx, h->heap_mode == VPROF_HEAP_OFF
				 ? "locks in blocks of the heap have addresses only: heap=off"
				 : "locks in blocks that were not sampled have addresses only: "
				   "heap=sample");
		return;
	}
}

static void print_all(struct vr_context *ctx, const struct list *all,
		      const struct vr_cycles *cycles)
{
	struct list held = *all, others = *all;

	if (!all->count) {
		vr_print_none(ctx, "no thread waited for a lock");
		vr_deadlocks_print(ctx, cycles);
		return;
	}
	held.count = 0;
	while (held.count < all->count && vr_lock_is_held(lock_at(all, held.count)->kind))
		held.count++;
	others.order += held.count;
	others.count -= held.count;
	others.doing.blames = NULL;
	held.doing.wakers = NULL;
	print_header(ctx, all->locks);
	fprintf(ctx->out, "   Ordered by: %s\n", sort_keys[ctx->sort].name);
	print_class(ctx, "Mutexes and rwlocks", &held);
	print_class(ctx, "Conditions, semaphores, barriers and joins", &others);
	vr_deadlocks_print(ctx, cycles);
}

static int run(struct vr_context *ctx)
{
	struct vr_cycles *cycles = vr_cycles_new(ctx->profile);
	struct vr_locks *locks = vr_locks_new(ctx->profile);
	size_t *order = vr_locks_order(locks, (enum vr_locks_key)ctx->sort);
	struct vr_blames *blames = vr_blames_new(ctx->profile);
	struct vr_wakers *wakers = vr_wakers_new(ctx->profile);
	struct list all = {
	    .locks = locks,
	    .doing = {blames->n_blames ? blames : NULL, wakers->n_woken ? wakers : NULL},
	    .order = order,
	    .count = locks->n_locks};

	vr_deadlocks_warn(ctx, cycles);
	if (vr_opts_given(ctx->opts, VR_OPT_DEADLOCKS)) {
		vr_deadlocks_alone(ctx, cycles);
	} else {
		warn(ctx, locks);
		if (ctx->format == VR_FORMAT_JSON)
			ctx->json = to_json(ctx, &all, cycles);
		else if (ctx->format == VR_FORMAT_CSV)
			print_rows(ctx, &all);
		else
			print_all(ctx, &all, cycles);
	}
	vr_warn_symbols(ctx);
	free(order);
	vr_cycles_free(cycles);
	vr_blames_free(blames);
	vr_wakers_free(wakers);
	vr_locks_free(locks);
	return 0;
}

const struct vr_verb vr_verb_locks = {
    .name = "locks",
    .summary = "Waits for locks, conditions, semaphores and threads, and whose doing",
    .usage = "[FILE...]",
    .detail =
	"A lock that was free counts nothing. Waits for conditions, semaphores, barriers\n"
	"and threads are listed apart: most are of threads with nothing to do. They are\n"
	"told by who ended them: a signal, a post, the last at a barrier, a thread's end.\n"
	"A herd: broadcasts that wake several, half of whom wait again at once. A rwlock has a "
	"row\n"
	"for its readers (\"read\") and one for its writers. In a window (--since, --until)\n"
	"a wait counts where it ended, and those below 1 us are left out.\n"
	"A lock is called by its variable, by the object and its place in it where that\n"
	"has no symbols, by who allocated the block it lies in, or by whose stack it is on.\n"
	"Waits for mutexes, rwlocks and spin locks are charged to who held the lock, by\n"
	"where it let go, and divided by what it was in meanwhile; of several readers the\n"
	"last one is charged. Hold times are of holds that began with a wait, or of one in 64.\n"
	"A possible deadlock is locks that two or more threads took in different orders,\n"
	"under no lock that all of them had, and that may happen at the same time. One\n"
	"that did not happen in the run may never: docs/decisions/lock_order.md.",
    .options = VR_TAKES(VR_OPT_SORT, VR_OPT_LIMIT, VR_OPT_FORMAT, VR_OPT_THREAD, VR_OPT_WINDOW,
			VR_OPT_LABEL, VR_OPT_MODULE, VR_OPT_DEADLOCKS, VR_OPT_NAMES, VR_OPT_NAMING,
			VR_OPT_FAIL_IF),
    .sort = sort_keys,
    .limit = 10,
    .begin = vr_deadlocks_begin,
    .run = run,
};
