#include "helper/dump.h"
#include "base/clock.h"
#include "base/held.h"
#include "base/proc.h"
#include "base/proc_thread.h"
#include "base/sys.h"
#include "helper/cycles.h"
#include "helper/engine.h"
#include "helper/owners.h"
#include "helper/seen.h"
#include "helper/watch.h"
#include "ring/file.h"
#include "ring/tables.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* A sample as old as this still tells where a thread on a CPU is. */
#define RECENT_NS (50u * 1000 * 1000)

struct one {
	struct vp_seen_thread who;
	struct vp_seen seen;
	struct vp_waiter waiter; /* numbers are places in `all` */
	int in_cycle;
	uint32_t takens, helds;
	uint64_t taken[1 + VP_HELD]; /* as the thread itself says, newest first */
	uint64_t held[VPROF_DUMP_HELD];
};

static struct one *all; /* of the dump under way, or the last one */
static uint32_t count, room;
static uint32_t number;	  /* of the last one */
static uint32_t next_row; /* to be written over when there is no new one */

void vp_dump_init(void)
{
	/* Not given back: the helper may have been at it when we were forked. */
	all = NULL;
	count = room = 0;
	number = next_row = 0;
}

void vp_dump_close(void)
{
	vp_sys_unmap(all, room * sizeof(*all));
	all = NULL;
	count = room = 0;
}

/* ---- who is there ---------------------------------------------------------- */

static int make_room(uint32_t wanted)
{
	struct one *more;

	if (wanted <= room)
		return 1;
	more = vp_sys_map(wanted * sizeof(*more));
	if (!more)
		return 0;
	vp_sys_unmap(all, room * sizeof(*all));
	all = more;
	room = wanted;
	return 1;
}

/* Copied by the kernel: where the ends of threads go unnoticed, theirs is not there. */
static void see_taken(const struct vp_thread *thread, struct one *out)
{
	uint64_t at = (uint64_t)(uintptr_t)thread->busy - offsetof(struct vp_tls, busy);
	size_t bytes = sizeof(struct vp_tls);
	struct vp_tls tls;

	if (!thread->busy || vp_sys_peek(&tls, at, bytes) != bytes || !tls.newest.entry)
		return;
	out->taken[out->takens++] = tls.newest.entry;
	for (uint32_t n = 1; n <= tls.older_count && n <= VP_HELD; n++)
		out->taken[out->takens++] = tls.older[(tls.older_top - n) % VP_HELD].entry;
}

static void add_known(const struct vp_thread *thread)
{
	if (count == room)
		return;
	see_taken(thread, &all[count]);
	vp_seen_thread(thread, &all[count++].who);
}

static void count_task(int tid, void *arg)
{
	(void)tid;
	++*(uint32_t *)arg;
}

/* Those that the library knows come first, and are `*arg` many. */
static void add_unknown(int tid, void *arg)
{
	uint32_t known = *(const uint32_t *)arg;

	if (tid == vp_sys_tid() || count == room)
		return;
	for (uint32_t i = 0; i < known; i++)
		if (all[i].who.tid == tid)
			return;
	all[count] = (struct one){.who = {.tid = tid}};
	all[count++].who.row = vp_threads_row_of_tid(tid, vp_clock_now());
}

static int list_threads(void)
{
	uint32_t tasks = 0, known;

	vp_proc_tasks(count_task, &tasks);
	if (!make_room(tasks + vp_threads_live() + 16))
		return -ENOMEM;
	count = 0;
	memset(all, 0, room * sizeof(*all));
	vp_threads_each(add_known);
	known = count;
	vp_proc_tasks(add_unknown, &known);
	return 0;
}

/* ---- who waits for whom ---------------------------------------------------- */

static uint32_t find(int tid)
{
	for (uint32_t i = 0; tid && i < count; i++)
		if (all[i].who.tid == tid)
			return i;
	return VP_NOBODY;
}

static void note_held(struct one *holder, uint64_t lock)
{
	for (uint32_t i = 0; i < holder->helds; i++)
		if (holder->held[i] == lock)
			return;
	if (holder->helds < VPROF_DUMP_HELD)
		holder->held[holder->helds++] = lock;
}

static void link_one(struct one *one)
{
	one->waiter.waits_for = find(one->seen.owner);
	if (one->waiter.waits_for != VP_NOBODY && one->seen.class == VPROF_CLASS_LOCK)
		note_held(&all[one->waiter.waits_for], one->seen.object);
}

/* What others wait for comes first. */
static void note_taken(struct one *one)
{
	for (uint32_t i = 0; i < one->takens; i++)
		if (vp_owner_has(one->who.tid, one->taken[i]))
			note_held(one, vp_held_address(one->taken[i]));
}

/* They were looked at one after the other: only if none has moved since were they ever in
 * this cycle together. */
static int still_stands(uint32_t first)
{
	uint32_t at = first;

	do {
		struct vp_seen_thread who;
		struct vp_seen now;

		vp_seen_find(all[at].who.tid, &who);
		if (who.line.kind != all[at].who.line.kind ||
		    who.line.sequence != all[at].who.line.sequence)
			return 0;
		vp_seen_look(&who, 0, &now);
		if (now.owner != all[at].seen.owner || now.object != all[at].seen.object)
			return 0;
		at = all[at].waiter.waits_for;
	} while (at != first);
	return 1;
}

static void mark_cycle(uint32_t first)
{
	uint32_t at = first;

	if (!still_stands(first))
		return;
	do {
		all[at].in_cycle = 1;
		at = all[at].waiter.waits_for;
	} while (at != first);
}

static struct vp_waiter *waiter_of(uint32_t at)
{
	return &all[at].waiter;
}

/* ---- into the file ---------------------------------------------------------- */

/* A new row, or where there is no room that of the oldest dump.  A dump never overwrites
 * itself: NULL then. */
static struct vprof_dump *new_row(uint32_t of)
{
	uint32_t id, used;
	struct vprof_dump *row = vp_table_add(VPROF_SEC_DUMPS, &id);

	if (row)
		return row;
	used = vp_table_used(VPROF_SEC_DUMPS);
	if (!used)
		return NULL;
	row = vp_table_row(VPROF_SEC_DUMPS, next_row % used);
	if (row->number == of)
		return NULL;
	next_row = (next_row + 1) % used;
	return row;
}

static uint32_t flags_of(const struct one *one)
{
	return (one->in_cycle ? VPROF_DUMP_IN_CYCLE : 0) |
	       (one->seen.guessed ? VPROF_DUMP_GUESSED : 0) |
	       (one->seen.idle ? VPROF_DUMP_IDLE : 0) |
	       (one->seen.stopped ? VPROF_DUMP_STOPPED : 0);
}

static int write_row(const struct one *one, const struct vprof_dump *head)
{
	struct vprof_dump *row = new_row(head->number);

	if (!row)
		return 0;
	/* Pairs with a reader of the file: a row without a number is none. */
	__atomic_store_n(&row->number, 0, __ATOMIC_RELEASE);
	row->why = head->why;
	row->t_ns = head->t_ns;
	row->thread = one->who.row;
	row->node = one->seen.node;
	row->state = one->seen.state;
	row->flags = flags_of(one);
	row->call = one->seen.call;
	row->target = one->seen.target;
	row->wchan = one->seen.wchan;
	row->waits_for =
	    one->waiter.waits_for == VP_NOBODY ? VPROF_NONE : all[one->waiter.waits_for].who.row;
	row->object = one->seen.object;
	row->since_ns = one->seen.since_ns;
	memcpy(row->held, one->held, sizeof(row->held));
	row->class = one->seen.class;
	row->span = one->who.span;
	row->span_since_ns = one->who.span_since_ns;
	/* As above. */
	__atomic_store_n(&row->number, head->number, __ATOMIC_RELEASE);
	return 1;
}

static void look(struct one *one, uint64_t from_ns)
{
	if (one->who.row)
		vp_watch_name(vp_table_row(VPROF_SEC_THREADS, one->who.row));
	vp_seen_look(&one->who, from_ns, &one->seen);
}

int vp_dump_take(enum vprof_dump_why why)
{
	struct vprof_header *header = vp_file.header;
	uint64_t now = vp_clock_now();
	struct vprof_dump head = {.number = number + 1, .why = why, .t_ns = now};
	int err = list_threads();

	if (err)
		return err;
	vp_engine_drain();
	for (uint32_t i = 0; i < count; i++)
		look(&all[i], now > RECENT_NS ? now - RECENT_NS : 0);
	for (uint32_t i = 0; i < count; i++)
		link_one(&all[i]);
	for (uint32_t i = 0; i < count; i++)
		note_taken(&all[i]);
	vp_cycles_find(count, waiter_of, mark_cycle);
	for (uint32_t i = 0; i < count; i++) {
		if (!write_row(&all[i], &head)) {
			vp_lost(VPROF_LOST_STALLS, count - i);
			err = i ? 0 : -ENOSPC;
			break;
		}
	}
	number = head.number;
	/* Pairs with a reader of the file. */
	if (!err)
		__atomic_store_n(&header->dumps, number, __ATOMIC_RELEASE);
	return err;
}

int vp_dump_is_deadlocked(uint32_t thread)
{
	for (uint32_t i = 0; i < count; i++)
		if (all[i].who.row == thread && all[i].in_cycle)
			return 1;
	return 0;
}
