#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/units.h"
#include "cli/xalloc.h"
#include "model/calls.h"
#include "model/run.h"
#include "text/fields.h"
#include "text/json.h"
#include "text/loops.h"
#include "text/names.h"
#include "text/print.h"
#include "verbs/loop/loop.h"
#include "verbs/opts.h"

/* Frames under a stall, and stalls where -n is not given. */
#define STACK_FRAMES 8u
#define TOP_STALLS   5u
#define LOOP_ROOM    40

/* --- causes ------------------------------------------------------------------ */

static const struct vr_stall_cause *cause_of(const void *row)
{
	return row;
}

static void get_class(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.s = vr_class_name(cause_of(row)->worst->class);
}

static void get_what(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_file *file = rows->ctx->profile->file;
	const struct vr_stall *worst = cause_of(row)->worst;
	const char *call = vr_file_string(file, worst->row->call);

	value->cell.s = call;
	value->cell.null =
	    !*call || worst->class == VPROF_CLASS_RUN || vr_class_is_outside(worst->class);
}

static void get_where(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_stall *worst = cause_of(row)->worst;

	if (vr_class_is_outside(worst->class))
		vr_value_caption(rows, value, (struct vr_caption){.function = "not your code"});
	else if (*worst->function.name)
		vr_value_caption(rows, value, vr_function_caption(&worst->function, 1));
	else
		vr_value_caption(rows, value, (struct vr_caption){.function = "[no stack]"});
}

static void get_thread(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->cell.s = rows->ctx->profile->file->thread[cause_of(row)->worst->row->thread].name;
}

#define CAUSE(member) VR_MEMBER(struct vr_stall_cause, member)

static const struct vr_field cause_fields[] = {
    {"stalls", "stalls", VR_COUNT, VR_IN_TABLE, CAUSE(stalls)},
    {"longest_ns", "longest", VR_NS, VR_IN_TABLE, CAUSE(longest_ns)},
    {"sum_ns", "together", VR_NS, VR_IN_TABLE, CAUSE(sum_ns)},
    {"thread", "thread", VR_TEXT, VR_IN_TABLE, .get = get_thread, .yields = 1},
    {"class", "class", VR_TEXT, VR_IN_TABLE, .get = get_class},
    {"call", "call", VR_TEXT, VR_IN_TABLE, .get = get_what},
    {"where", "where", VR_TEXT, VR_IN_TABLE, .get = get_where, .elastic = VR_CAPTIONS},
};

static void print_causes(struct vr_context *ctx, const struct vr_loops *loops)
{
	const struct vr_rows rows = {.ctx = ctx, .model = loops};
	struct vr_sheet *sheet = vr_sheet_new(&rows, VR_FIELDS(cause_fields));

	for (size_t i = 0; i < loops->n_causes && i < ctx->limit; i++)
		vr_sheet_row(sheet, &loops->cause[i]);
	vr_sheet_print(sheet);
	vr_print_more(ctx, ctx->limit, loops->n_causes, "causes");
}

/* --- one by one ---------------------------------------------------------------- */

/* "of it 30.1 ms blocked, 10.2 ms running", where it was more than one thing. */
static char *append_classes(char *text, const struct vprof_stall *row)
{
	char time[VR_UNIT_MAX];
	size_t parts = 0;

	for (uint32_t class = 0; class < VPROF_CLASS_COUNT; class ++)
		parts += vr_percent(row->ns[class], row->duration_ns) >= 1;
	if (parts < 2)
		return text;
	for (uint32_t class = 0, said = 0; class < VPROF_CLASS_COUNT; class ++)
		if (vr_percent(row->ns[class], row->duration_ns) >= 1)
			text = vr_xappend(text, "%s%s %s", said++ ? ", " : "; of it ",
					  vr_format_ns(time, row->ns[class]), vr_class_name(class));
	return text;
}

static char *seen_text(const struct vprof_stall *row)
{
	char time[VR_UNIT_MAX];
	char *text;

	if (row->flags & VPROF_STALL_LIVE && row->first_look_ns >= row->begin_ns)
		text = vr_xprintf("looked at while it lasted, first after %s%s",
				  vr_format_ns(time, row->first_look_ns - row->begin_ns),
				  row->flags & VPROF_STALL_LATE ? ", which was late" : "");
	else if (row->flags & VPROF_STALL_LIVE)
		text = vr_xstrdup("looked at while it lasted");
	else
		text = vr_xstrdup("known by its length alone: nobody looked while it lasted");
	if (!(row->flags & VPROF_STALL_OVER))
		text = vr_xappend(text, "; it had not ended");
	if (row->flags & VPROF_STALL_DEADLOCK)
		text = vr_xappend(text, "; a deadlock: it waits for itself in the end");
	if (row->flags & VPROF_STALL_GUESSED)
		text = vr_xappend(text, "; outer frames may be wrong");
	return append_classes(text, row);
}

static void print_stall(struct vr_context *ctx, size_t rank, const struct vr_stall *stall)
{
	const struct vr_file *file = ctx->profile->file;
	const struct vprof_stall *row = stall->row;
	char *what = vr_stall_what(ctx->profile, stall), *holder, *loop, *text;
	char took[VR_UNIT_MAX], at[VR_UNIT_MAX];

	loop = stall->loop ? vr_loop_text(ctx->profile, stall->loop, LOOP_ROOM) : NULL;
	holder = vr_stall_holder(ctx->profile, stall);
	text = vr_xprintf("%s at %s in thread %s%s%s: %s", vr_format_ns(took, row->duration_ns),
			  vr_format_ns(at, row->begin_ns), file->thread[row->thread].name,
			  loop ? ", loop " : "", loop ? loop : "", what);
	fprintf(ctx->out, "\n#%zu  ", rank);
	vr_print_wrapped(ctx, text, 4);
	free(text);
	fputs("    ", ctx->out);
	text = seen_text(row);
	vr_print_wrapped(ctx, text, 4);
	vr_print_stack(ctx, row->node, "      ", STACK_FRAMES);
	if (holder) {
		fputs("    ", ctx->out);
		vr_print_wrapped(ctx, holder, 4);
		vr_print_stack(ctx, row->holder_node, "      ", STACK_FRAMES);
	}
	free(text);
	free(holder);
	free(loop);
	free(what);
}

static void print_longest(struct vr_context *ctx, const struct vr_loops *loops)
{
	size_t limit = vr_opts_given(ctx->opts, VR_OPT_LIMIT) ? ctx->limit : TOP_STALLS;
	size_t *order = vr_stalls_order(loops);

	for (size_t i = 0; i < loops->n_stalls && i < limit; i++)
		print_stall(ctx, i + 1, &loops->stall[order[i]]);
	if (limit < loops->n_stalls)
		fputc('\n', ctx->out);
	vr_print_more(ctx, limit, loops->n_stalls, "stalls");
	free(order);
}

static void print_rhythms(struct vr_context *ctx, const struct vr_loops *loops)
{
	for (size_t i = 0; i < loops->n_causes && i < ctx->limit; i++) {
		const struct vr_stall_cause *cause = &loops->cause[i];
		char *rhythm = vr_rhythm_text(&cause->rhythm), *what, *text;

		if (!rhythm)
			continue;
		what = vr_stall_text(ctx->profile, cause->worst);
		text = vr_xprintf("%s: %s", rhythm, what);
		fputs("   ", ctx->out);
		vr_print_wrapped(ctx, text, 3);
		free(text);
		free(what);
		free(rhythm);
	}
}

void vr_loop_stalls(struct vr_context *ctx, const struct vr_loops *loops)
{
	const struct vprof_header *h = &ctx->profile->file->header;
	char limit[VR_UNIT_MAX], count[VR_UNIT_MAX], time[VR_UNIT_MAX], *text;

	if (h->frozen) {
		text = vr_xprintf("The process was stopped, or the whole machine stood still, %s "
				  "time%s, %s together; that is no stall.",
				  vr_format_count(count, h->frozen), vr_plural(h->frozen),
				  vr_format_ns(time, h->frozen_ns));
		fputc('\n', ctx->out);
		vr_print_wrapped(ctx, text, 0);
		free(text);
	}
	if (!loops->n_stalls)
		return;
	fprintf(ctx->out, "\nStalls of %s and more%s, by cause\n", vr_format_ns(limit, h->stall_ns),
		h->stall_auto ? ", or what stall=auto learned of its loop" : "");
	print_causes(ctx, loops);
	print_rhythms(ctx, loops);
	print_longest(ctx, loops);
}

/* --- JSON -------------------------------------------------------------------- */

static void set_string(json_t *object, const char *key, const struct vr_file *file, uint32_t id)
{
	const char *text = vr_file_string(file, id);

	json_object_set_new(object, key, *text ? vr_json_text(text) : json_null());
}

static void set_function(json_t *object, const struct vr_function *function)
{
	vr_json_set_text(object, "function", function->name);
	vr_json_set_text(object, "file", function->file);
	json_object_set_new(object, "line", json_integer(function->line));
}

static void set_thread(json_t *object, const struct vr_file *file, uint32_t thread,
		       const char *name)
{
	vr_json_set_u64(object, "tid", file->thread[thread].tid);
	vr_json_set_text(object, name, file->thread[thread].name);
}

static json_t *holder_json(struct vr_context *ctx, const struct vr_stall *stall)
{
	const struct vr_file *file = ctx->profile->file;
	const struct vprof_stall *row = stall->row;
	json_t *object;

	if (row->holder == VPROF_NONE || stall->class != VPROF_CLASS_LOCK)
		return json_null();
	object = json_object();
	set_thread(object, file, row->holder, "name");
	set_string(object, "call", file, row->holder_call);
	set_string(object, "target", file, row->holder_target);
	set_function(object, &stall->holder);
	json_object_set_new(object, "frames",
			    vr_json_frames(ctx->profile->stacks, row->holder_node));
	return object;
}

static json_t *classes_json(const struct vprof_stall *row)
{
	static const char *const name[VPROF_CLASS_COUNT] = {
	    "run_ns",  "idle_ns",      "paced_ns", "blocked_ns",
	    "lock_ns", "preempted_ns", "fault_ns", "unhooked_ns"};
	json_t *object = json_object();

	for (int i = 0; i < VPROF_CLASS_COUNT; i++)
		vr_json_set_u64(object, name[i], row->ns[i]);
	return object;
}

static void set_flags(json_t *object, const struct vprof_stall *row)
{
	static const struct {
		const char *name;
		uint32_t flag;
	} flags[] = {
	    {"caught_live", VPROF_STALL_LIVE}, {"over", VPROF_STALL_OVER},
	    {"hang", VPROF_STALL_HANG},	       {"deadlock", VPROF_STALL_DEADLOCK},
	    {"late", VPROF_STALL_LATE},	       {"guessed", VPROF_STALL_GUESSED},
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		json_object_set_new(object, flags[i].name,
				    json_boolean(row->flags & flags[i].flag));
}

static json_t *stall_json(struct vr_context *ctx, const struct vr_stall *stall)
{
	const struct vr_file *file = ctx->profile->file;
	const struct vprof_stall *row = stall->row;
	json_t *object = json_object();

	vr_json_set_u64(object, "at_ns", row->begin_ns);
	vr_json_set_u64(object, "duration_ns", row->duration_ns);
	vr_json_set_text(object, "class", vr_class_name(stall->class));
	set_function(object, &stall->function);
	json_object_set_new(object, "holder", holder_json(ctx, stall));
	set_flags(object, row);
	json_object_set_new(object, "not_your_code",
			    json_boolean(vr_class_is_outside(stall->class)));
	set_thread(object, file, row->thread, "thread");
	set_string(object, "call", file, row->call);
	set_string(object, "target", file, row->target);
	set_string(object, "kernel", file, row->wchan);
	vr_json_set_u64(object, "object", row->object);
	vr_json_set_u64(object, "first_look_ns", row->first_look_ns);
	vr_json_set_u64(object, "looks", row->looks);
	json_object_set_new(object, "ns", classes_json(row));
	vr_json_set_u64(object, "throttled_ns", row->throttled_ns);
	vr_json_set_u64(object, "stolen_ns", row->stolen_ns);
	json_object_set_new(object, "frames", vr_json_frames(ctx->profile->stacks, row->node));
	return object;
}

json_t *vr_loop_stalls_json(struct vr_context *ctx, const struct vr_loops *loops,
			    const struct vr_loop *loop)
{
	json_t *array = json_array();

	for (size_t i = 0; i < loops->n_stalls; i++)
		if (loops->stall[i].loop == loop)
			json_array_append_new(array, stall_json(ctx, &loops->stall[i]));
	return array;
}
