/* Ring files with what threads did off the CPU. */
#ifndef MKWAITS_H
#define MKWAITS_H

#include "mkshapes.h"

/* A row of a section that only some files have. */
static inline void *mk_some_row(struct mkprof *mk, unsigned kind, uint32_t row_bytes, uint32_t *id)
{
	if (!VPROF_HEADER_SECTION(mk_header(mk), kind)->row_bytes)
		mk_section(mk, kind, row_bytes);
	return mk_row(mk, kind, id);
}

static inline void mk_call_count(struct vprof_call *row, uint64_t calls, uint64_t ns)
{
	row->histogram[vprof_histogram_bucket(ns, VPROF_CALL_UNIT_BITS, VPROF_CALL_SUB_BITS,
					      VPROF_CALL_BUCKETS)] += (uint32_t)calls;
}

/* `blocked` calls of `blocked_ms` together, one of them `max_ms`, the others alike; the rest
 * took 1 us each. */
static inline struct vprof_call *mk_call(struct mkprof *mk, const char *name,
					 enum vprof_class class, uint32_t node, uint32_t thread,
					 uint64_t calls, uint64_t blocked, uint64_t blocked_ms,
					 uint64_t max_ms)
{
	uint32_t text = mk_string(mk, name);
	struct vprof_call *row = mk_some_row(mk, VPROF_SEC_CALLS, sizeof(struct vprof_call), NULL);

	*row = (struct vprof_call){
	    .node = node,
	    .thread = thread,
	    .name = text,
	    .class = class,
	    .site = 0x402010,
	    .calls = calls,
	    .time_ns = blocked_ms * MK_MS + (calls - blocked) * 1000,
	    .max_ns = max_ms * MK_MS,
	    .first_ns = 100 * MK_MS,
	    .last_ns = 1800 * MK_MS,
	    .blocked = blocked,
	    .blocked_ns = blocked_ms * MK_MS,
	    .target = VPROF_NONE,
	    .loop = VPROF_NONE,
	};
	if (blocked)
		mk_call_count(row, 1, max_ms * MK_MS);
	if (blocked > 1)
		mk_call_count(row, blocked - 1, (blocked_ms - max_ms) * MK_MS / (blocked - 1));
	mk_call_count(row, calls - blocked, 1000);
	return row;
}

/* What the longest call of a row waited for. */
static inline void mk_target(struct mkprof *mk, struct vprof_call *row, enum vprof_target kind,
			     uint64_t object, const char *text)
{
	row->target_kind = (uint16_t)kind;
	row->object = object;
	row->target = text ? mk_string(mk, text) : VPROF_NONE;
}

/* Times by class from the start of the thread to `until_ms`, in ms. */
static inline struct vprof_book *mk_book(struct mkprof *mk, uint32_t thread, uint64_t until_ms,
					 const uint64_t ms[VPROF_CLASS_COUNT])
{
	struct vprof_book *row = mk_some_row(mk, VPROF_SEC_BOOKS, sizeof(struct vprof_book), NULL);

	*row = (struct vprof_book){
	    .thread = thread,
	    .layers = VPROF_LAYER_SCHEDSTAT | VPROF_LAYER_SWITCHES | VPROF_LAYER_CALLS,
	    .until_ns = until_ms * MK_MS,
	    .switches = 100,
	};
	for (unsigned i = 0; i < VPROF_CLASS_COUNT; i++) {
		row->ns[i] = ms[i] * MK_MS;
		row->times[i] = ms[i] != 0;
		row->longest_ns[i] = ms[i] * MK_MS;
		row->recorded_ns += ms[i] * MK_MS;
	}
	row->recorded_ns += 5 * MK_MS; /* that nobody told */
	return row;
}

/* `iterations` of `busy_ms` together, the longest `max_ms` and the others alike. */
static inline struct vprof_loop *mk_loop(struct mkprof *mk, const char *name, uint32_t node,
					 uint32_t thread, uint64_t iterations, uint64_t busy_ms,
					 uint64_t max_ms, uint64_t idle_ms)
{
	uint32_t text = mk_string(mk, name);
	struct vprof_loop *row = mk_some_row(mk, VPROF_SEC_LOOPS, sizeof(struct vprof_loop), NULL);
	uint64_t other = iterations > 1 ? (busy_ms - max_ms) * MK_MS / (iterations - 1) : 0;

	*row = (struct vprof_loop){
	    .thread = thread,
	    .node = node,
	    .name = text,
	    .site = 0x401010,
	    .depth = 0x7ffc00001000,
	    .iterations = iterations,
	    .events = 2 * iterations,
	    .busy_ns = busy_ms * MK_MS,
	    .idle_ns = idle_ms * MK_MS,
	    .first_ns = 50 * MK_MS,
	    .last_ns = 1950 * MK_MS,
	    .max_ns = max_ms * MK_MS,
	    .max_at_ns = 500 * MK_MS,
	};
	row->histogram[vprof_histogram_bucket(max_ms * MK_MS, VPROF_LOOP_UNIT_BITS,
					      VPROF_LOOP_SUB_BITS, VPROF_LOOP_BUCKETS)]++;
	row->histogram[vprof_histogram_bucket(other, VPROF_LOOP_UNIT_BITS, VPROF_LOOP_SUB_BITS,
					      VPROF_LOOP_BUCKETS)] += iterations - 1;
	return row;
}

/* All of it was of the class; seen 2 ms after it began. */
static inline struct vprof_stall *mk_stall(struct mkprof *mk, uint32_t thread, uint32_t loop,
					   enum vprof_class class, uint32_t node, const char *call,
					   uint64_t begin_ms, uint64_t ms)
{
	uint32_t text = call ? mk_string(mk, call) : VPROF_NONE;
	struct vprof_stall *row =
	    mk_some_row(mk, VPROF_SEC_STALLS, sizeof(struct vprof_stall), NULL);

	*row = (struct vprof_stall){
	    .begin_ns = begin_ms * MK_MS,
	    .duration_ns = ms * MK_MS,
	    .thread = thread,
	    .loop = loop,
	    .class = class,
	    .flags = VPROF_STALL_LIVE | VPROF_STALL_OVER,
	    .node = node,
	    .call = text,
	    .target = VPROF_NONE,
	    .wchan = VPROF_NONE,
	    .holder = VPROF_NONE,
	    .holder_call = VPROF_NONE,
	    .holder_target = VPROF_NONE,
	    .first_look_ns = (begin_ms + 2) * MK_MS,
	    .looks = 1,
	};
	row->ns[class] = ms * MK_MS;
	mk_header(mk)->stalls++;
	return row;
}

static inline struct vprof_dump *mk_dump(struct mkprof *mk, uint32_t number,
					 enum vprof_dump_why why, uint64_t t_ms, uint32_t thread,
					 uint32_t node, enum vprof_dump_state state)
{
	struct vprof_dump *row = mk_some_row(mk, VPROF_SEC_DUMPS, sizeof(struct vprof_dump), NULL);

	*row = (struct vprof_dump){
	    .number = number,
	    .why = why,
	    .t_ns = t_ms * MK_MS,
	    .thread = thread,
	    .node = node,
	    .state = state,
	    .call = VPROF_NONE,
	    .target = VPROF_NONE,
	    .wchan = VPROF_NONE,
	    .waits_for = VPROF_NONE,
	};
	if (number > mk_header(mk)->dumps)
		mk_header(mk)->dumps = number;
	return row;
}

static inline void mk_call_event(struct vprof_event_block *block, uint64_t t_ms, uint32_t node,
				 uint32_t thread, uint32_t row, enum vprof_class class,
				 uint64_t value_ms)
{
	mk_event(block, t_ms, node, thread, value_ms * MK_MS);
	block->event[block->used - 1].kind = VPROF_EV_CALL;
	block->event[block->used - 1].flags = class;
	block->event[block->used - 1].arg = row;
}

/* Calls; times in ms, numbers of rows in front:
 *   0 fsync      worker at C      3 blocked, 600, most 400, of 3; two of 500 under a lock
 *   1 fsync      main at C        1, 100, another file
 *   2 read       main at D        5, 50, most 20, of 1000; 1 MiB, all on its loop
 *   3 epoll_wait main at B        480, 1400, most 90, of 500: its loop
 *   4 poll       main at B-B      2, 40, most 30, of 2: an idle call by itself, but here
 *                                 within the loop
 *   5 nanosleep  worker at A-C    10, 300, most 30: paced
 *   6 getaddrinfo worker at D     1, 150, failed
 *   7 flock      few at D         2, 20, most 15: lock
 *   8 write      main, no stack   5000 that returned at once, 200 KiB
 *   9 sem_wait   few at B         4, 25, most 10, app+0x1010
 *   10           void */
static inline void mk_call_rows(struct mkprof *mk)
{
	struct vprof_call *row;

	row = mk_call(mk, "fsync", VPROF_CLASS_BLOCKED, 4, 2, 3, 3, 600, 400);
	mk_target(mk, row, VPROF_TARGET_FD, 7, "/data/journal/2026-11-30.log");
	row->under_lock = 2;
	row->under_lock_ns = 500 * MK_MS;
	row = mk_call(mk, "fsync", VPROF_CLASS_BLOCKED, 4, 1, 1, 1, 100, 100);
	mk_target(mk, row, VPROF_TARGET_FD, 8, "/data/snapshot");
	row->on_loop = 1;
	row->on_loop_ns = 100 * MK_MS;
	row = mk_call(mk, "read", VPROF_CLASS_BLOCKED, 6, 1, 1000, 5, 50, 20);
	mk_target(mk, row, VPROF_TARGET_FD, 9, "tcp 10.0.0.1:443");
	row->bytes = 1 << 20;
	row->on_loop = 1000;
	row->on_loop_ns = row->time_ns;
	row = mk_call(mk, "epoll_wait", VPROF_CLASS_IDLE, 3, 1, 500, 480, 1400, 90);
	mk_target(mk, row, VPROF_TARGET_FD, 4, NULL);
	row->idle = 500;
	row->idle_ns = row->time_ns;
	row->timeouts = 120;
	row->flags = VPROF_CALL_AT_LOOP;
	row->loop = 0;
	row = mk_call(mk, "poll", VPROF_CLASS_IDLE, 5, 1, 2, 2, 40, 30);
	row->on_loop = 2;
	row->on_loop_ns = row->time_ns;
	row = mk_call(mk, "nanosleep", VPROF_CLASS_PACED, 7, 2, 10, 10, 300, 30);
	row = mk_call(mk, "getaddrinfo", VPROF_CLASS_BLOCKED, 6, 2, 1, 1, 150, 150);
	mk_target(mk, row, VPROF_TARGET_HOST, 0x7f00, "exchange.invalid");
	row->failed = 1;
	row = mk_call(mk, "flock", VPROF_CLASS_LOCK, 6, 3, 2, 2, 20, 15);
	mk_target(mk, row, VPROF_TARGET_FD, 5, "/run/app.lock");
	row = mk_call(mk, "write", VPROF_CLASS_BLOCKED, VPROF_NODE_ROOT, 1, 5000, 0, 0, 0);
	row->bytes = 200 << 10;
	row = mk_call(mk, "sem_wait", VPROF_CLASS_BLOCKED, 3, 3, 4, 4, 25, 10);
	mk_target(mk, row, VPROF_TARGET_ADDRESS, 0x401010, NULL);
	mk_some_row(mk, VPROF_SEC_CALLS, sizeof(*row), NULL);
}

/* The calls; one loop of main with a stall of 100 ms in fsync; books of main and worker; a
 * dump of both; in the history three calls: fsync 400 ms up to 900, read 20 up to 700,
 * epoll_wait 90 up to 500. */
static inline struct mkprof mk_waits(void)
{
	struct mkprof mk = mk_normal();
	struct vprof_extent *table = (void *)(mk.bytes + VPROF_EXTENT_TABLE_OFFSET);
	struct vprof_event_block *block = NULL;
	struct vprof_header *h = mk_header(&mk);
	struct vprof_stall *stall;
	struct vprof_loop *loop;
	struct vprof_dump *dump;

	mk_call_rows(&mk);
	loop = mk_loop(&mk, "epoll_wait", 3, 1, 500, 450, 110, 1400);
	loop->stalls = 1;
	loop->stall_ns = 110 * MK_MS;
	mk_book(&mk, 1, 1950, (const uint64_t[]){100, 1400, 0, 190, 5, 200, 3, 50});
	mk_book(&mk, 2, 1500, (const uint64_t[]){60, 0, 300, 750, 10, 370, 0, 8});
	stall = mk_stall(&mk, 1, 0, VPROF_CLASS_BLOCKED, 4, "fsync", 500, 110);
	stall->target = mk_string(&mk, "/data/snapshot");
	mk_dump(&mk, 1, VPROF_DUMP_ASKED, 1000, 1, 3, VPROF_DUMP_CALL)->call =
	    mk_string(&mk, "epoll_wait");
	dump = mk_dump(&mk, 1, VPROF_DUMP_ASKED, 1000, 2, 4, VPROF_DUMP_SYSCALL);
	dump->call = mk_string(&mk, "fsync");
	dump->since_ns = 990 * MK_MS;
	for (uint32_t i = 1; i < h->extents_used; i++)
		if (table[i].kind == VPROF_SEC_EVENTS)
			block = (void *)(mk.bytes + (uint64_t)i * MK_EXTENT);
	mk_call_event(block, 900, 4, 2, 0, VPROF_CLASS_BLOCKED, 400);
	mk_call_event(block, 700, 6, 1, 2, VPROF_CLASS_BLOCKED, 20);
	mk_call_event(block, 500, 3, 1, 3, VPROF_CLASS_IDLE, 90);
	h->layers = VPROF_LAYER_SCHEDSTAT | VPROF_LAYER_SWITCHES | VPROF_LAYER_CALLS;
	h->layers_note = mk_string(&mk, "page: no locked memory");
	h->stall_ns = 10 * MK_MS;
	h->hang_ns = 10000 * MK_MS;
	h->frozen = 1;
	h->frozen_ns = 30 * MK_MS;
	h->loop_looks = 190;
	return mk;
}

/* The same on a busy machine: of the time in calls, main was off the CPU 20 ms for want of what
 * it called, worker 100. */
static inline struct mkprof mk_waits_busy(void)
{
	struct mkprof mk = mk_waits();
	struct vprof_extent *table = (void *)(mk.bytes + VPROF_EXTENT_TABLE_OFFSET);
	struct vprof_book *book = NULL;

	for (uint32_t i = 1; i < mk_header(&mk)->extents_used; i++)
		if (table[i].kind == VPROF_SEC_BOOKS)
			book = (void *)(mk.bytes + (uint64_t)i * MK_EXTENT);
	for (uint64_t i = 0; i < 2; i++) {
		uint64_t left_ns = (i ? 100 : 20) * MK_MS;

		book[i].ns[VPROF_CLASS_PREEMPTED] += book[i].ns[VPROF_CLASS_BLOCKED] - left_ns;
		book[i].ns[VPROF_CLASS_BLOCKED] = book[i].longest_ns[VPROF_CLASS_BLOCKED] = left_ns;
	}
	return mk;
}

static inline struct mkprof mk_waits_second(void)
{
	struct mkprof mk = mk_waits();

	mk_move(&mk);
	return mk;
}

#endif
