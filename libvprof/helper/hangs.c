#include "helper/hangs.h"
#include "base/config.h"
#include "helper/cycles.h"
#include "helper/dump.h"
#include "helper/owners.h"
#include "helper/seen.h"
#include "helper/stall_rows.h"
#include "thread/threads.h"

#include <string.h>

#define SECOND	 1000000000ull
#define SUSPECTS 256u
#define KNOWN	 64u

/* Threads that wait for a lock, for a second at least. */
static struct suspect {
	struct vp_seen_thread who;
	struct vp_waiter waiter; /* numbers are places in `suspect` */
	int in_cycle;
} suspect[SUSPECTS];
static uint32_t suspects;

/* Waits that have a row, the oldest of which make room. */
static struct known {
	const struct vp_thread *thread; /* NULL: over */
	uint64_t since_ns;
	uint32_t row; /* in STALLS */
} known[KNOWN];
static uint32_t known_count;

static uint64_t next_ns, look_ns;

void vp_hangs_init(void)
{
	suspects = known_count = 0;
	next_ns = 0;
	memset(known, 0, sizeof(known));
}

static int is_lock(uint32_t kind)
{
	return kind == VP_CALL_MUTEX || kind == VP_CALL_RDLOCK || kind == VP_CALL_WRLOCK ||
	       kind == VP_CALL_JOIN;
}

static void find(const struct vp_thread *thread)
{
	const struct vp_call_line *line = &thread->line;
	struct suspect *one = &suspect[suspects];

	if (suspects == SUSPECTS || !is_lock(line->kind) || line->since_ns + SECOND > look_ns)
		return;
	*one = (struct suspect){.in_cycle = 0};
	vp_seen_thread(thread, &one->who);
	suspects += is_lock(one->who.line.kind) && one->who.line.since_ns + SECOND <= look_ns;
}

static uint32_t suspect_of(int tid)
{
	for (uint32_t i = 0; tid && i < suspects; i++)
		if (suspect[i].who.tid == tid)
			return i;
	return VP_NOBODY;
}

static struct vp_waiter *waiter_of(uint32_t number)
{
	return &suspect[number].waiter;
}

static void mark_cycle(uint32_t first)
{
	for (uint32_t at = first; !suspect[at].in_cycle; at = suspect[at].waiter.waits_for)
		suspect[at].in_cycle = 1;
}

/* helper/dump.c, which looks again, has the last word. */
static void find_cycles(void)
{
	for (uint32_t i = 0; i < suspects; i++) {
		const struct vp_call_line *line = &suspect[i].who.line;

		suspect[i].waiter.waits_for = suspect_of(vp_owner_of(line->kind, line->object));
	}
	vp_cycles_find(suspects, waiter_of, mark_cycle);
}

static struct known *known_of(const struct vp_seen_thread *who)
{
	for (uint32_t i = 0; i < KNOWN; i++)
		if (known[i].thread == who->thread && known[i].since_ns == who->line.since_ns)
			return &known[i];
	return NULL;
}

/* Rows of waits under way get their length so far, the others their end, to a second. */
static void follow(uint64_t now_ns)
{
	for (uint32_t i = 0; i < KNOWN; i++) {
		struct known *one = &known[i];

		if (!one->thread)
			continue;
		if (one->thread->line.since_ns == one->since_ns &&
		    is_lock(one->thread->line.kind)) {
			vp_stall_row_of_lock_goes_on(one->row, now_ns);
		} else {
			vp_stall_row_of_lock_ends(one->row);
			one->thread = NULL;
		}
	}
}

static int is_hung(const struct suspect *one, uint64_t now_ns)
{
	return vp_config.hang_ns && one->who.line.since_ns + vp_config.hang_ns <= now_ns &&
	       one->who.line.kind != VP_CALL_JOIN;
}

/* Those that have no row yet.  Returns how many there are. */
static uint32_t count_new(uint64_t now_ns, int make_rows)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < suspects; i++) {
		struct suspect *one = &suspect[i];
		uint32_t id;

		if (!(one->in_cycle || is_hung(one, now_ns)) || known_of(&one->who))
			continue;
		count++;
		if (!make_rows || !vp_stall_row_of_lock(&one->who, now_ns, &id))
			continue;
		known[known_count++ % KNOWN] =
		    (struct known){one->who.thread, one->who.line.since_ns, id};
	}
	return count;
}

void vp_hangs_tick(uint64_t now_ns)
{
	if (now_ns < next_ns || !vp_config.hang_ns)
		return;
	next_ns = now_ns + SECOND;
	follow(now_ns);
	suspects = 0;
	look_ns = now_ns;
	vp_threads_each(find);
	if (!suspects)
		return;
	find_cycles();
	/* One dump shows all that hang at the moment. */
	if (!count_new(now_ns, 0) || vp_dump_take(VPROF_DUMP_HANG) != 0)
		return;
	count_new(now_ns, 1);
}
