#include <inttypes.h>
#include <stdlib.h>

#include "cli/xalloc.h"
#include "model/calls.h"
#include "model/run.h"
#include "text/fields.h"
#include "text/json.h"
#include "text/names.h"
#include "text/percentiles.h"
#include "verbs/loop/loop.h"

static const struct vr_loop *loop_of(const void *row)
{
	return row;
}

static const struct vprof_thread *thread_of(const struct vr_rows *rows, const void *row)
{
	return &rows->ctx->profile->file->thread[loop_of(row)->row->thread];
}

static void get_tid(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->cell.u = thread_of(rows, row)->tid;
}

static void get_thread(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->cell.s = thread_of(rows, row)->name;
}

static void get_name(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_loop *loop = row;

	/* Its place is said below the table, and leaves room for the thread here. */
	if (rows->ctx->format == VR_FORMAT_TABLE)
		vr_value_caption(rows, value, (struct vr_caption){.function = loop->name});
	else
		value->cell.s = loop->name;
}

static const void *row_of(const struct vr_rows *rows, const void *row)
{
	(void)rows;
	return loop_of(row)->row;
}

static const void *took_of(const struct vr_rows *rows, const void *row)
{
	(void)rows;
	return loop_of(row)->took;
}

static const void *function_of(const struct vr_rows *rows, const void *row)
{
	(void)rows;
	return &loop_of(row)->function;
}

/* Of one label it is not known what was waited between its iterations, or what that brought. */
static int is_whole(const void *row)
{
	return !loop_of(row)->of_labels;
}

static void set_share(struct vr_value *value, uint64_t part, uint64_t whole, double of)
{
	value->cell.null = !whole;
	value->cell.f = whole ? of * (double)part / (double)whole : 0;
}

static void get_rate(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	set_share(value, loop_of(row)->row->iterations, loop_of(row)->wall_ns, 1e9);
}

/* What does not fit the wall time by the cost of a reading of the clock is 100 %. */
static void get_busy(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	double most = rows->ctx->format == VR_FORMAT_JSON ? 1 : 100;

	set_share(value, loop_of(row)->row->busy_ns, loop_of(row)->wall_ns, most);
	value->cell.f = value->cell.f > most ? most : value->cell.f;
}

static void get_idle(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	set_share(value, loop_of(row)->row->idle_ns, loop_of(row)->wall_ns, 1);
	value->cell.null |= !is_whole(row);
}

static void get_spin(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	set_share(value, loop_of(row)->row->spin_ns, loop_of(row)->wall_ns, 1);
	value->cell.null |= !is_whole(row);
}

static void get_events(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	set_share(value, loop_of(row)->row->events, loop_of(row)->row->iterations, 1);
	value->cell.null |= !loop_of(row)->row->events;
}

#define OF_ALL(member)                                                                             \
	static void get_all_##member(const struct vr_rows *rows, const void *row,                  \
				     struct vr_value *value)                                       \
	{                                                                                          \
		(void)rows;                                                                        \
		value->cell.u = loop_of(row)->row->member;                                         \
		value->cell.null = !is_whole(row);                                                 \
	}
OF_ALL(idle_ns)
OF_ALL(spin_ns)
OF_ALL(spins)
OF_ALL(events)
OF_ALL(bytes)
#undef OF_ALL

static void get_took(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->json = vr_quantiles_json(loop_of(row)->took);
}

static void get_histogram(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->json = vr_histogram_json(&loop_of(row)->iteration);
}

static void get_delay(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	if (!is_whole(row)) {
		value->json = json_null();
		return;
	}
	value->json = vr_quantiles_json(loop_of(row)->delay);
	json_object_set_new(value->json, "delayed_share", json_real(loop_of(row)->delayed));
}

static void get_late(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vprof_loop *loop = loop_of(row)->row;

	(void)rows;
	if (!is_whole(row)) {
		value->json = json_null();
		return;
	}
	value->json = vr_quantiles_json(loop_of(row)->late);
	vr_json_set_u64(value->json, "waits", loop->delays);
	vr_json_set_u64(value->json, "mean_ns", loop->delays ? loop->delay_ns / loop->delays : 0);
	vr_json_set_u64(value->json, "max_ns", loop->delay_max_ns);
}

static void get_now(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.null = !loop_of(row)->row->now_ns;
	value->cell.u = loop_of(row)->row->now_ns;
}

static void get_frames(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->json = vr_json_frames(rows->ctx->profile->stacks, loop_of(row)->row->node);
}

static json_t *rhythm_json(const struct vr_rhythm *rhythm)
{
	json_t *object;

	if (rhythm->kind == VR_RHYTHM_NONE)
		return json_null();
	object = json_object();
	vr_json_set_text(object, "kind", vr_rhythm_name(rhythm->kind));
	if (rhythm->kind == VR_RHYTHM_PERIODIC) {
		vr_json_set_u64(object, "period_ns", rhythm->period_ns);
		vr_json_set_u64(object, "spread_ns", rhythm->spread_ns);
		json_object_set_new(object, "chance", json_real(rhythm->chance));
	}
	vr_json_set_u64(object, "from_ns", rhythm->from_ns);
	vr_json_set_u64(object, "to_ns", rhythm->to_ns);
	return object;
}

static void get_rhythm(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->json = rhythm_json(&loop_of(row)->rhythm);
}

static void get_stalls(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->json = vr_loop_stalls_json(rows->ctx, rows->model, row);
}

/* Of this loop, where stall=auto has learned it. */
static void get_limit(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	uint64_t learned = loop_of(row)->row->limit_ns;

	value->cell.u = learned ? learned : rows->ctx->profile->file->header.stall_ns;
}

#define ROW(member) VR_MEMBER(struct vprof_loop, member), .part = row_of

static const struct vr_field fields[] = {
    {"tid", "", VR_COUNT, VR_IN_DATA, .get = get_tid},
    {"iterations", "iterations", VR_COUNT, VR_IN_ALL, ROW(iterations), .yields = 2},
    {"iterations_per_s", "per s", VR_NUMBER, VR_IN_DATA, .get = get_rate},
    {"busy_percent", "busy%", VR_PERCENT, VR_IN_COLUMNS, .get = get_busy},
    {"busy_share", "", VR_NUMBER, VR_IN_JSON, .get = get_busy},
    {"idle_share", "", VR_NUMBER, VR_IN_JSON, .get = get_idle},
    {"spin_share", "", VR_NUMBER, VR_IN_JSON, .get = get_spin},
    {"p50_ns", "p50", VR_NS, VR_IN_ALL, .get = vr_get_p50, .part = took_of, .yields = 3},
    {"p90_ns", "", VR_NS, VR_IN_DATA, .get = vr_get_p90, .part = took_of},
    {"p99_ns", "p99", VR_NS, VR_IN_ALL, .get = vr_get_p99, .part = took_of},
    {"p999_ns", "", VR_NS, VR_IN_DATA, .get = vr_get_p999, .part = took_of},
    {"p9999_ns", "", VR_NS, VR_IN_DATA, .get = vr_get_p9999, .part = took_of},
    {"max_ns", "max", VR_NS, VR_IN_ALL, ROW(max_ns)},
    {"stall_count", "stalls", VR_COUNT, VR_IN_ALL, ROW(stalls)},
    {"thread", "thread", VR_TEXT, VR_IN_ALL, .get = get_thread, .yields = 1},
    {"kind", "kind", VR_TEXT, VR_IN_DATA, ROW(name)},
    {"name", "loop", VR_TEXT, VR_IN_ALL, .get = get_name, .elastic = VR_CAPTIONS},
    VR_FUNCTION_FIELDS(VR_IN_JSON, function_of),
    {"wall_ns", "", VR_NS, VR_IN_DATA, VR_MEMBER(struct vr_loop, wall_ns)},
    {"busy_ns", "", VR_NS, VR_IN_DATA, ROW(busy_ns)},
    {"idle_ns", "", VR_NS, VR_IN_DATA, .get = get_all_idle_ns},
    {"spin_ns", "", VR_NS, VR_IN_DATA, .get = get_all_spin_ns},
    {"spins", "", VR_COUNT, VR_IN_DATA, .get = get_all_spins},
    {"blocked_ns", "", VR_NS, VR_IN_DATA, ROW(blocked_ns)},
    {"slept", "", VR_COUNT, VR_IN_DATA, ROW(slept)},
    {"events", "", VR_COUNT, VR_IN_DATA, .get = get_all_events},
    {"events_per_iteration", "", VR_NUMBER, VR_IN_JSON, .get = get_events},
    {"bytes", "", VR_BYTES, VR_IN_DATA, .get = get_all_bytes},
    {"first_ns", "", VR_NS, VR_IN_DATA, ROW(first_ns)},
    {"last_ns", "", VR_NS, VR_IN_DATA, ROW(last_ns)},
    {"max_at_ns", "", VR_NS, VR_IN_DATA, ROW(max_at_ns)},
    {"in_iteration_since_ns", "", VR_NS, VR_IN_JSON, .get = get_now},
    {"stall_ns", "", VR_NS, VR_IN_DATA, ROW(stall_ns)},
    {"stall_limit_ns", "", VR_NS, VR_IN_JSON, .get = get_limit},
    {"iteration", "", VR_TEXT, VR_IN_JSON, .get = get_took},
    {"histogram", "", VR_TEXT, VR_IN_JSON, .get = get_histogram},
    {"arrival_delay", "", VR_TEXT, VR_IN_JSON, .get = get_delay},
    {"poll_delay", "", VR_TEXT, VR_IN_JSON, .get = get_late},
    {"rhythm", "", VR_TEXT, VR_IN_JSON, .get = get_rhythm},
    {"stalls", "", VR_TEXT, VR_IN_JSON, .get = get_stalls},
    {"frames", "", VR_TEXT, VR_IN_JSON, .get = get_frames},
};

void vr_loop_rows(struct vr_context *ctx, const struct vr_loop_list *list)
{
	const struct vr_rows rows = {.ctx = ctx, .model = list->loops};
	struct vr_sheet *sheet = vr_sheet_new(&rows, VR_FIELDS(fields));

	for (size_t i = 0; i < list->count; i++)
		vr_sheet_row(sheet, &list->loops->loop[list->order[i]]);
	vr_sheet_print(sheet);
}

static json_t *causes_json(struct vr_context *ctx, const struct vr_loops *loops)
{
	json_t *causes = json_array();

	for (size_t i = 0; i < loops->n_causes; i++) {
		const struct vr_stall_cause *cause = &loops->cause[i];
		json_t *one = json_object();

		vr_json_set_text(one, "class", vr_class_name(cause->worst->class));
		vr_json_set_text(one, "call",
				 vr_file_string(ctx->profile->file, cause->worst->row->call));
		vr_json_set_text(one, "function", cause->worst->function.name);
		vr_json_set_text(one, "loop", cause->worst->loop ? cause->worst->loop->name : "");
		vr_json_set_u64(one, "stalls", cause->stalls);
		vr_json_set_u64(one, "caught_live", cause->live);
		vr_json_set_u64(one, "sum_ns", cause->sum_ns);
		vr_json_set_u64(one, "longest_ns", cause->longest_ns);
		json_object_set_new(one, "not_your_code",
				    json_boolean(vr_class_is_outside(cause->worst->class)));
		json_object_set_new(one, "rhythm", rhythm_json(&cause->rhythm));
		json_array_append_new(causes, one);
	}
	return causes;
}

json_t *vr_loop_json(struct vr_context *ctx, const struct vr_loop_list *list)
{
	const struct vr_rows rows = {.ctx = ctx, .model = list->loops};
	const struct vprof_header *h = &ctx->profile->file->header;
	json_t *root = json_object(), *array = json_array();

	vr_json_set_u64(root, "stall_limit_ns", h->stall_ns);
	json_object_set_new(root, "stall_limit_learned", json_boolean(h->stall_auto));
	vr_json_set_u64(root, "frozen", h->frozen);
	vr_json_set_u64(root, "frozen_ns", h->frozen_ns);
	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(array, vr_json_fields(&rows, VR_FIELDS(fields),
							    &list->loops->loop[list->order[i]]));
	json_object_set_new(root, "loops", array);
	json_object_set_new(root, "causes", causes_json(ctx, list->loops));
	json_object_set_new(root, "stalls_of_no_loop", vr_loop_stalls_json(ctx, list->loops, NULL));
	return root;
}
