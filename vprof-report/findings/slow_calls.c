/* Why it was slow, two: calls that block, locks, pages, and loops that are hardly ever free.  Each
 * is silent where nothing was. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/order.h"
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
#define LOOP_CALL_NS	    1000000u /* ... that took as long each time */
#define BUSY_PERCENT_MIN    90.0
#define BUSY_NS		    1000000000u
#define BLOCKED_PERCENT_MIN 10.0 /* of the run */
#define BLOCKED_NS	    100000000u
#define BLOCKED_CALL_NS	    50000u /* on average */
#define LOCKED_PERCENT_MIN  10.0
#define FAULT_PERCENT_MIN   5.0
#define NAME_ROOM	    48

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

/* How long the program's threads could run and did not: each call that lasted may be that. */
static uint64_t run_delay_ns(const struct vr_seen *seen)
{
	uint64_t ns = 0;

	for (uint32_t i = 1; i < seen->profile->file->n_threads; i++)
		if (seen->profile->keep_thread[i] && !vr_profile_is_helper(seen->profile, i))
			ns += seen->threads[i].run_delay_ns;
	return ns;
}

/* What threads waited for in iterations. */
static uint64_t blocked_on_loop_ns(const struct vr_call_site *site)
{
	return vr_least(vr_calls_wait_ns(&site->sum), site->sum.on_loop_ns);
}

/* Of that, in calls that nobody would take for the kernel at work, or for another thread that
 * had the CPU for a moment. */
static uint64_t long_on_loop_ns(const struct vr_call_site *site)
{
	const struct vr_histogram histogram =
	    vr_histogram_of(site->histogram, VPROF_CALL_BUCKETS, VPROF_CALL_UNIT_BITS,
			    VPROF_CALL_SUB_BITS, site->sum.max_ns);
	uint64_t low, high, ns = 0;

	for (uint32_t i = 0; i < VPROF_CALL_BUCKETS; i++) {
		vr_histogram_ends(&histogram, i, &low, &high);
		if (site->histogram[i] && low >= LOOP_CALL_NS)
			ns += site->histogram[i] * (low + (high - low) / 2);
	}
	return vr_least(ns, blocked_on_loop_ns(site));
}

/* A call of 10 us and longer counts as one that blocked, and may be the kernel at work. */
static int really_blocks(const struct vr_call_site *site)
{
	return site->sum.blocked &&
	       vr_calls_wait_ns(&site->sum) / site->sum.blocked >= BLOCKED_CALL_NS;
}

static int blocks_a_loop(const struct vr_seen *seen, struct vr_case *found)
{
	uint64_t most_ns = 0, all_ns = loops_ns(seen->loops);

	for (size_t i = 0; i < seen->calls->n_sites; i++) {
		const struct vr_call_site *site = &seen->calls->site[i];
		uint64_t ns = long_on_loop_ns(site);

		if (ns <= most_ns || is_a_stall(seen, site))
			continue;
		most_ns = ns;
		found->site = site;
	}
	found->percent = vr_percent(most_ns, all_ns);
	return found->percent >= LOOP_PERCENT_MIN && most_ns > run_delay_ns(seen);
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

/* Calls that wait for somebody to give something; of a file they do not. */
static int is_receiving(const struct vr_seen *seen, const struct vr_call_site *site)
{
	static const char *const prefix[] = {"read", "recv", "mq_",  "msgrcv", "sem_",	"wait",
					     "fget", "getl", "getc", "fread",  "futex", "sig"};
	const char *name = site->name + strspn(site->name, "_");

	for (size_t i = 0; i < sizeof(prefix) / sizeof(prefix[0]); i++)
		if (strncmp(name, prefix[i], strlen(prefix[i])) == 0)
			return vr_file_string(seen->profile->file, site->target)[0] != '/';
	return 0;
}

/* A thread other than the first that does nothing else has no work. */
static int may_be_idle(const struct vr_seen *seen, const struct vr_call_site *site)
{
	const struct vr_file *file = seen->profile->file;
	uint64_t all = 0, first = 0;

	if (!is_receiving(seen, site))
		return 0;
	for (uint32_t i = 0; i < file->n_calls; i++) {
		const struct vprof_call *row = &file->call[i];

		if (row->node != site->node || strcmp(vr_file_string(file, row->name), site->name))
			continue;
		all += row->blocked_ns;
		if (file->thread[row->thread].tid == file->header.pid)
			first += row->blocked_ns;
	}
	return first < all / 2;
}

static int is_blocked(const struct vr_seen *seen, struct vr_case *found)
{
	size_t *order = vr_calls_order(seen->calls, VR_CALLS_WAIT);

	for (size_t i = 0; i < seen->calls->n_sites && !found->site; i++) {
		const struct vr_call_site *site = &seen->calls->site[order[i]];

		if (really_blocks(site) && !may_be_idle(seen, site) &&
		    blocked_on_loop_ns(site) < vr_calls_wait_ns(&site->sum) / 2)
			found->site = site;
	}
	free(order);
	if (!found->site)
		return 0;
	found->count = vr_calls_wait_ns(&found->site->sum);
	found->percent = vr_percent(found->count, seen->calls->wall_ns);
	return found->count >= BLOCKED_NS && found->percent >= BLOCKED_PERCENT_MIN &&
	       found->count > run_delay_ns(seen);
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

/* Who had the lock most, where that is known. */
static char *add_holder(const struct vr_seen *seen, const struct vr_lock *lock, char *text)
{
	struct vr_blames *blames = vr_blames_new(seen->profile);
	const struct vr_blame *blame = vr_blame_of(blames, lock);
	char time[VR_UNIT_MAX];

	if (blame && blame->n_holders) {
		char *holder = vr_holder_text(seen->profile, blame->holder);

		text = vr_xappend(text, "; %s of that %s", vr_format_ns(time, blame->holder->ns),
				  holder);
		free(holder);
	}
	vr_blames_free(blames);
	return text;
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
	return add_holder(seen, lock, text);
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
	char *who = vr_thread_text(seen->profile, seen->threads, found->thread);
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
