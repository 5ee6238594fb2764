#include "verbs/threads/fields.h"

#include <inttypes.h>

#include "cli/xalloc.h"
#include "model/cpu.h"
#include "model/run.h"
#include "text/json.h"

int64_t vr_threads_live(const struct vprof_thread *thread)
{
	return (int64_t)(thread->alloc_bytes - thread->freed_bytes);
}

static const char *role(const struct vr_profile *profile, uint32_t row)
{
	if (vr_profile_is_helper(profile, row))
		return "profiler";
	if (row == 0)
		return "others";
	return profile->file->thread[row].state == VPROF_THREAD_LIVE ? "live" : "ended";
}

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

static const struct vr_thread *view_of(const struct vr_rows *rows, const void *row)
{
	const struct vr_threads_view *threads = rows->model;

	return &threads->thread[index_of(row)];
}

void vr_get_tid(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	uint32_t tid = thread_of(rows, row)->tid;

	/* A name, which has no commas. */
	if (rows->ctx->format == VR_FORMAT_JSON)
		value->json = vr_json_u64(tid);
	else
		value->text = vr_xprintf("%" PRIu32, tid);
}

void vr_get_thread_name(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->cell.s = thread_of(rows, row)->name;
}

static void set_text(struct vr_value *value, const char *text)
{
	value->cell.null = !text;
	value->cell.s = text;
}

static void get_start(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const char *name = view_of(rows, row)->start.name;

	if (name || rows->ctx->format == VR_FORMAT_TABLE)
		vr_value_caption(rows, value, (struct vr_caption){.function = name ? name : "-"});
	else
		value->cell.null = 1;
}

static void get_routine(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	set_text(value, view_of(rows, row)->routine.name);
}

static void get_mostly(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	set_text(value, vr_mostly_name(view_of(rows, row)->mostly));
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

static void get_wall(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->cell.null = index_of(row) == 0;
	value->cell.u = view_of(rows, row)->wall_ns;
}

static void get_cpu(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->cell.u = vr_cpu_thread_ns(rows->ctx->profile, index_of(row));
}

static void get_cpu_percent(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_threads_view *threads = rows->model;

	value->cell.null = vr_profile_is_helper(rows->ctx->profile, index_of(row));
	value->cell.f =
	    vr_percent(vr_cpu_thread_ns(rows->ctx->profile, index_of(row)), threads->cpu_ns);
}

/* Time off the CPU, as it is and as a share of the thread's life. */
static void set_split(const struct vr_thread *thread, uint64_t ns, struct vr_value *value)
{
	value->cell.null = !thread->split;
	value->cell.u = ns;
}

static void set_share(int known, const struct vr_thread *thread, uint64_t ns,
		      struct vr_value *value)
{
	double percent = vr_percent(ns, thread->wall_ns);

	value->cell.null = !known || !thread->wall_ns;
	value->cell.f = percent < 100 ? percent : 100;
}

static void get_delay(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	set_split(view_of(rows, row), view_of(rows, row)->run_delay_ns, value);
}

static void get_waited(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	set_split(view_of(rows, row), view_of(rows, row)->waited_ns, value);
}

static void get_unsplit(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	set_split(view_of(rows, row), view_of(rows, row)->unsplit_ns, value);
}

static void get_on_share(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	set_share(1, view_of(rows, row), view_of(rows, row)->cpu_ns, value);
}

static void get_delay_share(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_thread *thread = view_of(rows, row);

	set_share(thread->split, thread, thread->run_delay_ns, value);
}

static void get_waited_share(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_thread *thread = view_of(rows, row);

	set_share(thread->split, thread, thread->waited_ns, value);
}

static void get_unsplit_share(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_thread *thread = view_of(rows, row);

	set_share(thread->split, thread, thread->unsplit_ns, value);
}

static int has_unsplit(const struct vr_rows *rows)
{
	const struct vr_threads_view *threads = rows->model;

	return threads->unsplit;
}

static void get_slices(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	set_split(view_of(rows, row), thread_of(rows, row)->slices, value);
}

static void get_voluntary(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->cell.null = !view_of(rows, row)->switches;
	value->cell.u = thread_of(rows, row)->voluntary;
}

static void get_involuntary(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->cell.null = !view_of(rows, row)->switches;
	value->cell.u = thread_of(rows, row)->involuntary;
}

static void get_switches(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->json = json_null();
	if (!view_of(rows, row)->switches)
		return;
	value->json = json_object();
	vr_json_set_u64(value->json, "voluntary", thread_of(rows, row)->voluntary);
	vr_json_set_u64(value->json, "involuntary", thread_of(rows, row)->involuntary);
}

static void get_spin(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_spin *spin = &view_of(rows, row)->spin;

	value->json = json_null();
	if (!spin->asks)
		return;
	value->json = json_object();
	vr_json_set_text(value->json, "asks", spin->asks);
	vr_json_set_text(value->json, "caller", spin->caller);
	json_object_set_new(value->json, "percent", json_real(spin->percent));
}

static void get_live(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->cell.i = vr_threads_live(thread_of(rows, row));
}

static void get_idle(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_threads_view *threads = rows->model;

	value->cell.u = threads->idle_ns[index_of(row)];
}

#define THREAD(member) VR_MEMBER(struct vprof_thread, member), .part = part_of
static const struct vr_field time_fields[] = {
    VR_THREAD_NAMES(VR_IN_ALL),
    {"start_function", "start function", VR_TEXT, VR_IN_ALL, .get = get_start,
     .elastic = VR_CAPTIONS},
    {"start_routine", "", VR_TEXT, VR_IN_DATA, .get = get_routine},
    {"wall_ns", "", VR_NS, VR_IN_DATA, .get = get_wall},
    {"cpu_ns", "", VR_NS, VR_IN_DATA, .get = get_cpu},
    {"run_delay_ns", "", VR_NS, VR_IN_DATA, .get = get_delay},
    {"waited_ns", "", VR_NS, VR_IN_DATA, .get = get_waited},
    {"unsplit_ns", "", VR_NS, VR_IN_DATA, .get = get_unsplit},
    {"on_cpu_percent", "cpu%", VR_PERCENT, VR_IN_COLUMNS, .get = get_on_share},
    {"run_delay_percent", "runq%", VR_PERCENT, VR_IN_COLUMNS, .get = get_delay_share},
    {"waited_percent", "wait%", VR_PERCENT, VR_IN_COLUMNS, .get = get_waited_share},
    {"unsplit_percent", "open%", VR_PERCENT, VR_IN_TABLE, .get = get_unsplit_share,
     .applies = has_unsplit},
    {"mostly", "mostly", VR_TEXT, VR_IN_ALL, .get = get_mostly},
    {"spins", "", VR_TEXT, VR_IN_JSON, .get = get_spin},
};

static const struct vr_field life_fields[] = {
    VR_THREAD_NAMES(VR_IN_TABLE),
    {"state", "state", VR_TEXT, VR_IN_ALL, .get = get_state},
    {"start_ns", "", VR_NS, VR_IN_DATA, THREAD(start_ns)},
    {"end_ns", "", VR_NS, VR_IN_DATA, .get = get_end},
    {"", "life", VR_NS, VR_IN_TABLE, .get = get_wall},
    {"", "cpu", VR_NS, VR_IN_TABLE, .get = get_cpu},
    {"cpu_percent", "of all", VR_PERCENT, VR_IN_COLUMNS, .get = get_cpu_percent},
    {"samples", "", VR_COUNT, VR_IN_DATA, THREAD(samples)},
    {"sampled_ns", "", VR_NS, VR_IN_JSON, THREAD(sampled_ns)},
    {"slices", "", VR_COUNT, VR_IN_DATA, .get = get_slices},
    {"voluntary", "switches", VR_COUNT, VR_IN_COLUMNS, .get = get_voluntary},
    {"involuntary", "forced", VR_COUNT, VR_IN_COLUMNS, .get = get_involuntary},
    {"switches", "", VR_TEXT, VR_IN_JSON, .get = get_switches},
};

static const struct vr_field heap_fields[] = {
    VR_THREAD_NAMES(VR_IN_TABLE),
    {"allocs", "allocs", VR_COUNT, VR_IN_ALL, THREAD(allocs)},
    {"frees", "frees", VR_COUNT, VR_IN_ALL, THREAD(frees)},
    {"bytes_allocated", "bytes", VR_BYTES, VR_IN_ALL, THREAD(alloc_bytes)},
    {"bytes_freed", "", VR_BYTES, VR_IN_JSON, THREAD(freed_bytes)},
    {"live_bytes", "live", VR_SBYTES, VR_IN_ALL, .get = get_live},
    {"lock_waits", "waits", VR_COUNT, VR_IN_ALL, THREAD(lock_waits)},
    {"lock_wait_ns", "lock wait", VR_NS, VR_IN_ALL, THREAD(lock_wait_ns)},
    {"idle_wait_ns", "idle wait", VR_NS, VR_IN_ALL, .get = get_idle},
};

const struct vr_threads_part vr_threads_part[VR_THREADS_PARTS] = {
    {"Time", VR_FIELDS(time_fields)},
    {"Life and switches", VR_FIELDS(life_fields)},
    {"Heap and waits for locks", VR_FIELDS(heap_fields)},
};
