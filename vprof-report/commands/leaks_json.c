/* leaks as JSON; the shape is a contract, see docs/json.md. */
#include <inttypes.h>
#include <stdio.h>

#include "commands/leaks.h"
#include "commands/sampled.h"

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

static json_t *examined_json(struct vr_context *ctx, const struct vr_leaks *leaks)
{
	static const char *const state[] = {"none", "unfinished", "complete", "failed"};
	static const char *const trigger[] = {"", "exit", "ctl", "api"};
	const struct vprof_header *h = &ctx->profile->file->header;
	const char *why = vr_leaks_no_search(ctx->profile->file);
	json_t *one = json_object();

	vr_json_set_u64(one, "allocs", leaks->allocs);
	vr_json_set_text(one, "search",
			 h->scan_state <= VPROF_SCAN_FAILED ? state[h->scan_state] : "unknown");
	json_object_set_new(one, "why_not", why ? vr_json_text(why) : json_null());
	vr_json_set_text(one, "note",
			 h->scan_count ? vr_file_string(ctx->profile->file, h->scan_note) : "");
	vr_json_set_text(one, "trigger",
			 h->scan_trigger <= VPROF_SCAN_BY_API ? trigger[h->scan_trigger] : "");
	vr_json_set_u64(one, "searches", h->scan_count);
	vr_json_set_u64(one, "t_ns", h->scan_t_ns);
	vr_json_set_u64(one, "pause_ns", h->scan_pause_ns);
	vr_json_set_u64(one, "total_ns", h->scan_total_ns);
	vr_json_set_u64(one, "blocks", h->scan_blocks);
	vr_json_set_u64(one, "bytes", h->scan_bytes);
	vr_json_set_u64(one, "root_bytes", h->scan_root_bytes);
	vr_json_set_u64(one, "skipped_bytes", h->scan_skipped_bytes);
	vr_json_set_u64(one, "memory_bytes", h->scan_memory_bytes);
	return one;
}

static json_t *site_json(struct vr_context *ctx, const struct vr_leaks_view *view,
			 const struct vr_leak *leak)
{
	struct vr_stacks *stacks = ctx->profile->stacks;
	char address[24] = "";
	json_t *one = json_object();

	if (leak->example)
		snprintf(address, sizeof(address), "0x%" PRIx64, leak->example);
	vr_json_set_text(one, "verdict", vr_verdict_name(leak->verdict));
	json_object_set_new(
	    one, "leak", json_boolean(vr_verdicts_leak(view->plan->strict) & 1u << leak->verdict));
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
	json_object_set_new(one, "frames", vr_json_frames(stacks, leak->node));
	return one;
}

json_t *vr_leaks_json(struct vr_context *ctx, const struct vr_leaks_view *view)
{
	json_t *root = json_object();
	json_t *sites = json_array();

	vr_json_set_text(root, "verdict", vr_answer_name(view->answer));
	json_object_set_new(root, "examined", examined_json(ctx, view->leaks));
	json_object_set_new(root, "totals", totals_json(view));
	for (size_t i = 0; i < view->rows && i < ctx->limit; i++)
		json_array_append_new(sites, site_json(ctx, view, view->row[i]));
	json_object_set_new(root, "sites", sites);
	return root;
}
