/* Why it was slow: what loops, stalls, calls that may block, locks and books tell.  Each is
 * silent where nothing was. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/units.h"
#include "cli/xalloc.h"
#include "findings/rules.h"
#include "model/run.h"
#include "text/call_names.h"
#include "text/lock_names.h"
#include "text/loops.h"
#include "text/names.h"
#include "text/threads.h"

/* Below these nobody would call it slow. */
#define LOOP_PERCENT_MIN    1.0	     /* of a loop's time, in one call within its iterations ... */
#define LOOP_CALL_NS	    1000000u /* ... the longest of which took as long */
#define BUSY_PERCENT_MIN    90.0
#define BUSY_NS		    1000000000u
#define OUTSIDE_PART	    0.3	 /* of a loop's stalls */
#define BLOCKED_PERCENT_MIN 10.0 /* of the run */
#define BLOCKED_NS	    100000000u
#define LOCKED_PERCENT_MIN  10.0
#define FAULT_PERCENT_MIN   5.0
#define NAME_ROOM	    48
#define CYCLE_MOST	    3u

/* --- stalls ------------------------------------------------------------------ */

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

/* --- loops ------------------------------------------------------------------- */

/* 1: a stall of that loop's has been blamed on this call already. */
static int is_a_stall(const struct vr_seen *seen, const struct vr_call_site *site)
{
	const struct vr_function function = vr_responsible_function(seen->profile, site->node);

	for (size_t i = 0; i < seen->loops->n_causes; i++) {
		const struct vr_stall *worst = seen->loops->cause[i].worst;

		if (strcmp(vr_file_string(seen->profile->file, worst->row->call), site->name) ==
			0 &&
		    strcmp(worst->function.name, function.name) == 0)
			return 1;
	}
	return 0;
}

/* The time of the loops of all threads. */
static uint64_t loops_ns(const struct vr_loops *loops)
{
	uint64_t ns = 0;

	for (size_t i = 0; i < loops->n_loops; i++)
		ns += loops->loop[i].wall_ns;
	return ns;
}

static uint64_t blocked_on_loop_ns(const struct vr_call_site *site)
{
	uint64_t ns = vr_calls_wait_ns(&site->sum);

	return ns < site->sum.on_loop_ns ? ns : site->sum.on_loop_ns;
}

static int blocks_a_loop(const struct vr_seen *seen, struct vr_case *found)
{
	uint64_t most_ns = 0, all_ns = loops_ns(seen->loops);

	for (size_t i = 0; i < seen->calls->n_sites; i++) {
		const struct vr_call_site *site = &seen->calls->site[i];
		uint64_t ns = blocked_on_loop_ns(site);

		if (ns <= most_ns || site->sum.max_ns < LOOP_CALL_NS || is_a_stall(seen, site))
			continue;
		most_ns = ns;
		found->site = site;
	}
	found->percent = vr_percent(most_ns, all_ns);
	return found->percent >= LOOP_PERCENT_MIN;
}

/* "fsync of /data/j.log in append (journal.c:88)" */
static char *site_text(const struct vr_seen *seen, const struct vr_call_site *site)
{
	char *what = vr_target_text(seen->profile, site->target_kind, site->target, site->object,
				    site->target_ns);
	char *where = vr_caption_short(
	    seen->profile, vr_responsible_caption(seen->profile->stacks, site->node, 1), NAME_ROOM);
	char *text = vr_xprintf("%s%s%s%s in %s", site->name, *what ? " of " : "", what,
				*what && site->targets_differ ? " and others" : "", where);

	free(where);
	free(what);
	return text;
}

static char *say_blocks_a_loop(const struct vr_seen *seen, const struct vr_case *found)
{
	const struct vr_call_site *site = found->site;
	char *what = site_text(seen, site);
	char time[VR_UNIT_MAX], calls[VR_UNIT_MAX], most[VR_UNIT_MAX];
	char *text =
	    vr_xprintf("%s within iterations of loops: %s in %s call%s, at most %s, %.1f%% "
		       "of their time",
		       what, vr_format_ns(time, blocked_on_loop_ns(site)),
		       vr_format_count(calls, site->sum.on_loop), vr_plural(site->sum.on_loop),
		       vr_format_ns(most, vr_call_max_ns(site)), found->percent);

	free(what);
	return text;
}

const struct vr_rule vr_rule_loop_blocked = {
    .name = "loop_blocked",
    .examine = blocks_a_loop,
    .evidence = say_blocks_a_loop,
    .next = "waits",
};

/* A wait for several things at once: what comes meanwhile waits too. */
static int is_multiplexer(const char *name)
{
	return strstr(name, "poll") || strstr(name, "select") || strstr(name, "io_uring");
}

static int is_busy(const struct vr_seen *seen, struct vr_case *found)
{
	for (size_t i = 0; i < seen->loops->n_loops; i++) {
		const struct vr_loop *loop = &seen->loops->loop[i];
		double percent = vr_percent(loop->row->busy_ns, loop->wall_ns);

		if (loop->wall_ns < BUSY_NS || percent < BUSY_PERCENT_MIN ||
		    percent <= found->percent ||
		    !is_multiplexer(vr_file_string(seen->profile->file, loop->row->name)))
			continue;
		found->percent = percent;
		found->loop = loop;
	}
	return found->loop != NULL;
}

static char *say_busy(const struct vr_seen *seen, const struct vr_case *found)
{
	const struct vr_loop *loop = found->loop;
	char *name = vr_loop_text(seen->profile, loop, NAME_ROOM);
	char half[VR_UNIT_MAX], late[VR_UNIT_MAX];
	char *text = vr_xprintf("loop %s is busy for %.0f%% of its time: what arrives waits %s or "
				"more in half of all cases, %s in 1 of 100",
				name, found->percent < 100 ? found->percent : 100,
				vr_format_ns(half, loop->delay[VR_LOOP_P50].ns),
				vr_format_ns(late, loop->delay[VR_LOOP_P99].ns));

	free(name);
	return text;
}

const struct vr_rule vr_rule_loop_busy = {
    .name = "loop_busy",
    .examine = is_busy,
    .evidence = say_busy,
    .next = "loop",
};

/* --- calls, locks, memory ----------------------------------------------------- */

static int is_blocked(const struct vr_seen *seen, struct vr_case *found)
{
	size_t *order = vr_calls_order(seen->calls, VR_CALLS_WAIT);

	for (size_t i = 0; i < seen->calls->n_sites && !found->site; i++) {
		const struct vr_call_site *site = &seen->calls->site[order[i]];

		if (blocked_on_loop_ns(site) < vr_calls_wait_ns(&site->sum) / 2)
			found->site = site;
	}
	free(order);
	if (!found->site)
		return 0;
	found->count = vr_calls_wait_ns(&found->site->sum);
	found->percent = vr_percent(found->count, seen->calls->wall_ns);
	return found->count >= BLOCKED_NS && found->percent >= BLOCKED_PERCENT_MIN;
}

static char *say_blocked(const struct vr_seen *seen, const struct vr_case *found)
{
	const struct vr_call_site *site = found->site;
	char *what = site_text(seen, site);
	char time[VR_UNIT_MAX], calls[VR_UNIT_MAX], most[VR_UNIT_MAX];
	char *text = vr_xprintf(
	    "%s: blocked for %s in %s call%s, at most %s, %.0f%% of the run", what,
	    vr_format_ns(time, found->count), vr_format_count(calls, site->sum.blocked),
	    vr_plural(site->sum.blocked), vr_format_ns(most, vr_call_max_ns(site)), found->percent);

	if (site->threads > 1)
		text = vr_xappend(text, ", in %" PRIu32 " threads", site->threads);
	free(what);
	return text;
}

const struct vr_rule vr_rule_blocked = {
    .name = "blocked",
    .examine = is_blocked,
    .evidence = say_blocked,
    .next = "waits",
};

static int is_locked(const struct vr_seen *seen, struct vr_case *found)
{
	found->count = vr_locks_held(seen->locks).wait_ns;
	found->percent = vr_percent(found->count, vr_recorded_ns(seen->profile->file));
	return found->count >= BLOCKED_NS && found->percent >= LOCKED_PERCENT_MIN;
}

static char *say_locked(const struct vr_seen *seen, const struct vr_case *found)
{
	const struct vr_lock *lock = vr_locks_largest(seen->locks, VR_LOCKS_WAIT);
	char *name = vr_lock_text(seen->profile, lock);
	char *where = vr_caption_short(
	    seen->profile,
	    vr_responsible_caption(seen->profile->stacks,
				   vr_lock_largest_path(lock, VR_LOCKS_WAIT)->node, 1),
	    NAME_ROOM);
	char time[VR_UNIT_MAX], most[VR_UNIT_MAX], waits[VR_UNIT_MAX];
	char *text =
	    vr_xprintf("threads waited %s for mutexes and rwlocks, %.0f%% of the run: most "
		       "for %s, %s in %s wait%s, in %s",
		       vr_format_ns(time, found->count), found->percent, name,
		       vr_format_ns(most, lock->sum.wait_ns),
		       vr_format_count(waits, lock->sum.waits), vr_plural(lock->sum.waits), where);

	free(where);
	free(name);
	return text;
}

const struct vr_rule vr_rule_locked = {
    .name = "locked",
    .examine = is_locked,
    .evidence = say_locked,
    .next = "locks",
};

/* The thread that waited longest for pages. */
static int waits_for_pages(const struct vr_seen *seen, struct vr_case *found)
{
	const struct vr_file *file = seen->profile->file;

	for (uint32_t i = 0; i < file->n_books; i++) {
		const struct vprof_book *book = &file->book[i];
		uint64_t ns = book->ns[VPROF_CLASS_FAULT];

		if (!seen->profile->keep_thread[book->thread] || ns <= found->count ||
		    vr_profile_is_helper(seen->profile, book->thread))
			continue;
		found->count = ns;
		found->percent = vr_percent(ns, seen->threads[book->thread].wall_ns);
		found->thread = book->thread;
	}
	return found->count >= BLOCKED_NS && found->percent >= FAULT_PERCENT_MIN;
}

static char *say_pages(const struct vr_seen *seen, const struct vr_case *found)
{
	char *who = thread_name(seen, found->thread);
	char time[VR_UNIT_MAX];
	char *text =
	    vr_xprintf("%s waited %s for pages that were not in memory, %.0f%% of its life", who,
		       vr_format_ns(time, found->count), found->percent);

	free(who);
	return text;
}

const struct vr_rule vr_rule_pages = {
    .name = "pages",
    .examine = waits_for_pages,
    .evidence = say_pages,
    .next = "threads",
};
