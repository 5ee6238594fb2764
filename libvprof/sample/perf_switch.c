/* Records of context switches, put in order and in pairs.
 *
 * A thread that moves to another CPU leaves in one ring and comes back in another, and
 * rings are emptied one after the other.  So the records are kept until every ring has
 * been emptied past their time, and then handed on by time. */
#include "sample/perf.h"

#include <string.h>

#include "base/sys.h"

#define FIRST_ROOM (64U << 10) / sizeof(struct vp_perf_switch)
#define MOST	   (256U << 10) /* 6 MiB: more come in when the helper got no CPU for long */

#define SECOND_NS     1000000000ULL
#define SWITCHES_MOST (2 * VP_SWITCHES_OFTEN) /* in a second, both ways */

static struct vp_perf_switch *kept;
static uint32_t count, room;
static uint64_t dropped;

static size_t bytes_for(uint32_t records)
{
	return records * sizeof(*kept);
}

static int grow(void)
{
	uint32_t more = room ? room * 2 : FIRST_ROOM;
	struct vp_perf_switch *to = more <= MOST ? vp_sys_map(bytes_for(more)) : NULL;

	if (!to)
		return 0;
	if (kept) {
		memcpy(to, kept, bytes_for(count));
		vp_sys_unmap(kept, bytes_for(room));
	}
	kept = to;
	room = more;
	return 1;
}

void vp_perf_switch_keep(const struct vp_perf_switch *record)
{
	if (count == room && !grow())
		dropped++;
	else
		kept[count++] = *record;
}

/* Equal times: it leaves before it comes back, and only then has its page. */
static int is_later(const struct vp_perf_switch *a, const struct vp_perf_switch *b)
{
	if (a->time_ns != b->time_ns)
		return a->time_ns > b->time_ns;
	return a->out != b->out ? b->out : a->fault > b->fault;
}

static void sift_down(uint32_t at, uint32_t end)
{
	struct vp_perf_switch moved = kept[at];

	for (uint32_t child; (child = 2 * at + 1) < end; at = child) {
		if (child + 1 < end && is_later(&kept[child + 1], &kept[child]))
			child++;
		if (!is_later(&kept[child], &moved))
			break;
		kept[at] = kept[child];
	}
	kept[at] = moved;
}

static int is_sorted(void)
{
	for (uint32_t i = 1; i < count; i++)
		if (is_later(&kept[i - 1], &kept[i]))
			return 0;
	return 1;
}

/* In place, and without the worst cases of what is simpler: a heap sort. */
static void sort(void)
{
	if (is_sorted()) /* one CPU was used */
		return;
	for (uint32_t i = count / 2; i-- > 0;)
		sift_down(i, count);
	for (uint32_t end = count; end-- > 1;) {
		struct vp_perf_switch last = kept[end];

		kept[end] = kept[0];
		kept[0] = last;
		sift_down(0, end);
	}
}

void vp_perf_switch_settle(uint64_t until_ns, void (*each)(const struct vp_perf_switch *record))
{
	uint32_t done = 0;

	sort();
	while (done < count && kept[done].time_ns <= until_ns)
		each(&kept[done++]);
	count -= done;
	if (count)
		memmove(kept, kept + done, bytes_for(count));
}

/* ---- times off the CPU ----------------------------------------------------- */

static void hand_off(struct vp_perf_thread *thread, uint64_t end_ns, uint8_t goes_on,
		     vp_perf_off_sink *sink)
{
	struct vp_perf_away *away = &thread->away;
	struct vp_perf_off off = {.tid = thread->tid,
				  .begin_ns = away->since_ns,
				  .end_ns = end_ns > away->since_ns ? end_ns : away->since_ns,
				  .preempted = away->preempted,
				  .guessed = away->guessed,
				  .goes_on = goes_on};

	sink(&off);
	away->since_ns = goes_on ? end_ns : 0;
}

/* Too many would cost more than they tell: 0.7 us each. */
static void count_switch(struct vp_perf_away *away, uint64_t time_ns)
{
	if (time_ns - away->second_ns >= SECOND_NS) {
		away->second_ns = time_ns;
		away->switches = 0;
	}
	if (++away->switches > SWITCHES_MOST)
		away->given_up = VP_PERF_GIVES_UP;
}

int vp_perf_away_take(struct vp_perf_thread *thread, const struct vp_perf_switch *record,
		      vp_perf_off_sink *sink)
{
	struct vp_perf_away *away = &thread->away;
	int alone = 0;

	/* Of an earlier thread, before a pause, or in a gap. */
	if (away->given_up == VP_PERF_GAVE_UP || record->time_ns < away->opened_ns ||
	    (away->gap_ns && record->time_ns > away->gap_ns))
		return 0;
	/* Others of its time have been handed on, and this one would turn them round. */
	if (record->time_ns < away->last_ns)
		return 1;
	away->last_ns = record->time_ns;
	if (record->fault) {
		sink(&(struct vp_perf_off){.tid = thread->tid,
					   .begin_ns = record->time_ns,
					   .end_ns = record->time_ns,
					   .fault = 1});
		return 0;
	}
	count_switch(away, record->time_ns);
	if (record->out) {
		alone = away->since_ns != 0;
		away->since_ns = record->time_ns;
		away->preempted = record->preempted;
		away->guessed = 0;
	} else {
		if (!away->since_ns && !away->known)
			away->since_ns = away->opened_ns;
		alone = !away->since_ns;
		if (!alone)
			hand_off(thread, record->time_ns, 0, sink);
	}
	away->known = 1;
	if (alone)
		sink(&(struct vp_perf_off){.tid = thread->tid,
					   .begin_ns = record->time_ns,
					   .end_ns = record->time_ns,
					   .half = 1});
	return alone;
}

void vp_perf_away_so_far(struct vp_perf_thread *thread, uint64_t now_ns, vp_perf_off_sink *sink)
{
	if (thread->away.since_ns && thread->away.since_ns < now_ns)
		hand_off(thread, now_ns, 1, sink);
}

uint64_t vp_perf_switch_dropped(void)
{
	return dropped;
}

void vp_perf_switch_forget(void)
{
	vp_sys_unmap(kept, bytes_for(room));
	kept = NULL;
	count = room = 0;
	dropped = 0;
}
