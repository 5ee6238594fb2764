/* leaks as JSON; the shape is a contract, see docs/json.md. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/identity.h"
#include "text/json.h"
#include "text/leaks.h"
#include "verbs/leaks/leaks.h"

static json_t *totals_json(const struct vr_leaks_view *view)
{
	const struct vr_heap *heap = view->heap;
	struct vr_interval live = vr_heap_live_interval(heap);
	json_t *totals = json_object();
	json_t *unfreed = json_object();

	for (int i = 0; i < VR_VERDICTS; i++) {
		const struct vr_leak_sum *sum = &view->leaks->sum[i];
		json_t *one = json_object();

		vr_json_set_u64(one, "blocks", sum->blocks);
		vr_json_set_u64(one, "bytes", sum->bytes);
		vr_json_set_u64(one, "sites", sum->sites);
		json_object_set_new(totals, vr_verdict_name((enum vr_verdict)i), one);
	}
	vr_json_set_u64(unfreed, "blocks", heap->live_blocks);
	vr_json_set_u64(unfreed, "bytes", heap->live_bytes);
	vr_json_set_interval(unfreed, "bytes", &live);
	json_object_set_new(totals, "unfreed", unfreed);
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
	vr_json_set_u64(one, "growth_sites", growth ? growth->sites : 0);
	vr_json_set_u64(one, "growth_readings", growth ? growth->readings : 0);
	vr_json_set_u64(one, "iterations", growth ? growth->iterations : 0);
}

static json_t *examined_json(struct vr_context *ctx, const struct vr_leaks_view *view)
{
	const struct vr_leaks *leaks = view->leaks;
	static const char *const state[] = {"none", "unfinished", "complete", "failed"};
	static const char *const trigger[] = {"", "exit", "ctl", "api", "term", "every"};
	const struct vprof_header *h = &ctx->profile->file->header;
	char *why = vr_leaks_gap_text(ctx->profile, leaks);
	struct vr_leak_sum hanging = vr_leaks_hanging(leaks);
	json_t *one = json_object();

	vr_json_set_u64(one, "allocs", leaks->allocs);
	vr_json_set_text(one, "search",
			 h->scan_state <= VPROF_SCAN_FAILED ? state[h->scan_state] : "unknown");
	json_object_set_new(one, "why_not", why ? vr_json_text(why) : json_null());
	json_object_set_new(one, "at_end",
			    json_boolean(leaks->searched && leaks->gap != VR_GAP_EARLIER));
	vr_json_set_u64(one, "hanging_blocks", hanging.blocks);
	vr_json_set_u64(one, "hanging_bytes", hanging.bytes);
	free(why);
	vr_json_set_text(one, "note", vr_file_string(ctx->profile->file, h->scan_note));
	vr_json_set_text(one, "not_seen",
			 h->second_roads ? vr_file_string(ctx->profile->file, h->second_roads)
					 : "");
	vr_json_set_text(one, "trigger",
			 h->scan_trigger <= VPROF_SCAN_BY_TIME ? trigger[h->scan_trigger] : "");
	vr_json_set_u64(one, "searches", h->scan_count);
	vr_json_set_u64(one, "t_ns", h->scan_t_ns);
	vr_json_set_u64(one, "pause_ns", h->scan_pause_ns);
	vr_json_set_u64(one, "total_ns", h->scan_total_ns);
	vr_json_set_u64(one, "blocks", h->scan_blocks);
	vr_json_set_u64(one, "bytes", h->scan_bytes);
	vr_json_set_u64(one, "root_bytes", h->scan_root_bytes);
	vr_json_set_u64(one, "skipped_bytes", h->scan_skipped_bytes);
	vr_json_set_u64(one, "memory_bytes", h->scan_memory_bytes);
	growth_examined(one, view, h);
	return one;
}

static json_t *growth_json(const struct vr_leaks_view *view, const struct vr_leak *leak)
{
	const struct vr_growth_site *site = leak->growth;
	const struct vr_growth *growth = view->growth;
	json_t *one, *series;

	if (!site)
		return json_null();
	one = json_object();
	vr_json_set_text(one, "verdict", vr_growth_name(site->verdict));
	vr_json_set_text(one, "reason", vr_growth_reason(site));
	vr_json_set_text(one, "per", growth->by_iteration ? "iteration" : "second");
	json_object_set_new(one, "slope", json_real(site->slope));
	json_object_set_new(one, "slope_low", json_real(site->low));
	json_object_set_new(one, "slope_high", json_real(site->high));
	json_object_set_new(one, "p", json_real(site->p));
	json_object_set_new(one, "doubling",
			    site->doubling > 0 ? json_real(site->doubling) : json_null());
	json_object_set_new(one, "more", site->more > 0 ? json_real(site->more) : json_null());
	vr_json_set_u64(one, "steps", site->steps);
	json_object_set_new(one, "stay", site->queue ? json_real(site->stay) : json_null());
	vr_json_set_u64(one, "since_ns", site->since_ns);
	vr_json_set_u64(one, "floor_bytes", site->floor_bytes);
	vr_json_set_u64(one, "old_ns", site->ages_known ? site->old_ns : 0);
	vr_json_set_u64(one, "old_blocks", site->ages_known ? site->old_blocks : 0);
	vr_json_set_u64(one, "old_freed", site->ages_known ? site->old_freed : 0);
	series = json_array();
	for (uint32_t i = site->first; leak->verdict == VR_GROWING && i < growth->points; i++) {
		json_t *point = json_array();

		json_array_append_new(point, vr_json_u64(growth->t_ns[i]));
		json_array_append_new(point, vr_json_u64(site->bytes[i]));
		json_array_append_new(series, point);
	}
	json_object_set_new(one, "series", series);
	return one;
}

static json_t *site_json(struct vr_context *ctx, const struct vr_leaks_view *view,
			 const struct vr_leak *leak)
{
	struct vr_stacks *stacks = ctx->profile->stacks;
	static const char *const change[] = {NULL, "new", "more", "same"};
	char address[24] = "", print[VR_FINGERPRINT];
	char *excuse = vr_excuse_text(leak);
	json_t *one = json_object();

	vr_fingerprint(stacks, leak->node, print);
	if (leak->example)
		snprintf(address, sizeof(address), "0x%" PRIx64, leak->example);
	vr_json_set_text(one, "verdict", vr_verdict_name(leak->verdict));
	json_object_set_new(one, "leak", json_boolean(vr_leak_counts(leak, view->plan->strict)));
	json_object_set_new(one, "because",
			    leak->because ? vr_json_text(vr_unsearched_name(leak->because))
					  : json_null());
	vr_json_set_u64(one, "blocks", leak->blocks);
	vr_json_set_u64(one, "bytes", leak->bytes);
	vr_json_set_interval(one, "bytes", &leak->sure);
	json_object_set_new(one, "confidence",
			    leak->confidence < 0 ? json_null() : json_real(leak->confidence));
	vr_json_set_u64(one, "allocs", leak->allocs);
	vr_json_set_u64(one, "first_ns", leak->first_ns);
	vr_json_set_u64(one, "last_ns", leak->last_ns);
	vr_json_set_u64(one, "oldest_ns", leak->oldest_ns);
	vr_json_set_u64(one, "newest_ns", leak->newest_ns);
	vr_json_set_text(one, "example", address);
	json_object_set_new(one, "owner",
			    leak->owner ? vr_json_frames(stacks, leak->owner) : json_null());
	json_object_set_new(one, "growth", growth_json(view, leak));
	json_object_set_new(one, "excuse", excuse ? vr_json_text(excuse) : json_null());
	json_object_set_new(one, "baseline",
			    leak->change ? vr_json_text(change[leak->change]) : json_null());
	vr_json_set_text(one, "fingerprint", print);
	json_object_set_new(one, "frames", vr_json_frames(stacks, leak->node));
	free(excuse);
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
static json_t *whole_growth_json(const struct vr_leaks_view *view)
{
	json_t *one = json_object();

	vr_json_set_text(one, "verdict", vr_leaks_growth_answer(view->leaks));
	vr_json_set_u64(one, "not_decided_sites", view->leaks->growth_open);
	vr_json_set_u64(one, "sites", view->leaks->sum[VR_GROWING].sites);
	vr_json_set_u64(one, "blocks", view->leaks->sum[VR_GROWING].blocks);
	vr_json_set_u64(one, "bytes", view->leaks->sum[VR_GROWING].bytes);
	return one;
}

json_t *vr_leaks_json(struct vr_context *ctx, const struct vr_leaks_view *view)
{
	json_t *root = json_object();
	json_t *sites = json_array();

	vr_json_set_text(root, "verdict", vr_answer_name(view->answer));
	json_object_set_new(root, "growth", whole_growth_json(view));
	json_object_set_new(root, "examined", examined_json(ctx, view));
	json_object_set_new(root, "totals", totals_json(view));
	for (size_t i = 0; i < view->rows && i < ctx->limit; i++)
		json_array_append_new(sites, site_json(ctx, view, view->row[i]));
	json_object_set_new(root, "sites", sites);
	json_object_set_new(root, "suppressions", suppressions_json(view));
	json_object_set_new(root, "gate", gate_json(&view->gate));
	return root;
}
