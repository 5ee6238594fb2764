#include <inttypes.h>
#include <stdlib.h>

#include "cli/units.h"
#include "cli/xalloc.h"
#include "model/heap.h"
#include "model/locks.h"
#include "model/responsible.h"
#include "output/out.h"
#include "text/json.h"
#include "text/names.h"
#include "text/notes.h"
#include "text/print.h"
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

static uint64_t mean_ns(const struct vr_wait_sum *sum)
{
	return sum->waits ? sum->wait_ns / sum->waits : 0;
}

/* Who waited: the innermost frame that is not inside a class of locks. */
static char *waiter_text(struct vr_context *ctx, uint32_t node)
{
	struct vr_stacks *stacks = ctx->profile->stacks;
	const struct vr_place *place = vr_responsible_frame(stacks, node);

	return place ? vr_place_text(stacks, place, ctx->strip_dirs) : vr_xstrdup("");
}

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

static void print_sum(struct vr_context *ctx, const char *what, struct vr_wait_sum sum)
{
	char waits[VR_UNIT_MAX], time[VR_UNIT_MAX], timeouts[VR_UNIT_MAX];

	fprintf(ctx->out, "   %s: %s in %s wait%s", what, vr_format_ns(time, sum.wait_ns),
		vr_format_count(waits, sum.waits), plural(sum.waits));
	if (sum.timeouts)
		fprintf(ctx->out, ", %s of them timed out",
			vr_format_count(timeouts, sum.timeouts));
	fputc('\n', ctx->out);
}

static void print_header(struct vr_context *ctx, const struct vr_locks *locks)
{
	print_sum(ctx, "mutexes and rwlocks", vr_locks_held(locks));
	print_sum(ctx, "conditions", locks->kind[VPROF_LOCK_COND]);
	print_sum(ctx, "joins", locks->kind[VPROF_LOCK_JOIN]);
}

static void print_rows(struct vr_context *ctx, const struct vr_lock *lock, size_t count)
{
	static const struct vr_column columns[] = {
	    {"kind", "kind", VR_TEXT, 0},
	    {"waits", "waits", VR_COUNT, 0},
	    {"wait_ns", "wait", VR_NS, 0},
	    {"mean_ns", "mean", VR_NS, 0},
	    {"max_ns", "max", VR_NS, 0},
	    {"timeouts", "timeouts", VR_COUNT, 0},
	    {"threads", "threads", VR_COUNT, 0},
	    {"lock", "lock", VR_TEXT, 2},
	    {"waiter", "waits most in", VR_TEXT, 1},
	};
	struct vr_table *table = vr_table_new(columns, sizeof(columns) / sizeof(columns[0]));

	for (size_t i = 0; i < count; i++) {
		char *name = vr_lock_text(ctx->profile, &lock[i]);
		char *waiter = waiter_text(ctx, lock[i].path[0].node);

		vr_table_row(table, (const struct vr_cell[]){
					{.s = vr_lock_kind_name(lock[i].kind)},
					{.u = lock[i].sum.waits},
					{.u = lock[i].sum.wait_ns},
					{.u = mean_ns(&lock[i].sum)},
					{.u = lock[i].sum.max_ns},
					{.u = lock[i].sum.timeouts},
					{.u = lock[i].threads},
					{.s = name},
					{.s = waiter},
				    });
		free(name);
		free(waiter);
	}
	vr_print_table(ctx, table);
}

/* A call path and whose it is. */
struct ranked {
	const struct vr_lock *lock;
	const struct vr_lock_path *path;
};

/* qsort has no argument for its caller; the program has one thread. */
static int order;

static uint64_t value(const struct vr_wait_sum *sum)
{
	return order == VR_LOCKS_WAIT	 ? sum->wait_ns
	       : order == VR_LOCKS_WAITS ? sum->waits
					 : sum->max_ns;
}

static int by_value(const void *a, const void *b)
{
	const struct ranked *x = a;
	const struct ranked *y = b;
	uint64_t vx = value(&x->path->sum);
	uint64_t vy = value(&y->path->sum);

	if (vx != vy)
		return vx > vy ? -1 : 1;
	return x->path->node < y->path->node ? -1 : x->path->node > y->path->node;
}

static void print_path(struct vr_context *ctx, size_t rank, const struct ranked *one)
{
	const struct vr_wait_sum *sum = &one->path->sum;
	char *name = vr_lock_text(ctx->profile, one->lock);
	char time[VR_UNIT_MAX], waits[VR_UNIT_MAX], most[VR_UNIT_MAX];

	fprintf(ctx->out, "\n#%zu  %s in %s wait%s, at most %s, for %s ", rank,
		vr_format_ns(time, sum->wait_ns), vr_format_count(waits, sum->waits),
		plural(sum->waits), vr_format_ns(most, sum->max_ns),
		vr_lock_kind_name(one->lock->kind));
	vr_print_safe(ctx, name);
	fputc('\n', ctx->out);
	vr_print_stack(ctx, one->path->node, "      ", STACK_FRAMES);
	free(name);
}

/* The largest call paths of these locks. */
static void print_paths(struct vr_context *ctx, const struct vr_lock *lock, size_t count)
{
	size_t limit = ctx->opts->given & VR_OPT_LIMIT ? ctx->limit : TOP_PATHS;
	struct ranked *ranked;
	size_t paths = 0;

	for (size_t i = 0; i < count; i++)
		paths += lock[i].paths;
	ranked = vr_xcalloc(paths, sizeof(*ranked));
	paths = 0;
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < lock[i].paths; k++)
			ranked[paths++] = (struct ranked){&lock[i], &lock[i].path[k]};
	order = ctx->sort;
	qsort(ranked, paths, sizeof(*ranked), by_value);
	for (size_t i = 0; i < paths && i < limit; i++)
		print_path(ctx, i + 1, &ranked[i]);
	free(ranked);
}

static void print_class(struct vr_context *ctx, const char *title, const struct vr_lock *lock,
			size_t count)
{
	size_t shown = count < ctx->limit ? count : ctx->limit;

	if (!count)
		return;
	fprintf(ctx->out, "\n%s\n", title);
	print_rows(ctx, lock, shown);
	vr_print_more(ctx, shown, count, "rows");
	print_paths(ctx, lock, count);
}

static void set_sum(json_t *object, const struct vr_wait_sum *sum)
{
	vr_json_set_u64(object, "waits", sum->waits);
	vr_json_set_u64(object, "timeouts", sum->timeouts);
	vr_json_set_u64(object, "wait_ns", sum->wait_ns);
	vr_json_set_u64(object, "mean_ns", mean_ns(sum));
	vr_json_set_u64(object, "max_ns", sum->max_ns);
	vr_json_set_u64(object, "first_ns", sum->first_ns);
	vr_json_set_u64(object, "last_ns", sum->last_ns);
}

static json_t *lock_json(struct vr_context *ctx, const struct vr_lock *lock)
{
	const char *module = NULL;
	const char *name = vr_lock_variable(ctx->profile, lock, &module);
	json_t *one = json_object();
	json_t *paths = json_array();
	char address[24] = "";

	if (lock->address)
		snprintf(address, sizeof(address), "0x%" PRIx64, lock->address);
	vr_json_set_text(one, "kind", vr_lock_kind_name(lock->kind));
	vr_json_set_text(one, "address", address);
	json_object_set_new(one, "name", name ? vr_json_text(name) : json_null());
	json_object_set_new(one, "module", name ? vr_json_text(module) : json_null());
	vr_json_set_u64(one, "threads", lock->threads);
	set_sum(one, &lock->sum);
	for (size_t i = 0; i < lock->paths; i++) {
		json_t *path = json_object();

		set_sum(path, &lock->path[i].sum);
		json_object_set_new(path, "frames",
				    vr_json_frames(ctx->profile->stacks, lock->path[i].node));
		json_array_append_new(paths, path);
	}
	json_object_set_new(one, "paths", paths);
	return one;
}

static json_t *to_json(struct vr_context *ctx, const struct vr_locks *locks, size_t count)
{
	const struct vr_wait_sum held = vr_locks_held(locks);
	json_t *root = json_object();
	json_t *totals = json_object();
	json_t *list = json_array();

	vr_json_set_u64(totals, "lock_waits", held.waits);
	vr_json_set_u64(totals, "lock_wait_ns", held.wait_ns);
	vr_json_set_u64(totals, "lock_timeouts", held.timeouts);
	vr_json_set_u64(totals, "cond_waits", locks->kind[VPROF_LOCK_COND].waits);
	vr_json_set_u64(totals, "cond_wait_ns", locks->kind[VPROF_LOCK_COND].wait_ns);
	vr_json_set_u64(totals, "join_waits", locks->kind[VPROF_LOCK_JOIN].waits);
	vr_json_set_u64(totals, "join_wait_ns", locks->kind[VPROF_LOCK_JOIN].wait_ns);
	json_object_set_new(root, "totals", totals);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, lock_json(ctx, &locks->lock[i]));
	json_object_set_new(root, "locks", list);
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
			"the lock table was full: %" PRIu64
			" waits have no row of their own; run with a larger size=",
			h->lost[VPROF_LOST_LOCK_ROWS]);
}

static int run(struct vr_context *ctx)
{
	struct vr_locks *locks = vr_locks_new(ctx->profile);
	size_t count = locks->locks < ctx->limit ? locks->locks : ctx->limit;
	size_t held = 0;

	vr_locks_sort(locks, (enum vr_locks_key)ctx->sort);
	while (held < locks->locks && vr_lock_is_held(locks->lock[held].kind))
		held++;
	warn(ctx, locks);
	if (ctx->format == VR_FORMAT_JSON) {
		ctx->json = to_json(ctx, locks, count);
	} else if (ctx->format == VR_FORMAT_CSV) {
		print_rows(ctx, locks->lock, count);
	} else {
		print_header(ctx, locks);
		fprintf(ctx->out, "   Ordered by: %s\n", sort_keys[ctx->sort].name);
		print_class(ctx, "Mutexes and rwlocks", locks->lock, held);
		print_class(ctx, "Conditions and joins", locks->lock + held, locks->locks - held);
	}
	vr_warn_rebuilt(ctx);
	vr_locks_free(locks);
	return 0;
}

const struct vr_verb vr_verb_locks = {
    .name = "locks",
    .summary = "Waits for mutexes, rwlocks, conditions and threads, and who waited",
    .usage = "[FILE...]",
    .detail = "A lock that was free counts nothing. Waits for conditions and joins are listed\n"
	      "apart, because most of them are threads with nothing to do. A rwlock has a row\n"
	      "for its readers (\"read\") and one for its writers. In a window (--since, --until)\n"
	      "a wait counts where it ended, and those below 1 us are left out.",
    .options = VR_OPT_SORT | VR_OPT_LIMIT | VR_OPT_FORMAT | VR_OPT_THREAD | VR_OPT_WINDOW |
	       VR_OPT_MODULE | VR_OPT_STRIP | VR_OPT_INLINES,
    .sort = sort_keys,
    .limit = 10,
    .run = run,
};
