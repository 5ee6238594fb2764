#include "text/tail.h"

#include <math.h>
#include <stdlib.h>

#include "cli/units.h"
#include "cli/xalloc.h"
#include "model/calls.h"
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
