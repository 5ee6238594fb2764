#include "helper/stall_rows.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/proc_thread.h"
#include "base/schedstat.h"
#include "helper/books.h"
#include "helper/dump.h"
#include "helper/engine.h"
#include "helper/outside.h"
#include "ring/file.h"
#include "ring/tables.h"
#include "track/call_rows.h"
#include "track/cpu.h"

#include <string.h>

#define SECOND 1000000000ull

/* What had been throttled and stolen at two moments: of those before a stall, the last. */
static struct {
	uint64_t t_ns;
	struct vp_outside outside;
} before[2];

void vp_stall_rows_init(void)
{
	memset(before, 0, sizeof(before));
}

void vp_stall_rows_tick(uint64_t now_ns, int loops)
{
	/* Once at the start, too, for the stalls until a loop is known. */
	if (before[1].t_ns && (!loops || now_ns < before[1].t_ns + SECOND))
		return;
	before[0] = before[1];
	before[1].t_ns = now_ns;
	vp_outside_read(&before[1].outside);
}

uint64_t vp_stall_counts(int tid, uint64_t *delay_ns)
{
	struct vp_schedstat stat;

	if (delay_ns && vp_schedstat_read(tid, &stat) == 0)
		*delay_ns = stat.run_delay_ns;
	return vp_proc_thread_cpu_ns(tid);
}

/* ---- a row ------------------------------------------------------------------ */

static struct vprof_stall *row_at(uint32_t id)
{
	return vp_table_row(VPROF_SEC_STALLS, id);
}

/* The place of the shortest of those that are over, where that is shorter than ns. */
static struct vprof_stall *shorter(uint64_t ns, uint32_t *id)
{
	struct vprof_stall *least = NULL;

	for (uint32_t i = 0; i < vp_table_used(VPROF_SEC_STALLS); i++) {
		struct vprof_stall *row = row_at(i);

		if (row->flags & VPROF_STALL_OVER && row->duration_ns < ns &&
		    (!least || row->duration_ns < least->duration_ns)) {
			least = row;
			*id = i;
		}
	}
	return least;
}

static struct vprof_stall *new_row(uint64_t begin_ns, uint64_t so_far_ns,
				   const struct vp_seen_thread *who, uint32_t *id)
{
	struct vprof_stall *row = vp_table_add(VPROF_SEC_STALLS, id);

	vp_file.header->stalls++;
	if (!row) {
		vp_lost(VPROF_LOST_STALLS, 1);
		row = shorter(so_far_ns, id);
		if (!row)
			return NULL;
		/* Pairs with a reader of the file: it is none for now. */
		__atomic_store_n(&row->begin_ns, 0, __ATOMIC_RELEASE);
		memset(row, 0, sizeof(*row));
	}
	row->duration_ns = so_far_ns;
	row->thread = who->row;
	row->loop = row->call = row->target = row->wchan = row->holder = VPROF_NONE;
	row->holder_call = row->holder_target = VPROF_NONE;
	/* Pairs with a reader of the file. */
	__atomic_store_n(&row->begin_ns, begin_ns, __ATOMIC_RELEASE);
	return row;
}

static void set_holder(struct vprof_stall *row, int owner, uint64_t from_ns)
{
	struct vp_seen_thread holder;
	struct vp_seen seen;

	if (!owner)
		return;
	vp_seen_find(owner, &holder);
	vp_seen_look(&holder, from_ns, &seen);
	row->holder_node = seen.node;
	row->holder_call = seen.call;
	row->holder_target = seen.target;
	row->holder = holder.row;
}

static void set_cause(struct vprof_stall *row, const struct vp_seen *seen, uint64_t from_ns)
{
	/* Within an iteration everything but a lock holds it up. */
	row->class = seen->class == VPROF_CLASS_IDLE || seen->class == VPROF_CLASS_PACED
			 ? VPROF_CLASS_BLOCKED
			 : seen->class;
	row->node = seen->node;
	row->call = seen->call;
	row->target = seen->target;
	row->wchan = seen->wchan;
	row->object = seen->object;
	row->holder = VPROF_NONE;
	row->flags &= ~VPROF_STALL_GUESSED;
	row->flags |= seen->guessed ? VPROF_STALL_GUESSED : 0;
	set_holder(row, seen->owner, from_ns);
}

/* ---- while it lasts --------------------------------------------------------- */

/* What the thread's state at this look explains of the iteration so far. */
static uint64_t explains(const struct vp_stall_open *open, const struct vp_seen *seen,
			 uint64_t now_ns)
{
	uint64_t since = seen->since_ns > open->begin_ns ? seen->since_ns : open->looked_ns;

	if (seen->state == VPROF_DUMP_RUNNING)
		return open->cpu_ns - open->base_cpu_ns;
	return now_ns > since ? now_ns - since : 0;
}

static void add_look(struct vp_stall_open *open, const struct vp_seen *seen, uint64_t now_ns)
{
	uint64_t last = open->looked_ns ? open->looked_ns : open->base_ns;
	uint64_t ns = now_ns - last;

	if (seen->stopped)
		open->stopped_ns += ns;
	else if (seen->state == VPROF_DUMP_FAULT)
		open->fault_ns += ns;
	else if (seen->state == VPROF_DUMP_SYSCALL)
		open->unhooked_ns += ns;
	open->looks++;
}

static uint64_t still_ns(const struct vp_stall_open *open, uint64_t to_ns)
{
	return vp_outside_frozen(open->begin_ns, to_ns) + open->stopped_ns;
}

void vp_stall_row_look(struct vp_stall_open *open, const struct vp_seen_thread *who,
		       uint64_t limit_ns, uint64_t now_ns)
{
	uint64_t ns = now_ns - open->begin_ns, explained;
	struct vprof_stall *row;
	struct vp_seen seen;

	vp_engine_drain();
	open->cpu_ns = vp_stall_counts(who->tid, &open->delay_ns);
	vp_seen_look(who, open->begin_ns, &seen);
	/* It may have ended meanwhile: its note says what it was. */
	if (__atomic_load_n(&who->thread->line.iteration_ns, __ATOMIC_ACQUIRE) != open->begin_ns)
		return;
	add_look(open, &seen, now_ns);
	explained = explains(open, &seen, now_ns);
	open->looked_ns = now_ns;
	if (ns < limit_ns + still_ns(open, now_ns))
		return;
	if (!open->has_row) {
		row = new_row(open->begin_ns, ns, who, &open->row);
		if (!row)
			return;
		open->has_row = 1;
		row->loop = open->loop;
		row->flags = VPROF_STALL_LIVE | (ns > 2 * limit_ns ? VPROF_STALL_LATE : 0);
		row->first_look_ns = now_ns;
		vp_file.header->late_looks += ns > 2 * limit_ns;
	}
	row = row_at(open->row);
	row->duration_ns = ns - still_ns(open, now_ns);
	row->looks = open->looks;
	if (explained >= open->cause_ns) {
		open->cause_ns = explained;
		set_cause(row, &seen, open->begin_ns);
	}
}

void vp_stall_row_hang(struct vp_stall_open *open, uint32_t thread)
{
	struct vprof_stall *row;

	if (!open->has_row || open->hung)
		return;
	row = row_at(open->row);
	open->hung = 1;
	row->flags |= VPROF_STALL_HANG;
	if (vp_dump_take(VPROF_DUMP_HANG) == 0 && vp_dump_is_deadlocked(thread))
		row->flags |= VPROF_STALL_DEADLOCK;
}

int vp_stall_row_of_lock(const struct vp_seen_thread *who, uint64_t now_ns, uint32_t *id)
{
	uint64_t begin_ns = who->line.since_ns;
	struct vprof_stall *row;
	struct vp_seen seen;

	vp_seen_look(who, begin_ns, &seen);
	if (seen.since_ns != begin_ns)
		return 0; /* it has gone on */
	row = new_row(begin_ns, now_ns - begin_ns, who, id);
	if (!row)
		return 0;
	row->flags = VPROF_STALL_LIVE | VPROF_STALL_HANG;
	row->first_look_ns = now_ns;
	set_cause(row, &seen, begin_ns);
	if (vp_dump_is_deadlocked(who->row))
		row->flags |= VPROF_STALL_DEADLOCK;
	vp_stall_row_of_lock_goes_on(*id, now_ns);
	return 1;
}

void vp_stall_row_of_lock_goes_on(uint32_t id, uint64_t now_ns)
{
	struct vprof_stall *row = row_at(id);

	row->duration_ns = now_ns - row->begin_ns;
	row->ns[row->class] = row->duration_ns;
	row->looks++;
}

void vp_stall_row_of_lock_ends(uint32_t id)
{
	row_at(id)->flags |= VPROF_STALL_OVER;
}

/* ---- when it is over -------------------------------------------------------- */

/* Calls that lasted, from the last one back; of those that lie in each other the outer. */
static void add_lasted(const struct vp_lasted *lasted, const struct vp_stall_note *note,
		       uint64_t ns[VPROF_CLASS_COUNT])
{
	uint64_t head = __atomic_load_n(&lasted->head, __ATOMIC_ACQUIRE), free_to = note->end_ns;
	uint64_t oldest = head > VP_LASTED ? head - VP_LASTED : 0;

	for (uint64_t n = head; n > oldest; n--) {
		struct vp_lasted_call call = lasted->call[(n - 1) % VP_LASTED];
		uint64_t begin = call.begin_ns, end = call.end >> 4;
		enum vprof_class class = call.end & 15;

		if (end <= note->begin_ns)
			break;
		begin = begin > note->begin_ns ? begin : note->begin_ns;
		end = end < free_to ? end : free_to;
		if (end <= begin)
			continue;
		ns[class == VPROF_CLASS_LOCK ? VPROF_CLASS_LOCK : VPROF_CLASS_BLOCKED] +=
		    end - begin;
		free_to = begin;
	}
}

static uint64_t part(uint64_t whole, uint64_t of, uint64_t all)
{
	return all ? (uint64_t)((double)whole * (double)of / (double)all) : 0;
}

/* What no call explains is split as what was counted since the first look: the kernel counts a
 * wait for a CPU when it is over, so that the last look may not have it.  Where nobody looked,
 * as all the thread has had so far: that it ran is not said of one that mostly waited. */
static void split_rest(const struct vp_stall_open *open, int tid, uint64_t rest,
		       uint64_t ns[VPROF_CLASS_COUNT])
{
	uint64_t delay = open->base_delay_ns, run = vp_stall_counts(tid, &delay), all;

	if (open->looks && run >= open->base_cpu_ns && delay >= open->base_delay_ns) {
		run -= open->base_cpu_ns;
		delay -= open->base_delay_ns;
	}
	all = run + delay + open->fault_ns + open->unhooked_ns;
	if (!all)
		run = all = 1;
	ns[VPROF_CLASS_PREEMPTED] += part(rest, delay, all);
	ns[VPROF_CLASS_FAULT] += part(rest, open->fault_ns, all);
	ns[VPROF_CLASS_UNHOOKED] += part(rest, open->unhooked_ns, all);
	ns[VPROF_CLASS_RUN] += part(rest, run, all);
}

/* Where its switches are recorded: exactly.  Within an iteration nothing is idle or paced. */
static int add_switches(uint32_t thread, const struct vp_stall_note *note, uint64_t all_ns,
			uint64_t ns[VPROF_CLASS_COUNT])
{
	uint64_t off[VPROF_CLASS_COUNT] = {0}, sum = 0;

	vp_engine_drain();
	if (!vp_books_between(thread, note->begin_ns, note->end_ns, off))
		return 0;
	off[VPROF_CLASS_BLOCKED] += off[VPROF_CLASS_IDLE] + off[VPROF_CLASS_PACED];
	off[VPROF_CLASS_IDLE] = off[VPROF_CLASS_PACED] = 0;
	for (uint32_t i = 0; i < VPROF_CLASS_COUNT; i++)
		sum += off[i];
	memcpy(ns, off, sizeof(off));
	ns[VPROF_CLASS_RUN] = all_ns > sum ? all_ns - sum : 0;
	return 1;
}

static void add_calls(const struct vp_stall_open *open, const struct vp_seen_thread *who,
		      const struct vp_stall_note *note, uint64_t all_ns,
		      uint64_t ns[VPROF_CLASS_COUNT])
{
	uint64_t sum;

	add_lasted(&who->thread->lasted, note, ns);
	sum = ns[VPROF_CLASS_BLOCKED] + ns[VPROF_CLASS_LOCK];
	split_rest(open, who->tid, all_ns > sum ? all_ns - sum : 0, ns);
}

static enum vprof_class most_of(const uint64_t ns[VPROF_CLASS_COUNT])
{
	enum vprof_class most = VPROF_CLASS_RUN;

	for (uint32_t i = 0; i < VPROF_CLASS_COUNT; i++)
		if (ns[i] > ns[most])
			most = i;
	return most;
}

static void set_outside(struct vprof_stall *row, uint64_t begin_ns)
{
	uint64_t delay = row->ns[VPROF_CLASS_PREEMPTED], throttled, stolen;
	int at = before[1].t_ns <= begin_ns;
	struct vp_outside now;

	if (!delay || !before[at].t_ns)
		return;
	vp_outside_read(&now);
	throttled = now.throttled_ns - before[at].outside.throttled_ns;
	stolen = now.stolen_ns - before[at].outside.stolen_ns;
	row->throttled_ns = throttled < delay ? throttled : delay;
	row->stolen_ns = stolen < delay ? stolen : delay;
}

/* Nobody looked when it mattered: what is known afterwards. */
static void set_cause_after(struct vprof_stall *row, const struct vp_stall_note *note)
{
	row->holder = VPROF_NONE;
	row->call = row->target = row->wchan = VPROF_NONE;
	row->flags &= ~VPROF_STALL_GUESSED;
	if (row->class != VPROF_CLASS_BLOCKED && row->class != VPROF_CLASS_LOCK) {
		vp_engine_drain();
		row->node = vp_track_cpu_recent(row->thread, note->begin_ns);
	} else if (note->worst_ns) {
		row->node = note->worst_node;
		row->call = vp_call_name(note->worst_kind);
		row->object = note->worst_object;
	}
}

static void count_in_loop(uint32_t loop, uint64_t ns)
{
	struct vprof_loop *row;

	if (loop >= vp_table_used(VPROF_SEC_LOOPS))
		return;
	row = vp_table_row(VPROF_SEC_LOOPS, loop);
	if (!row->site) /* it turned out to be none */
		return;
	row->stalls++;
	row->stall_ns += ns;
}

void vp_stall_row_drop(struct vp_stall_open *open)
{
	if (open->has_row)
		row_at(open->row)->flags |= VPROF_STALL_OVER;
	*open = (struct vp_stall_open){.begin_ns = 0};
}

/* What the thread says began with the wait's return may have been seen a moment later, or
 * before, where its last turn turned out to be none. */
static int is_of(const struct vp_stall_open *open, const struct vp_stall_note *note)
{
	return open->begin_ns && open->begin_ns < note->end_ns &&
	       (open->begin_ns >= note->begin_ns || open->looked_ns > note->begin_ns);
}

void vp_stall_row_end(struct vp_stall_open *open, const struct vp_seen_thread *who,
		      uint64_t limit_ns, const struct vp_stall_note *note)
{
	uint64_t ns = note->end_ns - note->begin_ns, still;
	enum vprof_class seen_class;
	struct vprof_stall *row;

	if (!is_of(open, note)) {
		vp_stall_row_drop(open);
		open->begin_ns = note->begin_ns;
	}
	still = still_ns(open, note->end_ns);
	ns = ns > still ? ns - still : 0;
	if (ns < limit_ns && !open->has_row)
		return;
	row = open->has_row ? row_at(open->row) : new_row(note->begin_ns, ns, who, &open->row);
	if (ns >= limit_ns)
		count_in_loop(note->loop, ns);
	if (!row)
		return;
	row->loop = note->loop;
	row->label = note->label;
	row->duration_ns = ns;
	row->frozen_ns = still;
	memset(row->ns, 0, sizeof(row->ns));
	if (still || !add_switches(who->row, note, ns, row->ns))
		add_calls(open, who, note, ns, row->ns);
	seen_class = row->class;
	row->class = most_of(row->ns);
	set_outside(row, note->begin_ns);
	if (!open->has_row || seen_class != row->class)
		set_cause_after(row, note);
	if (!open->has_row)
		vp_file.header->late_looks++;
	row->flags |= VPROF_STALL_OVER | (open->has_row ? 0 : VPROF_STALL_LATE) |
		      (ns < limit_ns ? VPROF_STALL_FROZEN : 0);
	*open = (struct vp_stall_open){.begin_ns = 0};
}
