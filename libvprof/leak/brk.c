/* Which of the heap that brk() makes is libc's: the host may call sbrk() too.
 *
 * libc's part is a row of chunks, each of which says how long it is, up to the top
 * chunk; where somebody else had moved the break meanwhile, two chunks of a header
 * only end the row, and another begins behind what is not libc's.  What no row
 * explains is searched like any other memory. */
#include "leak/internal.h"

#define HEADER	    16u
#define CHUNK_LEAST 32u
#define FLAGS	    7u
#define IN_USE	    1u /* the chunk before it is */
#define FENCE	    (HEADER | IN_USE)

static uint64_t heap_hi, top;

enum row_end { ROW_BROKEN, ROW_FENCED, ROW_TOP };

static int is_block(uint64_t chunk)
{
	struct vp_leak_ref ref;

	return vp_leak_find(chunk + HEADER, &ref) == VP_HIT_START;
}

/* Follows the chunks from *at on; *at becomes where the row ends, *sure the end of
 * the last one that is a block of the host's, where asked. */
static enum row_end follow(uint64_t *at, uint64_t *sure)
{
	while (*at + HEADER <= heap_hi) {
		uint64_t head = vp_leak_load(*at + 8), bytes = head & ~(uint64_t)FLAGS;

		if (head == FENCE && vp_leak_load(*at + HEADER + 8) == FENCE) {
			*at += 2 * HEADER;
			return ROW_FENCED;
		}
		if (head & (FLAGS & ~IN_USE) || bytes < CHUNK_LEAST || bytes % HEADER ||
		    bytes > heap_hi - *at)
			return ROW_BROKEN;
		if (sure && is_block(*at))
			*sure = *at + bytes;
		*at += bytes;
		if (*at - bytes == top || *at == heap_hi)
			return ROW_TOP;
	}
	return ROW_BROKEN;
}

/* The first chunk at or behind an address that is libc's for certain; heap_hi: none. */
static uint64_t next_chunk(uint64_t at)
{
	uint64_t next = top >= at && top < heap_hi ? top : heap_hi;
	struct vp_leak_ref ref;

	if (vp_leak_next_block(at, heap_hi, &ref) && ref.start - HEADER < next &&
	    ref.start >= at + HEADER)
		next = ref.start - HEADER;
	return next;
}

void vp_leak_brk(uint64_t lo, uint64_t hi, uint64_t top_chunk)
{
	uint64_t start = lo;

	heap_hi = hi;
	top = top_chunk;
	while (start < hi) {
		uint64_t end = start, sure = start;
		enum row_end how = follow(&end, NULL);

		if (how == ROW_BROKEN) {
			uint64_t again = start;

			follow(&again, &sure);
			vp_leak_leave_out(start, sure);
			end = end < hi ? end + HEADER : hi;
		} else {
			vp_leak_leave_out(start, end);
		}
		if (how == ROW_TOP)
			return;
		start = next_chunk(end);
	}
}
