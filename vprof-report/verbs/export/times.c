/* What took time, and when: spans and iterations that are kept whole, calls that lasted and waits
 * for locks as far as the history reaches, stalls, marks and readings. */
#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "cli/text.h"
#include "cli/xalloc.h"
#include "model/locks.h"
#include "model/loops.h"
#include "text/loops.h"
#include "text/names.h"
#include "verbs/export/fill.h"

struct filler {
	struct vr_profile *profile;
	struct vr_dump_times *times;
	struct vr_loops *loops;
	size_t slice_room, text_room, mark_room;
	const char *of_lock[VR_LOCK_KINDS]; /* of each kind */
	const char **place, **named; /* of each stack; of each string id; NULL: not asked yet */
};

/* Takes a text over. */
static const char *keep(struct filler *f, char *text)
{
	struct vr_dump_times *times = f->times;
	char *plain = vr_text_escape(text);

	free(text);
	times->text = vr_xgrow(times->text, times->texts, &f->text_room, sizeof(*times->text));
	times->text[times->texts++] = plain;
	return plain;
}

static const char *string(struct filler *f, uint32_t id)
{
	if (id >= vr_file_string_ids(f->profile->file))
		return "";
	if (!f->named[id]) {
		char *text = vr_xstrdup(vr_file_string(f->profile->file, id));

		for (char *at = text; *at; at++) /* pairs of labels */
			if (*at == '\n')
				*at = ' ';
		f->named[id] = keep(f, text);
	}
	return f->named[id];
}

static const char *place(struct filler *f, uint32_t node)
{
	struct vr_stacks *stacks = f->profile->stacks;

	if (node == VPROF_NODE_ROOT || node >= f->profile->file->n_nodes)
		return "";
	if (!f->place[node])
		f->place[node] = keep(f, vr_responsible_text(stacks, node, 1));
	return f->place[node];
}

/* It is selected by its thread, label and the moment at which it ended. */
static int is_meant(const struct filler *f, uint32_t thread, uint32_t label, uint64_t end_ns)
{
	const struct vr_profile *profile = f->profile;

	return profile->keep_thread[thread] && !vr_profile_is_helper(profile, thread) &&
	       vr_profile_keeps_label(profile, label) && vr_profile_in_window(profile, end_ns);
}

static void add_slice(struct filler *f, const struct vr_dump_slice *slice)
{
	struct vr_dump_times *times = f->times;

	times->slice = vr_xgrow(times->slice, times->slices, &f->slice_room, sizeof(*times->slice));
	times->slice[times->slices++] = *slice;
}

/* ---- rows ------------------------------------------------------------------- */

static const char *loop_name(const struct filler *f, uint32_t row)
{
	for (size_t i = 0; i < f->loops->n_loops; i++)
		if (f->loops->loop[i].id == row)
			return f->loops->loop[i].name;
	return "a loop";
}

static void add_units(struct filler *f)
{
	const struct vr_file *file = f->profile->file;

	for (uint32_t i = 0; i < file->n_units; i++) {
		const struct vprof_unit *unit = &file->unit[i].kept;
		int of_loop;
		uint32_t label;

		if (file->unit[i].kind != VPROF_UNIT_KEPT)
			continue;
		of_loop = unit->span == VPROF_NONE;
		/* The label of a span is that in force when it began. */
		label = of_loop ? unit->label : file->span[unit->span].label;
		if (!is_meant(f, unit->thread, label, unit->begin_ns + unit->duration_ns))
			continue;
		add_slice(f, &(struct vr_dump_slice){
				 .begin_ns = unit->begin_ns,
				 .ns = unit->duration_ns,
				 .kind = of_loop ? VR_SLICE_ITERATION : VR_SLICE_SPAN,
				 .thread = unit->thread,
				 .name = of_loop ? keep(f, vr_xstrdup(loop_name(f, unit->loop)))
						 : string(f, file->span[unit->span].name),
				 .where = "",
				 .label = label ? string(f, label) : "",
				 .loop = of_loop ? unit->loop : 0,
				 .size = unit->size});
	}
}

static void add_stalls(struct filler *f)
{
	for (size_t i = 0; i < f->loops->n_stalls; i++) {
		const struct vr_stall *stall = &f->loops->stall[i];
		const struct vprof_stall *row = stall->row;

		if (row->loop == VPROF_NONE ||
		    !is_meant(f, row->thread, row->label, row->begin_ns + row->duration_ns))
			continue;
		add_slice(f,
			  &(struct vr_dump_slice){
			      .begin_ns = row->begin_ns,
			      .ns = row->duration_ns,
			      .kind = VR_SLICE_STALL,
			      .thread = row->thread,
			      .name = keep(f, vr_xprintf("stall of %s", loop_name(f, row->loop))),
			      .where = keep(f, vr_stall_text(f->profile, stall)),
			      .label = row->label ? string(f, row->label) : "",
			      .loop = row->loop});
	}
}

/* ---- history ---------------------------------------------------------------- */

static const char *lock_name(struct filler *f, uint32_t kind)
{
	if (!f->of_lock[kind])
		f->of_lock[kind] = keep(f, vr_xprintf("wait for %s", vr_lock_kind_name(kind)));
	return f->of_lock[kind];
}

/* Waits for semaphores and barriers are calls, too. */
static int is_a_call(const struct vr_file *file, const struct vprof_event *event)
{
	return file->n_calls && event->kind == VPROF_EV_WAIT &&
	       file->lock[event->arg].kind >= VPROF_LOCK_SEM;
}

static void add_event(struct filler *f, const struct vprof_event *event)
{
	const struct vr_file *file = f->profile->file;
	struct vr_dump_slice slice = {
	    .begin_ns = event->t_ns > event->value ? event->t_ns - event->value : 0,
	    .ns = vr_least(event->value, event->t_ns),
	    .thread = event->thread,
	    .where = place(f, event->node)};
	uint32_t label;

	if (event->kind == VPROF_EV_CALL) {
		slice.kind = VR_SLICE_CALL;
		slice.name = string(f, file->call[event->arg].name);
		label = file->call[event->arg].label;
	} else {
		slice.kind = VR_SLICE_LOCK;
		slice.name = lock_name(f, file->lock[event->arg].kind);
		label = file->lock[event->arg].label;
	}
	slice.label = label ? string(f, label) : "";
	if (is_meant(f, event->thread, label, event->t_ns))
		add_slice(f, &slice);
}

static void add_mark(struct filler *f, const struct vprof_event *event)
{
	struct vr_dump_times *times = f->times;

	/* Of no label: it is of the whole process. */
	if (!f->profile->keep_thread[event->thread] ||
	    !vr_profile_in_window(f->profile, event->t_ns))
		return;
	times->mark = vr_xgrow(times->mark, times->marks, &f->mark_room, sizeof(*times->mark));
	times->mark[times->marks++] = (struct vr_dump_moment){
	    event->t_ns, event->thread, string(f, f->profile->file->mark[event->arg].name)};
}

static void add_events(struct filler *f)
{
	const struct vr_file *file = f->profile->file;

	for (size_t i = 0; i < file->n_events; i++) {
		const struct vprof_event *event = &file->event[i];

		if (event->kind == VPROF_EV_CALL ||
		    (event->kind == VPROF_EV_WAIT && !is_a_call(file, event)))
			add_event(f, event);
		else if (event->kind == VPROF_EV_MARK)
			add_mark(f, event);
	}
}

static void add_readings(struct filler *f)
{
	const struct vr_file *file = f->profile->file;
	struct vr_dump_times *times = f->times;

	times->reading = vr_xcalloc(file->n_points + 1, sizeof(*times->reading));
	for (uint32_t i = 0; i < file->n_points; i++) {
		const struct vprof_point *point = &file->point[i], *before = i ? point - 1 : NULL;
		uint64_t ns = before ? point->t_ns - before->t_ns : 0;

		if (!vr_profile_in_window(f->profile, point->t_ns))
			continue;
		times->reading[times->readings++] = (struct vr_dump_reading){
		    .at_ns = point->t_ns,
		    .rss_bytes = point->rss,
		    .heap_bytes = point->heap_live,
		    .threads = point->threads,
		    .cpu_percent =
			ns ? 100 * (double)vr_less(point->cpu_ns, before->cpu_ns) / (double)ns : 0};
	}
}

/* ---- spans that are counted --------------------------------------------------- */

static void add_spans(struct filler *f, struct vr_dump *dump)
{
	const struct vr_file *file = f->profile->file;

	dump->span = vr_xcalloc(file->n_spans + 1, sizeof(*dump->span));
	for (uint32_t i = 0; i < file->n_spans; i++) {
		const struct vprof_span *row = &file->span[i];

		if (!row->count || (i ? !f->profile->keep_thread[row->thread] ||
					    !vr_profile_keeps_label(f->profile, row->label)
				      : f->profile->select.thread || f->profile->keep_label))
			continue;
		dump->span[dump->spans++] =
		    (struct vr_dump_span){.name = i ? string(f, row->name) : "[others]",
					  .label = row->label ? string(f, row->label) : "",
					  .thread = i ? row->thread : VR_DUMP_NONE,
					  .async = (row->flags & VPROF_SPAN_ASYNC) != 0,
					  .count = row->count,
					  .time_ns = row->time_ns,
					  .self_ns = vr_less(row->time_ns, row->inner_ns),
					  .max_ns = row->max_ns};
	}
}

/* ---- order ------------------------------------------------------------------ */

/* What has others in it comes before them. */
static int by_time(const void *a, const void *b)
{
	const struct vr_dump_slice *x = a, *y = b;
	int c = vr_smaller_first(x->thread, y->thread);

	c = c ? c : vr_smaller_first(x->begin_ns, y->begin_ns);
	c = c ? c : vr_larger_first(x->ns, y->ns);
	c = c ? c : vr_smaller_first(x->kind, y->kind);
	return c ? c : strcmp(x->name, y->name);
}

/* A unit may be kept for more than one reason. */
static void drop_twice(struct vr_dump_times *times)
{
	size_t kept = 0;

	if (times->slices)
		qsort(times->slice, times->slices, sizeof(*times->slice), by_time);
	for (size_t i = 0; i < times->slices; i++)
		if (!kept || by_time(&times->slice[kept - 1], &times->slice[i]) != 0)
			times->slice[kept++] = times->slice[i];
	times->slices = kept;
}

void vr_dump_add_times(struct vr_dump *dump, struct vr_profile *profile)
{
	struct vr_file *file = profile->file;
	struct filler f = {.profile = profile, .times = &dump->times};

	f.loops = vr_loops_new(profile, NULL);
	f.place = vr_xcalloc((size_t)file->n_nodes + 1, sizeof(*f.place));
	f.named = vr_xcalloc((size_t)vr_file_string_ids(file) + 1, sizeof(*f.named));
	add_units(&f);
	add_stalls(&f);
	add_events(&f);
	add_readings(&f);
	drop_twice(&dump->times);
	free(f.named);
	free(f.place);
	vr_loops_free(f.loops);
}

void vr_dump_add_spans(struct vr_dump *dump, struct vr_profile *profile)
{
	struct filler f = {.profile = profile, .times = &dump->times};

	f.named = vr_xcalloc((size_t)vr_file_string_ids(profile->file) + 1, sizeof(*f.named));
	add_spans(&f, dump);
	free(f.named);
}

void vr_dump_free_times(struct vr_dump *dump)
{
	struct vr_dump_times *times = &dump->times;

	for (size_t i = 0; i < times->texts; i++)
		free(times->text[i]);
	free(times->text);
	free(times->slice);
	free(times->mark);
	free(times->reading);
	free(dump->span);
}
