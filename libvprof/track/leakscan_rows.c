/* L3  The verdicts, summed up by call path.
 *
 * Of the blocks that nothing leads to, one is lost and what it leads to is
 * indirect.  A cycle has no first block: the one with the lowest address is
 * taken for it. */
#include "base/sys.h"
#include "ring/tables.h"
#include "track/leakscan_impl.h"

#include <errno.h>

#define SPARE_ROWS 8u /* for what finds no row of its own: one a verdict */

struct key {
	uint32_t node, verdict, owner;
};

static struct vp_scan_result *result;
static uint32_t *owner; /* by rank: rank + 1 of the block that leads here; itself: lost */
static uint64_t *stack; /* addresses */
static uint32_t depth, leader;
static uint32_t *bucket, bucket_mask; /* row + 1 */
static uint32_t *reachable_row;	      /* by site: row + 1 */

static int is_unmarked(const struct vp_scan_page *page, uint32_t unit)
{
	uint64_t marked = page->bits[unit >> 6].reach | page->bits[unit >> 6].maybe;

	return !(marked >> (unit & 63) & 1);
}

static void word_of_lost(uint64_t word)
{
	struct vp_scan_ref ref;
	uint32_t rank;

	if (word < vp_scan_blocks.first || !vp_scan_find(word, &ref) ||
	    !is_unmarked(ref.page, ref.unit))
		return;
	rank = vp_scan_rank(ref.page, ref.unit);
	if (rank + 1 == leader)
		return;
	if (!owner[rank])
		stack[depth++] = ref.start;
	/* Another leader's blocks are known to hang on it: it is enough to
	 * make that one hang on this. */
	if (!owner[rank] || owner[rank] == rank + 1)
		owner[rank] = leader;
}

static void words_of_lost(uint64_t lo, uint64_t hi)
{
	vp_scan_words(lo, hi, word_of_lost);
}

static void follow(uint64_t start)
{
	struct vp_scan_ref ref;

	stack[depth++] = start;
	while (depth) {
		vp_scan_find(stack[--depth], &ref);
		vp_scan_present(ref.start, ref.start + ref.bytes, 0, words_of_lost);
	}
}

static void find_owners(void)
{
	for (uint32_t i = 0; i < vp_scan_blocks.pages; i++) {
		const struct vp_scan_page *page = &vp_scan_blocks.page[i];

		for (uint32_t word = 0; word < 8; word++) {
			uint64_t bits = page->bits[word].start & ~page->bits[word].reach &
					~page->bits[word].maybe;

			for (; bits; bits &= bits - 1) {
				uint32_t unit = word * 64 + (uint32_t)__builtin_ctzll(bits);
				uint32_t rank = vp_scan_rank(page, unit);

				if (owner[rank])
					continue;
				leader = owner[rank] = rank + 1;
				follow(page->address + unit * 8ull);
			}
		}
	}
}

static uint32_t node_of_site(uint32_t site)
{
	const struct vprof_site *row;

	if (site >= vp_table_used(VPROF_SEC_SITES))
		return VPROF_NODE_OVERFLOW;
	row = vp_table_row(VPROF_SEC_SITES, site);
	return row->node;
}

/* The lost block at the end of the chain; all of the chain then leads there at
 * once: a list whose head is lost is as long a chain as it is a list. */
static uint32_t last_owner(uint32_t rank)
{
	uint32_t last = owner[rank];

	while (owner[last - 1] != last)
		last = owner[last - 1];
	while (owner[rank] != last) {
		uint32_t next = owner[rank] - 1;

		owner[rank] = last;
		rank = next;
	}
	return last - 1;
}

static struct key key_of(const struct vp_scan_page *page, const struct vp_live_view *block)
{
	uint64_t bit = 1ull << (block->unit & 63);
	int reached = (page->bits[block->unit >> 6].reach & bit) != 0;
	int maybe = (page->bits[block->unit >> 6].maybe & bit) != 0;
	struct key key = {node_of_site(block->site), VPROF_LEAK_LOST, VPROF_NONE};
	uint32_t rank;

	if (vp_scan_class_of(block->site) == VP_CLASS_RUNTIME || (reached && maybe)) {
		key.verdict = VPROF_LEAK_RUNTIME;
	} else if (reached) {
		key.verdict = VPROF_LEAK_REACHABLE;
	} else if (maybe) {
		key.verdict = VPROF_LEAK_POSSIBLE;
	} else {
		rank = vp_scan_rank(page, block->unit);
		if (owner[rank] != rank + 1) {
			key.verdict = VPROF_LEAK_INDIRECT;
			key.owner = node_of_site(vp_scan_blocks.site[last_owner(rank)]);
		}
	}
	return key;
}

/* The row of a key, or NULL when there is no room left. */
static struct vprof_leak *find_row(struct key key, uint32_t room)
{
	uint32_t at = key.node * 0x9e3779b1u ^ key.owner * 0x85ebca6bu ^ key.verdict << 7;
	struct vprof_leak *row;

	for (at ^= at >> 15;; at++) {
		uint32_t *slot = &bucket[at & bucket_mask];

		if (!*slot) {
			if (result->rows >= room)
				return NULL;
			row = &result->row[result->rows];
			*slot = ++result->rows;
			row->node = key.node;
			row->verdict = key.verdict;
			row->owner = key.owner;
			row->oldest_ns = ~0ull;
			return row;
		}
		row = &result->row[*slot - 1];
		if (row->node == key.node && row->verdict == key.verdict && row->owner == key.owner)
			return row;
	}
}

static struct vprof_leak *row_of(const struct vp_scan_page *page, const struct vp_live_view *block)
{
	struct key key = key_of(page, block);
	int plain =
	    key.verdict == VPROF_LEAK_REACHABLE && block->site < vp_table_used(VPROF_SEC_SITES);
	struct vprof_leak *row;

	if (plain && reachable_row[block->site])
		return &result->row[reachable_row[block->site] - 1];
	row = find_row(key, result->rows_room - SPARE_ROWS);
	if (!row) {
		key.node = VPROF_NODE_OVERFLOW;
		key.owner = VPROF_NONE;
		row = find_row(key, result->rows_room);
	}
	if (plain && row)
		reachable_row[block->site] = (uint32_t)(row - result->row) + 1;
	return row;
}

static void count(const struct vp_scan_page *page, const struct vp_live_view *block)
{
	struct vprof_leak *row = row_of(page, block);

	result->blocks++;
	result->bytes += block->bytes;
	if (!row)
		return;
	row->blocks++;
	row->bytes += block->bytes;
	if (block->birth_ns < row->oldest_ns) {
		row->oldest_ns = block->birth_ns;
		row->example = page->address + block->unit * 8ull;
	}
	if (block->birth_ns > row->newest_ns)
		row->newest_ns = block->birth_ns;
}

int vp_scan_rows(struct vp_scan_result *out)
{
	static struct vp_live_view view[512];
	uint64_t buckets = 1024;

	result = out;
	while (buckets < out->rows_room * 2ull)
		buckets *= 2;
	bucket_mask = (uint32_t)buckets - 1;
	owner = vp_sys_map((vp_scan_blocks.blocks + 1) * sizeof(*owner));
	stack = vp_sys_map((vp_scan_blocks.blocks + 1) * sizeof(*stack));
	bucket = vp_sys_map(buckets * sizeof(*bucket));
	reachable_row =
	    vp_sys_map((vp_table_used(VPROF_SEC_SITES) + 1ull) * sizeof(*reachable_row));
	if (!owner || !stack || !bucket || !reachable_row)
		return -ENOMEM;
	find_owners();
	for (uint32_t i = 0; i < vp_scan_blocks.pages; i++) {
		const struct vp_scan_page *page = &vp_scan_blocks.page[i];
		uint32_t blocks = vp_live_read_page(0, page->address, view);

		for (uint32_t k = 0; k < blocks; k++)
			count(page, &view[k]);
	}
	return 0;
}
