/* Why it was slow, one: stalls, by what loops and stalls tell.  Silent where there was none. */
#include <inttypes.h>
#include <stdlib.h>

#include "cli/units.h"
#include "cli/xalloc.h"
#include "findings/rules.h"
#include "text/loops.h"
#include "text/threads.h"

#define OUTSIDE_PART 0.3 /* of a loop's stalls */
#define NAME_ROOM    48
#define CYCLE_MOST   3u

static char *thread_name(const struct vr_seen *seen, uint32_t row)
{
	return vr_thread_text(seen->profile, seen->threads, row);
}

static int is_deadlocked(const struct vr_seen *seen, struct vr_case *found)
{
	for (size_t i = 0; i < seen->loops->n_stalls; i++)
		found->count += (seen->loops->stall[i].row->flags & VPROF_STALL_DEADLOCK) != 0;
	return found->count > 0;
}

static char *say_deadlocked(const struct vr_seen *seen, const struct vr_case *found)
{
	char *text = vr_xstrdup("a deadlock");
	size_t said = 0;

	(void)found;
	for (size_t i = 0; i < seen->loops->n_stalls && said < CYCLE_MOST; i++) {
		const struct vr_stall *stall = &seen->loops->stall[i];
		char *who, *what;

		if (!(stall->row->flags & VPROF_STALL_DEADLOCK))
			continue;
		who = thread_name(seen, stall->row->thread);
		what = vr_stall_text(seen->profile, stall);
		text = vr_xappend(text, "%s %s is %s", said++ ? ";" : ":", who, what);
		free(what);
		free(who);
	}
	return text;
}

const struct vr_rule vr_rule_deadlock = {
    .name = "deadlock",
    .examine = is_deadlocked,
    .evidence = say_deadlocked,
    .next = "loop",
};

/* Longer than header.hang_ns, and for another reason. */
static int hung(const struct vr_seen *seen, struct vr_case *found)
{
	for (size_t i = 0; i < seen->loops->n_stalls; i++) {
		const struct vr_stall *stall = &seen->loops->stall[i];

		if ((stall->row->flags & (VPROF_STALL_HANG | VPROF_STALL_DEADLOCK)) !=
		    VPROF_STALL_HANG)
			continue;
		if (!found->stall || stall->row->duration_ns > found->stall->row->duration_ns)
			found->stall = stall;
		found->count++;
	}
	return found->count > 0;
}

static char *say_hung(const struct vr_seen *seen, const struct vr_case *found)
{
	const struct vprof_stall *row = found->stall->row;
	char *who = thread_name(seen, row->thread);
	char *what = vr_stall_text(seen->profile, found->stall);
	char took[VR_UNIT_MAX], at[VR_UNIT_MAX];
	char *text =
	    vr_xprintf("%s hung for %s from %s on%s: %s", who, vr_format_ns(took, row->duration_ns),
		       vr_format_ns(at, row->begin_ns),
		       row->flags & VPROF_STALL_OVER ? "" : ", to the end", what);

	if (found->count > 1)
		text = vr_xappend(text, "; %" PRIu64 " more hang%s", found->count - 1,
				  vr_plural(found->count - 1));
	free(what);
	free(who);
	return text;
}

const struct vr_rule vr_rule_hang = {
    .name = "hang",
    .examine = hung,
    .evidence = say_hung,
    .next = "loop",
};

/* Those of the loop that the program is to blame for, or the others. */
static uint64_t stalled_ns(const struct vr_loops *loops, const struct vr_loop *loop, int outside,
			   const struct vr_stall_cause **largest)
{
	uint64_t sum_ns = 0;

	*largest = NULL;
	for (size_t i = 0; i < loops->n_causes; i++) {
		const struct vr_stall_cause *cause = &loops->cause[i];

		if (cause->worst->loop != loop ||
		    vr_class_is_outside(cause->worst->row->class) != outside)
			continue;
		*largest = *largest ? *largest : cause;
		sum_ns += cause->sum_ns;
	}
	return sum_ns;
}

/* The loop that stalled longest. */
static int has_stalls(const struct vr_seen *seen, struct vr_case *found)
{
	uint64_t most_ns = 0;

	for (size_t i = 0; i < seen->loops->n_loops; i++) {
		const struct vr_loop *loop = &seen->loops->loop[i];
		const struct vr_stall_cause *largest;
		uint64_t ns = stalled_ns(seen->loops, loop, 0, &largest);

		/* Without a row there is the loop's own account. */
		if (!loop->stalls)
			ns = loop->row->stall_ns;
		if (!ns)
			continue;
		found->count++;
		if (ns <= most_ns)
			continue;
		most_ns = ns;
		found->loop = loop;
		found->cause = largest;
	}
	return found->count > 0;
}

static char *say_stalls(const struct vr_seen *seen, const struct vr_case *found)
{
	const struct vr_loop *loop = found->loop;
	const struct vprof_loop *row = loop->row;
	char *name = vr_loop_text(seen->profile, loop, NAME_ROOM), *what, *rhythm;
	char count[VR_UNIT_MAX], worst[VR_UNIT_MAX];
	uint64_t stalls = row->stalls > loop->stalls ? row->stalls : loop->stalls;
	char *text =
	    vr_xprintf("%s stall%s of loop %s (%s), worst %s", vr_format_count(count, stalls),
		       vr_plural(stalls), name, vr_file_string(seen->profile->file, row->name),
		       vr_format_ns(worst, loop->stalls ? loop->longest_ns : row->max_ns));

	if (found->cause) {
		what = vr_stall_text(seen->profile, found->cause->worst);
		rhythm = vr_rhythm_text(&found->cause->rhythm);
		text = vr_xappend(text, ": %s", what);
		if (rhythm)
			text = vr_xappend(text, ", %s", rhythm);
		free(rhythm);
		free(what);
	}
	if (found->count > 1)
		text = vr_xappend(text, "; %" PRIu64 " other loop%s stalled too", found->count - 1,
				  vr_plural(found->count - 1));
	free(name);
	return text;
}

const struct vr_rule vr_rule_stalls = {
    .name = "stalls",
    .examine = has_stalls,
    .evidence = say_stalls,
    .next = "loop",
};

/* A good part of a loop's stalls that is not the program's doing. */
static int stalled_from_outside(const struct vr_seen *seen, struct vr_case *found)
{
	uint64_t most_ns = 0;

	for (size_t i = 0; i < seen->loops->n_loops; i++) {
		const struct vr_loop *loop = &seen->loops->loop[i];
		const struct vr_stall_cause *largest;
		uint64_t ns = stalled_ns(seen->loops, loop, 1, &largest);

		if (ns <= most_ns || (double)ns < OUTSIDE_PART * (double)loop->stall_ns)
			continue;
		most_ns = ns;
		found->loop = loop;
		found->cause = largest;
	}
	return most_ns > 0;
}

static char *say_outside(const struct vr_seen *seen, const struct vr_case *found)
{
	char *name = vr_loop_text(seen->profile, found->loop, NAME_ROOM);
	char *what = vr_stall_text(seen->profile, found->cause->worst);
	char count[VR_UNIT_MAX], worst[VR_UNIT_MAX];
	char *text = vr_xprintf(
	    "%s stall%s of loop %s, worst %s, %s %s", vr_format_count(count, found->cause->stalls),
	    vr_plural(found->cause->stalls), name, vr_format_ns(worst, found->cause->longest_ns),
	    found->cause->stalls == 1 ? "is" : "are", what);

	free(what);
	free(name);
	return text;
}

const struct vr_rule vr_rule_outside = {
    .name = "outside",
    .examine = stalled_from_outside,
    .evidence = say_outside,
    .next = "threads --sort runq",
};
