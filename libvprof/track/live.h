/* The live blocks: address to {site, size, birth}.
 *
 * Two levels.  A page of addresses (4 KiB) has one 8-byte descriptor, found by
 * indexing; it leads to a small open-addressed table of 16-byte entries that
 * is just large enough for the blocks that start in the page (why so:
 * docs/decisions/live.md).  The lock is a bit of the descriptor: threads meet
 * only where they share a page of heap. */
#ifndef VP_TRACK_LIVE_H
#define VP_TRACK_LIVE_H

#include <stddef.h>
#include <stdint.h>

#define VP_LIVE_REGION_SHIFT 30 /* a GiB of addresses shares an array of descriptors */
#define VP_LIVE_REGIONS	     (1u << (47 - VP_LIVE_REGION_SHIFT))
#define VP_LIVE_PAGES	     (1u << (VP_LIVE_REGION_SHIFT - 12))
#define VP_LIVE_COUNT_SHIFT  11
#define VP_LIVE_COUNT	     (1023ull << VP_LIVE_COUNT_SHIFT) /* blocks that start in the page */

extern uint64_t **vp_live_region
    __attribute__((visibility("hidden"))); /* VP_LIVE_REGIONS pointers */

struct vp_block {
	uint32_t site;	   /* row, below 2^24 */
	uint8_t mark;	   /* two bits of the caller's */
	uint64_t bytes;	   /* below 2^40 */
	uint64_t birth_ns; /* to 256 ns */
};

/* Empties the table; in a forked child what it held is remembered as inherited.
 * Returns 0 or -ENOMEM. */
int vp_live_init(void);

enum vp_live_stored {
	VP_LIVE_NO_MEMORY = 0,
	VP_LIVE_STORED = 1,
	VP_LIVE_REPLACED = 2 /* the address was taken: its free was never seen */
};

/* Stores a block; *stale gets the one it replaces.
 * Context: any thread, busy guard held. */
enum vp_live_stored vp_live_put(uintptr_t address, const struct vp_block *block,
				struct vp_block *stale);

/* Removes a block.  Returns 0 when the address is not known. */
int vp_live_take(uintptr_t address, struct vp_block *block);

/* The block that holds an address; *offset: of the address in it.  Blocks that begin more
 * than 16 MiB before the address are not looked for.  Returns 0 when there is none.
 *   older   as of vp_live_read_page(): 0 for this process's own; of inherited ones the
 *           entries are read as they stand
 * Context: any thread, busy guard held. */
int vp_live_find(uint32_t older, uintptr_t address, struct vp_block *block, uint64_t *offset);

/* May a block start in the page of this address?  Cheap; used where few blocks
 * are known. */
static inline int vp_live_page_used(uintptr_t address)
{
	uint64_t number = address >> VP_LIVE_REGION_SHIFT;
	const uint64_t *pages;

	if (number >= VP_LIVE_REGIONS)
		return 0;
	pages = __atomic_load_n(&vp_live_region[number], __ATOMIC_RELAXED);
	return pages && (pages[address >> 12 & (VP_LIVE_PAGES - 1)] & VP_LIVE_COUNT) != 0;
}

/* Calls fn for the live blocks of every stride-th page, until deadline_ns
 * (CLOCK_MONOTONIC).  Returns 0 or -ETIME.
 * Context: helper thread, while a process that ever had but one thread waits. */
int vp_live_each(void (*fn)(const struct vp_block *block, void *arg), void *arg, uint64_t stride,
		 uint64_t deadline_ns);

/* Memory of the entries, in the private heap, and of the descriptors, beside it. */
uint64_t vp_live_room_bytes(void);
uint64_t vp_live_index_bytes(void);

/* For a snapshot, which nobody changes: the blocks that start in a page.  An
 * entry that was being written may be wrong in its size and site. */
struct vp_live_view {
	uint64_t bytes, birth_ns;
	uint32_t site, unit; /* of 8 bytes, in the page */
};
static inline uint32_t vp_live_page_count(uint64_t descriptor)
{
	return (uint32_t)((descriptor & VP_LIVE_COUNT) >> VP_LIVE_COUNT_SHIFT);
}
/* Returns their number, 512 at most; the page need not have any.
 *   older   0: this process's own; 1, 2...: those it inherited */
uint32_t vp_live_read_page(uint32_t older, uintptr_t address, struct vp_live_view out[512]);
/* The descriptors, as vp_live_region; NULL: there is no such table. */
uint64_t *const *vp_live_table(uint32_t older);
static inline const uint64_t *vp_live_descriptor(uint32_t older, uint64_t page)
{
	return &vp_live_table(older)[page / VP_LIVE_PAGES][page % VP_LIVE_PAGES];
}

/* The first page (address >> 12) from `page` on whose descriptor may be in use;
 * VP_LIVE_END: there is none.  The table must exist. */
#define VP_LIVE_END (~0ull)
uint64_t vp_live_next(uint32_t older, uint64_t page);

/* Is a block of this process's own live?  Exact where nobody changes the table. */
int vp_live_any(void);

/* An inherited block was freed; nothing if there was none.
 * Context: any thread, busy guard held. */
void vp_live_forget(uintptr_t address);

#endif
