/* L3 */
#include "track/live.h"
#include "base/clock.h"
#include "base/heap.h"
#include "base/service.h"
#include "base/sys.h"
#include "track/threads.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#define PAGE_SHIFT 12
#define REGION_SHIFT VP_LIVE_REGION_SHIFT
#define REGIONS VP_LIVE_REGIONS
#define PAGES_A_REGION VP_LIVE_PAGES
#define region vp_live_region

/* descriptor: locked 1 | capacity_log2 4 | count 10 | entries >> 4 (44) << 15 */
#define LOCKED 1ull
#define UNIT 8u /* smallest distance of two blocks: tcmalloc has 8-byte ones */

/* size: site 24 << 40 | bytes 40
 * key:  birth 52 << 12 | mark 2 << 10 | unit in page 9 << 1 | 1 */
struct entry {
	uint64_t size, key;
};

uint64_t **vp_live_region;

/* Tables of the processes this one was forked from, the parent's last: their
 * blocks are still there, and may hold pointers to ours. */
#define OLDER_MOST 16u
static uint64_t **older[OLDER_MOST];
static uint32_t older_count;

static uint64_t table_bytes;

int vp_live_init(void)
{
	if (region) {
		if (older_count == OLDER_MOST)
			memmove(older, older + 1, --older_count * sizeof(older[0]));
		older[older_count++] = region;
	}
	table_bytes = 0;
	region = vp_sys_map(REGIONS * sizeof(*region));
	return region ? 0 : -ENOMEM;
}

static __attribute__((noinline)) uint64_t *add_region(uint64_t number)
{
	uint64_t *fresh = vp_sys_map(PAGES_A_REGION * 8u), *expected = NULL;

	if (!fresh)
		return NULL;
	if (__atomic_compare_exchange_n(&region[number], &expected, fresh, 0, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE))
		return fresh;
	vp_sys_unmap(fresh, PAGES_A_REGION * 8u);
	return expected;
}

/* NULL where no block was ever seen in that GiB. */
static inline uint64_t *descriptor_of(uintptr_t address)
{
	uint64_t number = address >> REGION_SHIFT;
	uint64_t *pages;

	if (__builtin_expect(number >= REGIONS, 0))
		return NULL;
	pages = __atomic_load_n(&region[number], __ATOMIC_ACQUIRE);
	return pages ? &pages[address >> PAGE_SHIFT & (PAGES_A_REGION - 1)] : NULL;
}

/* The holder is at most a few dozen instructions from letting go, unless it
 * was preempted: then a real-time thread must not spin it off its CPU. */
static __attribute__((noinline)) uint64_t lock_slow(uint64_t *descriptor)
{
	for (unsigned spins = 1;; spins++) {
		uint64_t old = __atomic_load_n(descriptor, __ATOMIC_RELAXED);

		if (!(old & LOCKED) &&
		    __atomic_compare_exchange_n(descriptor, &old, old | LOCKED, 1,
						__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return old;
		if (spins % 256 == 0)
			vp_sys(SYS_nanosleep, (&(struct timespec){0, 20000}), NULL, 0);
		__builtin_ia32_pause();
	}
}

/* A process with one thread needs no lock (track/threads.h). */
static inline uint64_t lock(uint64_t *descriptor)
{
	uint64_t old = __atomic_load_n(descriptor, __ATOMIC_RELAXED);

	if (!__atomic_load_n(&vp_threads_many, __ATOMIC_RELAXED))
		return old;
	if (__builtin_expect(!(old & LOCKED) &&
				     __atomic_compare_exchange_n(descriptor, &old, old | LOCKED, 0,
								 __ATOMIC_ACQUIRE,
								 __ATOMIC_RELAXED), 1))
		return old;
	return lock_slow(descriptor);
}

static inline void unlock(uint64_t *descriptor, uint64_t value)
{
	__atomic_store_n(descriptor, value, __ATOMIC_RELEASE);
}

static inline struct entry *entries_of(uint64_t descriptor)
{
	return (struct entry *)(uintptr_t)(descriptor >> 15 << 4);
}

static inline uint32_t room_of(uint64_t descriptor)
{
	return descriptor >> 15 ? 1u << (descriptor >> 1 & 15) : 0;
}

static inline uint32_t count_of(uint64_t descriptor)
{
	return (uint32_t)(descriptor >> 5 & 1023);
}

static inline uint64_t make(const struct entry *entries, uint32_t room_log2, uint32_t count)
{
	return (uint64_t)(uintptr_t)entries >> 4 << 15 | (uint64_t)count << 5 |
	       (uint64_t)room_log2 << 1;
}

static inline uint64_t key_of(uintptr_t address)
{
	return (address >> 3 & 511) << 1 | 1;
}

#define KEY_MASK 1023ull

/* Fibonacci hashing: the top bits, as many as number the slots (a power of two). */
static inline uint32_t first_slot(uint64_t key, uint32_t room)
{
	uint32_t mixed = (uint32_t)(key >> 1) * 0x9e3779b1u;

	return (uint32_t)((uint64_t)mixed * room >> 32);
}

/* The entry with that key, or the empty one where it belongs, or NULL. */
static inline struct entry *seek(struct entry *entries, uint32_t room, uint64_t key)
{
	uint32_t at = room ? first_slot(key, room) : 0;

	for (uint32_t i = 0; i < room; i++, at = (at + 1) & (room - 1)) {
		if (!entries[at].key || (entries[at].key & KEY_MASK) == key)
			return &entries[at];
	}
	return NULL;
}

struct grow_request {
	uint64_t descriptor;
	int ok;
};

static void grow_service(void *arg)
{
	struct grow_request *request = arg;
	uint32_t room = room_of(request->descriptor);
	uint32_t log2 = room ? (uint32_t)(request->descriptor >> 1 & 15) + 1 : 0;
	struct entry *old = entries_of(request->descriptor);
	struct entry *more = vp_heap_get((sizeof(*more)) << log2);

	if (!more)
		return;
	for (uint32_t i = 0; i < room; i++) {
		if (old[i].key)
			*seek(more, 1u << log2, old[i].key & KEY_MASK) = old[i];
	}
	if (room)
		vp_heap_put(old);
	__atomic_fetch_add(&table_bytes, (sizeof(*more) << log2) - sizeof(*more) * room,
			   __ATOMIC_RELAXED);
	request->descriptor = make(more, log2, count_of(request->descriptor));
	request->ok = 1;
}

/* A quarter stays empty, so that searches end soon. */
static inline int needs_room(uint32_t count, uint32_t room)
{
	return __builtin_expect(count >= room - (room >> 2) && room < 512, 0);
}

static inline void unpack(const struct entry *entry, struct vp_block *block)
{
	block->site = (uint32_t)(entry->size >> 40);
	block->bytes = entry->size & ((1ull << 40) - 1);
	block->mark = (uint8_t)(entry->key >> 10 & 3);
	block->birth_ns = entry->key >> 12 << 8;
}

int vp_live_put(uintptr_t address, const struct vp_block *block, struct vp_block *stale)
{
	uint64_t *descriptor = descriptor_of(address);
	uint64_t key = key_of(address), now;
	struct entry *entry;
	int taken;

	if (__builtin_expect(!descriptor, 0)) {
		if (address >> REGION_SHIFT >= REGIONS || !add_region(address >> REGION_SHIFT))
			return 0;
		descriptor = descriptor_of(address);
	}
	now = lock(descriptor);
	if (needs_room(count_of(now), room_of(now))) {
		struct grow_request request = {now, 0};

		vp_service(grow_service, &request);
		now = request.descriptor;
	}
	entry = seek(entries_of(now), room_of(now), key);
	if (!entry) {
		unlock(descriptor, now);
		return 0;
	}
	taken = entry->key != 0;
	if (taken)
		unpack(entry, stale);
	else
		now += 1ull << 5;
	entry->size = (uint64_t)block->site << 40 | (block->bytes & ((1ull << 40) - 1));
	entry->key = block->birth_ns >> 8 << 12 | (uint64_t)(block->mark & 3) << 10 | key;
	unlock(descriptor, now);
	return taken ? 2 : 1;
}

/* Closes the gap at `hole` so that every search still ends at a free slot. */
static inline void close_gap(struct entry *entries, uint32_t room, uint32_t hole)
{
	uint32_t at = hole;

	if (__builtin_expect(room > 1 && !entries[(hole + 1) & (room - 1)].key, 1)) {
		entries[hole].key = 0;
		return;
	}

	for (uint32_t i = 1; i < room; i++) {
		uint32_t home;

		at = (at + 1) & (room - 1);
		if (!entries[at].key)
			break;
		home = first_slot(entries[at].key & KEY_MASK, room);
		if (((at - home) & (room - 1)) < ((at - hole) & (room - 1)))
			continue;
		entries[hole] = entries[at];
		hole = at;
	}
	entries[hole].key = 0;
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
	if (!entry || !entry->key) {
		unlock(descriptor, now);
		return 0;
	}
	unpack(entry, block);
	close_gap(entries_of(now), room_of(now), (uint32_t)(entry - entries_of(now)));
	unlock(descriptor, now - (1ull << 5));
	return 1;
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
	uint64_t number = 0;

	for (uint32_t r = 0; r < REGIONS; r++) {
		uint64_t *pages = __atomic_load_n(&region[r], __ATOMIC_ACQUIRE);

		for (uint32_t i = 0; pages && i < PAGES_A_REGION; i++) {
			if (i % 4096 == 0 && vp_clock_mono() > deadline_ns)
				return -ETIME;
			if (!(__atomic_load_n(&pages[i], __ATOMIC_RELAXED) & VP_LIVE_COUNT))
				continue;
			if (number++ % stride == 0)
				each_of_page(&pages[i], fn, arg);
		}
	}
	return 0;
}

uint64_t vp_live_bytes_used(void)
{
	return __atomic_load_n(&table_bytes, __ATOMIC_RELAXED);
}

uint64_t *const *vp_live_table(uint32_t back)
{
	if (!back)
		return region;
	return back <= older_count ? older[older_count - back] : NULL;
}

uint32_t vp_live_read_page(uint32_t back, uintptr_t address, struct vp_live_view out[512])
{
	uint64_t *const *table = vp_live_table(back);
	const uint64_t *pages = table ? table[address >> REGION_SHIFT] : NULL;
	uint64_t now = pages ? pages[address >> PAGE_SHIFT & (PAGES_A_REGION - 1)] : 0;
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
		uint64_t now = pages ? pages[address >> PAGE_SHIFT & (PAGES_A_REGION - 1)] : 0;
		struct entry *entry = seek(entries_of(now), room_of(now), key_of(address));

		if (!entry || !entry->key)
			continue;
		__atomic_store_n(&entry->size, 0, __ATOMIC_RELAXED);
		return;
	}
}
