/* The blocks of one page of addresses: a hash table by the place in the page, linear
 * probing, with the entries that follow each other in the order of their home slots
 * (Robin Hood hashing), so that a look-up and a deletion end soon.
 *
 * What is done to it is live.c's, with the page locked; only that file includes this. */
#ifndef VP_TRACK_LIVE_PAGE_H
#define VP_TRACK_LIVE_PAGE_H

#include "track/live.h"

#include <stddef.h>
#include <stdint.h>

/* size: site 24 << 40 | bytes 40
 * key:  birth 52 << 12 | mark 2 << 10 | unit in page 9 << 1 | 1 */
struct entry {
	uint64_t size, key;
};

static inline uint64_t key_of(uintptr_t address)
{
	return (address >> 3 & 511) << 1 | 1;
}

#define KEY_MASK 1023ull

/* Fibonacci hashing, which keeps blocks at regular distances apart: the upper
 * bits scaled to the number of slots, which need not be a power of two. */
static inline uint32_t first_slot(uint64_t key, uint32_t room)
{
	uint32_t mixed = (uint32_t)(key >> 1) * 0x9e3779b1u;

	return (uint32_t)((uint64_t)mixed * room >> 32);
}

static inline uint32_t next_slot(uint32_t slot, uint32_t room)
{
	return slot + 1 == room ? 0 : slot + 1;
}

static inline uint32_t home_of(const struct entry *entry, uint32_t room)
{
	return first_slot(entry->key & KEY_MASK, room);
}

static inline uint32_t distance(uint32_t from, uint32_t to, uint32_t room)
{
	return to >= from ? to - from : to + room - from;
}

/* The entry with that key, or NULL. */
static inline struct entry *seek(struct entry *entries, uint32_t room, uint64_t key)
{
	uint32_t at = first_slot(key, room);

	for (uint32_t i = 0; i < room && entries[at].key; i++, at = next_slot(at, room)) {
		if ((entries[at].key & KEY_MASK) == key)
			return &entries[at];
	}
	return NULL;
}

/* Moves what lies from the slot to the next empty one. */
static inline struct entry *make_gap(struct entry *entries, uint32_t room, uint32_t at)
{
	uint32_t end = at;

	do {
		end = next_slot(end, room);
		if (end == at)
			return NULL;
	} while (entries[end].key);
	while (end != at) {
		uint32_t before = end ? end - 1 : room - 1;

		entries[end] = entries[before];
		end = before;
	}
	entries[at].key = 0;
	return &entries[at];
}

/* Entries that follow each other are in the order of their home slots. */
static __attribute__((noinline)) struct entry *place_slow(struct entry *entries, uint32_t room,
							  uint64_t key)
{
	uint32_t at = first_slot(key, room);

	for (uint32_t i = 0; i < room; i++, at = next_slot(at, room)) {
		if (!entries[at].key || (entries[at].key & KEY_MASK) == key)
			return &entries[at];
		if (distance(home_of(&entries[at], room), at, room) < i)
			return make_gap(entries, room, at);
	}
	return NULL;
}

/* The entry with that key, or an empty one where it belongs, or NULL when all
 * are taken; the room is not 0. */
static inline struct entry *place(struct entry *entries, uint32_t room, uint64_t key)
{
	uint32_t at = first_slot(key, room);

	if (__builtin_expect(!entries[at].key, 1))
		return &entries[at];
	return place_slow(entries, room, key);
}

static inline void unpack(const struct entry *entry, struct vp_block *block)
{
	block->site = (uint32_t)(entry->size >> 40);
	block->bytes = entry->size & ((1ull << 40) - 1);
	block->mark = (uint8_t)(entry->key >> 10 & 3);
	block->birth_ns = entry->key >> 12 << 8;
}

/* Backward-shift deletion stops at an empty slot or at an entry in its home slot.  One
 * branch for both: which of the two it will be is unpredictable. */
static inline int shift_ends(const struct entry *entries, uint32_t room, uint32_t slot)
{
	int ends = !entries[slot].key | (home_of(&entries[slot], room) == slot);

	__asm__("" : "+r"(ends)); /* compilers make two branches of it */
	return ends;
}

/* Takes out the entry, and moves those behind it that are not at home. */
static inline void close_gap(struct entry *entries, uint32_t room, uint32_t hole)
{
	uint32_t next = next_slot(hole, room);

	while (__builtin_expect(!shift_ends(entries, room, next), 0)) {
		entries[hole] = entries[next];
		hole = next;
		next = next_slot(next, room);
	}
	entries[hole].key = 0;
}

#endif
