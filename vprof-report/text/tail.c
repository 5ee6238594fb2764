#include "text/tail.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "cli/units.h"
#include "cli/xalloc.h"
#include "model/calls.h"
#include "text/lock_names.h"
#include "text/names.h"

static char *place_text(const struct vr_profile *profile, const struct vr_function *function)
{
	if (!*function->name)
		return vr_xstrdup("[no stack]");
	return vr_caption_short(profile, vr_function_caption(function, 1), VR_PROSE_ROOM);
}

char *vr_tail_what_text(const struct vr_profile *profile, const struct vr_tail_what *what)
{
	char *place, *text;

	switch (what->kind) {
	case VR_TAIL_CALLS:
		return vr_xstrdup("further calls that lasted");
	case VR_TAIL_UNSEEN:
		return vr_xstrdup("running, without a CPU sample");
	case VR_TAIL_CLASS:
		if (what->class == VPROF_CLASS_PREEMPTED)
			return vr_xstrdup("not your code: it could run, and others had the CPU");
		if (what->class == VPROF_CLASS_FAULT)
			return vr_xstrdup("not your code: waiting for pages of memory");
		if (what->class == VPROF_CLASS_IDLE)
			return vr_xstrdup("in a wait that its thread comes back to again and again "
					  "(loop)");
		return vr_xstrdup("asleep in nothing that the library sees");
	default:
		break;
	}
	place = place_text(profile, &what->function);
	if (what->kind == VR_TAIL_CPU)
		text = vr_xprintf("running %s", place);
	else
		text = vr_xprintf("%s%s in %s",
				  what->class == VPROF_CLASS_LOCK ? "waiting for a lock, " : "",
				  vr_file_string(profile->file, what->call), place);
	free(place);
	return text;
}

/* --- other threads ------------------------------------------------------------- */

#define OTHERS_TOLD 2u
#define OTHER_LEAST 0.2 /* of the time in which the unit did not run */

static char *node_text(struct vr_profile *profile, uint32_t node)
{
	return vr_caption_short(profile, vr_responsible_caption(profile->stacks, node, 1),
				VR_PROSE_ROOM);
}

static char *call_text(struct vr_profile *profile, const struct vprof_unit_other *other)
{
	char ns[VR_UNIT_MAX], *place = node_text(profile, other->call_node), *text;

	text = vr_xprintf("%s%s in %s, called from %s", other->held_ns ? "of it " : "was ",
			  vr_format_ns(ns, other->call_ns),
			  vr_file_string(profile->file, other->call_name), place);
	free(place);
	return text;
}

static char *append(char *text, const char *between, char *more)
{
	text = vr_xappend(text, "%s%s", between, more);
	free(more);
	return text;
}

static uint64_t ran_ns(const struct vr_file *file, const struct vprof_unit_other *other)
{
	uint32_t hz = file->header.cpu_hz;

	return hz ? other->samples * (1000000000ull / hz) : 0;
}

static char *other_text(struct vr_profile *profile, const struct vprof_unit_other *other)
{
	const struct vprof_thread *thread = &profile->file->thread[other->thread];
	char ns[VR_UNIT_MAX], *text = vr_xprintf("%s (%" PRIu32 ")", thread->name, thread->tid);
	const char *between = " ";

	if (other->held_ns) {
		text = append(text, " held ", vr_lock_text_at(profile, other->lock));
		text = vr_xappend(text, " for %s", vr_format_ns(ns, other->held_ns));
		between = ", ";
	}
	if (other->call_ns) {
		text = append(text, between, call_text(profile, other));
		between = ", ";
	}
	if (other->samples && other->node != VPROF_NODE_ROOT) {
		text = vr_xappend(text, "%sran for some %s in ", between,
				  vr_format_ns(ns, ran_ns(profile->file, other)));
		text = append(text, "", node_text(profile, other->node));
	}
	return text;
}

/* What of a unit's time others may explain: it waited for a lock, for the CPU, or otherwise. */
struct off {
	double all, lock, cpu, rest;
};

static struct off off_of(const struct vr_file *file, const struct vprof_unit *row)
{
	struct off off = {.all = (double)(row->duration_ns - row->ns[VPROF_CLASS_RUN]),
			  .cpu = (double)row->ns[VPROF_CLASS_PREEMPTED]};
	const struct vprof_unit_call *more =
	    row->more == VPROF_NONE ? NULL : file->unit[row->more].more.call;

	for (uint32_t i = 0; i < VPROF_UNIT_CALLS; i++)
		if (row->call[i].class == VPROF_CLASS_LOCK)
			off.lock += (double)row->call[i].ns;
	for (uint32_t i = 0; more && i < VPROF_UNIT_MORE_CALLS; i++)
		if (more[i].class == VPROF_CLASS_LOCK)
			off.lock += (double)more[i].ns;
	off.rest = off.all - off.lock - off.cpu;
	return off;
}

static int much_of(double ns, double of, const struct off *off)
{
	return of >= OTHER_LEAST * off->all && ns >= OTHER_LEAST * of;
}

/* A thread that was in one call all along waits for work, and keeps nobody from it. */
static int explains(const struct vr_file *file, const struct vprof_unit *row, const struct off *off,
		    const struct vprof_unit_other *other)
{
	double ran = (double)ran_ns(file, other), in_call = (double)other->call_ns;

	if (other->call_ns >= row->duration_ns)
		in_call = 0;
	return much_of((double)other->held_ns, off->lock, off) || much_of(ran, off->cpu, off) ||
	       much_of(ran, off->rest, off) || much_of(in_call, off->rest, off);
}

char *vr_tail_others_text(struct vr_profile *profile, const struct vr_tail *tail, size_t unit)
{
	const struct vprof_unit *row = tail->unit[unit];
	const struct vprof_unit_others *others = vr_tail_others(profile->file, row);
	struct off off = off_of(profile->file, row);
	char *text = NULL;
	size_t told = 0;

	/* Of one that ran all the time others explain nothing. */
	if (!others || off.all < OTHER_LEAST * (double)row->duration_ns)
		return NULL;
	for (uint32_t i = 0; i < VPROF_UNIT_OTHER_THREADS && told < OTHERS_TOLD; i++) {
		if (!others->other[i].thread ||
		    !explains(profile->file, row, &off, &others->other[i]))
			continue;
		if (!told++)
			text = vr_xstrdup("meanwhile ");
		text = append(text, told > 1 ? "; " : "", other_text(profile, &others->other[i]));
	}
	return text;
}

/* --- verdicts ------------------------------------------------------------------- */

const char *vr_tail_verdict_name(enum vr_tail_verdict verdict)
{
	static const char *const name[] = {
	    [VR_TAIL_CAUSES] = "causes",
	    [VR_TAIL_NOT_YOURS] = "not your code",
	    [VR_TAIL_MORE_WORK] = "more work at once",
	    [VR_TAIL_ALIKE] = "more of the same",
	    [VR_TAIL_NONE] = "no cause stands out",
	    [VR_TAIL_NO_CONTROLS] = "nothing to compare with",
	    [VR_TAIL_NO_SLOW] = "none is slow",
	};

	return name[verdict];
}

const char *vr_tail_units_name(const struct vr_tail *tail)
{
	return tail->span ? "spans" : "iterations";
}

const char *vr_tail_size_name(enum vr_tail_size by)
{
	static const char *const name[] = {"events", "bytes", "size"};

	return name[by];
}

static char *work_text(const struct vr_tail_answer *answer)
{
	char slow[VR_UNIT_MAX], ordinary[VR_UNIT_MAX];
	const char *of = answer->work.by == VR_TAIL_EVENTS  ? "events"
			 : answer->work.by == VR_TAIL_BYTES ? "of data"
							    : "as their size";
	int bytes = answer->work.by == VR_TAIL_BYTES;
	uint64_t s = (uint64_t)llround(answer->work.slow),
		 o = (uint64_t)llround(answer->work.ordinary);

	return vr_xprintf("More work at once: slow ones had %s %s to handle, ordinary ones %s. By "
			  "what others take for as many, that is %.0f%% of the time that they took "
			  "longer.",
			  bytes ? vr_format_bytes(slow, s) : vr_format_count(slow, s), of,
			  bytes ? vr_format_bytes(ordinary, o) : vr_format_count(ordinary, o),
			  100 * answer->work.share);
}

char *vr_tail_verdict_text(const struct vr_tail *tail)
{
	const struct vr_tail_answer *answer = &tail->answer;

	switch (answer->verdict) {
	case VR_TAIL_CAUSES:
		return answer->causes == 1 ? vr_xstrdup("One cause stands out:")
					   : vr_xprintf("%zu causes stand out:", answer->causes);
	case VR_TAIL_NOT_YOURS:
		return vr_xstrdup("Not your code: nothing that the program does makes them slow, "
				  "as far as can be seen.");
	case VR_TAIL_MORE_WORK:
		return work_text(answer);
	case VR_TAIL_ALIKE:
		return vr_xstrdup("More of the same: slow ones did what ordinary ones do, and "
				  "took longer with all of it. No cause stands out.");
	case VR_TAIL_NONE:
		return vr_xstrdup("No cause stands out: nothing is in the slow ones that "
				  "is not in ordinary ones about as often, or by chance.");
	case VR_TAIL_NO_CONTROLS:
		return vr_xprintf("Nothing to compare them with: of ordinary ones %zu are kept.",
				  answer->ordinary);
	default:
		return vr_xstrdup("None is slow.");
	}
}
