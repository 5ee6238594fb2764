/* Builds a ring file in memory, row by row, so that a test can also spoil single bytes of
 * it. */
#ifndef MKROWS_H
#define MKROWS_H

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

/* Who kept others waiting for a lock; 0 for a thread that does not matter. */
static inline struct vprof_blame *mk_blame(struct mkprof *mk, enum vprof_blame_what what,
					   uint64_t address, uint32_t node, uint32_t thread,
					   uint64_t times, uint64_t ms)
{
	struct vprof_blame *blame = mk_row(mk, VPROF_SEC_BLAME, NULL);

	*blame = (struct vprof_blame){
	    .address = address,
	    .node = node,
	    .thread = thread,
	    .what = (uint16_t)what,
	    .times = times,
	    .ns = ms * MK_MS,
	    .max_ns = ms * MK_MS / 2,
	    .span_ns = ms * MK_MS / 2,
	    .cause = VPROF_NONE,
	};
	return blame;
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
	h->called = mk_string(&mk, "app");
	h->args = VPROF_ARGS_MASKED;
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
