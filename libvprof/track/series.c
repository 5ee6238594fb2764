#include "track/series.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/lock.h"
#include "base/private_heap.h"
#include "base/service.h"
#include "ring/file.h"
#include "ring/tables.h"
#include "track/heap.h"

#include <string.h>

/* A site with less than both is not worth a row. */
#define WATCH_BLOCKS 3
#define WATCH_BYTES  1024
#define COST_SHARE   400u /* readings may take this part of the time */
#define NO_ROW	     0u	  /* row 0 is the clock */

#define AGES_BLOCKS 1000000u		   /* whose ages are counted at the end, about */
#define AGES_NS	    (300ull * 1000 * 1000) /* and the time that may take */

struct age_count {
	uint64_t now_ns, stride;
};

/* The rows of one stack in all shards. */
struct group {
	uint32_t node;
	uint32_t row; /* in SERIES */
	uint64_t bytes, blocks;
	uint64_t allocs;  /* ever */
	uint64_t highest; /* bytes while it has no row: only a record asks for one */
};

static struct group *group;
static uint32_t groups, groups_room;
static uint32_t *group_of_site; /* by row of SITES, plus one; 0: not known yet */
static uint32_t sites_room;
static uint32_t *slot; /* group plus one by node, open addressing */
static uint32_t slots;

static struct vp_lock lock;
static uint32_t merge;	  /* readings, or iterations, of a full point */
static uint32_t in_point; /* of the last one so far */
static uint32_t victim;	  /* where the search for a row to reuse goes on */
static uint64_t next_ns;
/* What the header has a copy of: nothing that we index by is read from the file. */
static uint32_t points;
static enum vprof_series_clock kind;

int vp_series_init(void)
{
	uint32_t row;

	/* A forked child may find these half changed: they are left alone. */
	group = NULL;
	group_of_site = slot = NULL;
	groups = groups_room = sites_room = slots = 0;
	lock.word = 0;
	merge = 1;
	in_point = victim = 0;
	next_ns = 0;
	points = 0;
	kind = VPROF_SERIES_NONE;
	vp_table_add(VPROF_SEC_SERIES, &row);
	return 0;
}

static struct vprof_series *series(uint32_t row)
{
	return vp_table_row(VPROF_SEC_SERIES, row);
}

/* Twice the room, or *array as it is and 0. */
static int widen(void *array, uint32_t *room, size_t size, uint32_t least)
{
	uint32_t wanted = *room ? *room : 1024;
	void **at = array;
	void *more;

	while (wanted < least)
		wanted *= 2;
	more = vp_private_get(wanted * size);
	if (!more)
		return 0;
	if (*at)
		memcpy(more, *at, *room * size);
	vp_private_put(*at);
	*at = more;
	*room = wanted;
	return 1;
}

static uint32_t *slot_of(uint32_t *table, uint32_t size, uint32_t node)
{
	uint32_t at = node * 0x9e3779b1u >> 7;

	while (table[at & (size - 1)] && group[table[at & (size - 1)] - 1].node != node)
		at++;
	return &table[at & (size - 1)];
}

static int rehash(void)
{
	uint32_t size = slots ? slots * 2 : 2048;
	uint32_t *more = vp_private_get(size * sizeof(*more));

	if (!more)
		return 0;
	for (uint32_t i = 0; i < groups; i++)
		*slot_of(more, size, group[i].node) = i + 1;
	vp_private_put(slot);
	slot = more;
	slots = size;
	return 1;
}

/* The group of a stack, plus one; 0 when there is no memory. */
static uint32_t group_of_node(uint32_t node)
{
	uint32_t *at;

	if (groups * 2 >= slots && !rehash())
		return 0;
	at = slot_of(slot, slots, node);
	if (*at)
		return *at;
	if (groups == groups_room && !widen(&group, &groups_room, sizeof(*group), groups + 1))
		return 0;
	group[groups] = (struct group){.node = node};
	*at = ++groups;
	return groups;
}

/* Sums what lives by stack.  Frees are read before allocations: a block on its
 * way counts once too often rather than once too little. */
static void sum_sites(void)
{
	uint32_t used = vp_table_used(VPROF_SEC_SITES);

	for (uint32_t i = 0; i < groups; i++)
		group[i].bytes = group[i].blocks = group[i].allocs = 0;
	if (used > sites_room && !widen(&group_of_site, &sites_room, sizeof(*group_of_site), used))
		used = sites_room;
	for (uint32_t i = 0; i < used; i++) {
		const struct vprof_site *site = vp_table_row(VPROF_SEC_SITES, i);
		uint64_t frees = __atomic_load_n(&site->frees, __ATOMIC_ACQUIRE);
		uint64_t freed = __atomic_load_n(&site->freed_bytes, __ATOMIC_ACQUIRE);
		uint64_t allocs = __atomic_load_n(&site->allocs, __ATOMIC_ACQUIRE);
		struct group *of;

		if (!allocs && !frees)
			continue; /* its node may not be there yet */
		if (!group_of_site[i])
			group_of_site[i] = group_of_node(site->node);
		if (!group_of_site[i])
			continue;
		of = &group[group_of_site[i] - 1];
		of->blocks += allocs - frees;
		of->allocs += allocs;
		of->bytes += __atomic_load_n(&site->alloc_bytes, __ATOMIC_RELAXED) - freed;
	}
}

/* A row whose site has not grown over the later half of the points. */
static uint32_t row_to_reuse(uint32_t last)
{
	uint32_t used = vp_table_used(VPROF_SEC_SERIES);

	for (uint32_t i = 0; i < 64 && i < used; i++) {
		const struct vprof_series *row;
		uint32_t first;

		victim = victim + 1 < used ? victim + 1 : 1;
		row = series(victim < used ? victim : 0);
		first = __atomic_load_n(&row->first, __ATOMIC_RELAXED);
		if (victim >= used || first > last || last - first < 32)
			continue;
		if (row->bytes[last] <= row->bytes[(first + last) / 2])
			return victim;
	}
	return NO_ROW;
}

static void forget_row(const struct vprof_series *row, uint32_t last)
{
	uint32_t of = *slot_of(slot, slots, __atomic_load_n(&row->node, __ATOMIC_RELAXED));

	if (!of)
		return; /* somebody wrote into the file */
	group[of - 1].row = NO_ROW;
	group[of - 1].highest = row->bytes[last];
}

static uint32_t find_row(uint32_t node, uint32_t point)
{
	struct vprof_series *row;
	uint32_t id;

	row = vp_table_add(VPROF_SEC_SERIES, &id);
	if (!row) {
		id = point ? row_to_reuse(point - 1) : NO_ROW;
		if (id == NO_ROW) {
			vp_file.header->series_left_out++;
			return NO_ROW;
		}
		row = series(id);
		forget_row(row, point - 1);
		memset(row, 0, sizeof(*row));
	}
	row->first = point;
	/* Pairs with a reader of the file. */
	__atomic_store_n(&row->node, node, __ATOMIC_RELEASE);
	return id;
}

static uint32_t at_most_u32(uint64_t value)
{
	return value < UINT32_MAX ? (uint32_t)value : UINT32_MAX;
}

/* Enters the sums into a point; `fold`: it holds a reading already. */
static void enter(uint32_t point, int fold)
{
	for (uint32_t i = 0; i < groups; i++) {
		struct group *g = &group[i];
		/* Below zero: a free on its way was seen, its allocation not. */
		uint64_t bytes = (int64_t)g->bytes < 0 ? 0 : g->bytes;
		uint64_t blocks = (int64_t)g->blocks < 0 ? 0 : g->blocks;
		struct vprof_series *row;
		int fresh = g->row == NO_ROW;

		if (fresh &&
		    ((blocks < WATCH_BLOCKS && bytes < WATCH_BYTES) || bytes <= g->highest))
			continue;
		if (fresh) {
			g->highest = bytes;
			g->row = find_row(g->node, point);
		}
		if (g->row == NO_ROW)
			continue;
		row = series(g->row);
		if (!fold || fresh || bytes < row->bytes[point])
			row->bytes[point] = bytes;
		if (!fold || fresh || blocks < row->blocks[point])
			row->blocks[point] = at_most_u32(blocks);
		if ((point + 1) % VPROF_SERIES_CHECKPOINT_EVERY == 0)
			row->allocs[point / VPROF_SERIES_CHECKPOINT_EVERY] = g->allocs;
	}
}

static void halve_row(struct vprof_series *row, int clock)
{
	for (uint32_t i = 0; i < VPROF_SERIES_POINTS / 2; i++) {
		uint32_t a = 2 * i, b = 2 * i + 1;
		int later = clock || row->bytes[b] < row->bytes[a] || a < row->first;
		int fewer = clock || row->blocks[b] < row->blocks[a] || a < row->first;

		row->bytes[i] = row->bytes[later ? b : a];
		row->blocks[i] = row->blocks[fewer ? b : a];
	}
	for (uint32_t i = 0; i < VPROF_SERIES_CHECKPOINTS; i++)
		row->allocs[i] = i < VPROF_SERIES_CHECKPOINTS / 2 ? row->allocs[2 * i + 1] : 0;
	row->first /= 2;
}

static void halve(struct vprof_header *header)
{
	uint32_t used = vp_table_used(VPROF_SEC_SERIES);

	__atomic_store_n(&header->series_sequence, header->series_sequence + 1, __ATOMIC_SEQ_CST);
	for (uint32_t i = 0; i < used; i++)
		halve_row(series(i), i == 0);
	header->series_points = points = VPROF_SERIES_POINTS / 2;
	merge *= 2;
	__atomic_store_n(&header->series_sequence, header->series_sequence + 1, __ATOMIC_SEQ_CST);
}

/* A reading into a new point, or into the last one. */
static void read_sites(uint64_t now, int new_point)
{
	struct vprof_header *header = vp_file.header;
	uint64_t iterations = header->series_iterations;
	int by_time = kind == VPROF_SERIES_TIME;
	uint32_t point;

	if (new_point && points == VPROF_SERIES_POINTS)
		halve(header);
	point = points - !new_point;
	sum_sites();
	enter(point, !new_point);
	in_point = new_point ? 1 : in_point + 1;
	series(0)->bytes[point] = now;
	series(0)->blocks[point] = by_time ? in_point : at_most_u32(iterations);
	header->series_step = by_time ? vp_config.tick_ms * 1000000ull * merge : merge;
	points = point + 1;
	/* Pairs with a reader of the file. */
	__atomic_store_n(&header->series_points, points, __ATOMIC_RELEASE);
	header->series_readings++;
}

/* Reads and notes what it cost; the next one in time waits accordingly. */
static void timed_reading(int new_point)
{
	uint64_t before = vp_clock_now(), took;

	read_sites(before, new_point);
	took = vp_clock_now() - before;
	vp_file.header->series_cost_ns += took;
	next_ns = before + took * COST_SHARE;
}

static void count_age(const struct vp_block *block, void *arg)
{
	const struct age_count *count = arg;
	uint64_t blocks;
	unsigned bucket;
	uint32_t of = block->site < sites_room ? group_of_site[block->site] : 0;

	if (!of || group[of - 1].row == NO_ROW)
		return;
	bucket = vp_heap_age_bucket(block, count->now_ns, &blocks);
	series(group[of - 1].row)->age[bucket] += blocks * count->stride;
}

/* How old the blocks are that live now, or were when recording ended.  Of very many, some
 * pages only. */
static void count_ages(void)
{
	struct vprof_header *header = vp_file.header;
	uint64_t now = vp_control.paused ? header->paused_since_ns : vp_clock_now();
	struct age_count count = {now, 1 + header->live_blocks / AGES_BLOCKS};
	uint32_t used = vp_table_used(VPROF_SEC_SERIES);

	header->series_ages_ns = 0;
	for (uint32_t i = 1; i < used; i++)
		memset(series(i)->age, 0, sizeof(series(i)->age));
	if (vp_live_each(count_age, &count, count.stride, vp_clock_mono() + AGES_NS) == 0)
		header->series_ages_ns = count.now_ns;
}

static int series_exist(void)
{
	return vp_table_used(VPROF_SEC_SERIES) > 0;
}

/* What was read in time is dropped: the rows begin again. */
static void start_iterations(struct vprof_header *header)
{
	uint32_t used = vp_table_used(VPROF_SEC_SERIES);

	__atomic_store_n(&header->series_sequence, header->series_sequence + 1, __ATOMIC_SEQ_CST);
	for (uint32_t i = 1; i < used; i++) {
		series(i)->first = 0;
		memset(series(i)->allocs, 0, sizeof(series(i)->allocs));
	}
	header->series_points = points = 0;
	header->series_clock = kind = VPROF_SERIES_ITERATIONS;
	merge = 1;
	__atomic_store_n(&header->series_sequence, header->series_sequence + 1, __ATOMIC_SEQ_CST);
}

void vp_series_tick(int last)
{
	struct vprof_header *header = vp_file.header;

	if (!vp_config.heap || !series_exist())
		return;
	vp_lock_take(&lock);
	if (kind == VPROF_SERIES_NONE)
		header->series_clock = kind = VPROF_SERIES_TIME;
	/* In a pause nothing would rise. */
	if (kind == VPROF_SERIES_TIME && !vp_control.paused && (last || vp_clock_now() >= next_ns))
		timed_reading(!points || in_point >= merge);
	if (last)
		count_ages();
	vp_lock_drop(&lock);
}

static void iteration_service(void *arg)
{
	struct vprof_header *header = vp_file.header;

	(void)arg;
	vp_lock_take(&lock);
	if (kind != VPROF_SERIES_ITERATIONS)
		start_iterations(header);
	/* Every merge-th iteration is a point. */
	if (++header->series_iterations % merge == 0) {
		if (points == VPROF_SERIES_POINTS)
			halve(header);
		if (header->series_iterations % merge == 0)
			timed_reading(1);
	}
	vp_lock_drop(&lock);
}

void vp_series_iteration(void)
{
	if (vp_config.heap && vp_control.heap && !vp_control.paused && series_exist())
		vp_service(iteration_service, NULL);
}
