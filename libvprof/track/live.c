#include "track/live.h"
#include "base/clock.h"
#include "base/private_heap.h"
#include "base/service.h"
#include "base/sys.h"
#include "thread/threads.h"
#include "track/live_page.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#define PAGE_SHIFT     12
#define PAGE_BYTES     (1u << PAGE_SHIFT)
#define REGION_SHIFT   VP_LIVE_REGION_SHIFT
#define REGIONS	       VP_LIVE_REGIONS
#define PAGES_A_REGION VP_LIVE_PAGES
#define region	       vp_live_region
/* Behind each of the two levels stand bits: one for each 512 words, a page of
 * memory, tells whether they were ever written.  Who looks for all blocks would
 * else read, and so have mapped, 3 MiB of nothing. */
#define GROUP	     512u
#define REGION_BYTES (PAGES_A_REGION * 8u + PAGES_A_REGION / GROUP / 8)

/* descriptor: locked 1 | room 10 | count 10 | entries >> 4 (43) << 21 */
#define LOCKED	      1ull
#define ROOM_SHIFT    1
#define COUNT_SHIFT   VP_LIVE_COUNT_SHIFT
#define ONE_BLOCK     (1ull << COUNT_SHIFT)
#define ENTRIES_SHIFT 21
#define UNIT	      8u /* smallest distance of two blocks: tcmalloc has 8-byte ones */
#define FIND_PAGES    (16u << 20 >> PAGE_SHIFT)

uint64_t **vp_live_region;

/* Tables of the processes this one was forked from, the parent's last: their
 * blocks are still there, and may hold pointers to ours. */
#define OLDER_MOST 16u
static uint64_t **older[OLDER_MOST];
static uint32_t older_count;

static uint64_t room_bytes, descriptor_bytes;

int vp_live_init(void)
{
	if (region) {
		if (older_count == OLDER_MOST)
			memmove(older, older + 1, --older_count * sizeof(older[0]));
		older[older_count++] = region;
	}
	room_bytes = descriptor_bytes = 0;
	region = vp_sys_map(REGIONS * sizeof(*region) + REGIONS / GROUP / 8);
	return region ? 0 : -ENOMEM;
}

static void set_used(uint64_t *bits, uint32_t index)
{
	__atomic_fetch_or(&bits[index / GROUP / 64], 1ull << (index / GROUP % 64),
			  __ATOMIC_RELAXED);
}

static inline int is_used(const uint64_t *bits, uint32_t index)
{
	return __atomic_load_n(&bits[index / GROUP / 64], __ATOMIC_RELAXED) >>
		   (index / GROUP % 64) &
	       1;
}

static __attribute__((noinline)) uint64_t *add_region(uint64_t number)
{
	uint64_t *fresh = vp_sys_map(REGION_BYTES), *expected = NULL;

	if (!fresh)
		return NULL;
	if (__atomic_compare_exchange_n(&region[number], &expected, fresh, 0, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE)) {
		set_used((uint64_t *)(void *)(region + REGIONS), (uint32_t)number);
		return fresh;
	}
	vp_sys_unmap(fresh, REGION_BYTES);
	return expected;
}

static inline uint32_t page_of(uintptr_t address)
{
	return address >> PAGE_SHIFT & (PAGES_A_REGION - 1);
}

/* NULL where no block was ever seen in that GiB. */
static inline uint64_t *descriptor_of(uintptr_t address)
{
	uint64_t number = address >> REGION_SHIFT;
	uint64_t *pages;

	if (__builtin_expect(number >= REGIONS, 0))
		return NULL;
	pages = __atomic_load_n(&region[number], __ATOMIC_ACQUIRE);
	return pages ? &pages[page_of(address)] : NULL;
}

/* The holder is at most a few dozen instructions from letting go, unless it
 * was preempted: then a real-time thread must not spin it off its CPU. */
static __attribute__((noinline)) uint64_t lock_slow(uint64_t *descriptor)
{
	for (unsigned spins = 1;; spins++) {
		uint64_t old = __atomic_load_n(descriptor, __ATOMIC_RELAXED);

		if (!(old & LOCKED) &&
		    __atomic_compare_exchange_n(descriptor, &old, old | LOCKED, 1, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return old;
		if (spins % 256 == 0)
			vp_sys(SYS_nanosleep, (&(struct timespec){0, 20000}), NULL, 0);
		__builtin_ia32_pause();
	}
}

/* A process with one thread needs no lock (thread/threads.h). */
static inline uint64_t lock(uint64_t *descriptor)
{
	uint64_t old = __atomic_load_n(descriptor, __ATOMIC_RELAXED);

	if (!__atomic_load_n(&vp_threads_many, __ATOMIC_RELAXED))
		return old;
	if (__builtin_expect(!(old & LOCKED) &&
				 __atomic_compare_exchange_n(descriptor, &old, old | LOCKED, 0,
							     __ATOMIC_ACQUIRE, __ATOMIC_RELAXED),
			     1))
		return old;
	return lock_slow(descriptor);
}

static inline void unlock(uint64_t *descriptor, uint64_t value)
{
	/* Pairs with lock(). */
	__atomic_store_n(descriptor, value, __ATOMIC_RELEASE);
}

static inline struct entry *entries_of(uint64_t descriptor)
{
	return (struct entry *)(uintptr_t)(descriptor >> ENTRIES_SHIFT << 4);
}

static inline uint32_t room_of(uint64_t descriptor)
{
	return (uint32_t)(descriptor >> ROOM_SHIFT & 1023);
}

static inline uint32_t count_of(uint64_t descriptor)
{
	return vp_live_page_count(descriptor);
}

static inline uint64_t make(const struct entry *entries, uint32_t room, uint32_t count)
{
	return (uint64_t)(uintptr_t)entries >> 4 << ENTRIES_SHIFT | (uint64_t)count << COUNT_SHIFT |
	       (uint64_t)room << ROOM_SHIFT;
}

/* At most eleven sixteenths of a room are used, so that searches end soon; of
 * rooms for one, two and three blocks all. */
static inline int needs_room(uint32_t count, uint32_t room)
{
	return count * 16 >= room * 11;
}

/* The smallest room for that many blocks, of the sizes that the heap has: four
 * to a doubling. */
static uint32_t room_for(uint32_t count)
{
	uint32_t room = (count - 1) * 16 / 11 + 1, step;

	if (room <= 8)
		return room;
	step = 1u << (29u - (uint32_t)__builtin_clz(room - 1));
	return (room + step - 1) & ~(step - 1);
}

struct grow_request {
	uintptr_t address;
	uint64_t *descriptor;
	uint64_t now;	/* what it holds, but for the lock */
	uint64_t bytes; /* of the block */
};

#define FEW  7u
#define SOME 16u

/* Pages side by side mostly hold alike many blocks: while a heap grows, most of
 * its rooms have their final size from the first block on.  Where some are and
 * many more may follow, a small room is not worth its collisions. */
static uint32_t expected_count(const struct grow_request *request)
{
	uint32_t count = count_of(request->now) + 1, like = 2;
	uint64_t most = PAGE_BYTES / (request->bytes + UNIT), before;

	if (page_of(request->address) > 0) {
		before = __atomic_load_n(request->descriptor - 1, __ATOMIC_RELAXED);
		like = count_of(before) > like ? count_of(before) : like;
	}
	if (count >= FEW && most >= 2 * SOME && like < SOME)
		like = SOME;
	like = like < most ? like : (uint32_t)most;
	return like > count ? like : count;
}

/* Descriptors take memory a page at a time. */
static void count_descriptors(const uint64_t *descriptor)
{
	const uint64_t *first =
	    (const void *)((uintptr_t)descriptor & ~(uintptr_t)(PAGE_BYTES - 1));

	for (uint32_t i = 0; i < PAGE_BYTES / sizeof(*first); i++) {
		if (__atomic_load_n(&first[i], __ATOMIC_RELAXED) & ~LOCKED)
			return;
	}
	__atomic_fetch_add(&descriptor_bytes, PAGE_BYTES, __ATOMIC_RELAXED);
}

static void grow_service(void *arg)
{
	struct grow_request *request = arg;
	uint32_t old_room = room_of(request->now), room = room_for(expected_count(request));
	struct entry *old = entries_of(request->now);
	struct entry *more = vp_private_get(sizeof(*more) * room);

	if (!more)
		return;
	for (uint32_t i = 0; i < old_room; i++) {
		if (old[i].key)
			*place(more, room, old[i].key & KEY_MASK) = old[i];
	}
	if (!old_room) {
		count_descriptors(request->descriptor);
		set_used(region[request->address >> REGION_SHIFT] + PAGES_A_REGION,
			 page_of(request->address));
	}
	__atomic_fetch_add(&room_bytes, sizeof(*more) * (room - old_room), __ATOMIC_RELAXED);
	request->now = make(more, room, count_of(request->now));
	/* Now, not by whoever asked: a snapshot must never lead to what is free. */
	/* Pairs with lock(): still held by us where there are others. */
	__atomic_store_n(request->descriptor, request->now | (vp_threads_many ? LOCKED : 0),
			 __ATOMIC_RELEASE);
	if (old_room)
		vp_private_put(old);
}

enum vp_live_stored vp_live_put(uintptr_t address, const struct vp_block *block,
				struct vp_block *stale)
{
	uint64_t *descriptor = descriptor_of(address);
	uint64_t key = key_of(address), now;
	struct entry *entry;
	int taken;

	if (__builtin_expect(!descriptor, 0)) {
		if (address >> REGION_SHIFT >= REGIONS || !add_region(address >> REGION_SHIFT))
			return VP_LIVE_NO_MEMORY;
		descriptor = descriptor_of(address);
	}
	now = lock(descriptor);
	if (__builtin_expect(needs_room(count_of(now), room_of(now)), 0)) {
		struct grow_request request = {address, descriptor, now, block->bytes};

		vp_service(grow_service, &request);
		now = request.now;
	}
	entry = room_of(now) ? place(entries_of(now), room_of(now), key) : NULL;
	if (!entry) {
		unlock(descriptor, now);
		return VP_LIVE_NO_MEMORY;
	}
	taken = entry->key != 0;
	if (taken)
		unpack(entry, stale);
	else
		now += ONE_BLOCK;
	entry->size = (uint64_t)block->site << 40 | (block->bytes & ((1ull << 40) - 1));
	entry->key = block->birth_ns >> 8 << 12 | (uint64_t)(block->mark & 3) << 10 | key;
	unlock(descriptor, now);
	return taken ? VP_LIVE_REPLACED : VP_LIVE_STORED;
}

int vp_live_take(uintptr_t address, struct vp_block *block)
{
	uint64_t *descriptor = descriptor_of(address);
	struct entry *entry;
	uint64_t now;

	if (!descriptor || !(__atomic_load_n(descriptor, __ATOMIC_RELAXED) & VP_LIVE_COUNT))
		return 0;
	now = lock(descriptor);
	entry = seek(entries_of(now), room_of(now), key_of(address));
	if (!entry) {
		unlock(descriptor, now);
		return 0;
	}
	unpack(entry, block);
	close_gap(entries_of(now), room_of(now), (uint32_t)(entry - entries_of(now)));
	unlock(descriptor, now - ONE_BLOCK);
	return 1;
}

uint64_t *const *vp_live_table(uint32_t back)
{
	if (!back)
		return region;
	return back <= older_count ? older[older_count - back] : NULL;
}

/* The last block of a page that starts at or before an address: its start, or 0. */
static uint64_t last_before(const struct entry *entries, uint32_t room, uint64_t page,
			    uint64_t address, struct vp_block *block)
{
	uint64_t best = 0;

	for (uint32_t i = 0; i < room; i++) {
		uint64_t start = page << PAGE_SHIFT | (entries[i].key >> 1 & 511) * UNIT;

		if (!entries[i].key || start > address || start <= best)
			continue;
		unpack(&entries[i], block);
		best = start;
	}
	return best;
}

/* The first page down from this one, and above `end`, in which a block starts; 0: none. */
static uint64_t used_below(uint64_t *const *table, uint64_t page, uint64_t end)
{
	while (page > end) {
		uint64_t number = page >> (REGION_SHIFT - PAGE_SHIFT);
		const uint64_t *pages = __atomic_load_n(&table[number], __ATOMIC_ACQUIRE);
		uint32_t at = page & (PAGES_A_REGION - 1);

		if (!pages)
			page = number << (REGION_SHIFT - PAGE_SHIFT);
		else if (!is_used(pages + PAGES_A_REGION, at))
			page = page / GROUP * GROUP;
		else if (__atomic_load_n(&pages[at], __ATOMIC_RELAXED) & VP_LIVE_COUNT)
			return page;
		page = page ? page - 1 : 0;
	}
	return 0;
}

int vp_live_find(uint32_t back, uintptr_t address, struct vp_block *block, uint64_t *offset)
{
	uint64_t *const *table = vp_live_table(back);
	uint64_t page = address >> PAGE_SHIFT, start = 0;
	uint64_t end = page > FIND_PAGES ? page - FIND_PAGES : 0;

	if (!table || address >> REGION_SHIFT >= REGIONS)
		return 0;
	for (page = used_below(table, page, end); page && !start;
	     page = used_below(table, page - 1, end)) {
		uint64_t *descriptor =
		    &table[page >> (REGION_SHIFT - PAGE_SHIFT)][page & (PAGES_A_REGION - 1)];
		uint64_t now = back ? *descriptor : lock(descriptor);

		start = last_before(entries_of(now), room_of(now), page, address, block);
		if (!back)
			unlock(descriptor, now);
	}
	*offset = address - start;
	return start && *offset < block->bytes;
}

static void each_of_page(uint64_t *descriptor, void (*fn)(const struct vp_block *, void *),
			 void *arg)
{
	uint64_t now = lock(descriptor);
	const struct entry *entries = entries_of(now);
	struct vp_block block;

	for (uint32_t i = 0; i < room_of(now); i++) {
		if (!entries[i].key)
			continue;
		unpack(&entries[i], &block);
		fn(&block, arg);
	}
	unlock(descriptor, now);
}

int vp_live_each(void (*fn)(const struct vp_block *block, void *arg), void *arg, uint64_t stride,
		 uint64_t deadline_ns)
{
	uint64_t number = 0, looked = 0, page = 0;

	while ((page = vp_live_next(0, page)) != VP_LIVE_END) {
		uint64_t *descriptor = descriptor_of(page++ << PAGE_SHIFT);

		if (looked++ % 4096 == 0 && vp_clock_mono() > deadline_ns)
			return -ETIME;
		if (!(__atomic_load_n(descriptor, __ATOMIC_RELAXED) & VP_LIVE_COUNT))
			continue;
		if (number++ % stride == 0)
			each_of_page(descriptor, fn, arg);
	}
	return 0;
}

uint64_t vp_live_room_bytes(void)
{
	return __atomic_load_n(&room_bytes, __ATOMIC_RELAXED);
}

uint64_t vp_live_index_bytes(void)
{
	return __atomic_load_n(&descriptor_bytes, __ATOMIC_RELAXED);
}

uint64_t vp_live_next(uint32_t back, uint64_t page)
{
	uint64_t *const *table = vp_live_table(back);
	uint64_t number;

	while ((number = page >> (REGION_SHIFT - PAGE_SHIFT)) < REGIONS) {
		const uint64_t *pages;

		if (!is_used((const uint64_t *)(const void *)(table + REGIONS), (uint32_t)number)) {
			page = (number / GROUP + 1) * GROUP << (REGION_SHIFT - PAGE_SHIFT);
			continue;
		}
		pages = __atomic_load_n(&table[number], __ATOMIC_ACQUIRE);
		if (!pages)
			page = (number + 1) << (REGION_SHIFT - PAGE_SHIFT);
		else if (!is_used(pages + PAGES_A_REGION, page & (PAGES_A_REGION - 1)))
			page = (page / GROUP + 1) * GROUP;
		else
			return page;
	}
	return VP_LIVE_END;
}

int vp_live_any(void)
{
	uint64_t page = 0;

	while ((page = vp_live_next(0, page)) != VP_LIVE_END) {
		if (vp_live_page_used(page++ << PAGE_SHIFT))
			return 1;
	}
	return 0;
}

uint32_t vp_live_read_page(uint32_t back, uintptr_t address, struct vp_live_view out[512])
{
	uint64_t *const *table = vp_live_table(back);
	const uint64_t *pages = table ? table[address >> REGION_SHIFT] : NULL;
	uint64_t now = pages ? pages[page_of(address)] : 0;
	uint32_t room = room_of(now), count = 0;

	for (uint32_t i = 0; i < room && count < 512; i++) {
		const struct entry *entry = &entries_of(now)[i];
		struct vp_block block;

		if (!entry->key)
			continue;
		unpack(entry, &block);
		out[count].bytes = block.bytes;
		out[count].birth_ns = block.birth_ns;
		out[count].site = block.site;
		out[count++].unit = (uint32_t)(entry->key >> 1 & 511);
	}
	return count;
}

/* No size marks what is gone: threads may meet here, and the tables
 * of another process, which may have been at work in them, are not locked. */
void vp_live_forget(uintptr_t address)
{
	for (uint32_t back = 1; back <= older_count; back++) {
		const uint64_t *pages = older[older_count - back][address >> REGION_SHIFT];
		uint64_t now = pages ? pages[page_of(address)] : 0;
		struct entry *entry = seek(entries_of(now), room_of(now), key_of(address));

		if (!entry)
			continue;
		__atomic_store_n(&entry->size, 0, __ATOMIC_RELAXED);
		return;
	}
}
