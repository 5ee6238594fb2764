/* The books of memory that the program maps itself: ranges and whose they are, rows of call
 * paths, their totals.
 *
 * One lock for all of it, held for nothing else: who takes it may have locks of an allocator
 * of the host's in hand.  Context of all: any thread, busy guard held. */
#ifndef VP_TRACK_MAP_BOOKS_H
#define VP_TRACK_MAP_BOOKS_H

#include "track/ranges.h"
#include "vprof_format.h"

#include <stdint.h>

#define VP_MAP_PAGE 4096u

/* What lies in [lo, lo + bytes) is taken out, and is the caller's until one of the next two:
 * a list, NULL where nothing lies there.  Whole pages. */
struct vp_range *vp_map_books_take(uint64_t lo, uint64_t bytes);
/* The same of the segment of shmat() that begins there. */
struct vp_range *vp_map_books_take_segment(uint64_t lo);

/* It was not unmapped after all. */
void vp_map_books_put_back(struct vp_range *taken);
/* It was, by this call path (VPROF_NONE: by nobody that counts). */
void vp_map_books_released(struct vp_range *taken, uint32_t node);

/* A call path has mapped memory, in place of what was there.
 *   flags   enum vprof_map_flags */
void vp_map_books_mapped(uint32_t node, uint64_t lo, uint64_t bytes, uint32_t flags);
void vp_map_books_advised(uint32_t node, enum vprof_advice advice, uint64_t bytes);

/* Copies ranges that end behind an address, in their order; returns their number. */
uint32_t vp_map_books_copy(uint64_t address, struct vp_range *out, uint32_t most);
/* The row of a range, in MAPS. */
uint32_t vp_map_books_row(const struct vp_range *range);

int vp_map_books_init(void); /* a fresh file: rows anew, what is mapped is inherited */
void vp_map_books_fork_child(void);

#endif
