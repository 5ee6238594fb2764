/* Writes ring files of known content, for tests of the reader.
 *
 * A file is built in memory row by row, so that a test can also spoil single
 * bytes of it.  mk_shape() makes the files that golden and unit tests share;
 * what is in them is said at each shape, because tests assert on it. */
#ifndef MKPROF_H
#define MKPROF_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vprof_format.h>

#ifndef MK_EXTENT
#define MK_EXTENT (64u << 10)
#endif
#define MK_MS 1000000ull

struct mkprof {
	uint8_t *bytes;
	uint32_t extents[VPROF_SEC_COUNT]; /* number of the section's last extent */
};

static inline struct vprof_header *mk_header(struct mkprof *mk)
{
	return (struct vprof_header *)mk->bytes;
}

static inline uint64_t mk_size(struct mkprof *mk)
{
	return (uint64_t)mk_header(mk)->extents_used * MK_EXTENT;
}

static inline void mk_section(struct mkprof *mk, unsigned kind, uint32_t row_bytes)
{
	struct vprof_section *s = VPROF_HEADER_SECTION(mk_header(mk), kind);

	s->row_bytes = row_bytes;
	s->rows_per_extent = MK_EXTENT / row_bytes;
}

static inline uint32_t mk_new_extent(struct mkprof *mk, unsigned kind)
{
	struct vprof_header *h = mk_header(mk);
	struct vprof_extent *table = (void *)(mk->bytes + VPROF_EXTENT_TABLE_OFFSET);
	uint32_t number = h->extents_used++;

	table[number].kind = (uint16_t)kind;
	table[number].index = (uint16_t)VPROF_HEADER_SECTION(h, kind)->extents_used++;
	mk->extents[kind] = number;
	return number;
}

/* The place of a new row; *id is its number. */
static inline void *mk_row(struct mkprof *mk, unsigned kind, uint32_t *id)
{
	struct vprof_section *s = VPROF_HEADER_SECTION(mk_header(mk), kind);
	uint32_t row = s->rows_used++;

	if (row % s->rows_per_extent == 0)
		mk_new_extent(mk, kind);
	if (id)
		*id = row;
	return mk->bytes + (uint64_t)mk->extents[kind] * MK_EXTENT +
	       (row % s->rows_per_extent) * s->row_bytes;
}

static inline uint32_t mk_string(struct mkprof *mk, const char *text)
{
	size_t rows = (strlen(text) + VPROF_STRING_ROW) / VPROF_STRING_ROW;
	uint32_t id = VPROF_NONE, next;
	char *at = mk_row(mk, VPROF_SEC_STRINGS, &id);

	/* The first extent is enough for any test. */
	for (size_t i = 1; i < rows; i++)
		mk_row(mk, VPROF_SEC_STRINGS, &next);
	strcpy(at, text);
	return id;
}

static inline uint32_t mk_module(struct mkprof *mk, const char *path, uint64_t start)
{
	uint32_t id;
	struct vprof_module *m = mk_row(mk, VPROF_SEC_MODULES, &id);

	m->start = start;
	m->end = start + 0x100000;
	m->bias = start;
	m->path = mk_string(mk, path);
	m->build_id_bytes = 4;
	memcpy(m->build_id, "\x12\x34\xab\xcd", 4);
	return id;
}

static inline struct vprof_thread *mk_thread(struct mkprof *mk, uint32_t tid, const char *name,
					     uint64_t cpu_ms)
{
	uint32_t id;
	struct vprof_thread *t = mk_row(mk, VPROF_SEC_THREADS, &id);

	t->tid = tid;
	t->state = VPROF_THREAD_LIVE;
	t->shard = (uint16_t)id;
	memcpy(t->name, name, strlen(name) < 16 ? strlen(name) : 16);
	t->start_ns = id * MK_MS;
	t->cpu_ns = cpu_ms * MK_MS;
	return t;
}

/* offset: from the start of module 0 (0x400000) or 1 (0x7f0000000000). */
static inline uint32_t mk_node(struct mkprof *mk, uint32_t parent, uint32_t module, uint64_t offset,
			       int exact)
{
	uint32_t id;
	struct vprof_node *n = mk_row(mk, VPROF_SEC_NODES, &id);

	n->where = (offset + (module ? 0x7f0000000000ull : 0x400000ull)) |
		   (exact ? VPROF_WHERE_EXACT : 0) | (uint64_t)module << VPROF_WHERE_MODULE_SHIFT;
	n->parent = parent;
	return id;
}

static inline void mk_cpu(struct mkprof *mk, uint32_t node, uint32_t thread, uint64_t samples,
			  uint64_t weight_ms)
{
	struct vprof_cpu *c = mk_row(mk, VPROF_SEC_CPU, NULL);
	struct vprof_header *h = mk_header(mk);

	*c = (struct vprof_cpu){
	    .node = node, .thread = thread, .samples = samples, .weight_ns = weight_ms * MK_MS};
	h->samples += samples;
	h->sampled_ns += weight_ms * MK_MS;
}

static inline struct vprof_site *mk_site(struct mkprof *mk, uint32_t node, uint16_t shard,
					 uint64_t allocs, uint64_t bytes, uint64_t frees,
					 uint64_t freed)
{
	struct vprof_site *s = mk_row(mk, VPROF_SEC_SITES, NULL);

	s->node = node;
	s->shard = shard;
	s->allocs = allocs;
	s->alloc_bytes = bytes;
	s->frees = frees;
	s->freed_bytes = freed;
	s->first_ns = 10 * MK_MS;
	s->last_ns = 900 * MK_MS;
	return s;
}

static inline struct vprof_lock *mk_lock(struct mkprof *mk, enum vprof_lock_kind kind,
					 uint64_t address, uint32_t node, uint32_t thread,
					 uint64_t waits, uint64_t wait_ms, uint64_t max_ms)
{
	struct vprof_lock *lock = mk_row(mk, VPROF_SEC_LOCKS, NULL);

	*lock = (struct vprof_lock){
	    .address = address,
	    .node = node,
	    .thread = thread,
	    .kind = kind,
	    .waits = waits,
	    .wait_ns = wait_ms * MK_MS,
	    .max_ns = max_ms * MK_MS,
	    .first_ns = 100 * MK_MS,
	    .last_ns = 800 * MK_MS,
	};
	return lock;
}

static inline struct vprof_leak *mk_leak(struct mkprof *mk, enum vprof_leak_verdict verdict,
					 uint32_t node, uint64_t blocks, uint64_t bytes)
{
	struct vprof_leak *leak = mk_row(mk, VPROF_SEC_LEAKS, NULL);

	*leak = (struct vprof_leak){
	    .node = node,
	    .verdict = verdict,
	    .scan = mk_header(mk)->scan_count,
	    .blocks = blocks,
	    .bytes = bytes,
	    .oldest_ns = 20 * MK_MS,
	    .newest_ns = 700 * MK_MS,
	    .example = 0x5000 + 0x100 * blocks,
	};
	return leak;
}

static inline void mk_point(struct mkprof *mk, uint64_t t_ms, uint64_t rss, uint64_t heap_live,
			    uint64_t cpu_ms)
{
	struct vprof_point *p = mk_row(mk, VPROF_SEC_TIMELINE, NULL);

	*p = (struct vprof_point){
	    .t_ns = t_ms * MK_MS,
	    .rss = rss,
	    .vms = 10 * rss,
	    .shared = rss / 4,
	    .data = rss / 2,
	    .uss = rss - 4096,
	    .pss = rss - 2048,
	    .heap_live = heap_live,
	    .heap_allocated = 2 * heap_live,
	    .allocs = t_ms,
	    .frees = t_ms / 2,
	    .cpu_ns = cpu_ms * MK_MS,
	    .minor_faults = 7,
	    .threads = 4,
	    .switches = 3,
	    .rss_min = rss,
	    .rss_max = rss,
	    .ticks = 1,
	};
}

/* One block of the ring, in the next row; number counts from 0. */
static inline struct vprof_event_block *mk_block(struct mkprof *mk, uint64_t number,
						 uint64_t first_ms)
{
	struct vprof_event_block *b = mk_row(mk, VPROF_SEC_EVENTS, NULL);

	b->seq = number + 1;
	b->first_ns = first_ms * MK_MS;
	return b;
}

static inline void mk_event(struct vprof_event_block *block, uint64_t t_ms, uint32_t node,
			    uint32_t thread, uint64_t value_ns)
{
	block->event[block->used++] = (struct vprof_event){
	    .t_ns = t_ms * MK_MS,
	    .node = node,
	    .thread = thread,
	    .value = value_ns,
	    .kind = VPROF_EV_CPU,
	};
}

static inline struct mkprof mk_new(void)
{
	static const uint32_t row_bytes[] = {
	    [VPROF_SEC_STRINGS] = VPROF_STRING_ROW,
	    [VPROF_SEC_MODULES] = sizeof(struct vprof_module),
	    [VPROF_SEC_THREADS] = sizeof(struct vprof_thread),
	    [VPROF_SEC_NODES] = sizeof(struct vprof_node),
	    [VPROF_SEC_SITES] = sizeof(struct vprof_site),
	    [VPROF_SEC_CPU] = sizeof(struct vprof_cpu),
	    [VPROF_SEC_TIMELINE] = sizeof(struct vprof_point),
	    [VPROF_SEC_EVENTS] = sizeof(struct vprof_event_block),
	    [VPROF_SEC_LOCKS] = sizeof(struct vprof_lock),
	    [VPROF_SEC_LEAKS] = sizeof(struct vprof_leak),
	};
	struct mkprof mk = {.bytes = calloc(64, MK_EXTENT)};
	struct vprof_header *h = mk_header(&mk);

	memcpy(h->magic, VPROF_MAGIC, 8);
	h->version = VPROF_FORMAT_VERSION;
	h->header_bytes = sizeof(*h);
	h->extent_bytes = MK_EXTENT;
	h->extent_count = 64;
	h->file_bytes = 64 * MK_EXTENT;
	h->extents_used = 1;
	h->pid = 4242;
	h->ppid = 1;
	h->page_bytes = 4096;
	h->cpu_count = 2;
	h->start_real_ns = 1700000000ull * 1000 * MK_MS;
	h->start_ticks = 1; /* no process started then is still there */
	for (unsigned kind = 1; kind < sizeof(row_bytes) / sizeof(row_bytes[0]); kind++)
		if (row_bytes[kind])
			mk_section(&mk, kind, row_bytes[kind]);
	mk_string(&mk, "");
	h->exe = mk_string(&mk, "/opt/none/app");
	h->cmdline = mk_string(&mk, "app --symbol SOL/USDT");
	h->options = mk_string(&mk, "cpu=250");
	h->cwd = mk_string(&mk, "/opt/none");
	h->library_version = mk_string(&mk, "0.0.0");
	h->boot_id = mk_string(&mk, "00000000-0000-0000-0000-000000000000");
	h->host = mk_string(&mk, "golden.invalid");
	h->engine_note = mk_string(&mk, "perf_event_open");
	h->engine = VPROF_ENGINE_PERF;
	h->heap_mode = VPROF_HEAP_EXACT;
	h->cpu_hz = 250;
	h->cpu_period_ns = 4 * MK_MS;
	h->tick_ms = 100;
	h->timeline_step_ns = 100 * MK_MS;
	h->state = VPROF_STATE_EXITED;
	h->exit_kind = VPROF_EXIT_EXIT;
	h->end_ns = 2000 * MK_MS;
	h->heartbeat_ns = 1950 * MK_MS;
	h->own_cpu_ns = 5 * MK_MS;
	h->own_memory_bytes = 3 << 20;
	return mk;
}

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

/* The header's account of a search at exit. */
static inline void mk_scan(struct mkprof *mk, uint32_t count, uint64_t blocks, uint64_t bytes)
{
	struct vprof_header *h = mk_header(mk);

	h->scan_state = VPROF_SCAN_COMPLETE;
	h->scan_trigger = VPROF_SCAN_AT_EXIT;
	h->scan_note = VPROF_NONE;
	h->scan_count = count;
	h->scan_t_ns = 1990 * MK_MS;
	h->scan_pause_ns = 300000;
	h->scan_total_ns = 4 * MK_MS;
	h->scan_blocks = blocks;
	h->scan_bytes = bytes;
	h->scan_root_bytes = 3 << 20;
	h->scan_memory_bytes = 5 << 20;
}

/* Every verdict, of the second search: node 6 has 3 of 300 lost and 7 reachable,
 * node 4 5 indirect, held by node 6, node 7 20 possible, node 3 5 reachable in two
 * rows and 3 allocated since, node 2 6 of the runtime, node 5 4 reachable.  A row
 * of the first search says otherwise of node 6. */
static inline struct mkprof mk_leaks(void)
{
	struct mkprof mk = mk_normal();
	struct vprof_header *h = mk_header(&mk);

	mk_site(&mk, 7, 1, 20, 2000, 0, 0);
	mk_site(&mk, 3, 1, 8, 800, 0, 0);
	mk_site(&mk, 2, 1, 6, 600, 0, 0);
	mk_site(&mk, 5, 1, 4, 400, 0, 0);
	mk_scan(&mk, 1, 0, 0);
	mk_leak(&mk, VPROF_LEAK_LOST, 6, 99, 9900);
	mk_scan(&mk, 2, 50, 5000);
	h->scan_skipped_bytes = 64 << 10;
	h->scan_note = mk_string(&mk, "registers of 1 thread: it blocks all signals");
	mk_leak(&mk, VPROF_LEAK_LOST, 6, 3, 300);
	mk_leak(&mk, VPROF_LEAK_REACHABLE, 6, 7, 700);
	mk_leak(&mk, VPROF_LEAK_INDIRECT, 4, 5, 500)->owner = 6;
	mk_leak(&mk, VPROF_LEAK_POSSIBLE, 7, 20, 2000);
	mk_leak(&mk, VPROF_LEAK_REACHABLE, 3, 2, 200)->oldest_ns = 5 * MK_MS;
	mk_leak(&mk, VPROF_LEAK_REACHABLE, 3, 3, 300)->newest_ns = 800 * MK_MS;
	mk_leak(&mk, VPROF_LEAK_RUNTIME, 2, 6, 600);
	mk_leak(&mk, VPROF_LEAK_REACHABLE, 5, 4, 400);
	return mk;
}

/* The search found everything in use, but for what is possible. */
static inline struct mkprof mk_leaks_clean(void)
{
	struct mkprof mk = mk_normal();

	mk_scan(&mk, 1, 15, 1500);
	mk_leak(&mk, VPROF_LEAK_REACHABLE, 6, 9, 900);
	mk_leak(&mk, VPROF_LEAK_POSSIBLE, 6, 1, 100);
	mk_leak(&mk, VPROF_LEAK_REACHABLE, 4, 5, 500);
	return mk;
}

#define MK_POINTS 100u

static inline void mk_age(uint64_t *ages, uint64_t age_ns, uint64_t blocks)
{
	unsigned bucket = 0;

	while (1ull << bucket <= age_ns / 1000)
		bucket++;
	ages[bucket] += blocks;
}

/* A series of blocks of 100 bytes: `least`, `rise` more at each point from
 * `first` up to `top`, and 0 to 4 that come and go. */
static inline struct vprof_series *mk_series(struct mkprof *mk, uint32_t node, uint32_t first,
					     uint32_t top, uint32_t least, uint32_t rise)
{
	struct vprof_series *s = mk_row(mk, VPROF_SEC_SERIES, NULL);

	s->node = node;
	s->first = first;
	mk_age(s->age, 2100 * MK_MS, least);
	for (uint32_t i = first; i < MK_POINTS; i++) {
		s->blocks[i] = least + rise * (i < top ? i + 1 - first : top - first) + i * 7 % 5;
		s->bytes[i] = 100ull * s->blocks[i];
		if (i < top)
			mk_age(s->age, (2010 - 20 * i) * MK_MS, rise);
	}
	return s;
}

/* Live bytes at 100 points of 20 ms; nobody searched for pointers:
 *   node 6 grows: 10 blocks of 100 bytes more at each point, none is freed
 *   node 3 grows, at half that speed
 *   node 4 levels: a cache that is full after 80 points
 *   node 7 is renewed: it rises, but all that gets old is freed
 *   node 2 is flat, node 5 too short: of its own it has 10 points */
static inline struct mkprof mk_growing(void)
{
	struct mkprof mk = mk_new();
	struct vprof_header *h = mk_header(&mk);
	struct vprof_series *s;

	mk_nodes(&mk);
	mk_cpu_rows(&mk);
	mk_section(&mk, VPROF_SEC_SERIES, sizeof(*s));
	s = mk_row(&mk, VPROF_SEC_SERIES, NULL);
	for (uint32_t i = 0; i < MK_POINTS; i++) {
		s->bytes[i] = (20 * i + 10) * MK_MS;
		s->blocks[i] = 1;
	}
	mk_series(&mk, 6, 0, MK_POINTS, 0, 10);
	mk_series(&mk, 3, 0, MK_POINTS, 0, 5);
	mk_series(&mk, 4, 0, 80, 0, 10);
	s = mk_series(&mk, 7, 0, MK_POINTS, 0, 10);
	memset(s->age, 0, sizeof(s->age));
	mk_age(s->age, 50 * MK_MS, 1000);
	mk_series(&mk, 2, 0, MK_POINTS, 300, 0);
	mk_series(&mk, 5, 90, MK_POINTS, 0, 10);
	mk_row(&mk, VPROF_SEC_SITES, NULL); /* overflow */
	mk_site(&mk, 6, 1, 1000, 100000, 0, 0);
	mk_site(&mk, 3, 1, 500, 50000, 0, 0);
	mk_site(&mk, 4, 1, 800, 80000, 0, 0);
	mk_age(mk_site(&mk, 7, 1, 9000, 900000, 8000, 800000)->lifetime, 600 * MK_MS, 8000);
	mk_site(&mk, 2, 1, 300, 30000, 0, 0);
	mk_site(&mk, 5, 1, 100, 10000, 0, 0);
	h->series_points = MK_POINTS;
	h->series_clock = VPROF_SERIES_TIME;
	h->series_step = 20 * MK_MS;
	h->series_readings = MK_POINTS;
	h->series_ages_ns = 2000 * MK_MS;
	h->peak_epoch = 1; /* all rows are of an older one: what lives is the peak */
	h->live_bytes = h->peak_bytes = 370000;
	h->live_blocks = h->peak_blocks = 3700;
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

static inline int mk_shape(const char *name, struct mkprof *mk)
{
	static const struct {
		const char *name;
		struct mkprof (*make)(void);
	} shape[] = {
	    {"normal", mk_normal}, {"wrapped", mk_wrapped},	    {"overflow", mk_overflow},
	    {"killed", mk_killed}, {"user-only", mk_user_only},	    {"nasty", mk_nasty},
	    {"empty", mk_new},	   {"sampled", mk_sampled},	    {"locks", mk_locks},
	    {"leaks", mk_leaks},   {"leaks-clean", mk_leaks_clean}, {"growing", mk_growing},
	    {"kinds", mk_kinds},
	};

	for (size_t i = 0; i < sizeof(shape) / sizeof(shape[0]); i++) {
		if (strcmp(shape[i].name, name) == 0) {
			*mk = shape[i].make();
			return 0;
		}
	}
	return -1;
}

/* Writes the first `size` bytes; 0: up to the last extent in use. */
static inline int mk_write(struct mkprof *mk, const char *path, uint64_t size)
{
	FILE *out = fopen(path, "wb");
	int failed;

	if (!out)
		return -1;
	if (!size)
		size = mk_size(mk);
	failed = fwrite(mk->bytes, 1, size, out) != size;
	return fclose(out) || failed ? -1 : 0;
}

static inline uint64_t mk_random(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15ull;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

/* Spoils a file in memory as the seed says: flips bits or sets words to
 * extremes, in the header, in header and extent table or anywhere, and cuts
 * every seventh.  The magic is left alone.  Returns the size that is left. */
static inline size_t mk_spoil(uint8_t *bytes, size_t size, uint64_t seed)
{
	static const uint32_t extreme[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe};
	uint64_t state = seed;
	size_t head = seed % 3 == 0 ? 872 : seed % 3 == 1 ? 4096 + 128 : size;

	for (uint64_t n = seed % 5 == 4 ? 200 : 1 + seed % 4; n > 0; n--) {
		size_t at = 8 + mk_random(&state) % (head - 12);

		if (mk_random(&state) % 2)
			bytes[at] ^= (uint8_t)(1u << mk_random(&state) % 8);
		else
			memcpy(bytes + at / 4 * 4, &extreme[mk_random(&state) % 6], 4);
	}
	return seed % 7 == 6 ? mk_random(&state) % size : size;
}

static inline void mk_free(struct mkprof *mk)
{
	free(mk->bytes);
	mk->bytes = NULL;
}

#endif
