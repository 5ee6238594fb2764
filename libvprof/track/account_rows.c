#include "track/account_rows.h"
#include "base/sys.h"
#include "ring/tables.h"

#include <stddef.h>
#include <string.h>

/* Rows of three accounts: the last one, the highest, and the one being written. */
#define ACCOUNTS   3u
#define ROWS	   240u /* and one for each kind, of what has none of its own */
#define ROWS_MOST  (ROWS + VPROF_RESIDENT_KINDS)
#define SLOTS	   1024u
#define SLOTS_USED (SLOTS * 3 / 4)
#define NAMES	   512u

static struct {
	uint32_t number; /* of the account; 0: none */
	uint32_t rows;	 /* it has */
	uint32_t id[ROWS_MOST];
} written[ACCOUNTS];

/* Paths that are in the file. */
static struct {
	uint64_t hash; /* 0: empty */
	uint32_t id;
} names[NAMES];
static uint32_t name_count;

/* Of the account that is being taken. */
static struct vprof_resident *slot; /* mappings 0: empty */
static struct vprof_resident rest[VPROF_RESIDENT_KINDS];
static uint32_t used;

void vp_account_rows_init(void)
{
	memset(written, 0, sizeof(written));
	memset(names, 0, sizeof(names));
	name_count = 0;
}

static uint32_t name_of(const char *path)
{
	uint64_t hash = 0xcbf29ce484222325u;
	uint32_t at, id;

	for (const char *c = path; *c; c++)
		hash = (hash ^ (uint8_t)*c) * 0x100000001b3u;
	hash |= 1;
	for (at = (uint32_t)(hash >> 20) % NAMES; names[at].hash; at = (at + 1) % NAMES) {
		if (names[at].hash == hash)
			return names[at].id;
	}
	id = name_count < NAMES * 3 / 4 ? vp_string_add(path, strlen(path)) : VPROF_NONE;
	if (id == VPROF_NONE)
		return id;
	names[at].hash = hash;
	names[at].id = id;
	name_count++;
	return id;
}

int vp_account_rows_begin(void)
{
	if (!slot)
		slot = vp_sys_map(SLOTS * sizeof(*slot));
	if (!slot)
		return 0;
	memset(slot, 0, SLOTS * sizeof(*slot));
	memset(rest, 0, sizeof(rest));
	for (uint32_t kind = 0; kind < VPROF_RESIDENT_KINDS; kind++) {
		rest[kind].kind = kind;
		rest[kind].name = VPROF_NONE;
	}
	used = 0;
	return 1;
}

static void add(struct vprof_resident *to, const struct vprof_resident *from)
{
	to->mapped_bytes += from->mapped_bytes;
	to->resident_bytes += from->resident_bytes;
	to->swapped_bytes += from->swapped_bytes;
	to->huge_bytes += from->huge_bytes;
	to->hugetlb_bytes += from->hugetlb_bytes;
	to->mappings += from->mappings;
}

static int is_same(const struct vprof_resident *a, const struct vprof_resident *b)
{
	return a->kind == b->kind && a->node == b->node && a->name == b->name;
}

void vp_account_rows_add(const struct vp_account_piece *piece)
{
	struct vprof_resident row = {.kind = piece->kind,
				     .node = piece->node,
				     .name = VPROF_NONE,
				     .mapped_bytes = piece->mapped,
				     .resident_bytes = piece->resident,
				     .swapped_bytes = piece->swapped,
				     .huge_bytes = piece->huge,
				     .hugetlb_bytes = piece->hugetlb,
				     .mappings = 1};
	uint64_t hash;
	uint32_t at;

	if (*piece->path)
		row.name = name_of(piece->path);
	hash =
	    ((uint64_t)row.node << 32 ^ row.name ^ (uint64_t)row.kind << 24) * 0x9e3779b97f4a7c15u;
	at = (uint32_t)(hash >> 40) % SLOTS;
	while (slot[at].mappings && !is_same(&slot[at], &row))
		at = (at + 1) % SLOTS;
	if (slot[at].mappings) {
		add(&slot[at], &row);
	} else if (used < SLOTS_USED) {
		slot[at] = row;
		used++;
	} else {
		add(&rest[row.kind], &row);
	}
}

/* Leaves ROWS rows, the others go into the rest of their kinds: the smallest first. */
static void keep_the_largest(void)
{
	for (uint64_t below = 4096; used > ROWS; below *= 2) {
		for (uint32_t i = 0; i < SLOTS && used > ROWS; i++) {
			if (!slot[i].mappings ||
			    slot[i].resident_bytes + slot[i].hugetlb_bytes >= below)
				continue;
			add(&rest[slot[i].kind], &slot[i]);
			slot[i].mappings = 0;
			used--;
		}
	}
}

static uint32_t place_for(uint32_t last, uint32_t peak)
{
	uint32_t at = 0;

	while (written[at].number && (written[at].number == last || written[at].number == peak))
		at++;
	return at;
}

static int write_row(uint32_t place, uint32_t number, const struct vprof_resident *from)
{
	uint32_t at = written[place].rows;
	struct vprof_resident *row;

	if (!written[place].id[at] && !vp_table_add(VPROF_SEC_RESIDENT, &written[place].id[at]))
		return 0;
	row = vp_table_row(VPROF_SEC_RESIDENT, written[place].id[at]);
	*row = *from;
	/* Pairs with a reader of the file. */
	__atomic_store_n(&row->account, number, __ATOMIC_RELEASE);
	written[place].rows++;
	return 1;
}

static void void_rows(uint32_t place)
{
	for (uint32_t i = 0; i < ROWS_MOST && written[place].id[i]; i++) {
		struct vprof_resident *row = vp_table_row(VPROF_SEC_RESIDENT, written[place].id[i]);

		/* Pairs with a reader of the file. */
		__atomic_store_n(&row->account, 0, __ATOMIC_RELEASE);
	}
	written[place].number = written[place].rows = 0;
}

/* Row 0 of the section is nobody's: a row's number is never 0. */
static int has_row_0(void)
{
	uint32_t id;

	return vp_table_used(VPROF_SEC_RESIDENT) || vp_table_add(VPROF_SEC_RESIDENT, &id) != NULL;
}

int vp_account_rows_end(uint32_t number, uint32_t last, uint32_t peak,
			struct vprof_account *account)
{
	uint32_t place = place_for(last, peak);
	int ok = has_row_0();

	keep_the_largest();
	void_rows(place);
	for (uint32_t i = 0; ok && i < SLOTS + VPROF_RESIDENT_KINDS; i++) {
		const struct vprof_resident *row = i < SLOTS ? &slot[i] : &rest[i - SLOTS];

		if (!row->mappings)
			continue;
		account->resident[row->kind] += row->resident_bytes;
		account->swapped_bytes += row->swapped_bytes;
		account->hugetlb_bytes += row->hugetlb_bytes;
		account->mappings += row->mappings;
		ok = write_row(place, number, row);
	}
	if (ok)
		written[place].number = number;
	return ok;
}
