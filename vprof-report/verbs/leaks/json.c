/* leaks as JSON; the shape is a contract, see docs/json.md. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/identity.h"
#include "output/out.h"
#include "text/fields.h"
#include "text/json.h"
#include "text/leaks.h"
#include "verbs/leaks/fields.h"
#include "verbs/leaks/leaks.h"

static struct vr_interval live_interval(const struct vr_rows *rows, const void *row)
{
	(void)rows;
	return vr_heap_live_interval(row);
}

static const struct vr_field unfreed_fields[] = {
    {"blocks", "", VR_COUNT, VR_IN_JSON, VR_MEMBER(struct vr_heap, live_blocks)},
    {"bytes", "", VR_BYTES, VR_IN_JSON, VR_MEMBER(struct vr_heap, live_bytes)},
    VR_INTERVAL_FIELDS("bytes", VR_IN_JSON, live_interval),
};

static json_t *sum_json(const struct vr_rows *rows, enum vr_verdict verdict)
{
	const struct vr_leaks_view *view = rows->model;

	return vr_json_fields(rows, vr_leak_sum_fields, vr_leak_sum_fields_count,
			      &view->leaks->sum[verdict]);
}

static json_t *totals_json(const struct vr_rows *rows)
{
	const struct vr_leaks_view *view = rows->model;
	json_t *totals = json_object();

	for (int i = 0; i < VR_VERDICTS; i++)
		json_object_set_new(totals, vr_verdict_name((enum vr_verdict)i),
				    sum_json(rows, (enum vr_verdict)i));
	json_object_set_new(totals, "unfreed",
			    vr_json_fields(rows, VR_FIELDS(unfreed_fields), view->heap));
	return totals;
}

/* By kind; null: not counted by the library that made the record. */
static json_t *unsearched_json(const struct vprof_header *h)
{
	json_t *one;

	if (!h->scan_rules)
		return json_null();
	one = json_object();
	for (int i = 1; i < VPROF_UNSEARCHED_COUNT; i++)
		if (h->scan_unsearched[i])
			vr_json_set_u64(one, vr_unsearched_name((enum vprof_unsearched)i),
					h->scan_unsearched[i]);
	return one;
}

static void growth_examined(json_t *one, const struct vr_leaks_view *view,
			    const struct vprof_header *h)
{
	const struct vr_growth *growth = view->growth;
	const char *note = growth ? growth->note : "not looked at";

	json_object_set_new(one, "unsearched_bytes", unsearched_json(h));
	json_object_set_new(one, "growth_judged", json_boolean(view->leaks->growth_judged));
	json_object_set_new(one, "growth_note", note ? vr_json_text(note) : json_null());
	vr_json_set_u64(one, "growth_sites", growth ? growth->n_sites : 0);
	vr_json_set_u64(one, "growth_readings", growth ? growth->readings : 0);
	vr_json_set_u64(one, "iterations", growth ? growth->iterations : 0);
}

static const struct vprof_header *header_of(const void *row)
{
	return row;
}

static void get_search(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	static const char *const state[] = {"none", "unfinished", "complete", "failed"};
	uint32_t s = header_of(row)->scan_state;

	(void)rows;
	value->cell.s = s <= VPROF_SCAN_FAILED ? state[s] : "unknown";
}

static void get_trigger(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	static const char *const trigger[] = {"", "exit", "ctl", "api", "term", "every"};
	uint32_t t = header_of(row)->scan_trigger;

	(void)rows;
	value->cell.s = t <= VPROF_SCAN_BY_TIME ? trigger[t] : "";
}

static void get_note(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->cell.s = vr_file_string(rows->ctx->profile->file, header_of(row)->scan_note);
}

static void get_not_seen(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	uint32_t roads = header_of(row)->second_roads;

	value->cell.s = roads ? vr_file_string(rows->ctx->profile->file, roads) : "";
}

static void get_why_not(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_leaks_view *view = rows->model;

	(void)row;
	value->text = vr_leaks_gap_text(rows->ctx->profile, view->leaks);
	value->cell.null = !value->text;
}

static void get_at_end(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_leaks_view *view = rows->model;

	(void)row;
	value->json = json_boolean(view->leaks->searched && view->leaks->gap != VR_GAP_EARLIER);
}

static void get_allocs(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_leaks_view *view = rows->model;

	(void)row;
	value->cell.u = view->leaks->allocs;
}

static void get_hanging_blocks(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_leaks_view *view = rows->model;

	(void)row;
	value->cell.u = vr_leaks_hanging(view->leaks).blocks;
}

static void get_hanging_bytes(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_leaks_view *view = rows->model;

	(void)row;
	value->cell.u = vr_leaks_hanging(view->leaks).bytes;
}

#define SCAN(member) VR_MEMBER(struct vprof_header, scan_##member)

/* Of the header of the file. */
static const struct vr_field examined_fields[] = {
    {"allocs", "", VR_COUNT, VR_IN_JSON, .get = get_allocs},
    {"search", "", VR_TEXT, VR_IN_JSON, .get = get_search},
    {"why_not", "", VR_TEXT, VR_IN_JSON, .get = get_why_not},
    {"at_end", "", VR_TEXT, VR_IN_JSON, .get = get_at_end},
    {"hanging_blocks", "", VR_COUNT, VR_IN_JSON, .get = get_hanging_blocks},
    {"hanging_bytes", "", VR_BYTES, VR_IN_JSON, .get = get_hanging_bytes},
    {"note", "", VR_TEXT, VR_IN_JSON, .get = get_note},
    {"not_seen", "", VR_TEXT, VR_IN_JSON, .get = get_not_seen},
    {"trigger", "", VR_TEXT, VR_IN_JSON, .get = get_trigger},
    {"searches", "", VR_COUNT, VR_IN_JSON, SCAN(count)},
    {"t_ns", "", VR_NS, VR_IN_JSON, SCAN(t_ns)},
    {"pause_ns", "", VR_NS, VR_IN_JSON, SCAN(pause_ns)},
    {"total_ns", "", VR_NS, VR_IN_JSON, SCAN(total_ns)},
    {"blocks", "", VR_COUNT, VR_IN_JSON, SCAN(blocks)},
    {"bytes", "", VR_BYTES, VR_IN_JSON, SCAN(bytes)},
    {"root_bytes", "", VR_BYTES, VR_IN_JSON, SCAN(root_bytes)},
    {"skipped_bytes", "", VR_BYTES, VR_IN_JSON, SCAN(skipped_bytes)},
    {"memory_bytes", "", VR_BYTES, VR_IN_JSON, SCAN(memory_bytes)},
};

static json_t *examined_json(const struct vr_rows *rows)
{
	const struct vr_leaks_view *view = rows->model;
	const struct vprof_header *h = &rows->ctx->profile->file->header;
	json_t *one = vr_json_fields(rows, VR_FIELDS(examined_fields), h);

	growth_examined(one, view, h);
	return one;
}

static json_t *suppressions_json(const struct vr_leaks_view *view)
{
	json_t *list = json_array();

	for (size_t i = 0; i < view->suppress.count; i++) {
		const struct vr_suppression *by = &view->suppress.one[i];
		json_t *one = json_object();

		vr_json_set_text(one, "pattern", by->pattern);
		vr_json_set_text(one, "source", by->source);
		vr_json_set_u64(one, "sites", by->sites);
		vr_json_set_u64(one, "blocks", by->blocks);
		vr_json_set_u64(one, "bytes", by->bytes);
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *gate_json(const struct vr_gate *gate)
{
	json_t *one, *failures;

	if (!gate->asked)
		return json_null();
	one = json_object();
	failures = json_array();
	json_object_set_new(one, "passed", json_boolean(!gate->status));
	json_object_set_new(one, "status", json_integer(gate->status));
	for (size_t i = 0; i < gate->failures; i++) {
		json_t *failure = json_object();

		json_object_set_new(failure, "status", json_integer(gate->failure[i].status));
		vr_json_set_text(failure, "text", gate->failure[i].text);
		json_array_append_new(failures, failure);
	}
	json_object_set_new(one, "failures", failures);
	vr_json_set_u64(one, "allowed_sites", gate->allowed);
	vr_json_set_u64(one, "known_sites", gate->known);
	vr_json_set_u64(one, "suppressed_sites", gate->suppressed);
	vr_json_set_u64(one, "compared_by_object", gate->by_object);
	json_object_set_new(one, "unexamined_allowed", json_boolean(gate->unexamined));
	return one;
}

/* Of growth alone, which needs no search. */
static json_t *whole_growth_json(const struct vr_rows *rows)
{
	const struct vr_leaks_view *view = rows->model;
	json_t *one = sum_json(rows, VR_GROWING);

	vr_json_set_text(one, "verdict", vr_leaks_growth_answer(view->leaks));
	vr_json_set_u64(one, "not_decided_sites", view->leaks->growth_open);
	return one;
}

json_t *vr_leaks_json(struct vr_context *ctx, const struct vr_leaks_view *view)
{
	const struct vr_rows rows = {.ctx = ctx, .model = view};
	json_t *root = json_object();
	json_t *sites = json_array();

	vr_json_set_text(root, "verdict", vr_answer_name(view->answer));
	json_object_set_new(root, "growth", whole_growth_json(&rows));
	json_object_set_new(root, "examined", examined_json(&rows));
	json_object_set_new(root, "totals", totals_json(&rows));
	for (size_t i = 0; i < view->rows && i < ctx->limit; i++)
		json_array_append_new(sites, vr_json_fields(&rows, vr_leak_fields,
							    vr_leak_fields_count, view->row[i]));
	json_object_set_new(root, "sites", sites);
	json_object_set_new(root, "suppressions", suppressions_json(view));
	json_object_set_new(root, "gate", gate_json(&view->gate));
	return root;
}
