#include <stdio.h>
#include <stdlib.h>

#include "model/calls.h"
#include "text/fields.h"
#include "text/json.h"
#include "text/lock_names.h"
#include "text/tail.h"
#include "verbs/tail/tail.h"

static const char *const group_name[] = {"other", "ordinary", "slow", "left out"};
static const char *const kind_name[] = {"call", "calls", "off", "cpu", "unseen"};

/* --- CSV --------------------------------------------------------------------- */

/* One part of one unit. */
struct line {
	const struct vr_tail *tail;
	size_t unit, component;
};

static const struct line *line_of(const void *row)
{
	return row;
}

static const struct vprof_unit *unit_of(const void *row)
{
	return line_of(row)->tail->unit[line_of(row)->unit];
}

static const struct vr_tail_unit *account_of(const void *row)
{
	return &line_of(row)->tail->accounts.unit[line_of(row)->unit];
}

static const struct vr_tail_what *what_of(const void *row)
{
	return &line_of(row)->tail->what[line_of(row)->component];
}

static void get_name(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_tail *tail = line_of(row)->tail;

	(void)rows;
	value->cell.s = tail->span ? vr_span_name(tail->span) : tail->loop->name;
}

static int of_loops(const struct vr_rows *rows)
{
	return rows->model == NULL;
}

static int of_spans(const struct vr_rows *rows)
{
	return rows->model != NULL;
}

static void get_tid(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->cell.u = rows->ctx->profile->file->thread[unit_of(row)->thread].tid;
}

static void get_unit(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.u = line_of(row)->unit;
}

static const void *unit_part(const struct vr_rows *rows, const void *row)
{
	(void)rows;
	return unit_of(row);
}

static void get_group(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.s = group_name[account_of(row)->group];
}

static void get_weight(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.f = account_of(row)->weight;
}

static void get_label(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	uint32_t label = unit_of(row)->label;

	value->cell.s = label ? vr_file_string(rows->ctx->profile->file, label) : "";
}

static void get_kind(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.s = kind_name[what_of(row)->kind];
}

static void get_class(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.s = vr_class_name(what_of(row)->class);
}

static void get_call(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->cell.s = vr_file_string(rows->ctx->profile->file, what_of(row)->call);
}

static const void *function_part(const struct vr_rows *rows, const void *row)
{
	(void)rows;
	return &what_of(row)->function;
}

static double value_at(const struct line *line, const double *of)
{
	return of[line->unit * line->tail->accounts.components + line->component];
}

static void get_ns(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.f = value_at(row, line_of(row)->tail->accounts.ns);
}

static void get_samples(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.f = value_at(row, line_of(row)->tail->samples);
}

#define UNIT(member) VR_MEMBER(struct vprof_unit, member), .part = unit_part

static const struct vr_field line_fields[] = {
    {"loop", "", VR_TEXT, VR_IN_CSV, .get = get_name, .applies = of_loops},
    {"span", "", VR_TEXT, VR_IN_CSV, .get = get_name, .applies = of_spans},
    {"tid", "", VR_COUNT, VR_IN_CSV, .get = get_tid},
    {"unit", "", VR_COUNT, VR_IN_CSV, .get = get_unit},
    {"at_ns", "", VR_NS, VR_IN_CSV, UNIT(begin_ns)},
    {"duration_ns", "", VR_NS, VR_IN_CSV, UNIT(duration_ns)},
    {"group", "", VR_TEXT, VR_IN_CSV, .get = get_group},
    {"weight", "", VR_NUMBER, VR_IN_CSV, .get = get_weight},
    {"events", "", VR_COUNT, VR_IN_CSV, UNIT(events)},
    {"bytes", "", VR_BYTES, VR_IN_CSV, UNIT(bytes)},
    {"size", "", VR_COUNT, VR_IN_CSV, UNIT(size)},
    {"label", "", VR_TEXT, VR_IN_CSV, .get = get_label},
    {"kind", "", VR_TEXT, VR_IN_CSV, .get = get_kind},
    {"class", "", VR_TEXT, VR_IN_CSV, .get = get_class},
    {"call", "", VR_TEXT, VR_IN_CSV, .get = get_call},
    VR_FUNCTION_FIELDS(VR_IN_CSV, function_part),
    {"ns", "", VR_NUMBER, VR_IN_CSV, .get = get_ns},
    {"samples", "", VR_NUMBER, VR_IN_CSV, .get = get_samples},
};

struct vr_sheet *vr_tail_sheet(struct vr_context *ctx, int spans)
{
	static struct vr_rows rows;

	rows = (struct vr_rows){.ctx = ctx, .model = spans ? &rows : NULL};
	return vr_sheet_new(&rows, VR_FIELDS(line_fields));
}

void vr_tail_sheet_add(struct vr_sheet *sheet, const struct vr_tail *tail)
{
	for (size_t i = 0; i < tail->accounts.units; i++)
		for (size_t c = 0; c < tail->accounts.components; c++) {
			struct line line = {tail, i, c};

			if (value_at(&line, tail->accounts.ns) > 0)
				vr_sheet_row(sheet, &line);
		}
}

/* --- JSON -------------------------------------------------------------------- */

/* To nine digits: no more is meant, and the last ones differ between compilers. */
static json_t *real(double value)
{
	char text[32];

	snprintf(text, sizeof(text), "%.9g", value);
	return json_real(strtod(text, NULL));
}

static void set_what(struct vr_context *ctx, json_t *object, const struct vr_tail *tail,
		     size_t component)
{
	const struct vr_tail_what *what = &tail->what[component];
	const char *call = vr_file_string(ctx->profile->file, what->call);

	vr_json_set_text(object, "kind", kind_name[what->kind]);
	vr_json_set_text(object, "class", vr_class_name(what->class));
	json_object_set_new(object, "call", *call ? vr_json_text(call) : json_null());
	vr_json_set_text(object, "function", what->function.name);
	vr_json_set_text(object, "file", what->function.file);
	json_object_set_new(object, "line", json_integer(what->function.line));
	json_object_set_new(object, "not_your_code",
			    json_boolean(tail->accounts.component[component].outside));
}

static json_t *share_json(struct vr_context *ctx, const struct vr_tail *tail,
			  const struct vr_tail_share *share)
{
	int few = tail->answer.slow < VR_TAIL_FEW, bounded = share->bounded && !few;
	json_t *object = json_object();

	set_what(ctx, object, tail, share->component);
	json_object_set_new(object, "share", few ? json_null() : real(share->share));
	json_object_set_new(object, "share_low", bounded ? real(share->low) : json_null());
	json_object_set_new(object, "share_high", bounded ? real(share->high) : json_null());
	json_object_set_new(object, "ordinary_share", real(share->ordinary_share));
	json_object_set_new(object, "slow_mean_ns", real(share->slow_ns));
	json_object_set_new(object, "ordinary_mean_ns", real(share->ordinary_ns));
	vr_json_set_u64(object, "slow_with", share->slow_with);
	vr_json_set_u64(object, "ordinary_with", share->ordinary_with);
	json_object_set_new(object, "odds_low", real(share->odds_low));
	json_object_set_new(object, "odds_high", real(share->odds_high));
	json_object_set_new(object, "chance", real(share->chance));
	return object;
}

static json_t *causes_json(struct vr_context *ctx, const struct vr_tail *tail)
{
	json_t *array = json_array();

	for (size_t i = 0; i < tail->answer.causes; i++) {
		const struct vr_tail_cause *cause = &tail->answer.cause[i];
		json_t *object = share_json(ctx, tail, &cause->share);

		vr_json_set_u64(object, "explains", cause->explains);
		json_object_set_new(
		    object, "frames",
		    vr_json_frames(ctx->profile->stacks, tail->what[cause->share.component].node));
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *shares_json(struct vr_context *ctx, const struct vr_tail *tail)
{
	json_t *array = json_array();

	for (size_t i = 0; i < tail->answer.shares; i++)
		json_array_append_new(array, share_json(ctx, tail, &tail->answer.share[i]));
	return array;
}

static json_t *work_json(const struct vr_tail_answer *answer)
{
	json_t *object;

	if (!(answer->work.share > 0))
		return json_null();
	object = json_object();
	vr_json_set_text(object, "by", vr_tail_size_name(answer->work.by));
	json_object_set_new(object, "slow_mean", real(answer->work.slow));
	json_object_set_new(object, "ordinary_mean", real(answer->work.ordinary));
	json_object_set_new(object, "share", real(answer->work.share));
	return object;
}

static json_t *parts_json(struct vr_context *ctx, const struct vr_tail *tail, size_t unit)
{
	size_t components = tail->accounts.components;
	json_t *array = json_array();

	for (size_t c = 0; c < components; c++) {
		json_t *object;

		if (!(tail->accounts.ns[unit * components + c] > 0))
			continue;
		object = json_object();
		set_what(ctx, object, tail, c);
		json_object_set_new(object, "ns", real(tail->accounts.ns[unit * components + c]));
		json_object_set_new(object, "samples", real(tail->samples[unit * components + c]));
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *other_json(struct vr_context *ctx, const struct vprof_unit_other *other)
{
	const struct vprof_thread *thread = &ctx->profile->file->thread[other->thread];
	struct vr_function call = vr_responsible_function(ctx->profile, other->call_node),
			   ran = vr_responsible_function(ctx->profile, other->node);
	char *lock = other->held_ns ? vr_lock_text_at(ctx->profile, other->lock) : NULL;
	json_t *object = json_object();

	vr_json_set_u64(object, "tid", thread->tid);
	vr_json_set_text(object, "thread", thread->name);
	json_object_set_new(object, "lock", lock ? vr_json_text(lock) : json_null());
	vr_json_set_u64(object, "held_ns", other->held_ns);
	json_object_set_new(object, "call",
			    other->call_ns
				? vr_json_text(vr_file_string(ctx->profile->file, other->call_name))
				: json_null());
	vr_json_set_u64(object, "call_ns", other->call_ns);
	json_object_set_new(object, "call_function",
			    other->call_ns ? vr_json_text(call.name) : json_null());
	vr_json_set_u64(object, "samples", other->samples);
	json_object_set_new(object, "function",
			    other->samples ? vr_json_text(ran.name) : json_null());
	free(lock);
	return object;
}

/* Null where it is not kept what others did. */
static json_t *others_json(struct vr_context *ctx, const struct vprof_unit *unit)
{
	const struct vprof_unit_others *others = vr_tail_others(ctx->profile->file, unit);
	json_t *array;

	if (!others)
		return json_null();
	array = json_array();
	for (uint32_t i = 0; i < VPROF_UNIT_OTHER_THREADS && others->other[i].thread; i++)
		json_array_append_new(array, other_json(ctx, &others->other[i]));
	return array;
}

static json_t *slow_json(struct vr_context *ctx, const struct vr_tail *tail)
{
	json_t *array = json_array();

	for (size_t i = 0; i < tail->accounts.units; i++) {
		const struct vprof_unit *row = tail->unit[i];
		json_t *object;

		if (tail->accounts.unit[i].group != VR_TAIL_SLOW)
			continue;
		object = json_object();
		vr_json_set_u64(object, "at_ns", row->begin_ns);
		vr_json_set_u64(object, "duration_ns", row->duration_ns);
		vr_json_set_u64(object, "events", row->events);
		vr_json_set_u64(object, "bytes", row->bytes);
		vr_json_set_u64(object, "size", row->size);
		vr_json_set_text(object, "label",
				 row->label ? vr_file_string(ctx->profile->file, row->label) : "");
		json_object_set_new(object, "exact", json_boolean(row->flags & VPROF_UNIT_EXACT));
		json_object_set_new(object, "parts", parts_json(ctx, tail, i));
		json_object_set_new(object, "others", others_json(ctx, row));
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *checks_json(const struct vr_tail *tail)
{
	json_t *array = json_array();

	for (size_t i = 0; i < tail->checks; i++) {
		json_t *object = json_object();

		vr_json_set_text(object, "class", vr_class_name(tail->check[i].class));
		json_object_set_new(object, "of_variance", real(tail->check[i].of_variance));
		json_object_set_new(object, "of_excess", real(tail->check[i].of_excess));
		json_array_append_new(array, object);
	}
	return array;
}

static void set_subject(const struct vr_context *ctx, json_t *object, const struct vr_tail *tail)
{
	uint32_t id = tail->span ? tail->span->thread : tail->loop->row->thread;
	const struct vprof_thread *thread =
	    id == VPROF_NONE ? NULL : &ctx->profile->file->thread[id];

	json_object_set_new(object, "tid", thread ? json_integer(thread->tid) : json_null());
	json_object_set_new(object, "thread", thread ? vr_json_text(thread->name) : json_null());
	vr_json_set_text(object, "name", tail->span ? vr_span_name(tail->span) : tail->loop->name);
	if (tail->span)
		json_object_set_new(object, "label",
				    tail->span->label ? vr_json_text(tail->span->label)
						      : json_null());
	vr_json_set_u64(object, tail->span ? "count" : "iterations", (uint64_t)(tail->all + 0.5));
}

json_t *vr_tail_json(struct vr_context *ctx, const struct vr_tail *tail)
{
	const struct vr_tail_answer *answer = &tail->answer;
	json_t *object = json_object();

	set_subject(ctx, object, tail);
	vr_json_set_u64(object, "kept", tail->accounts.units);
	json_object_set_new(object, "slow_from_ns",
			    tail->slow_ns > 0 ? real(tail->slow_ns) : json_null());
	json_object_set_new(object, "slow_all", real(answer->slow_all));
	vr_json_set_u64(object, "slow", answer->slow);
	json_object_set_new(object, "slow_mean_ns", real(answer->slow_ns));
	vr_json_set_u64(object, "ordinary", answer->ordinary);
	json_object_set_new(object, "ordinary_from_ns", real(tail->ordinary_from_ns));
	json_object_set_new(object, "ordinary_to_ns", real(tail->ordinary_to_ns));
	json_object_set_new(object, "ordinary_mean_ns", real(answer->ordinary_ns));
	vr_json_set_text(object, "verdict", vr_tail_verdict_name(answer->verdict));
	json_object_set_new(object, "work", work_json(answer));
	json_object_set_new(object, "causes", causes_json(ctx, tail));
	vr_json_set_u64(object, "unexplained", answer->unexplained);
	json_object_set_new(object, "shares", shares_json(ctx, tail));
	json_object_set_new(object, "disagreements", checks_json(tail));
	json_object_set_new(object, tail->span ? "slow_spans" : "slow_iterations",
			    slow_json(ctx, tail));
	return object;
}
