#include "verbs/locks_wakers.h"

#include <stdlib.h>

#include "cli/units.h"
#include "model/run.h"
#include "text/json.h"
#include "text/lock_names.h"
#include "text/print.h"
#include "verbs/locks_blame.h"

#define WAKERS_SHOWN 5u

static const struct vr_woken *woken_of(const struct vr_rows *rows, const void *row)
{
	const struct vr_lock_doing *doing = rows->model;

	return vr_woken_of(doing->wakers, row);
}

int vr_has_wakers(const struct vr_rows *rows)
{
	const struct vr_lock_doing *doing = rows->model;

	return doing->wakers != NULL || rows->ctx->format != VR_FORMAT_TABLE;
}

void vr_get_woken_by(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_woken *woken = woken_of(rows, row);

	value->cell.null = !woken;
	if (woken)
		value->text = vr_waker_short(rows->ctx->profile, woken);
}

void vr_get_herd(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_woken *woken = woken_of(rows, row);

	value->cell.null = !woken;
	value->cell.u = woken ? (uint64_t)vr_woken_is_herd(woken) : 0;
}

void vr_get_wakers(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_profile *profile = rows->ctx->profile;
	const struct vr_woken *woken = woken_of(rows, row);

	value->json = woken ? json_array() : json_null();
	for (size_t i = 0; woken && i < woken->n_wakers; i++) {
		const struct vr_waker *waker = &woken->waker[i];
		json_t *object = json_object();

		if (waker->thread == VPROF_NONE) {
			json_object_set_new(object, "tid", json_null());
			json_object_set_new(object, "name", json_null());
		} else {
			if (waker->threads > 1)
				json_object_set_new(object, "tid", json_null());
			else
				vr_json_set_u64(object, "tid",
						profile->file->thread[waker->thread].tid);
			vr_json_set_text(object, "name", profile->file->thread[waker->thread].name);
		}
		vr_json_set_u64(object, "threads", waker->threads);
		vr_json_set_text(object, "how", vr_wake_name(waker->how));
		vr_json_set_u64(object, "wakes", waker->wakes);
		vr_json_set_u64(object, "times", waker->times);
		vr_json_set_u64(object, "ns", waker->ns);
		vr_json_set_u64(object, "max_ns", waker->max_ns);
		vr_json_set_u64(object, "late_ns", waker->late_ns);
		vr_json_set_u64(object, "waited_again", waker->again);
		json_object_set_new(object, "frames", vr_json_frames(profile->stacks, waker->node));
		json_array_append_new(value->json, object);
	}
}

static void print_herd(struct vr_context *ctx, const struct vr_woken *woken)
{
	char count[VR_UNIT_MAX];

	if (vr_woken_is_herd(woken))
		fprintf(ctx->out,
			"            %s broadcasts woke %.1f threads each, %.0f%% waited again at "
			"once: "
			"a herd\n",
			vr_format_count(count, woken->broadcasts),
			(double)woken->woken / (double)woken->broadcasts,
			100.0 * (double)woken->again / (double)woken->woken);
}

void vr_print_wakers(struct vr_context *ctx, const struct vr_woken *woken)
{
	char ns[VR_UNIT_MAX];

	for (size_t i = 0; i < woken->n_wakers && i < WAKERS_SHOWN; i++) {
		const struct vr_waker *waker = &woken->waker[i];
		char *text = vr_waker_text(ctx->profile, waker);

		fprintf(ctx->out, "%10s  %4.1f%%  ", vr_format_ns(ns, waker->ns),
			vr_percent(waker->ns, woken->ns));
		vr_print_wrapped(ctx, text, 19);
		free(text);
	}
	if (woken->n_wakers > WAKERS_SHOWN)
		fprintf(ctx->out, "            and %zu more\n", woken->n_wakers - WAKERS_SHOWN);
	print_herd(ctx, woken);
}
