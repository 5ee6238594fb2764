/* More of them: what a search for leaks found, and heaps that grow. */
#ifndef MKLEAKS_H
#define MKLEAKS_H

#include "mkshapes.h"

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

/* The same sites in a heap of 8 MiB that is let go at the end. */
static inline struct mkprof mk_grown(void)
{
	struct mkprof mk = mk_growing();

	for (unsigned i = 0; i < 20; i++)
		mk_point(&mk, 100 * i, 16 << 20, i < 19 ? 8 << 20 : 370000, 50 * i);
	mk_header(&mk)->peak_bytes = (8 << 20) + 370000;
	return mk;
}

static inline struct vprof_map *mk_map(struct mkprof *mk, uint32_t node, uint32_t flags,
				       uint64_t maps, uint64_t mapped, uint64_t unmapped)
{
	struct vprof_map *m = mk_row(mk, VPROF_SEC_MAPS, NULL);

	*m = (struct vprof_map){.node = node,
				.flags = flags,
				.maps = maps,
				.mapped_bytes = mapped,
				.unmapped_bytes = unmapped,
				.first_ns = 50 * MK_MS,
				.last_ns = 900 * MK_MS};
	mk_header(mk)->map_live_bytes += mapped - unmapped;
	return m;
}

static inline struct vprof_account *mk_account(struct mkprof *mk, uint32_t number, uint64_t t_ms,
					       uint64_t heap, uint64_t mmap)
{
	struct vprof_account *a = mk_row(mk, VPROF_SEC_ACCOUNTS, NULL);

	*a = (struct vprof_account){.t_ns = t_ms * MK_MS,
				    .heap_live = heap / 2,
				    .map_live = 2 * mmap,
				    .cost_ns = MK_MS / 2,
				    .number = number,
				    .mappings = 40};
	a->resident[VPROF_RESIDENT_MALLOC] = heap;
	a->resident[VPROF_RESIDENT_MMAP] = mmap;
	a->resident[VPROF_RESIDENT_CODE] = 3 << 20;
	a->resident[VPROF_RESIDENT_PROFILER] = 1 << 20;
	a->rss = heap + mmap + (4 << 20);
	mk_header(mk)->accounts = mk_header(mk)->account_last = number;
	mk_header(mk)->account_cost_ns += a->cost_ns;
	return a;
}

static inline void mk_resident(struct mkprof *mk, uint32_t account, uint32_t kind, uint32_t node,
			       const char *name, uint64_t mapped, uint64_t resident)
{
	struct vprof_resident *r = mk_row(mk, VPROF_SEC_RESIDENT, NULL);

	*r = (struct vprof_resident){.account = account,
				     .kind = kind,
				     .node = node,
				     .name = name ? mk_string(mk, name) : VPROF_NONE,
				     .mapped_bytes = mapped,
				     .resident_bytes = resident,
				     .mappings = 1};
}

/* Memory mapped past malloc: node 6 has 7 MiB of which 2 are gone, and more at the peak, node 4
 * lets go and advises, one is inherited; four accounts, the second the highest, and a
 * row of an account that nobody asks for. */
static inline struct mkprof mk_maps(void)
{
	struct mkprof mk = mk_normal();
	struct vprof_header *h = mk_header(&mk);
	struct vprof_account *a;
	struct vprof_map *m;

	mk_section(&mk, VPROF_SEC_MAPS, sizeof(struct vprof_map));
	mk_section(&mk, VPROF_SEC_ACCOUNTS, sizeof(struct vprof_account));
	mk_section(&mk, VPROF_SEC_RESIDENT, sizeof(struct vprof_resident));
	mk_map(&mk, VPROF_NODE_OVERFLOW, 0, 0, 0, 0);
	mk_map(&mk, VPROF_NODE_ROOT, VPROF_MAP_INHERITED, 0, 2 << 20, 0);
	m = mk_map(&mk, 6, VPROF_MAP_ANON, 7, 7 << 20, 2 << 20);
	m->peak_epoch = 3;
	m->peak_bytes = 7 << 20;
	m = mk_map(&mk, 4, 0, 0, 0, 0);
	m->unmaps = 2;
	m->released_bytes = 2 << 20;
	m->advised[VPROF_ADVICE_DONTNEED] = 1;
	m->advised_bytes[VPROF_ADVICE_DONTNEED] = 1 << 20;
	mk_map(&mk, 5, VPROF_MAP_FILE | VPROF_MAP_SHARED, 1, 8192, 0);
	h->map_peak_bytes = (9 << 20) + 8192;
	h->map_peak_epoch = 3;
	h->map_peak_ns = 800 * MK_MS;
	mk_account(&mk, 1, 100, 2 << 20, 1 << 20);
	mk_account(&mk, 2, 800, 20 << 20, 4 << 20);
	a = mk_account(&mk, 4, 1500, 16 << 20, 4 << 20); /* as high, and more of it live */
	a->heap_live = 12 << 20;
	a->resident[VPROF_RESIDENT_PROFILER] = (5 << 20) - (64 << 10);
	a->rss = (28 << 20) - (64 << 10);
	mk_account(&mk, 3, 1900, 18 << 20, 2 << 20);
	h->accounts = 4;
	h->account_peak = 2;
	mk_resident(&mk, 0, 99, 0xffffff, NULL, 1, 1);
	mk_resident(&mk, 1, VPROF_RESIDENT_MMAP, 6, NULL, 1 << 20, 1 << 20);
	mk_resident(&mk, 2, VPROF_RESIDENT_MALLOC, 0, NULL, 21 << 20, 20 << 20);
	mk_resident(&mk, 2, VPROF_RESIDENT_MMAP, 6, NULL, 7 << 20, 4 << 20);
	mk_resident(&mk, 2, VPROF_RESIDENT_CODE, 0, "/opt/none/app", 4 << 20, 3 << 20);
	mk_resident(&mk, 2, VPROF_RESIDENT_PROFILER, 0, NULL, 8 << 20, 1 << 20);
	mk_resident(&mk, 3, VPROF_RESIDENT_MALLOC, 0, NULL, 21 << 20, 18 << 20);
	mk_resident(&mk, 3, VPROF_RESIDENT_MMAP, 6, NULL, 5 << 20, 2 << 20);
	mk_resident(&mk, 3, VPROF_RESIDENT_CODE, 0, "/opt/none/app", 4 << 20, 3 << 20);
	mk_resident(&mk, 3, VPROF_RESIDENT_PROFILER, 0, NULL, 8 << 20, 1 << 20);
	return mk;
}

#endif
