#include "verbs/locks_blame.h"

#include <inttypes.h>
#include <stdlib.h>

#include "cli/units.h"
#include "cli/xalloc.h"
#include "text/json.h"
#include "text/lock_names.h"
#include "text/print.h"

#define HOLDERS_SHOWN 5u

static const struct vr_blame *blame_of(const struct vr_rows *rows, const void *row)
{
	const struct vr_lock_doing *doing = rows->model;

	return vr_blame_of(doing->blames, row);
}

int vr_has_blame(const struct vr_rows *rows)
{
	const struct vr_lock_doing *doing = rows->model;

	return doing->blames != NULL || rows->ctx->format != VR_FORMAT_TABLE;
}

static void set(struct vr_value *value, const struct vr_blame *blame, uint64_t number)
{
	value->cell.null = !blame;
	value->cell.u = number;
}

void vr_get_held(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_blame *blame = blame_of(rows, row);

	set(value, blame, blame ? blame->held_ns : 0);
}

void vr_get_handoff(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_blame *blame = blame_of(rows, row);

	set(value, blame, blame ? blame->handoff_ns : 0);
}

void vr_get_unknown(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_blame *blame = blame_of(rows, row);

	set(value, blame, blame ? blame->unknown_ns : 0);
}

void vr_get_abandoned(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_blame *blame = blame_of(rows, row);

	set(value, blame, blame ? blame->abandoned_ns : 0);
}

void vr_get_waiters(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_blame *blame = blame_of(rows, row);

	value->cell.null = !blame;
	value->cell.f = blame ? vr_blame_waiters(blame) : 0;
}

void vr_get_convoy(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_blame *blame = blame_of(rows, row);

	set(value, blame, blame ? (uint64_t)vr_blame_is_convoy(blame) : 0);
}

void vr_get_holds(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_blame *blame = blame_of(rows, row);

	set(value, blame, blame ? blame->contended.holds + blame->sampled.holds : 0);
}

static void set_percentile(const struct vr_rows *rows, const void *row, struct vr_value *value,
			   double percent)
{
	const struct vr_blame *blame = blame_of(rows, row);
	int64_t ns = blame ? vr_hold_percentile(blame, percent) : -1;

	value->cell.null = ns < 0;
	value->cell.u = ns < 0 ? 0 : (uint64_t)ns;
}

void vr_get_hold_p50(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	set_percentile(rows, row, value, 50);
}

void vr_get_hold_p99(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	set_percentile(rows, row, value, 99);
}

void vr_get_hold_max(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_blame *blame = blame_of(rows, row);
	uint64_t ns = blame ? blame->contended.max_ns : 0;

	if (blame && blame->sampled.max_ns > ns)
		ns = blame->sampled.max_ns;
	value->cell.null = !ns;
	value->cell.u = ns;
}

static uint64_t charged(const struct vr_blame *blame)
{
	return blame->held_ns + blame->handoff_ns + blame->unknown_ns;
}

static double share_of(const struct vr_blame *blame, uint64_t ns)
{
	uint64_t all = charged(blame);

	return all ? 100.0 * (double)ns / (double)all : 0;
}

static const struct vprof_thread *thread_of(const struct vr_profile *profile,
					    const struct vr_holder *holder)
{
	return &profile->file->thread[holder->thread];
}

void vr_get_held_by(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_blame *blame = blame_of(rows, row);
	const struct vr_holder *most = blame && blame->n_holders ? blame->holder : NULL;

	value->cell.null = !most;
	if (most)
		value->text = vr_xprintf("%s %.0f%%", thread_of(rows->ctx->profile, most)->name,
					 share_of(blame, most->ns));
}

static json_t *cause_json(const struct vr_rows *rows, const struct vr_holder *holder)
{
	const struct vr_profile *profile = rows->ctx->profile;
	json_t *object;

	if (!holder->part.ns)
		return json_null();
	object = json_object();
	vr_json_set_text(object, "call", vr_file_string(profile->file, holder->part.cause));
	vr_json_set_u64(object, "ns", holder->part.ns);
	if (holder->part.target == VPROF_NONE)
		json_object_set_new(object, "target", json_null());
	else
		vr_json_set_text(object, "target",
				 vr_file_string(profile->file, holder->part.target));
	json_object_set_new(object, "frames", vr_json_frames(profile->stacks, holder->part.node));
	return object;
}

void vr_get_holders(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_profile *profile = rows->ctx->profile;
	const struct vr_blame *blame = blame_of(rows, row);

	value->json = blame ? json_array() : json_null();
	for (size_t i = 0; blame && i < blame->n_holders; i++) {
		const struct vr_holder *holder = &blame->holder[i];
		json_t *object = json_object();

		vr_json_set_u64(object, "tid", thread_of(profile, holder)->tid);
		vr_json_set_text(object, "name", thread_of(profile, holder)->name);
		vr_json_set_u64(object, "ns", holder->ns);
		vr_json_set_u64(object, "times", holder->times);
		vr_json_set_u64(object, "max_ns", holder->max_ns);
		json_object_set_new(object, "cause", cause_json(rows, holder));
		json_object_set_new(object, "frames",
				    vr_json_frames(profile->stacks, holder->node));
		json_array_append_new(value->json, object);
	}
}

static void print_rest(struct vr_context *ctx, const struct vr_blame *blame)
{
	char handoff[VR_UNIT_MAX], unknown[VR_UNIT_MAX], p50[VR_UNIT_MAX], p99[VR_UNIT_MAX];

	if (blame->handoff_ns)
		fprintf(ctx->out, "%10s  %4.1f%%  handed on: let go, and not yet taken\n",
			vr_format_ns(handoff, blame->handoff_ns),
			share_of(blame, blame->handoff_ns));
	if (blame->unknown_ns)
		fprintf(ctx->out, "%10s  %4.1f%%  held by a thread that is not known\n",
			vr_format_ns(unknown, blame->unknown_ns),
			share_of(blame, blame->unknown_ns));
	if (vr_hold_percentile(blame, 50) >= 0)
		fprintf(
		    ctx->out,
		    "            held for %s at the median, %s at p99; %.1f waited on average%s\n",
		    vr_format_ns(p50, (uint64_t)vr_hold_percentile(blame, 50)),
		    vr_format_ns(p99, (uint64_t)vr_hold_percentile(blame, 99)),
		    vr_blame_waiters(blame), vr_blame_is_convoy(blame) ? ": a convoy" : "");
	if (blame->abandoned_ns)
		fprintf(ctx->out, "            %s of that were for waits that never came back\n",
			vr_format_ns(unknown, blame->abandoned_ns));
}

void vr_print_blame(struct vr_context *ctx, const struct vr_blames *blames,
		    const struct vr_lock *lock)
{
	const struct vr_blame *blame = vr_blame_of(blames, lock);
	char ns[VR_UNIT_MAX];

	if (!blame || !charged(blame))
		return;
	for (size_t i = 0; i < blame->n_holders && i < HOLDERS_SHOWN; i++) {
		const struct vr_holder *holder = &blame->holder[i];
		char *text = vr_holder_text(ctx->profile, holder);

		fprintf(ctx->out, "%10s  %4.1f%%  ", vr_format_ns(ns, holder->ns),
			share_of(blame, holder->ns));
		vr_print_wrapped(ctx, text, 19);
		free(text);
	}
	if (blame->n_holders > HOLDERS_SHOWN)
		fprintf(ctx->out, "            and %zu more threads\n",
			blame->n_holders - HOLDERS_SHOWN);
	print_rest(ctx, blame);
}
