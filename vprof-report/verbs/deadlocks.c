#include "verbs/deadlocks.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/err.h"
#include "cli/units.h"
#include "cli/warn.h"
#include "cli/xalloc.h"
#include "text/fields.h"
#include "text/lock_names.h"
#include "text/lock_orders.h"
#include "text/names.h"
#include "text/notes.h"
#include "text/print.h"
#include "verbs/opts.h"

#define STACK_FRAMES 6u

/* One thread of one of them. */
struct part {
	size_t number; /* of the deadlock, from 1 */
	const struct vr_cycle *cycle;
	uint32_t at;
};

static const struct vprof_order *row_of(const struct part *part)
{
	return part->cycle->part[part->at].row;
}

static const struct vprof_order_lock *has_of(const struct part *part)
{
	return &row_of(part)->held[part->cycle->part[part->at].held];
}

/* --- for programs --------------------------------------------------------------- */

static void get_number(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct part *part = row;

	(void)rows;
	value->cell.u = part->number;
}

static void get_tid(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->cell.u = rows->ctx->profile->file->thread[row_of(row)->thread].tid;
}

static void get_thread(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->cell.s = rows->ctx->profile->file->thread[row_of(row)->thread].name;
}

static const void *order_of(const struct vr_rows *rows, const void *row)
{
	(void)rows;
	return row_of(row);
}

static void name_lock(const struct vr_rows *rows, const struct part *part,
		      const struct vprof_order_lock *lock, struct vr_value *value)
{
	struct vr_lock named = vr_order_lock(row_of(part), lock);

	vr_value_caption(rows, value, vr_lock_caption(rows->ctx->profile, &named));
}

static void name_place(const struct vr_rows *rows, uint32_t node, struct vr_value *value)
{
	vr_value_caption(
	    rows, value,
	    vr_responsible_caption(rows->ctx->profile->stacks, node, rows->ctx->strip_dirs));
}

static void get_has(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	name_lock(rows, row, has_of(row), value);
}

static void get_has_mode(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.s = vr_order_mode_name(has_of(row)->mode);
}

static void get_has_in(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	name_place(rows, has_of(row)->node, value);
}

static void get_takes(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	name_lock(rows, row, &row_of(row)->taken, value);
}

static void get_takes_mode(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.s = vr_order_mode_name(row_of(row)->taken.mode);
}

static void get_takes_in(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	name_place(rows, row_of(row)->taken.node, value);
}

static json_t *lock_json(const struct vr_rows *rows, const struct vprof_order *row,
			 const struct vprof_order_lock *lock)
{
	struct vr_profile *profile = rows->ctx->profile;
	struct vr_lock named = vr_order_lock(row, lock);
	struct vr_lock_where where = vr_lock_where(profile, &named);
	const char *home = vr_lock_home_name(where.home);
	char *address = vr_xprintf("0x%" PRIx64, lock->address);
	char *called = vr_lock_text(profile, &named);
	json_t *object = json_object();

	vr_json_set_text(object, "lock", called);
	vr_json_set_text(object, "address", address);
	vr_json_set_text(object, "mode", vr_order_mode_name(lock->mode));
	json_object_set_new(object, "place", home ? vr_json_text(home) : json_null());
	json_object_set_new(object, "name", where.name ? vr_json_text(where.name) : json_null());
	json_object_set_new(object, "guessed",
			    json_boolean((lock->flags & VPROF_ORDER_GUESSED) != 0));
	json_object_set_new(object, "frames", vr_json_frames(profile->stacks, lock->node));
	free(address);
	free(called);
	return object;
}

static void get_has_json(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->json = lock_json(rows, row_of(row), has_of(row));
}

static void get_takes_json(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->json = lock_json(rows, row_of(row), &row_of(row)->taken);
}

static void get_also(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vprof_order *order = row_of(row);

	value->json = json_array();
	for (uint32_t i = 0; i < VPROF_ORDER_HELD && order->held[i].address; i++)
		if (&order->held[i] != has_of(row))
			json_array_append_new(value->json, lock_json(rows, order, &order->held[i]));
}

static const struct vr_field part_fields[] = {
    {"deadlock", "", VR_COUNT, VR_IN_CSV, .get = get_number},
    {"tid", "", VR_COUNT, VR_IN_CSV | VR_IN_JSON, .get = get_tid},
    {"thread", "", VR_TEXT, VR_IN_CSV | VR_IN_JSON, .get = get_thread},
    {"times", "", VR_COUNT, VR_IN_CSV | VR_IN_JSON, VR_MEMBER(struct vprof_order, count),
     .part = order_of},
    {"first_ns", "", VR_NS, VR_IN_CSV | VR_IN_JSON, VR_MEMBER(struct vprof_order, first_ns),
     .part = order_of},
    {"last_ns", "", VR_NS, VR_IN_CSV | VR_IN_JSON, VR_MEMBER(struct vprof_order, last_ns),
     .part = order_of},
    {"has", "", VR_TEXT, VR_IN_CSV, .get = get_has, .elastic = VR_CAPTIONS},
    {"has_mode", "", VR_TEXT, VR_IN_CSV, .get = get_has_mode},
    {"has_in", "", VR_TEXT, VR_IN_CSV, .get = get_has_in, .elastic = VR_CAPTIONS},
    {"takes", "", VR_TEXT, VR_IN_CSV, .get = get_takes, .elastic = VR_CAPTIONS},
    {"takes_mode", "", VR_TEXT, VR_IN_CSV, .get = get_takes_mode},
    {"takes_in", "", VR_TEXT, VR_IN_CSV, .get = get_takes_in, .elastic = VR_CAPTIONS},
    {"has", "", VR_TEXT, VR_IN_JSON, .get = get_has_json},
    {"takes", "", VR_TEXT, VR_IN_JSON, .get = get_takes_json},
    {"also_has", "", VR_TEXT, VR_IN_JSON, .get = get_also},
};

static void print_csv(struct vr_context *ctx, const struct vr_cycles *cycles)
{
	const struct vr_rows rows = {.ctx = ctx};
	struct vr_sheet *sheet = vr_sheet_new(&rows, VR_FIELDS(part_fields));

	for (size_t i = 0; i < cycles->count && i < ctx->limit; i++) {
		struct part part = {i + 1, &cycles->cycle[i], 0};

		for (; part.at < part.cycle->parts; part.at++)
			vr_sheet_row(sheet, &part);
	}
	vr_sheet_print(sheet);
}

json_t *vr_deadlocks_json(struct vr_context *ctx, const struct vr_cycles *cycles)
{
	const struct vr_rows rows = {.ctx = ctx};
	json_t *array = json_array();

	for (size_t i = 0; i < cycles->count && i < ctx->limit; i++) {
		struct part part = {i + 1, &cycles->cycle[i], 0};
		json_t *object = json_object(), *threads = json_array();

		for (; part.at < part.cycle->parts; part.at++)
			json_array_append_new(threads,
					      vr_json_fields(&rows, VR_FIELDS(part_fields), &part));
		vr_json_set_u64(object, "alike", part.cycle->cycles);
		json_object_set_new(object, "threads", threads);
		json_array_append_new(array, object);
	}
	return array;
}

/* --- for people ------------------------------------------------------------------ */

static void print_text(struct vr_context *ctx, char *text, int indent)
{
	fprintf(ctx->out, "%*s", indent, "");
	vr_print_wrapped(ctx, text, indent + 2);
	free(text);
}

static void print_part(struct vr_context *ctx, const struct vr_cycle *cycle, uint32_t at)
{
	const struct part part = {0, cycle, at};
	const struct vprof_order *row = row_of(&part);
	const struct vprof_order_lock *held = has_of(&part);
	char *has = vr_order_lock_text(ctx->profile, row, held);
	char *takes = vr_order_lock_text(ctx->profile, row, &row->taken);
	char *who = vr_order_thread_text(ctx->profile, row);
	char times[VR_UNIT_MAX];

	print_text(ctx,
		   vr_xprintf("%s took %s %s in%s", who, vr_order_mode_name(held->mode), has,
			      held->flags & VPROF_ORDER_GUESSED
				  ? " (lines of callers are those of later calls)"
				  : ""),
		   4);
	vr_print_stack(ctx, held->node, "      ", STACK_FRAMES);
	print_text(ctx,
		   vr_xprintf("then %s %s, %s time%s, in", vr_order_mode_name(row->taken.mode),
			      takes, vr_format_count(times, row->count), vr_plural(row->count)),
		   4);
	vr_print_stack(ctx, row->taken.node, "      ", STACK_FRAMES);
	free(has);
	free(takes);
	free(who);
}

void vr_deadlocks_print(struct vr_context *ctx, const struct vr_cycles *cycles)
{
	if (!cycles->count)
		return;
	fprintf(ctx->out, "\nPossible deadlocks: locks taken in different orders\n");
	for (size_t i = 0; i < cycles->count && i < ctx->limit; i++) {
		const struct vr_cycle *cycle = &cycles->cycle[i];
		char alike[VR_UNIT_MAX];

		fprintf(ctx->out, "\n#%zu  %" PRIu32 " threads may wait for each other", i + 1,
			cycle->parts);
		if (cycle->cycles > 1)
			fprintf(ctx->out, "; seen of %s sets of such threads and locks",
				vr_format_count(alike, cycle->cycles));
		fputc('\n', ctx->out);
		for (uint32_t k = 0; k < cycle->parts; k++)
			print_part(ctx, cycle, k);
	}
	vr_print_more(ctx, ctx->limit, cycles->count, "possible deadlocks");
}

void vr_deadlocks_warn(const struct vr_context *ctx, const struct vr_cycles *cycles)
{
	uint64_t lost = vr_orders_lost(ctx->profile->file);

	if (cycles->gave_up)
		vr_note(ctx,
			"so many locks were taken under others that not all possible deadlocks "
			"were looked for");
	if (lost)
		vr_note(ctx,
			"the table of orders was full: %" PRIu64 " lock%s under others not in it; "
			"run with a larger size=",
			lost, lost == 1 ? " is" : "s are");
}

void vr_deadlocks_alone(struct vr_context *ctx, const struct vr_cycles *cycles)
{
	if (ctx->format == VR_FORMAT_JSON) {
		ctx->json = json_object();
		json_object_set_new(ctx->json, "deadlocks", vr_deadlocks_json(ctx, cycles));
	} else if (ctx->format == VR_FORMAT_CSV) {
		print_csv(ctx, cycles);
	} else if (!cycles->count) {
		vr_print_none(ctx, "no locks were seen to be taken in different orders");
	} else {
		vr_deadlocks_print(ctx, cycles);
	}
}

/* Orders of locks are kept whatever the label. */
int vr_deadlocks_begin(struct vr_context *ctx)
{
	if (!ctx->opts->select.label || !vr_opts_given(ctx->opts, VR_OPT_DEADLOCKS))
		return 0;
	vr_warn("--deadlocks takes no --label: orders of locks are those of all labels");
	return VR_EXIT_USAGE;
}
