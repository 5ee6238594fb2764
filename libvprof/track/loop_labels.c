/* Iterations by label: which label one is of, and the rows of LABELS. */
#include "base/lock.h"
#include "base/sys.h"
#include "ring/tables.h"
#include "thread/threads.h"
#include "track/loop.h"

#include <string.h>

#define SLOTS	  16384u /* power of two */
#define ROWS_MOST (SLOTS / 2)

static struct vp_lock lock; /* of all below; who looks for a row needs none */
static uint32_t *slots;	    /* row + 1, by loop and label; NULL: none so far */
static uint32_t used;

int vp_loop_labels_init(void)
{
	lock.word = 0;
	/* Not given back: another thread may have been at it when we were forked. */
	slots = NULL;
	used = 0;
	return 0;
}

static uint32_t in_force(const struct vp_loops *loops)
{
	const char *thread = (const char *)loops - offsetof(struct vp_thread, loops);

	return ((const struct vp_thread *)(const void *)thread)->label;
}

/* Where none was begun in this turn, the one in force now is what is left of those that were
 * when it began: none can have been put in its place. */
uint32_t vp_loop_label(struct vp_loops *loops, struct vp_loop *site)
{
	int begun = site->label_sets != loops->label_sets;

	loops->label_several = loops->label_firsts - site->label_firsts > 1;
	site->label_sets = loops->label_sets;
	site->label_firsts = loops->label_firsts;
	return begun ? loops->label : in_force(loops);
}

/* Its slot, or the free one where it belongs.  Slots are filled once. */
static uint32_t *place(uint32_t loop, uint32_t label)
{
	uint64_t at = ((uint64_t)loop << 32 | label) * 0x9e3779b97f4a7c15u >> 32;

	for (;; at++) {
		uint32_t *slot = &slots[at % SLOTS];
		uint32_t number = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
		const struct vprof_label_loop *row;

		if (!number)
			return slot;
		row = vp_table_row(VPROF_SEC_LABELS, number - 1);
		if (row->loop == loop && row->label == label)
			return slot;
	}
}

/* Context: lock held. */
static void add_row(uint32_t loop, uint32_t label)
{
	struct vprof_label_loop *row;
	uint32_t id, *slot;

	if (!slots)
		/* Pairs with row_of(). */
		__atomic_store_n(&slots, vp_sys_map(SLOTS * sizeof(*slots)), __ATOMIC_RELEASE);
	if (!slots || used == ROWS_MOST)
		return;
	slot = place(loop, label);
	row = vp_table_add(VPROF_SEC_LABELS, &id);
	if (!row)
		return;
	used++;
	row->loop = loop;
	/* Pairs with a reader of the file, to which a row without a label is none. */
	__atomic_store_n(&row->label, label, __ATOMIC_RELEASE);
	/* Pairs with place(). */
	__atomic_store_n(slot, id + 1, __ATOMIC_RELEASE);
}

/* The row of a loop of the calling thread; NULL without room for one. */
static struct vprof_label_loop *row_of(uint32_t loop, uint32_t label)
{
	uint32_t number = 0;

	if (__atomic_load_n(&slots, __ATOMIC_ACQUIRE))
		number = *place(loop, label);
	if (!number && __atomic_load_n(&used, __ATOMIC_RELAXED) < ROWS_MOST) {
		struct vp_inside inside = vp_inside_begin();

		vp_lock_take(&lock);
		add_row(loop, label);
		number = slots ? *place(loop, label) : 0;
		vp_lock_drop(&lock);
		vp_inside_end(inside);
	}
	return number ? vp_table_row(VPROF_SEC_LABELS, number - 1) : NULL;
}

void vp_loop_count_label(const struct vp_loops *loops, struct vp_loop *loop, uint32_t label,
			 uint64_t begin, uint64_t ns)
{
	struct vprof_label_loop *row = loop->label_row;

	if (!row || loop->label != label) {
		row = row_of(loop->row_id, label);
		loop->label = label;
		loop->label_row = row;
	}
	if (!row) {
		vp_lost(VPROF_LOST_LABELS, 1);
		return;
	}
	row->iterations++;
	row->busy_ns += ns;
	row->blocked_ns += loop->blocked_ns < ns ? loop->blocked_ns : ns;
	row->slept += loops->left != 0;
	row->several += loops->label_several;
	row->histogram[vprof_histogram_bucket(ns, VPROF_LOOP_UNIT_BITS, VPROF_LOOP_SUB_BITS,
					      VPROF_LABEL_BUCKETS)]++;
	if (ns > row->max_ns) {
		row->max_ns = ns;
		row->max_at_ns = begin;
	}
}

void vp_loop_forget_labels(uint32_t loop_row)
{
	for (uint32_t i = 0; slots && i < SLOTS; i++) {
		uint32_t number = __atomic_load_n(&slots[i], __ATOMIC_ACQUIRE);
		struct vprof_label_loop *row;

		if (!number)
			continue;
		row = vp_table_row(VPROF_SEC_LABELS, number - 1);
		if (row->loop == loop_row) {
			uint32_t label = row->label;

			memset(row, 0, sizeof(*row));
			row->loop = loop_row;
			row->label = label;
		}
	}
}
