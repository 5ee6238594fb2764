/* The verdicts, summed up by call path. */
#include "base/sys.h"
#include "leak/internal.h"
#include "ring/file.h"
#include "ring/tables.h"
#include "track/heap.h"

#include <errno.h>

#define SPARE_ROWS 8u /* for what finds no row of its own: one a verdict and reason */

struct key {
	uint32_t node, verdict, owner, because;
};

static struct vp_leak_result *result;
static uint32_t *bucket, bucket_mask; /* row + 1 */
static uint32_t *reachable_row;	      /* by site: row + 1 */

static uint32_t because; /* enum vprof_unsearched: the most of what was not searched */

/* What cannot be read leads nowhere: the process cannot read it either. */
static uint32_t most_unsearched(void)
{
	uint32_t most = VPROF_UNSEARCHED_NONE;

	for (uint32_t i = VPROF_UNSEARCHED_UNREADABLE + 1; i < VPROF_UNSEARCHED_COUNT; i++) {
		if (vp_leak_unsearched[i] > (most ? vp_leak_unsearched[most] : 0))
			most = i;
	}
	return most;
}

static uint32_t node_of_site(uint32_t site)
{
	const struct vprof_site *row;

	if (site >= vp_table_used(VPROF_SEC_SITES))
		return VPROF_NODE_OVERFLOW;
	row = vp_table_row(VPROF_SEC_SITES, site);
	return row->node;
}

/* By a road that is not seen. */
static int may_be_freed(const struct vp_live_view *block)
{
	return (vp_file.header->flags & VPROF_F_FREES_UNSEEN) != 0 ||
	       block->birth_ns < vp_heap_frees_unseen_ns;
}

static struct key key_of(const struct vp_leak_page *page, const struct vp_live_view *block)
{
	uint64_t bit = 1ull << (block->unit & 63);
	int reached = (page->bits[block->unit >> 6].reach & bit) != 0;
	int maybe = (page->bits[block->unit >> 6].maybe & bit) != 0;
	struct key key = {node_of_site(block->site), VPROF_LEAK_LOST, VPROF_NONE, 0};
	uint32_t rank, owner;

	if (vp_leak_class_of(block->site) == VP_CLASS_RUNTIME || (reached && maybe)) {
		key.verdict = VPROF_LEAK_RUNTIME;
	} else if (reached) {
		key.verdict = VPROF_LEAK_REACHABLE;
	} else if (maybe) {
		key.verdict = VPROF_LEAK_POSSIBLE;
	} else if (because) { /* what leads to it may lie where nobody looked */
		key.verdict = VPROF_LEAK_POSSIBLE;
		key.because = because;
	} else {
		rank = vp_leak_rank(page, block->unit);
		owner = vp_leak_owner_of(rank);
		if (owner != rank) {
			key.verdict = VPROF_LEAK_INDIRECT;
			key.owner = node_of_site(vp_leak_blocks.site[owner]);
		}
	}
	if (may_be_freed(block) && key.verdict <= VPROF_LEAK_INDIRECT) {
		key.verdict = VPROF_LEAK_POSSIBLE;
		key.because = VPROF_UNSEARCHED_OTHER;
		key.owner = VPROF_NONE;
	}
	return key;
}

/* The row of a key, or NULL when there is no room left. */
static struct vprof_leak *find_row(struct key key, uint32_t room)
{
	uint32_t at =
	    key.node * 0x9e3779b1u ^ key.owner * 0x85ebca6bu ^ key.verdict << 7 ^ key.because << 11;
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
			row->because = key.because;
			row->oldest_ns = ~0ull;
			return row;
		}
		row = &result->row[*slot - 1];
		if (row->node == key.node && row->verdict == key.verdict &&
		    row->owner == key.owner && row->because == key.because)
			return row;
	}
}

static struct vprof_leak *row_of(const struct vp_leak_page *page, const struct vp_live_view *block)
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

static void count(const struct vp_leak_page *page, const struct vp_live_view *block)
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

int vp_leak_verdicts(struct vp_leak_result *out)
{
	static struct vp_live_view view[512];
	uint64_t buckets = 1024;

	result = out;
	because = most_unsearched();
	while (buckets < out->rows_room * 2ull)
		buckets *= 2;
	bucket_mask = (uint32_t)buckets - 1;
	bucket = vp_sys_map(buckets * sizeof(*bucket));
	reachable_row =
	    vp_sys_map((vp_table_used(VPROF_SEC_SITES) + 1ull) * sizeof(*reachable_row));
	if (!bucket || !reachable_row || vp_leak_owners_init() < 0)
		return -ENOMEM;
	for (uint32_t i = 0; i < vp_leak_blocks.pages; i++) {
		const struct vp_leak_page *page = &vp_leak_blocks.page[i];
		uint32_t blocks = vp_live_read_page(0, page->address, view);

		for (uint32_t k = 0; k < blocks; k++)
			count(page, &view[k]);
	}
	return 0;
}
