/* Why it was slow, one: stalls, by what loops and stalls tell.  Silent where there was none. */
#include <inttypes.h>
#include <stdlib.h>

#include "cli/units.h"
#include "cli/xalloc.h"
#include "findings/rules.h"
#include "text/loops.h"
#include "text/names.h"
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

/* Of a loop's stalls, those that the program is to blame for, or the others. */
struct share {
	const struct vr_stall_cause *largest; /* NULL: there are none */
	uint64_t stalls, sum_ns, longest_ns;
};

static struct share share_of(const struct vr_loops *loops, const struct vr_loop *loop, int outside)
{
	struct share share = {.largest = NULL};

	for (size_t i = 0; i < loops->n_causes; i++) {
		const struct vr_stall_cause *cause = &loops->cause[i];

		if (cause->worst->loop != loop ||
		    vr_class_is_outside(cause->worst->class) != outside)
			continue;
		share.largest = share.largest ? share.largest : cause;
		share.stalls += cause->stalls;
		share.sum_ns += cause->sum_ns;
		if (cause->longest_ns > share.longest_ns)
			share.longest_ns = cause->longest_ns;
	}
	return share;
}

/* The same, where stalls have no rows by the loop's own account. */
static struct share own_share(const struct vr_loops *loops, const struct vr_loop *loop)
{
	struct share share = share_of(loops, loop, 0);
	uint64_t without_row =
	    loop->row->stalls > loop->stalls ? loop->row->stalls - loop->stalls : 0;

	if (!loop->stalls) {
		share.sum_ns = loop->row->stall_ns;
		share.longest_ns = loop->row->max_ns;
	}
	share.stalls += without_row;
	return share;
}

/* The loop that stalled longest. */
static int has_stalls(const struct vr_seen *seen, struct vr_case *found)
{
	uint64_t most_ns = 0;

	for (size_t i = 0; i < seen->loops->n_loops; i++) {
		const struct vr_loop *loop = &seen->loops->loop[i];
		const struct share share = own_share(seen->loops, loop);

		if (!share.sum_ns)
			continue;
		found->count++;
		if (share.sum_ns <= most_ns)
			continue;
		most_ns = share.sum_ns;
		found->loop = loop;
		found->cause = share.largest;
	}
	return found->count > 0;
}

/* Its place is in `loop`. */
static char *loop_name(const struct vr_seen *seen, const struct vr_loop *loop)
{
	return vr_caption_short(seen->profile, (struct vr_caption){.function = loop->name},
				NAME_ROOM);
}

static char *say_stalls(const struct vr_seen *seen, const struct vr_case *found)
{
	const struct vr_loop *loop = found->loop;
	const struct share share = own_share(seen->loops, loop);
	char *name = loop_name(seen, loop), *what, *rhythm;
	char count[VR_UNIT_MAX], worst[VR_UNIT_MAX];
	char *text = vr_xprintf("%s stall%s of loop %s (%s), worst %s",
				vr_format_count(count, share.stalls), vr_plural(share.stalls), name,
				vr_file_string(seen->profile->file, loop->row->name),
				vr_format_ns(worst, share.longest_ns));

	if (found->cause) {
		what = vr_stall_text(seen->profile, found->cause->worst);
		rhythm = vr_rhythm_text(&found->cause->rhythm);
		text = vr_xappend(text, ": %s%s",
				  share.stalls > found->cause->stalls ? "most of it " : "", what);
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
		const struct share share = share_of(seen->loops, loop, 1);

		if (share.sum_ns <= most_ns ||
		    (double)share.sum_ns < OUTSIDE_PART * (double)loop->stall_ns)
			continue;
		most_ns = share.sum_ns;
		found->loop = loop;
		found->cause = share.largest;
	}
	return most_ns > 0;
}

static char *say_outside(const struct vr_seen *seen, const struct vr_case *found)
{
	const struct share share = share_of(seen->loops, found->loop, 1);
	char *name = loop_name(seen, found->loop);
	char *what = vr_stall_text(seen->profile, found->cause->worst);
	char count[VR_UNIT_MAX], worst[VR_UNIT_MAX];
	char *text = vr_xprintf("%s stall%s of loop %s, worst %s, %s %s",
				vr_format_count(count, share.stalls), vr_plural(share.stalls), name,
				vr_format_ns(worst, share.longest_ns),
				share.stalls == 1 ? "is" : "are", what);

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
