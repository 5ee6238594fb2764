#include "verbs/waits/fields.h"

#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"
#include "model/run.h"
#include "text/call_names.h"
#include "text/json.h"
#include "text/lock_names.h"
#include "text/names.h"

uint64_t vr_waits_ns(const struct vr_waits_view *view, const struct vr_call_sum *sum)
{
	return view->idle ? vr_calls_idle_ns(sum) : vr_calls_wait_ns(sum);
}

double vr_waits_share(const struct vr_waits_view *view, const struct vr_call_sum *sum)
{
	return vr_percent(vr_waits_ns(view, sum), view->calls->thread_ns);
}

static const struct vr_waits_view *view_of(const struct vr_rows *rows)
{
	return rows->model;
}

static const struct vr_call_site *site_of(const void *row)
{
	return row;
}

static void get_wait(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->cell.u = vr_waits_ns(view_of(rows), &site_of(row)->sum);
}

static void get_share(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->cell.f = vr_waits_share(view_of(rows), &site_of(row)->sum);
}

static void get_all_waited(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_call_sum *sum = row;

	(void)rows;
	value->cell.u = vr_calls_wait_ns(sum) + vr_calls_idle_ns(sum);
}

static void get_name(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const char *name = site_of(row)->name;

	(void)rows;
	value->cell.s = *name ? name : "[unknown call]";
}

static void get_class(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.s = vr_class_name(site_of(row)->class);
}

static void get_percentile(const void *row, double percent, struct vr_value *value)
{
	value->cell.u = vr_call_percentile(row, percent);
}

static void get_p50(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	get_percentile(row, 50, value);
}

static void get_p99(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	get_percentile(row, 99, value);
}

char *vr_waits_object(struct vr_profile *profile, const struct vr_call_site *site)
{
	return vr_target_text(profile, site->target_kind, site->target, site->object,
			      site->sum.last_ns);
}

const struct vr_woken *vr_waits_woken(const struct vr_wakers *wakers,
				      const struct vr_call_site *site)
{
	int barrier = !strcmp(site->name, "pthread_barrier_wait");

	if (!wakers || site->targets_differ || (!barrier && strncmp(site->name, "sem_", 4) != 0))
		return NULL;
	return vr_woken_at(wakers, barrier ? VPROF_LOCK_BARRIER : VPROF_LOCK_SEM, site->object);
}

static void get_woken_by(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_woken *woken = vr_waits_woken(view_of(rows)->wakers, row);

	value->cell.null = !woken;
	if (woken)
		value->text = vr_waker_short(rows->ctx->profile, woken);
}

/* Of calls of which none lasted, as exactly as their buckets tell. */
static void get_max(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.u = vr_call_max_ns(row);
}

static void get_object(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->text = vr_waits_object(rows->ctx->profile, row);
	value->cell.null = !*value->text;
}

/* "a, ...": others too. */
static void get_objects(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	get_object(rows, row, value);
	if (*value->text && site_of(row)->targets_differ)
		value->text = vr_xappend(value->text, ", ...");
}

static void get_object_kind(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.s = vr_target_name(site_of(row)->target_kind);
}

static void get_differ(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->json = json_boolean(site_of(row)->targets_differ);
}

/* Within the iterations of a loop, and while a lock was held. */
static void get_within(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_call_sum *sum = &site_of(row)->sum;

	value->cell.null = view_of(rows)->idle || (!sum->on_loop_ns && !sum->under_lock_ns);
	value->cell.s = !sum->under_lock_ns ? "loop" : sum->on_loop_ns ? "loop, lock" : "lock";
}

/* What the events of a window do not tell. */
static int is_whole(const struct vr_rows *rows)
{
	return !view_of(rows)->calls->windowed;
}

static void get_is_on_loop(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->json = is_whole(rows) ? json_boolean(site_of(row)->sum.on_loop) : json_null();
}

static void get_is_under_lock(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->json = is_whole(rows) ? json_boolean(site_of(row)->sum.under_lock) : json_null();
}

static void get_at_loop(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->json = json_boolean(site_of(row)->at_loop);
}

static void get_site(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	vr_value_site(rows, value, site_of(row)->node);
}

static void get_frames(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->json = vr_json_frames(rows->ctx->profile->stacks, site_of(row)->node);
}

/* [[least time of the bucket, calls], ...] of those that have any. */
static void get_histogram(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const uint64_t *count = site_of(row)->histogram;

	(void)rows;
	value->json = json_array();
	for (uint32_t i = 0; i < VPROF_CALL_BUCKETS; i++)
		if (count[i])
			json_array_append_new(
			    value->json,
			    json_pack("[o, o]",
				      vr_json_u64(vprof_histogram_low(i, VPROF_CALL_UNIT_BITS,
								      VPROF_CALL_SUB_BITS)),
				      vr_json_u64(count[i])));
}

/* Members of struct vr_call_sum that the events of a window do not tell. */
#define OF_WHOLE_RUN(member)                                                                       \
	static void get_##member(const struct vr_rows *rows, const void *row,                      \
				 struct vr_value *value)                                           \
	{                                                                                          \
		value->cell.null = !is_whole(rows);                                                \
		value->cell.u = ((const struct vr_call_sum *)row)->member;                         \
	}
OF_WHOLE_RUN(bytes)
OF_WHOLE_RUN(failed)
OF_WHOLE_RUN(timeouts)
OF_WHOLE_RUN(on_loop)
OF_WHOLE_RUN(on_loop_ns)
OF_WHOLE_RUN(under_lock)
OF_WHOLE_RUN(under_lock_ns)

static const void *sum_of(const struct vr_rows *rows, const void *row)
{
	(void)rows;
	return &site_of(row)->sum;
}

static void get_moved(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.u = site_of(row)->sum.bytes;
	value->cell.null = !value->cell.u; /* most functions move none */
}

#define SUM(member)   VR_MEMBER(struct vr_call_sum, member), .part = sum_of
#define WHOLE(member) .get = get_##member, .part = sum_of
#define CLASS(which)  VR_MEMBER(struct vr_call_sum, class_ns[VPROF_CLASS_##which])
#define SITE(member)  VR_MEMBER(struct vr_call_site, member)

const struct vr_field vr_waits_fields[] = {
    {"rank", "#", VR_COUNT, VR_IN_TABLE, .get = vr_get_rank},
    {"kind", "", VR_TEXT, VR_IN_DATA, .get = get_name},
    {"class", "", VR_TEXT, VR_IN_DATA, .get = get_class},
    {"wait", "wait", VR_NS, VR_IN_TABLE, .get = get_wait},
    {"share", "share%", VR_PERCENT, VR_IN_TABLE, .get = get_share, .yields = 1},
    {"calls", "calls", VR_COUNT, VR_IN_ALL, SUM(calls)},
    {"blocked", "lasted", VR_COUNT, VR_IN_ALL, SUM(blocked), .yields = 6},
    {"wait_ns", "", VR_NS, VR_IN_DATA, .get = get_all_waited, .part = sum_of},
    {"blocked_ns", "", VR_NS, VR_IN_DATA, CLASS(BLOCKED), .part = sum_of},
    {"lock_ns", "", VR_NS, VR_IN_DATA, CLASS(LOCK), .part = sum_of},
    {"idle_ns", "", VR_NS, VR_IN_DATA, CLASS(IDLE), .part = sum_of},
    {"paced_ns", "", VR_NS, VR_IN_DATA, CLASS(PACED), .part = sum_of},
    {"time_ns", "", VR_NS, VR_IN_DATA, SUM(time_ns)},
    {"untimed", "", VR_COUNT, VR_IN_DATA, SUM(untimed)},
    {"p50_ns", "p50", VR_NS, VR_IN_ALL, .get = get_p50, .yields = 5},
    {"p99_ns", "p99", VR_NS, VR_IN_ALL, .get = get_p99, .yields = 3},
    {"max_ns", "max", VR_NS, VR_IN_ALL, .get = get_max},
    {"bytes", "bytes", VR_BYTES, VR_IN_TABLE, .get = get_moved, .yields = 4, .applies = is_whole},
    {"bytes", "", VR_BYTES, VR_IN_DATA, WHOLE(bytes)},
    {"failed", "", VR_COUNT, VR_IN_DATA, WHOLE(failed)},
    {"timeouts", "", VR_COUNT, VR_IN_DATA, WHOLE(timeouts)},
    {"within", "in", VR_TEXT, VR_IN_TABLE, .get = get_within, .yields = 2, .applies = is_whole},
    {"threads", "threads", VR_COUNT, VR_IN_ALL, SITE(threads), .yields = 7},
    {"on_loop", "", VR_TEXT, VR_IN_JSON, .get = get_is_on_loop},
    {"on_loop_calls", "", VR_COUNT, VR_IN_DATA, WHOLE(on_loop)},
    {"on_loop_ns", "", VR_NS, VR_IN_DATA, WHOLE(on_loop_ns)},
    {"under_lock", "", VR_TEXT, VR_IN_JSON, .get = get_is_under_lock},
    {"under_lock_calls", "", VR_COUNT, VR_IN_DATA, WHOLE(under_lock)},
    {"under_lock_ns", "", VR_NS, VR_IN_DATA, WHOLE(under_lock_ns)},
    {"at_loop", "", VR_TEXT, VR_IN_JSON, .get = get_at_loop},
    {"call", "call", VR_TEXT, VR_IN_TABLE, .get = get_name, .elastic = VR_KEEP_START},
    {"object", "", VR_TEXT, VR_IN_DATA, .get = get_object},
    {"object_kind", "", VR_TEXT, VR_IN_DATA, .get = get_object_kind},
    {"objects_differ", "", VR_TEXT, VR_IN_JSON, .get = get_differ},
    {"objects", "for", VR_TEXT, VR_IN_TABLE, .get = get_objects, .elastic = VR_KEEP_END},
    {"site", "called from", VR_TEXT, VR_IN_COLUMNS, .get = get_site, .elastic = VR_CAPTIONS},
    {"first_ns", "", VR_NS, VR_IN_JSON, SUM(first_ns)},
    {"last_ns", "", VR_NS, VR_IN_JSON, SUM(last_ns)},
    {"woken_by", "", VR_TEXT, VR_IN_JSON, .get = get_woken_by},
    {"histogram", "", VR_TEXT, VR_IN_JSON, .get = get_histogram},
    {"frames", "", VR_TEXT, VR_IN_JSON, .get = get_frames},
};
const size_t vr_waits_fields_count = sizeof(vr_waits_fields) / sizeof(vr_waits_fields[0]);

static void get_average(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_calls *calls = view_of(rows)->calls;
	const struct vr_call_sum *sum = row;

	value->cell.f = calls->wall_ns ? (double)vr_calls_wait_ns(sum) / (double)calls->wall_ns : 0;
}

static void get_thread_ns(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)row;
	value->cell.u = view_of(rows)->calls->thread_ns;
}

static void get_off_cpu(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_calls *calls = view_of(rows)->calls;

	(void)row;
	value->cell.null = !calls->booked_ns;
	value->cell.u = calls->off_cpu_ns;
}

static void get_run_delay(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)row;
	value->cell.null = !is_whole(rows);
	value->cell.u = view_of(rows)->calls->run_delay_ns;
}

static void get_lost(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)row;
	value->cell.u = rows->ctx->profile->file->header.lost[VPROF_LOST_CALLS];
}

#define TOTAL(member) VR_MEMBER(struct vr_call_sum, member)

const struct vr_field vr_waits_totals[] = {
    {"thread_ns", "", VR_NS, VR_IN_JSON, .get = get_thread_ns},
    {"off_cpu_ns", "", VR_NS, VR_IN_JSON, .get = get_off_cpu},
    {"run_delay_ns", "", VR_NS, VR_IN_JSON, .get = get_run_delay},
    {"calls", "", VR_COUNT, VR_IN_JSON, TOTAL(calls)},
    {"blocked", "", VR_COUNT, VR_IN_JSON, TOTAL(blocked)},
    {"wait_ns", "", VR_NS, VR_IN_JSON, .get = get_all_waited},
    {"blocked_ns", "", VR_NS, VR_IN_JSON, CLASS(BLOCKED)},
    {"lock_ns", "", VR_NS, VR_IN_JSON, CLASS(LOCK)},
    {"idle_ns", "", VR_NS, VR_IN_JSON, CLASS(IDLE)},
    {"paced_ns", "", VR_NS, VR_IN_JSON, CLASS(PACED)},
    {"threads_on_average", "", VR_NUMBER, VR_IN_JSON, .get = get_average},
    {"bytes", "", VR_BYTES, VR_IN_JSON, .get = get_bytes},
    {"lost_calls", "", VR_COUNT, VR_IN_JSON, .get = get_lost},
};
const size_t vr_waits_totals_count = sizeof(vr_waits_totals) / sizeof(vr_waits_totals[0]);
