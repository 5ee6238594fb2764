#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "cli/xalloc.h"
#include "model/cpu.h"
#include "model/locks.h"
#include "model/run.h"
#include "output/out.h"
#include "text/fields.h"
#include "text/json.h"
#include "text/print.h"
#include "verbs/verb.h"

enum key { BY_CPU, BY_TID, BY_NAME, BY_START, BY_ALLOCS, BY_LIVE, BY_WAIT };

static const struct vr_sort_key sort_keys[] = {
    {"cpu", BY_CPU},	   {"tid", BY_TID},   {"name", BY_NAME}, {"start", BY_START},
    {"allocs", BY_ALLOCS}, {"live", BY_LIVE}, {"wait", BY_WAIT}, {NULL, 0},
};

struct order {
	enum key key;
	const struct vr_profile *profile;
};

static int64_t live_of(const struct vprof_thread *t)
{
	return (int64_t)(t->alloc_bytes - t->freed_bytes);
}

static int compare(const void *a, const void *b, void *arg)
{
	const struct order *order = arg;
	uint32_t i = *(const uint32_t *)a;
	uint32_t k = *(const uint32_t *)b;
	const struct vprof_thread *x = &order->profile->file->thread[i];
	const struct vprof_thread *y = &order->profile->file->thread[k];
	int c = 0;

	switch (order->key) {
	case BY_CPU:
		c = vr_larger_first(vr_cpu_thread_ns(order->profile, i),
				    vr_cpu_thread_ns(order->profile, k));
		break;
	case BY_TID:
		c = vr_smaller_first(x->tid, y->tid);
		break;
	case BY_NAME:
		c = strcmp(x->name, y->name);
		break;
	case BY_START:
		c = vr_smaller_first(x->start_ns, y->start_ns);
		break;
	case BY_ALLOCS:
		c = vr_larger_first(x->allocs, y->allocs);
		break;
	case BY_LIVE:
		c = live_of(x) > live_of(y) ? -1 : live_of(x) < live_of(y);
		break;
	case BY_WAIT:
		c = vr_larger_first(x->lock_wait_ns, y->lock_wait_ns);
		break;
	}
	return c ? c : vr_smaller_first(i, k);
}

/* Rows of the selected threads, the library's own last; free() it. */
static uint32_t *select_rows(struct vr_profile *profile, enum key key, size_t *count)
{
	struct order order = {.key = key, .profile = profile};
	const struct vr_file *file = profile->file;
	uint32_t *row = vr_xcalloc(file->n_threads, sizeof(*row));
	size_t n = 0;

	for (uint32_t i = 0; i < file->n_threads; i++)
		if (profile->keep_thread[i] && vr_profile_thread_used(profile, i))
			row[n++] = i;
	qsort_r(row, n, sizeof(*row), compare, &order);
	for (uint32_t i = 0; i < file->n_threads && !profile->select.thread; i++)
		if (vr_profile_is_helper(profile, i))
			row[n++] = i;
	*count = n;
	return row;
}

static uint64_t total_cpu(const struct vr_profile *profile)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < profile->file->n_threads; i++)
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

/* What the rows are of; a row is the index of a thread. */
struct threads {
	const uint64_t *idle_ns;
	uint64_t cpu_ns; /* of all */
};

static uint32_t index_of(const void *row)
{
	return *(const uint32_t *)row;
}

static const struct vprof_thread *thread_of(const struct vr_rows *rows, const void *row)
{
	return &rows->ctx->profile->file->thread[index_of(row)];
}

static const void *part_of(const struct vr_rows *rows, const void *row)
{
	return thread_of(rows, row);
}

static void get_tid(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	uint32_t tid = thread_of(rows, row)->tid;

	/* A name, which has no commas. */
	if (rows->ctx->format == VR_FORMAT_JSON)
		value->json = vr_json_u64(tid);
	else
		value->text = vr_xprintf("%" PRIu32, tid);
}

static void get_name(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->cell.s = thread_of(rows, row)->name;
}

static void get_state(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->cell.s = role(rows->ctx->profile, index_of(row));
}

static void get_end(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vprof_thread *thread = thread_of(rows, row);

	value->cell.null = thread->state != VPROF_THREAD_ENDED;
	value->cell.u = thread->end_ns;
}

static void get_cpu(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->cell.u = vr_cpu_thread_ns(rows->ctx->profile, index_of(row));
}

static void get_cpu_percent(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct threads *threads = rows->model;

	value->cell.null = vr_profile_is_helper(rows->ctx->profile, index_of(row));
	value->cell.f =
	    vr_percent(vr_cpu_thread_ns(rows->ctx->profile, index_of(row)), threads->cpu_ns);
}

static void get_live(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->cell.i = live_of(thread_of(rows, row));
}

static void get_idle(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct threads *threads = rows->model;

	value->cell.u = threads->idle_ns[index_of(row)];
}

#define THREAD(member) VR_MEMBER(struct vprof_thread, member), .part = part_of

static const struct vr_field thread_fields[] = {
    {"tid", "tid", VR_TEXT, VR_IN_ALL, .get = get_tid},
    {"name", "name", VR_TEXT, VR_IN_ALL, .get = get_name, .elastic = VR_KEEP_START},
    {"state", "state", VR_TEXT, VR_IN_ALL, .get = get_state},
    {"start_ns", "start", VR_NS, VR_IN_ALL, THREAD(start_ns)},
    {"end_ns", "end", VR_NS, VR_IN_ALL, .get = get_end},
    {"cpu_ns", "cpu", VR_NS, VR_IN_ALL, .get = get_cpu},
    {"cpu_percent", "cpu%", VR_PERCENT, VR_IN_COLUMNS, .get = get_cpu_percent},
    {"samples", "samples", VR_COUNT, VR_IN_ALL, THREAD(samples)},
    {"sampled_ns", "", VR_NS, VR_IN_JSON, THREAD(sampled_ns)},
    {"allocs", "allocs", VR_COUNT, VR_IN_ALL, THREAD(allocs)},
    {"frees", "frees", VR_COUNT, VR_IN_ALL, THREAD(frees)},
    {"bytes_allocated", "bytes", VR_BYTES, VR_IN_ALL, THREAD(alloc_bytes)},
    {"bytes_freed", "", VR_BYTES, VR_IN_JSON, THREAD(freed_bytes)},
    {"live_bytes", "live", VR_SBYTES, VR_IN_ALL, .get = get_live},
    {"lock_waits", "waits", VR_COUNT, VR_IN_ALL, THREAD(lock_waits)},
    {"lock_wait_ns", "lock wait", VR_NS, VR_IN_ALL, THREAD(lock_wait_ns)},
    {"idle_wait_ns", "idle wait", VR_NS, VR_IN_ALL, .get = get_idle},
};

static void print_rows(const struct vr_rows *rows, const uint32_t *row, size_t count)
{
	struct vr_sheet *sheet = vr_sheet_new(rows, VR_FIELDS(thread_fields));

	for (size_t i = 0; i < count && i < rows->ctx->limit; i++)
		vr_sheet_row(sheet, &row[i]);
	vr_sheet_print(sheet);
	vr_print_more(rows->ctx, rows->ctx->limit, count, "threads");
}

static json_t *to_json(const struct vr_rows *rows, const uint32_t *row, size_t count)
{
	const struct threads *model = rows->model;
	json_t *root = json_object();
	json_t *threads = json_array();

	for (size_t i = 0; i < count && i < rows->ctx->limit; i++)
		json_array_append_new(threads,
				      vr_json_fields(rows, VR_FIELDS(thread_fields), &row[i]));
	vr_json_set_u64(root, "cpu_ns", model->cpu_ns);
	json_object_set_new(root, "threads", threads);
	return root;
}

static int run(struct vr_context *ctx)
{
	uint64_t *idle_ns = vr_locks_idle_ns(ctx->profile->file);
	const struct threads threads = {.idle_ns = idle_ns, .cpu_ns = total_cpu(ctx->profile)};
	const struct vr_rows rows = {.ctx = ctx, .model = &threads};
	size_t count;
	uint32_t *row = select_rows(ctx->profile, (enum key)ctx->sort, &count);

	if (ctx->format == VR_FORMAT_JSON)
		ctx->json = to_json(&rows, row, count);
	else
		print_rows(&rows, row, count);
	free(row);
	free(idle_ns);
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
    .options = VR_TAKES(VR_OPT_SORT, VR_OPT_LIMIT, VR_OPT_FORMAT, VR_OPT_THREAD),
    .sort = sort_keys,
    .run = run,
};
