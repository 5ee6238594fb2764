/* Ring files of known content; what is in them is said at each, because tests assert on it. */
#ifndef MKSHAPES_H
#define MKSHAPES_H

#include "mkrows.h"

/* Nodes of every shape:           A = app+0x1000 main    B = app+0x2000 run
 *   2 A   3 A-B   4 A-B-C         C = lib+0x300 leaf     D = app+0x3000
 *   5 A-B-B   6 A-B-B-D   7 A-C   B calls itself in 5 and 6 */
static inline void mk_nodes(struct mkprof *mk)
{
	mk_module(mk, "/opt/none/app", 0x400000);
	mk_module(mk, "/opt/none/lib/libbook.so.1", 0x7f0000000000);
	mk_row(mk, VPROF_SEC_NODES, NULL); /* root */
	mk_row(mk, VPROF_SEC_NODES, NULL); /* overflow */
	mk_node(mk, 0, 0, 0x1000, 0);
	mk_node(mk, 2, 0, 0x2000, 0);
	mk_node(mk, 3, 1, 0x300, 1);
	mk_node(mk, 3, 0, 0x2000, 0);
	mk_node(mk, 5, 0, 0x3000, 1);
	mk_node(mk, 2, 1, 0x300, 1);
}

/* CPU: thread 1 is exact, 2 is scaled by 1.2, 3 has too few samples, 4 is too
 * far off, 5 is the profiler's.  Sum of what counts: 300 ms, 80 samples:
 *   self   C 140 ms (60 + 50 * 1.2 + 20), D 160 ms (40 + 120)
 *   total  A 300 ms, B 280 ms (all but node 7) */
static inline void mk_cpu_rows(struct mkprof *mk)
{
	struct vprof_thread *t;

	mk_row(mk, VPROF_SEC_THREADS, NULL);
	t = mk_thread(mk, 1000, "main", 100);
	t->samples = 25;
	t->allocs = 100;
	t->alloc_bytes = 10000;
	t->frees = 90;
	t->freed_bytes = 9000;
	t = mk_thread(mk, 1001, "worker", 60);
	t->samples = 20;
	t->state = VPROF_THREAD_ENDED;
	t->end_ns = 1500 * MK_MS;
	mk_thread(mk, 1002, "few", 25)->samples = 5;
	mk_thread(mk, 1003, "far", 300)->samples = 30;
	mk_thread(mk, 1004, "vprof", 5)->flags = VPROF_THREAD_HELPER;
	mk_row(mk, VPROF_SEC_CPU, NULL); /* overflow */
	mk_cpu(mk, 4, 1, 15, 60);
	mk_cpu(mk, 6, 1, 10, 40);
	mk_cpu(mk, 4, 2, 20, 50);
	mk_cpu(mk, 7, 3, 5, 20);
	mk_cpu(mk, 6, 4, 30, 120);
	mk_cpu(mk, 4, 5, 3, 3);
	mk_header(mk)->cpu_ns = 490 * MK_MS;
	mk_header(mk)->cpu_user_ns = 400 * MK_MS;
	mk_header(mk)->cpu_system_ns = 90 * MK_MS;
	mk_header(mk)->samples_expected = 90;
}

/* Heap: node 4 in two shards, the second frees what the first allocated;
 *   node 4: 150 allocs of 15000, live 5 blocks of 500, at the peak 15 of 1500
 *           (2000 stored in epoch 3, and -500 live in a row of epoch 2)
 *   node 6: 10 allocs of 1000, all live, and so at the peak */
static inline void mk_heap_rows(struct mkprof *mk)
{
	struct vprof_header *h = mk_header(mk);
	struct vprof_site *s;

	mk_row(mk, VPROF_SEC_SITES, NULL); /* overflow */
	s = mk_site(mk, 4, 1, 100, 10000, 90, 9000);
	s->peak_epoch = 3;
	s->peak_bytes = 2000;
	s->peak_blocks = 20;
	s->temporary = 40;
	s->lifetime[3] = 90;
	s = mk_site(mk, 4, 2, 50, 5000, 55, 5500);
	s->peak_epoch = 2;
	s->peak_bytes = 99999;
	s->peak_blocks = 999;
	s->temporary = 20;
	s->lifetime[3] = 10;
	s->lifetime[10] = 45;
	s = mk_site(mk, 6, 1, 10, 1000, 0, 0);
	s->peak_epoch = 1;
	s->peak_bytes = 77777;
	h->peak_epoch = 3;
	h->peak_bytes = 2500;
	h->peak_blocks = 25;
	h->peak_ns = 1200 * MK_MS;
	h->live_bytes = 1500;
	h->live_blocks = 15;
}

/* 20 points of 100 ms: RSS 10 MiB and up by 1 MiB, heap 1 MiB and up by
 * 256 KiB, half a CPU; 10 + 5 CPU events at 0, 100, ... ms. */
static inline void mk_history(struct mkprof *mk)
{
	struct vprof_header *h = mk_header(mk);
	struct vprof_event_block *b;

	for (unsigned i = 0; i < 20; i++)
		mk_point(mk, 100 * i, (10u + i) << 20, (4u + i) << 18, 50 * i);
	b = mk_block(mk, 0, 0);
	for (unsigned i = 0; i < 10; i++)
		mk_event(b, 100 * i, i < 6 ? 4 : 6, 1, 4 * MK_MS);
	for (unsigned i = 0; i < 5; i++)
		mk_event(b, 1000 + 100 * i, 4, 2, 2500000);
	h->blocks_reserved = 1;
	h->blocks_capacity = 1;
	h->events_written = 15;
}

static inline struct mkprof mk_normal(void)
{
	struct mkprof mk = mk_new();

	mk_nodes(&mk);
	mk_cpu_rows(&mk);
	mk_heap_rows(&mk);
	mk_history(&mk);
	return mk;
}

/* What another process of the same run would have: objects elsewhere, 500 ms later. */
static inline void mk_move(struct mkprof *mk)
{
	struct vprof_extent *table = (void *)(mk->bytes + VPROF_EXTENT_TABLE_OFFSET);
	struct vprof_header *h = mk_header(mk);

	h->pid++;
	h->start_mono_ns += 500 * MK_MS;
	h->start_real_ns += 500 * MK_MS;
	for (uint32_t i = 1; i < h->extents_used; i++) {
		struct vprof_module *module = (void *)(mk->bytes + (uint64_t)i * MK_EXTENT);
		struct vprof_node *node = (void *)module;

		for (uint32_t k = 0; table[i].kind == VPROF_SEC_MODULES && k < 2; k++) {
			module[k].start += 0x10000000;
			module[k].end += 0x10000000;
			module[k].bias += 0x10000000;
		}
		for (uint32_t k = 2; table[i].kind == VPROF_SEC_NODES && k < 8; k++)
			node[k].where += 0x10000000;
	}
}

static inline struct mkprof mk_second(void)
{
	struct mkprof mk = mk_normal();

	mk_move(&mk);
	return mk;
}

/* Ten blocks in a ring of four: rows hold blocks 8 9 6 7; 127 events each but
 * 50 in block 9; block n begins at n s, one event a millisecond, 1 ms each. */
static inline struct mkprof mk_wrapped(void)
{
	static const unsigned number[] = {8, 9, 6, 7};
	struct mkprof mk = mk_new();
	struct vprof_header *h = mk_header(&mk);

	mk_nodes(&mk);
	mk_cpu_rows(&mk);
	for (unsigned i = 0; i < 4; i++) {
		struct vprof_event_block *b = mk_block(&mk, number[i], 1000 * number[i]);

		for (unsigned k = 0; k < (number[i] == 9 ? 50 : VPROF_BLOCK_EVENTS); k++)
			mk_event(b, 1000 * number[i] + k, 4, 1, MK_MS);
	}
	h->end_ns = 10000 * MK_MS;
	h->flags |= VPROF_F_RING_WRAPPED;
	h->blocks_reserved = 10;
	h->blocks_capacity = 4;
	h->events_written = 9 * VPROF_BLOCK_EVENTS + 50;
	return mk;
}

/* Full tables: 30 samples and 40 ms in the overflow row of CPU, 7 allocations
 * in that of SITES, one stack that ended at the overflow node. */
static inline struct mkprof mk_overflow(void)
{
	struct mkprof mk = mk_normal();
	struct vprof_header *h = mk_header(&mk);
	struct vprof_extent *table = (void *)(mk.bytes + VPROF_EXTENT_TABLE_OFFSET);

	for (uint32_t i = 1; i < h->extents_used; i++) {
		uint8_t *at = mk.bytes + (uint64_t)i * MK_EXTENT;

		if (table[i].kind == VPROF_SEC_CPU)
			*(struct vprof_cpu *)at =
			    (struct vprof_cpu){.samples = 30, .weight_ns = 40 * MK_MS};
		if (table[i].kind == VPROF_SEC_SITES)
			*(struct vprof_site *)at =
			    (struct vprof_site){.allocs = 7, .alloc_bytes = 700};
	}
	mk_cpu(&mk, VPROF_NODE_OVERFLOW, 1, 1, 4);
	h->lost[VPROF_LOST_CPU_ROWS] = 30;
	h->lost[VPROF_LOST_SITES] = 7;
	h->lost[VPROF_LOST_NODES] = 12;
	return mk;
}

/* heap=sample=1000: node 4 rests on 15 samples, node 6 is certain. */
static inline struct mkprof mk_sampled(void)
{
	struct mkprof mk = mk_normal();
	struct vprof_header *h = mk_header(&mk);
	struct vprof_extent *table = (void *)(mk.bytes + VPROF_EXTENT_TABLE_OFFSET);

	h->heap_mode = VPROF_HEAP_SAMPLE;
	h->heap_sample_bytes = 1000;
	for (uint32_t i = 1; i < h->extents_used; i++) {
		struct vprof_site *s = (void *)(mk.bytes + (uint64_t)i * MK_EXTENT);

		if (table[i].kind != VPROF_SEC_SITES)
			continue;
		s[1].sampled = 10;
		s[1].variance = 10e6;
		s[1].freed_variance = 9e6;
		s[2].sampled = 5;
		s[2].variance = 5e6;
		s[2].freed_variance = 5.5e6;
	}
	return mk;
}

/* SIGKILL left the state at RUNNING and end_ns unset. */
static inline struct mkprof mk_killed(void)
{
	struct mkprof mk = mk_normal();

	mk_header(&mk)->state = VPROF_STATE_RUNNING;
	mk_header(&mk)->end_ns = 0;
	mk_header(&mk)->exit_kind = VPROF_EXIT_NONE;
	mk_header(&mk)->args = VPROF_ARGS_UNKNOWN; /* an older library masked nothing */
	return mk;
}

/* Two spans of half a second of 2 s: paused from the start to 0.5 s, from 1.0 to 1.4, and
 * when duration=1 was over at 1.9. */
static inline struct mkprof mk_paused(void)
{
	struct mkprof mk = mk_normal();
	struct vprof_header *h = mk_header(&mk);

	h->delay_ns = 500 * MK_MS;
	h->duration_ns = 1000 * MK_MS;
	h->pauses = 3;
	h->paused = 1;
	h->pause_why = VPROF_PAUSE_OVER;
	h->paused_ns = 900 * MK_MS;
	h->paused_since_ns = 1900 * MK_MS;
	h->windows = 2;
	h->window[0] = (struct vprof_window){500 * MK_MS, 1000 * MK_MS};
	h->window[1] = (struct vprof_window){1400 * MK_MS, 1900 * MK_MS};
	return mk;
}

/* Kernel time is hidden: what threads used beyond their samples (10 of main
 * 0, worker 10, few 5, far 180 ms) is [kernel]. */
static inline struct mkprof mk_user_only(void)
{
	struct mkprof mk = mk_normal();

	mk_header(&mk)->flags |= VPROF_F_EXCLUDE_KERNEL;
	return mk;
}

/* Text with escape sequences, invalid UTF-8 and direction overrides. */
static inline struct mkprof mk_nasty(void)
{
	struct mkprof mk = mk_normal();
	struct vprof_header *h = mk_header(&mk);

	h->cmdline = mk_string(&mk, "app \033[31mred\033[0m \a\r\n\xc2\x9b bad\xff\xfe "
				    "\xe2\x80\xaeoverride");
	h->host = mk_string(&mk, "host\033]0;title\a");
	mk_module(&mk, "/opt/\033[2Jnone,\"quoted\"/x\n.so", 0x7f1000000000);
	memcpy(mk_thread(&mk, 1005, "", 1)->name, "evil\033[1m,\"\n\xff", 12);
	return mk;
}

/* Waits: for one mutex main 60 ms at C and worker 50 ms at D, for a rwlock
 * worker 10 and 5 ms, for a condition main 900 ms, for two threads 30 ms; one
 * of 1 ms in the overflow row.  Events: a wait of 20 ms for the mutex that ended
 * at 300 ms, and one of 40 ms that ran out of time at 700 ms. */
static inline struct mkprof mk_locks(void)
{
	struct mkprof mk = mk_normal();
	struct vprof_extent *table = (void *)(mk.bytes + VPROF_EXTENT_TABLE_OFFSET);
	struct vprof_event_block *block = NULL;
	struct vprof_blame *blame;

	mk_section(&mk, VPROF_SEC_BLAME, sizeof(struct vprof_blame));
	mk_blame(&mk, VPROF_BLAME_HELD, 0x401010, 4, 1, 2, 20);
	blame = mk_blame(&mk, VPROF_BLAME_HELD, 0x401010, 6, 2, 3, 78);
	blame->cause = mk_string(&mk, "fsync");
	blame->cause_node = 4;
	mk_blame(&mk, VPROF_BLAME_HANDOFF, 0x401010, 0, 1, 4, 9);
	mk_blame(&mk, VPROF_BLAME_UNKNOWN, 0x401010, 0, VPROF_NONE, 1, 5);
	mk_blame(&mk, VPROF_BLAME_ABANDONED, 0x401010, 0, 1, 1, 2);
	blame = mk_blame(&mk, VPROF_BLAME_HOLDS, 0x401010, 0, 2, 4, 60);
	blame->histogram[15] = 3;
	blame->histogram[20] = 1;
	blame = mk_blame(&mk, VPROF_BLAME_WOKEN, 0x6000, 6, 2, 4, 700);
	blame->kind = VPROF_LOCK_COND;
	blame->how = VPROF_WAKE_SIGNAL;
	blame->wakes = 4;
	blame = mk_blame(&mk, VPROF_BLAME_WOKEN, 0x6000, 0, VPROF_NONE, 1, 200);
	blame->kind = VPROF_LOCK_COND;
	mk_lock(&mk, 0, 0, VPROF_NODE_OVERFLOW, 0, 1, 1, 1);
	mk_lock(&mk, VPROF_LOCK_MUTEX, 0x401010, 4, 1, 3, 60, 30);
	mk_lock(&mk, VPROF_LOCK_MUTEX, 0x401010, 6, 2, 2, 50, 40)->timeouts = 1;
	mk_lock(&mk, VPROF_LOCK_WRLOCK, 0x5000, 4, 2, 1, 10, 10);
	mk_lock(&mk, VPROF_LOCK_RDLOCK, 0x5000, 6, 2, 4, 5, 2);
	mk_lock(&mk, VPROF_LOCK_COND, 0x6000, 4, 1, 5, 900, 300);
	mk_lock(&mk, VPROF_LOCK_JOIN, 0x7000, 6, 1, 1, 10, 10);
	mk_lock(&mk, VPROF_LOCK_JOIN, 0x8000, 6, 1, 1, 20, 20);
	for (uint32_t i = 1; i < mk_header(&mk)->extents_used; i++) {
		uint8_t *at = mk.bytes + (uint64_t)i * MK_EXTENT;
		struct vprof_thread *thread = (void *)at;

		if (table[i].kind == VPROF_SEC_EVENTS)
			block = (void *)at;
		if (table[i].kind != VPROF_SEC_THREADS)
			continue;
		thread[1].lock_waits = 3;
		thread[1].lock_wait_ns = 60 * MK_MS;
		thread[2].lock_waits = 7;
		thread[2].lock_wait_ns = 65 * MK_MS;
	}
	mk_event(block, 300, 4, 1, 20 * MK_MS);
	mk_event(block, 700, 6, 2, 40 * MK_MS);
	block->event[15].kind = block->event[16].kind = VPROF_EV_WAIT;
	block->event[15].arg = 1;
	block->event[16].arg = 2;
	block->event[16].flags = VPROF_WAIT_TIMEOUT;
	mk_header(&mk)->lost[VPROF_LOST_LOCK_ROWS] = 1;
	return mk;
}

/* normal, by a newer library: sections of kinds that nobody knows yet, in both parts of
 * the header's table, and an event of a kind that nobody knows. */
static inline struct mkprof mk_kinds(void)
{
	static const struct {
		unsigned kind;
		uint32_t row_bytes, rows;
	} more[] = {{VPROF_SEC_END, 64, 3}, {VPROF_SEC_MORE, 32, 5000}, {40, 128, 2}, {63, 8, 1}};
	struct mkprof mk = mk_normal();
	struct vprof_event_block *block;

	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		mk_section(&mk, more[i].kind, more[i].row_bytes);
		for (uint32_t k = 0; k < more[i].rows; k++)
			memset(mk_row(&mk, more[i].kind, NULL), 0xff, more[i].row_bytes);
	}
	block = mk_block(&mk, 1, 1500);
	mk_event(block, 1500, 4, 1, 1);
	block->event[0].kind = 99;
	block->event[0].arg = 0xfffffff0;
	mk_header(&mk)->blocks_reserved = mk_header(&mk)->blocks_capacity = 2;
	mk_header(&mk)->events_written++;
	return mk;
}

#endif
