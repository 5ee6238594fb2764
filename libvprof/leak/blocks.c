/* The blocks of the snapshot, by address.
 *
 * A page of addresses in which blocks start has a bit for each 8 bytes: where
 * a block starts and ends, and where it was found to be pointed to.  Sizes and
 * sites lie in the order of addresses, so a block is numbered by counting bits. */
#include "base/sys.h"
#include "leak/internal.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define TAGS	     16u  /* malloc() aligns to it: the bits below are free for tags */
#define ELEMENT_MOST 256u /* of a one-based array */

struct vp_leak_blocks vp_leak_blocks;

static struct vp_live_view view[512]; /* blocks of a page */

void *vp_leak_map_table(uint64_t bytes)
{
	void *map = vp_sys_map(bytes);

	if (map && bytes >= 4u << 20)
		vp_sys(SYS_madvise, map, bytes, MADV_HUGEPAGE);
	return map;
}

static void count_pages(void)
{
	uint64_t page = 0;

	while ((page = vp_live_next(0, page)) != VP_LIVE_END) {
		uint32_t blocks = vp_live_page_count(*vp_live_descriptor(0, page++));

		vp_leak_blocks.pages += blocks != 0;
		vp_leak_blocks.blocks += blocks;
	}
}

static int reserve(void)
{
	struct vp_leak_blocks *all = &vp_leak_blocks;

	count_pages();
	all->page = vp_leak_map_table((all->pages + 1) * sizeof(*all->page));
	all->index = vp_sys_map(VP_LIVE_REGIONS * sizeof(*all->index));
	all->bytes = vp_leak_map_table((all->blocks + 1) * sizeof(*all->bytes));
	all->site = vp_sys_map((all->blocks + 1) * sizeof(*all->site));
	all->pages = 0;
	all->blocks = 0;
	all->first = ~0ull;
	all->last = 0;
	return all->page && all->index && all->bytes && all->site ? 0 : -ENOMEM;
}

static uint32_t *slot_of(uint64_t address)
{
	uint64_t number = address >> VP_LIVE_REGION_SHIFT;
	uint32_t **index = vp_leak_blocks.index;

	if (number >= VP_LIVE_REGIONS)
		return NULL;
	if (!index[number]) {
		index[number] = vp_sys_map(VP_LIVE_PAGES * sizeof(**index));
		if (!index[number])
			return NULL;
	}
	return &index[number][address >> 12 & (VP_LIVE_PAGES - 1)];
}

/* Sets the starts, so that ranks are known; then sizes and sites by rank. */
static void fill_page(struct vp_leak_page *page, uint32_t count)
{
	struct vp_leak_blocks *all = &vp_leak_blocks;
	uint32_t before = 0;

	for (uint32_t i = 0; i < count; i++)
		page->bits[view[i].unit >> 6].start |= 1ull << (view[i].unit & 63);
	for (int i = 0; i < 8; i++) {
		page->before[i] = (uint16_t)before;
		before += vp_leak_bits(page->bits[i].start);
	}
	page->base = (uint32_t)all->blocks;
	page->blocks = before;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t rank = vp_leak_rank(page, view[i].unit);
		uint64_t bytes = view[i].bytes;

		all->bytes[rank] = bytes < 0xffffffffu ? (uint32_t)bytes : 0xffffffffu;
		all->site[rank] = view[i].site;
		all->total_bytes += bytes;
	}
	all->blocks += before;
}

/* The words of a block end where a bit says so or another block starts.  Returns
 * 0 when they do not. */
static int set_end(struct vp_leak_page *page, const struct vp_live_view *block)
{
	uint64_t end = block->unit + block->bytes / 8;
	uint64_t last = end < 512 ? end : 512;

	for (uint64_t word = block->unit >> 6; word << 6 < last; word++) {
		uint64_t within = page->bits[word].start;

		if (word == block->unit >> 6)
			within &= ~1ull << (block->unit & 63);
		if (last < (word + 1) << 6)
			within &= (1ull << (last & 63)) - 1;
		if (within)
			return 0;
	}
	if (end < 512 && !(page->bits[end >> 6].start >> (end & 63) & 1))
		page->bits[end >> 6].ends |= 1ull << (end & 63);
	return block->bytes >= 8;
}

/* Returns VP_LEAK_ODD or 0. */
static uint32_t set_ends(struct vp_leak_page *page, uint32_t count)
{
	int plain = 1;

	for (uint32_t i = 0; i < count; i++)
		plain &= set_end(page, &view[i]);
	return plain ? 0 : VP_LEAK_ODD;
}

static uint64_t bytes_of(const struct vp_leak_page *page, uint32_t unit)
{
	uint32_t bytes = vp_leak_blocks.bytes[vp_leak_rank(page, unit)];
	uint64_t address = page->address + unit * 8ull;
	uint32_t count;

	if (bytes != 0xffffffffu)
		return bytes;
	count = vp_live_read_page(0, address, view);
	for (uint32_t i = 0; i < count; i++) {
		if (view[i].unit == unit)
			return view[i].bytes;
	}
	return 0;
}

static uint32_t last_unit(const struct vp_leak_page *page)
{
	int word = 7;

	while (word > 0 && !page->bits[word].start)
		word--;
	return (uint32_t)word * 64 + 63 - (uint32_t)__builtin_clzll(page->bits[word].start);
}

/* Pages that the last block of this one covers lead to it; up to and including
 * the address right behind it. */
static int cover(uint32_t number)
{
	struct vp_leak_page *page = &vp_leak_blocks.page[number];
	uint32_t unit = last_unit(page);
	uint64_t end = page->address + unit * 8ull + bytes_of(page, unit);

	if (end > vp_leak_blocks.last)
		vp_leak_blocks.last = end;
	for (uint64_t at = page->address + 4096; at <= end; at += 4096) {
		uint32_t *slot = slot_of(at);

		if (!slot)
			return -ENOMEM;
		if (!*slot)
			*slot = (number + 1) | VP_LEAK_ODD;
	}
	return 0;
}

static int add_page(uint64_t address, uint32_t count)
{
	struct vp_leak_blocks *all = &vp_leak_blocks;
	struct vp_leak_page *page = &all->page[all->pages];
	uint32_t *slot = slot_of(address);

	if (!slot)
		return -ENOMEM;
	page->address = address;
	fill_page(page, count);
	if (!page->blocks)
		return 0;
	if (address < all->first)
		all->first = address;
	*slot = ++all->pages | set_ends(page, count); /* number + 1; 0 is none */
	return cover(all->pages - 1);
}

int vp_leak_blocks_init(void)
{
	struct vp_leak_blocks *all = &vp_leak_blocks;
	int err = reserve();
	uint64_t page = 0;

	while (!err && (page = vp_live_next(0, page)) != VP_LIVE_END) {
		uint64_t address = page << 12;

		if (vp_live_page_count(*vp_live_descriptor(0, page++)))
			err = add_page(address, vp_live_read_page(0, address, view));
	}
	all->first = all->pages ? all->first - TAGS : 0; /* or an element before it */
	all->last += TAGS;
	return err;
}

/* The last block that starts at or before the unit, in this page or before. */
static int last_start(struct vp_leak_page *page, uint32_t unit, struct vp_leak_ref *ref)
{
	int word = (int)(unit >> 6);
	uint64_t bits = page->bits[word].start & (~0ull >> (63 - (unit & 63)));

	while (!bits && word > 0)
		bits = page->bits[--word].start;
	if (!bits) {
		if (page == vp_leak_blocks.page)
			return 0;
		page--;
		unit = last_unit(page);
	} else {
		unit = (uint32_t)word * 64 + 63 - (uint32_t)__builtin_clzll(bits);
	}
	ref->page = page;
	ref->unit = unit;
	ref->start = page->address + unit * 8ull;
	ref->bytes = bytes_of(page, unit);
	return 1;
}

/* Most words are no addresses of blocks: to look for them in the index would touch
 * memory all over it. */
static int covering(uint64_t address, struct vp_leak_ref *ref)
{
	uint64_t number = address >> VP_LIVE_REGION_SHIFT;
	struct vp_leak_page *page;
	uint32_t slot;

	if (address < vp_leak_blocks.first || address > vp_leak_blocks.last ||
	    !vp_leak_blocks.index[number])
		return 0;
	slot = vp_leak_blocks.index[number][address >> 12 & (VP_LIVE_PAGES - 1)];
	if (!slot)
		return 0;
	page = &vp_leak_blocks.page[(slot & ~VP_LEAK_ODD) - 1];
	return last_start(page, page->address == (address & ~4095ull) ? address >> 3 & 511 : 511,
			  ref);
}

enum vp_leak_hit vp_leak_find(uint64_t word, struct vp_leak_ref *ref)
{
	if (covering(word, ref)) {
		uint64_t into = word - ref->start;

		if (into == 0)
			return VP_HIT_START;
		if (into >= 8 && into <= ref->bytes)
			return VP_HIT_INTERIOR;
		return into < TAGS
			   ? VP_HIT_TAGGED
			   : VP_HIT_NONE; /* one of a few bytes may be tagged beyond its end */
	}
	/* Tags in the upper bits, and perhaps in the lower ones too: only where the rest
	 * is the start of a block. */
	if (word >> VP_LEAK_ADDRESS_BITS && covering(word & VP_LEAK_ADDRESS_MASK, ref) &&
	    (word & VP_LEAK_ADDRESS_MASK) - ref->start < TAGS)
		return VP_HIT_TAGGED;
	return VP_HIT_NONE;
}

/* An array whose first element is number 1 is kept by the address of an element
 * before it: right before the block, or further by the size of what it holds. */
int vp_leak_find_behind(uint64_t word, struct vp_leak_ref *ref)
{
	uint64_t before;

	word &= VP_LEAK_ADDRESS_MASK;
	if (!vp_leak_next_block((word | 7) + 1, word + ELEMENT_MOST + 8, ref))
		return 0;
	before = ref->start - word;
	return ref->start > word &&
	       (before <= TAGS ||
		(before <= ELEMENT_MOST && ref->bytes >= 2 * before && ref->bytes % before == 0));
}

int vp_leak_next_block(uint64_t address, uint64_t hi, struct vp_leak_ref *ref)
{
	if (covering(address, ref) && address < ref->start + ref->bytes)
		return 1;
	for (uint64_t at = address; at < hi; at = (at | 4095) + 1) {
		uint64_t number = at >> VP_LIVE_REGION_SHIFT;
		struct vp_leak_page *page;
		uint32_t slot = 0;

		if (number >= VP_LIVE_REGIONS)
			return 0;
		if (!vp_leak_blocks.index[number]) {
			at = ((number + 1) << VP_LIVE_REGION_SHIFT) - 1;
			continue;
		}
		slot = vp_leak_blocks.index[number][at >> 12 & (VP_LIVE_PAGES - 1)];
		page = slot ? &vp_leak_blocks.page[(slot & ~VP_LEAK_ODD) - 1] : NULL;
		if (!page || page->address != (at & ~4095ull))
			continue;
		for (uint32_t unit = at >> 3 & 511; unit < 512; unit++) {
			if (page->bits[unit >> 6].start >> (unit & 63) & 1 &&
			    page->address + unit * 8ull >= address &&
			    page->address + unit * 8ull < hi)
				return last_start(page, unit, ref);
		}
	}
	return 0;
}
