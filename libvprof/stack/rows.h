/* Unwind rows: what one code address says about its caller's frame.
 *
 * A row is 16 bytes: the address and a rule.  One process-wide open-addressed
 * table, read without locks, filled by stack/learn.c one row at a time. */
#ifndef VP_STACK_ROWS_H
#define VP_STACK_ROWS_H

#include <stddef.h>
#include <stdint.h>

enum vp_row_kind {
	VP_ROW_NONE = 0,   /* not in the table */
	VP_ROW_SP = 1,	   /* caller's frame is at sp + cfa_off */
	VP_ROW_BP = 2,	   /* ... at bp + cfa_off */
	VP_ROW_FULL = 3,   /* needs a full libunwind step */
	VP_ROW_SIGNAL = 4, /* the same; the frame above was interrupted */
	VP_ROW_END = 5,	   /* outermost frame */
	VP_ROW_NO_INFO = 6 /* code without unwind information */
};

/* rule: kind 3 | saved 1 | plain 1 | hidden 1 | unused 2 | bp_off/8 16 (signed) |
 *       cfa_off 24 (signed) | module 16, where vprof_node.where has it */
#define VP_RULE_SAVED  8u
#define VP_RULE_PLAIN  16u /* SP or BP, and not hidden */
#define VP_RULE_HIDDEN 32u
#define VP_RULE_MODULE (0xffffull << 48)

struct vp_rule {
	enum vp_row_kind kind;
	int bp_saved; /* caller's bp is stored at frame + bp_off */
	int hidden;   /* a frame of our own thread trampoline: not shown */
	int32_t cfa_off;
	int32_t bp_off;
	uint32_t module; /* id, VPROF_MODULE_UNKNOWN for none */
};

static inline struct vp_rule vp_rule_unpack(uint64_t word)
{
	struct vp_rule rule;

	rule.kind = (enum vp_row_kind)(word & 7);
	rule.bp_saved = (word & VP_RULE_SAVED) != 0;
	rule.hidden = (word & VP_RULE_HIDDEN) != 0;
	rule.cfa_off = (int32_t)((int64_t)(word << 16) >> 40);
	rule.bp_off = (int16_t)(word >> 8) * 8;
	rule.module = (uint32_t)(word >> 48);
	return rule;
}

/* Does the way out of a frame depend on bp, where that of its caller does if
 * `caller` is 1?  For rules of kind SP and BP. */
static inline uint64_t vp_rule_needs_bp(uint64_t word, uint64_t caller)
{
	_Static_assert(VP_ROW_SP == 1 && VP_ROW_BP == 2 && VP_RULE_SAVED == 8, "by bits");
	return (word >> 1 & 1) | (caller & ~(word >> 3));
}

/* Returns 0 when a number does not fit its field. */
uint64_t vp_rule_pack(const struct vp_rule *rule);

struct vp_row {
	uint64_t key, rule;
};

struct vp_row_table {
	uint64_t mask;
	uint64_t used, dead;
	struct vp_row row[];
};

extern struct vp_row_table *vp_rows;
/* Changes whenever rows are dropped: walks remembered from before are void. */
extern uint32_t vp_rows_generation;
void vp_rows_new_generation(void); /* Context: service only. */

static inline uint64_t vp_row_hash(uint64_t address)
{
	return address * 0x9e3779b97f4a7c15u >> 20;
}

#define VP_ROW_DEAD 1u /* key of a dropped row: no code is at address 1 */

/* The key is read again after the rule: a row may be dropped and its place
 * taken in between. */
static inline uint64_t vp_rows_find_in(const struct vp_row *rows, uint64_t mask, uint64_t address)
{
	for (uint64_t at = vp_row_hash(address);; at++) {
		const struct vp_row *row = &rows[at & mask];
		uint64_t key = __atomic_load_n(&row->key, __ATOMIC_ACQUIRE);
		uint64_t rule;

		if (__builtin_expect(key == address, 1)) {
			rule = __atomic_load_n(&row->rule, __ATOMIC_ACQUIRE);
			if (address <= VP_ROW_DEAD) /* no code: the key means something else */
				return 0;
			return __atomic_load_n(&row->key, __ATOMIC_RELAXED) == address ? rule : 0;
		}
		if (key == 0)
			return 0;
	}
}

/* The rule of an address, 0 (kind NONE) when it is not known yet. */
static inline uint64_t vp_rows_find(uint64_t address)
{
	const struct vp_row_table *table = __atomic_load_n(&vp_rows, __ATOMIC_ACQUIRE);

	return vp_rows_find_in(table->row, table->mask, address);
}

int vp_rows_init(void); /* 0 or -ENOMEM */
/* Adds or replaces.  Context: service only. */
void vp_rows_put(uint64_t address, uint64_t rule);
/* Drops all rows in [start, end).  Context: service only. */
void vp_rows_drop(uint64_t start, uint64_t end);
uint64_t vp_rows_count(void);
uint64_t vp_rows_bytes(void);

#endif
