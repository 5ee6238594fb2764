#include "model/lock_order.h"

#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "cli/xalloc.h"
#include "model/thread_order.h"

/* Steps of the search before it gives up. */
#define STEPS_MOST 4000000u

/* A lock that a row holds. */
struct holding {
	const struct vprof_order *row;
	uint32_t held;
};

struct search {
	const struct vr_profile *profile;
	const struct vprof_order **row; /* those that are selected, in the order of the file */
	size_t rows;
	struct holding *holding; /* of them, by lock */
	size_t holdings;
	struct vr_thread_order *order;
	struct vr_cycles *out;
	size_t room;
	uint64_t steps;
	/* under way */
	uint32_t parts; /* that it shall have */
	size_t first;	/* row of part 0; the others have larger numbers */
	struct vr_cycle now;
};

static int order_locks(const struct vprof_order *x, const struct vprof_order_lock *a,
		       const struct vprof_order *y, const struct vprof_order_lock *b)
{
	int c = vr_smaller_first(x->reserved, y->reserved); /* the process, in a sum */

	c = c ? c : vr_smaller_first(a->address, b->address);
	return c ? c : vr_smaller_first(a->born_ns, b->born_ns);
}

static int is_same_lock(const struct vprof_order *x, const struct vprof_order_lock *a,
			const struct vprof_order *y, const struct vprof_order_lock *b)
{
	return order_locks(x, a, y, b) == 0;
}

static int by_lock(const void *a, const void *b)
{
	const struct holding *x = a;
	const struct holding *y = b;
	int c = order_locks(x->row, &x->row->held[x->held], y->row, &y->row->held[y->held]);

	return c ? c : (x->row > y->row) - (x->row < y->row);
}

static int is_in_window(const struct vr_profile *profile, const struct vprof_order *row)
{
	return row->thread &&
	       (!profile->select.windowed || (row->first_ns <= profile->select.until_ns &&
					      row->last_ns >= profile->select.since_ns));
}

/* One of its threads, and one of its stacks, is among those asked for. */
static int is_selected(const struct vr_profile *profile, const struct vr_cycle *cycle)
{
	const char *glob = profile->select.module;
	int thread = 0, module = !glob;

	for (uint32_t i = 0; i < cycle->parts; i++) {
		const struct vprof_order *row = cycle->part[i].row;

		thread |= profile->keep_thread[row->thread];
		module = module || vr_stacks_touches(profile->stacks, row->taken.node, glob);
	}
	return thread && module;
}

static void collect(struct search *search)
{
	const struct vr_file *file = search->profile->file;

	search->row = vr_xcalloc(file->n_orders + 1, sizeof(*search->row));
	search->holding =
	    vr_xcalloc((size_t)file->n_orders * VPROF_ORDER_HELD + 1, sizeof(*search->holding));
	for (uint32_t i = 0; i < file->n_orders; i++) {
		const struct vprof_order *row = &file->order[i];

		if (!is_in_window(search->profile, row))
			continue;
		search->row[search->rows++] = row;
		for (uint32_t k = 0; k < VPROF_ORDER_HELD && row->held[k].address; k++)
			search->holding[search->holdings++] = (struct holding){row, k};
	}
	qsort(search->holding, search->holdings, sizeof(*search->holding), by_lock);
}

/* The first of those who hold the lock that a row takes. */
static size_t first_holder(const struct search *search, const struct vprof_order *row)
{
	size_t low = 0, high = search->holdings;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct holding *at = &search->holding[mid];

		if (order_locks(at->row, &at->row->held[at->held], row, &row->taken) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int modes_conflict(uint8_t x, uint8_t y)
{
	return x != VPROF_MODE_READ || y != VPROF_MODE_READ;
}

/* A lock that both hold, so that never both are where they are here. */
static int have_gate(const struct vprof_order *x, const struct vprof_order *y)
{
	for (uint32_t i = 0; i < VPROF_ORDER_HELD && x->held[i].address; i++)
		for (uint32_t k = 0; k < VPROF_ORDER_HELD && y->held[k].address; k++)
			if (is_same_lock(x, &x->held[i], y, &y->held[k]) &&
			    modes_conflict(x->held[i].mode, y->held[k].mode))
				return 1;
	return 0;
}

static int may_join(const struct vr_cycle *now, const struct vprof_order *row)
{
	for (uint32_t i = 0; i < now->parts; i++)
		if (now->part[i].row->thread == row->thread || have_gate(now->part[i].row, row))
			return 0;
	return 1;
}

/* When a thread other than that of `row` was first seen to have to do with the lock. */
static uint64_t first_shared_ns(const struct search *search, const struct vprof_order *row,
				const struct vprof_order_lock *lock)
{
	uint64_t first_ns = UINT64_MAX;

	for (size_t i = 0; i < search->rows; i++) {
		const struct vprof_order *other = search->row[i];
		int touches = is_same_lock(row, lock, other, &other->taken);

		for (uint32_t k = 0; k < VPROF_ORDER_HELD && other->held[k].address; k++)
			touches |= is_same_lock(row, lock, other, &other->held[k]);
		if (touches && other->thread != row->thread && other->first_ns < first_ns)
			first_ns = other->first_ns;
	}
	return first_ns;
}

/* The thread had allocated the lock itself, when the other one was already running, and no
 * other had come near it: most likely nobody could know of it yet. */
static int not_shared_yet(const struct search *search, const struct vprof_order *row,
			  const struct vprof_order_lock *lock, uint32_t other)
{
	return lock->place == VPROF_LOCK_IN_BLOCK && lock->flags & VPROF_ORDER_OWN &&
	       lock->born_ns > search->profile->file->thread[other].start_ns &&
	       row->last_ns < first_shared_ns(search, row, lock);
}

/* Could all of them be where they are at the same time? */
static int is_possible(const struct search *search)
{
	const struct vr_cycle *now = &search->now;

	for (uint32_t i = 0; i < now->parts; i++) {
		const struct vprof_order *row = now->part[i].row;
		const struct vprof_order *next = now->part[(i + 1) % now->parts].row;
		const struct vprof_order *before = now->part[(i + now->parts - 1) % now->parts].row;

		for (uint32_t k = i + 1; k < now->parts; k++)
			if (!vr_thread_order_concurrent(search->order, row, now->part[k].row))
				return 0;
		if (not_shared_yet(search, row, &row->taken, next->thread) ||
		    not_shared_yet(search, row, &row->held[now->part[i].held], before->thread))
			return 0;
	}
	return 1;
}

/* Locks of one site, at one place in its blocks, are one here. */
static int order_kinds(const struct vprof_order *x, const struct vprof_order_lock *a,
		       const struct vprof_order *y, const struct vprof_order_lock *b)
{
	int blocks = a->place == VPROF_LOCK_IN_BLOCK;
	int c = (b->place == VPROF_LOCK_IN_BLOCK) - blocks;

	if (c)
		return c;
	if (!blocks)
		return order_locks(x, a, y, b);
	c = vr_smaller_first(a->site, b->site);
	return c ? c : vr_smaller_first(a->offset, b->offset);
}

static int is_alike(const struct vr_cycle *x, const struct vr_cycle *y)
{
	for (uint32_t turn = 0; turn < x->parts; turn++) {
		uint32_t i = 0;

		while (i < x->parts && order_kinds(x->part[i].row, &x->part[i].row->taken,
						   y->part[(i + turn) % x->parts].row,
						   &y->part[(i + turn) % x->parts].row->taken) == 0)
			i++;
		if (i == x->parts)
			return 1;
	}
	return 0;
}

static void found(struct search *search)
{
	struct vr_cycles *out = search->out;

	if (!is_selected(search->profile, &search->now) || !is_possible(search))
		return;
	for (size_t i = 0; i < out->count; i++) {
		if (out->cycle[i].parts == search->now.parts &&
		    is_alike(&out->cycle[i], &search->now)) {
			out->cycle[i].cycles++;
			return;
		}
	}
	out->cycle = vr_xgrow(out->cycle, out->count, &search->room, sizeof(*out->cycle));
	out->cycle[out->count] = search->now;
	out->cycle[out->count++].cycles = 1;
}

/* Goes on from the last part to those who hold what it takes. */
static void go_on(struct search *search)
{
	struct vr_cycle *now = &search->now;
	const struct vprof_order *last = now->part[now->parts - 1].row;

	for (size_t at = first_holder(search, last); at < search->holdings; at++) {
		const struct holding *next = &search->holding[at];
		const struct vprof_order *row = next->row;
		const struct vprof_order_lock *held = &row->held[next->held];

		if (++search->steps > STEPS_MOST || !is_same_lock(last, &last->taken, row, held))
			return;
		if (!modes_conflict(last->taken.mode, held->mode))
			continue;
		if (row == now->part[0].row) {
			now->part[0].held = next->held;
			if (now->parts == search->parts)
				found(search);
		} else if (row > now->part[0].row && now->parts < search->parts &&
			   may_join(now, row)) {
			now->part[now->parts++] = (struct vr_cycle_part){row, next->held};
			go_on(search);
			now->parts--;
		}
	}
}

static int by_size(const void *a, const void *b)
{
	const struct vr_cycle *x = a;
	const struct vr_cycle *y = b;
	int c = vr_smaller_first(x->parts, y->parts);

	c = c ? c : vr_larger_first(x->cycles, y->cycles);
	return c ? c : (x->part[0].row > y->part[0].row) - (x->part[0].row < y->part[0].row);
}

struct vr_cycles *vr_cycles_new(const struct vr_profile *profile)
{
	struct search search = {.profile = profile};

	search.out = vr_xcalloc(1, sizeof(*search.out));
	if (!profile->file->n_orders)
		return search.out;
	collect(&search);
	search.order = vr_thread_order_new(profile->file);
	for (search.parts = 2; search.parts <= VR_CYCLE_MOST; search.parts++) {
		for (size_t i = 0; i < search.rows && search.steps <= STEPS_MOST; i++) {
			search.now = (struct vr_cycle){.parts = 1};
			search.now.part[0].row = search.row[i];
			go_on(&search);
		}
	}
	search.out->gave_up = search.steps > STEPS_MOST;
	if (search.out->count)
		qsort(search.out->cycle, search.out->count, sizeof(*search.out->cycle), by_size);
	vr_thread_order_free(search.order);
	free(search.row);
	free(search.holding);
	return search.out;
}

void vr_cycles_free(struct vr_cycles *cycles)
{
	if (!cycles)
		return;
	free(cycles->cycle);
	free(cycles);
}

uint64_t vr_orders_lost(const struct vr_file *file)
{
	uint64_t lost = 0;

	for (uint32_t i = 0; i < file->n_orders; i++)
		lost += file->order[i].thread ? 0 : file->order[i].count;
	return lost;
}

struct vr_lock vr_order_lock(const struct vprof_order *row, const struct vprof_order_lock *lock)
{
	return (struct vr_lock){.address = lock->address,
				.kind = VPROF_LOCK_MUTEX,
				.place = lock->place,
				.site = lock->site,
				.offset = lock->offset,
				.addresses = 1,
				.sum = {.first_ns = row->first_ns, .last_ns = row->last_ns}};
}

const char *vr_order_mode_name(uint32_t mode)
{
	static const char *const name[] = {[VPROF_MODE_MUTEX] = "mutex",
					   [VPROF_MODE_READ] = "read",
					   [VPROF_MODE_WRITE] = "write",
					   [VPROF_MODE_SPIN] = "spin"};

	return mode <= VPROF_MODE_SPIN ? name[mode] : "unknown";
}
