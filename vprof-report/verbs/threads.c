#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"
#include "model/cpu.h"
#include "model/locks.h"
#include "model/run.h"
#include "output/out.h"
#include "text/json.h"
#include "text/print.h"
#include "verbs/verb.h"

enum key { BY_CPU, BY_TID, BY_NAME, BY_START, BY_ALLOCS, BY_LIVE, BY_WAIT };

static const struct vr_sort_key sort_keys[] = {
    {"cpu", BY_CPU},	   {"tid", BY_TID},   {"name", BY_NAME}, {"start", BY_START},
    {"allocs", BY_ALLOCS}, {"live", BY_LIVE}, {"wait", BY_WAIT}, {NULL, 0},
};

/* qsort has no argument for its caller; the program has one thread. */
static struct {
	enum key key;
	const struct vr_profile *profile;
} order;

static int64_t live_of(const struct vprof_thread *t)
{
	return (int64_t)(t->alloc_bytes - t->freed_bytes);
}

static int compare_u64(uint64_t x, uint64_t y)
{
	return x > y ? -1 : x < y;
}

static int compare(const void *a, const void *b)
{
	uint32_t i = *(const uint32_t *)a;
	uint32_t j = *(const uint32_t *)b;
	const struct vprof_thread *x = &order.profile->file->thread[i];
	const struct vprof_thread *y = &order.profile->file->thread[j];
	int c = 0;

	switch (order.key) {
	case BY_CPU:
		c = compare_u64(vr_cpu_thread_ns(order.profile, i),
				vr_cpu_thread_ns(order.profile, j));
		break;
	case BY_TID:
		c = compare_u64(y->tid, x->tid);
		break;
	case BY_NAME:
		c = strcmp(x->name, y->name);
		break;
	case BY_START:
		c = compare_u64(y->start_ns, x->start_ns);
		break;
	case BY_ALLOCS:
		c = compare_u64(x->allocs, y->allocs);
		break;
	case BY_LIVE:
		c = live_of(x) > live_of(y) ? -1 : live_of(x) < live_of(y);
		break;
	case BY_WAIT:
		c = compare_u64(x->lock_wait_ns, y->lock_wait_ns);
		break;
	}
	return c ? c : i < j ? -1 : i > j;
}

/* Rows of the selected threads, the library's own last; free() it. */
static uint32_t *select_rows(struct vr_profile *profile, size_t *count)
{
	const struct vr_file *file = profile->file;
	uint32_t *row = vr_xcalloc(file->threads, sizeof(*row));
	size_t n = 0;

	for (uint32_t i = 0; i < file->threads; i++)
		if (profile->keep_thread[i] && vr_profile_thread_used(profile, i))
			row[n++] = i;
	qsort(row, n, sizeof(*row), compare);
	for (uint32_t i = 0; i < file->threads && !profile->select.thread; i++)
		if (vr_profile_is_helper(profile, i))
			row[n++] = i;
	*count = n;
	return row;
}

static uint64_t total_cpu(const struct vr_profile *profile)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < profile->file->threads; i++)
		if (!vr_profile_is_helper(profile, i))
			total += vr_cpu_thread_ns(profile, i);
	return total;
}

static const char *role(const struct vr_profile *profile, uint32_t row)
{
	if (vr_profile_is_helper(profile, row))
		return "profiler";
	if (row == 0)
		return "others";
	return profile->file->thread[row].state == VPROF_THREAD_LIVE ? "live" : "ended";
}

static void print_rows(struct vr_context *ctx, const uint32_t *row, size_t count)
{
	static const struct vr_column columns[] = {
	    {"tid", "tid", VR_TEXT, 0},
	    {"name", "name", VR_TEXT, 2},
	    {"state", "state", VR_TEXT, 0},
	    {"start_ns", "start", VR_NS, 0},
	    {"end_ns", "end", VR_NS, 0},
	    {"cpu_ns", "cpu", VR_NS, 0},
	    {"cpu_percent", "cpu%", VR_PERCENT, 0},
	    {"samples", "samples", VR_COUNT, 0},
	    {"allocs", "allocs", VR_COUNT, 0},
	    {"frees", "frees", VR_COUNT, 0},
	    {"alloc_bytes", "bytes", VR_BYTES, 0},
	    {"live_bytes", "live", VR_SBYTES, 0},
	    {"lock_waits", "waits", VR_COUNT, 0},
	    {"lock_wait_ns", "lock wait", VR_NS, 0},
	    {"idle_wait_ns", "idle wait", VR_NS, 0},
	};
	struct vr_table *table = vr_table_new(columns, sizeof(columns) / sizeof(columns[0]));
	uint64_t *idle_ns = vr_locks_idle_ns(ctx->profile->file);
	uint64_t total = total_cpu(ctx->profile);

	for (size_t i = 0; i < count && i < ctx->limit; i++) {
		const struct vprof_thread *t = &ctx->profile->file->thread[row[i]];
		uint64_t cpu_ns = vr_cpu_thread_ns(ctx->profile, row[i]);
		int helper = vr_profile_is_helper(ctx->profile, row[i]);
		char tid[16];

		snprintf(tid, sizeof(tid), "%" PRIu32, t->tid);
		vr_table_row(table, (const struct vr_cell[]){
					{.s = tid},
					{.s = t->name},
					{.s = role(ctx->profile, row[i])},
					{.u = t->start_ns},
					{.null = t->state != VPROF_THREAD_ENDED, .u = t->end_ns},
					{.u = cpu_ns},
					{.null = helper, .f = vr_percent(cpu_ns, total)},
					{.u = t->samples},
					{.u = t->allocs},
					{.u = t->frees},
					{.u = t->alloc_bytes},
					{.i = live_of(t)},
					{.u = t->lock_waits},
					{.u = t->lock_wait_ns},
					{.u = idle_ns[row[i]]},
				    });
	}
	free(idle_ns);
	vr_print_table(ctx, table);
	vr_print_more(ctx, ctx->limit, count, "threads");
}

static json_t *to_json(struct vr_context *ctx, const uint32_t *row, size_t count)
{
	json_t *root = json_object();
	json_t *threads = json_array();
	uint64_t *idle_ns = vr_locks_idle_ns(ctx->profile->file);

	for (size_t i = 0; i < count && i < ctx->limit; i++) {
		const struct vprof_thread *t = &ctx->profile->file->thread[row[i]];
		json_t *one = json_object();

		vr_json_set_u64(one, "tid", t->tid);
		vr_json_set_text(one, "name", t->name);
		vr_json_set_text(one, "state", role(ctx->profile, row[i]));
		vr_json_set_u64(one, "start_ns", t->start_ns);
		json_object_set_new(one, "end_ns",
				    t->state == VPROF_THREAD_ENDED ? vr_json_u64(t->end_ns)
								   : json_null());
		vr_json_set_u64(one, "cpu_ns", vr_cpu_thread_ns(ctx->profile, row[i]));
		vr_json_set_u64(one, "samples", t->samples);
		vr_json_set_u64(one, "sampled_ns", t->sampled_ns);
		vr_json_set_u64(one, "allocs", t->allocs);
		vr_json_set_u64(one, "frees", t->frees);
		vr_json_set_u64(one, "bytes_allocated", t->alloc_bytes);
		vr_json_set_u64(one, "bytes_freed", t->freed_bytes);
		json_object_set_new(one, "live_bytes", json_integer(live_of(t)));
		vr_json_set_u64(one, "lock_waits", t->lock_waits);
		vr_json_set_u64(one, "lock_wait_ns", t->lock_wait_ns);
		vr_json_set_u64(one, "idle_wait_ns", idle_ns[row[i]]);
		json_array_append_new(threads, one);
	}
	free(idle_ns);
	vr_json_set_u64(root, "cpu_ns", total_cpu(ctx->profile));
	json_object_set_new(root, "threads", threads);
	return root;
}

static int run(struct vr_context *ctx)
{
	uint32_t *row;
	size_t count;

	order.key = (enum key)ctx->sort;
	order.profile = ctx->profile;
	row = select_rows(ctx->profile, &count);
	if (ctx->format == VR_FORMAT_JSON)
		ctx->json = to_json(ctx, row, count);
	else
		print_rows(ctx, row, count);
	free(row);
	return 0;
}

const struct vr_verb vr_verb_threads = {
    .name = "threads",
    .summary = "CPU time, heap use and waits of each thread",
    .usage = "[FILE...]",
    .detail = "\"live\" is what the thread allocated minus what it freed; it is negative for a\n"
	      "thread that frees what others allocate. The thread marked \"profiler\" is the\n"
	      "library's own and in no total. \"lock wait\" is for mutexes and rwlocks, \"idle\n"
	      "wait\" for conditions and other threads.",
    .options = VR_OPT_SORT | VR_OPT_LIMIT | VR_OPT_FORMAT | VR_OPT_THREAD,
    .sort = sort_keys,
    .run = run,
};
