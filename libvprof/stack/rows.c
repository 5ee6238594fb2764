#include "stack/rows.h"
#include "base/sys.h"

#include <errno.h>

#define FIRST_ROWS 4096u
#define MOST_ROWS  (4u << 20)

struct vp_row_table *vp_rows;
uint32_t vp_rows_generation = 1;

uint64_t vp_rule_pack(const struct vp_rule *rule)
{
	uint64_t flags = (rule->bp_saved ? VP_RULE_SAVED : 0) | (rule->hidden ? VP_RULE_HIDDEN : 0);

	if (rule->cfa_off < -(1 << 23) || rule->cfa_off >= 1 << 23 || rule->bp_off % 8 ||
	    rule->bp_off / 8 < -(1 << 15) || rule->bp_off / 8 >= 1 << 15)
		return 0;
	if ((rule->kind == VP_ROW_SP || rule->kind == VP_ROW_BP) && !rule->hidden)
		flags |= VP_RULE_PLAIN;
	return (uint64_t)rule->kind | flags |
	       ((uint64_t)(uint32_t)(rule->bp_off / 8) & 0xffff) << 8 |
	       ((uint64_t)(uint32_t)rule->cfa_off & 0xffffff) << 24 |
	       ((uint64_t)rule->module & 0xffff) << 48;
}

static struct vp_row_table *new_table(uint64_t rows)
{
	struct vp_row_table *table = vp_sys_map(sizeof(*table) + rows * sizeof(struct vp_row));

	if (table)
		table->mask = rows - 1;
	return table;
}

int vp_rows_init(void)
{
	if (!vp_rows)
		vp_rows = new_table(FIRST_ROWS);
	return vp_rows ? 0 : -ENOMEM;
}

/* The place of an address: its row, else the first dead or empty one. */
static struct vp_row *place(struct vp_row_table *table, uint64_t address)
{
	struct vp_row *dead = NULL;

	for (uint64_t at = vp_row_hash(address);; at++) {
		struct vp_row *row = &table->row[at & table->mask];

		if (row->key == address)
			return row;
		if (row->key == VP_ROW_DEAD && !dead)
			dead = row;
		if (row->key == 0)
			return dead ? dead : row;
	}
}

static void put(struct vp_row_table *table, uint64_t address, uint64_t rule)
{
	struct vp_row *row = place(table, address);

	if (row->key == 0)
		table->used++;
	else if (row->key == VP_ROW_DEAD)
		table->dead--;
	/* Pairs with vp_rows_find_in(): the rule first, then the key it is found by. */
	__atomic_store_n(&row->rule, rule, __ATOMIC_RELEASE);
	/* Pairs with vp_rows_find_in(). */
	__atomic_store_n(&row->key, address, __ATOMIC_RELEASE);
}

/* The old table stays mapped: a reader may be in the middle of it.  Sizes
 * double, so all old tables together are smaller than the one in use. */
static void grow(void)
{
	struct vp_row_table *old = vp_rows;
	struct vp_row_table *more;

	if (old->mask + 1 >= MOST_ROWS)
		return;
	more = new_table((old->mask + 1) * 2);
	if (!more)
		return;
	for (uint64_t i = 0; i <= old->mask; i++) {
		if (old->row[i].key > VP_ROW_DEAD)
			put(more, old->row[i].key, old->row[i].rule);
	}
	/* Pairs with vp_rows_find() and walk_plain(). */
	__atomic_store_n(&vp_rows, more, __ATOMIC_RELEASE);
}

void vp_rows_put(uint64_t address, uint64_t rule)
{
	if (vp_rows->used * 4 > (vp_rows->mask + 1) * 3)
		grow();
	if (vp_rows->used * 8 > (vp_rows->mask + 1) * 7)
		return; /* full: the address is learned anew each time */
	put(vp_rows, address, rule);
}

void vp_rows_drop(uint64_t start, uint64_t end)
{
	for (uint64_t i = 0; i <= vp_rows->mask; i++) {
		struct vp_row *row = &vp_rows->row[i];

		if (row->key < start || row->key >= end)
			continue;
		/* Pairs with vp_rows_find_in(). */
		__atomic_store_n(&row->key, VP_ROW_DEAD, __ATOMIC_RELEASE);
		vp_rows->dead++;
	}
	vp_rows_new_generation();
}

void vp_rows_new_generation(void)
{
	uint32_t next = vp_rows_generation + 1;

	/* Pairs with vp_capture_stack(). */
	__atomic_store_n(&vp_rows_generation, next ? next : 1, __ATOMIC_RELEASE);
}

uint64_t vp_rows_count(void)
{
	return vp_rows ? vp_rows->used - vp_rows->dead : 0;
}

uint64_t vp_rows_bytes(void)
{
	return vp_rows ? 2 * (vp_rows->mask + 1) * sizeof(struct vp_row) : 0;
}
