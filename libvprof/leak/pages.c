/* Which pages of a large range have memory behind them?
 *
 * Programs reserve address space by the terabyte.  Reading a page that was never
 * touched would cost a fault and find zeros. */
#include "base/sys.h"
#include "leak/internal.h"

#include <errno.h>
#include <fcntl.h>

#define LARGE (1ull << 20)
#define BATCH 65536u /* pages */

uint64_t vp_leak_root_bytes, vp_leak_skipped_bytes;
uint64_t vp_leak_unsearched[VPROF_UNSEARCHED_COUNT];

static uint64_t entry[BATCH]; /* of /proc/self/pagemap */
static uint8_t resident[BATCH];
static int pagemap_fd = -1;

static void open_pagemap(void)
{
	if (pagemap_fd == -1)
		pagemap_fd = vp_sys_open("/proc/self/pagemap", O_RDONLY, 0);
}

/* Shared mappings are not copied into a forked child's page tables; for them
 * the page cache is asked, and the process's own tables: huge pages and those of
 * devices that are memory are in no cache. */
static int look(uint64_t lo, uint32_t pages, uint32_t kind)
{
	if (kind & VP_MAP_SHARED)
		return vp_sys(SYS_mincore, lo, pages * 4096ull, resident) == 0 &&
		       (vp_leak_unforked_pagemap() < 0 ||
			vp_sys6(SYS_pread64, vp_leak_unforked_pagemap(), (long)entry, pages * 8,
				(long)(lo >> 12 << 3), 0, 0) == pages * 8);
	return vp_sys6(SYS_pread64, pagemap_fd, (long)entry, pages * 8, (long)(lo >> 12 << 3), 0,
		       0) == pages * 8;
}

static int is_present(uint32_t i, uint32_t kind)
{
	if (kind & VP_MAP_SHARED)
		return (resident[i] & 1) ||
		       (vp_leak_unforked_pagemap() >= 0 && entry[i] >> 62 != 0);
	return (entry[i] >> 62) != 0; /* in memory or swapped out */
}

/* The kernel's own way of passing over what is not there (Linux 6.7). */
struct scan_request {
	uint64_t size, flags, start, end, walk_end;
	uint64_t vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
#define PAGEMAP_SCAN	   0xc0606610ul
#define PRESENT_OR_SWAPPED (1u << 3 | 1u << 4)
#define REGIONS		   64u

long vp_leak_ask_pages(int fd, uint64_t *at, uint64_t end, struct vp_leak_pages *pages,
		       uint32_t room, uint64_t without)
{
	struct scan_request request = {.size = sizeof(request),
				       .start = *at,
				       .end = end,
				       .vec = (uint64_t)(uintptr_t)pages,
				       .vec_len = room,
				       .category_inverted = without,
				       .category_mask = without,
				       .category_anyof_mask = PRESENT_OR_SWAPPED,
				       .return_mask = PRESENT_OR_SWAPPED};
	long count = vp_sys(SYS_ioctl, fd, PAGEMAP_SCAN, &request);

	if (count >= 0 && request.walk_end <= *at)
		return -EINVAL;
	*at = request.walk_end;
	return count;
}

static int scan_quickly(uint64_t lo, uint64_t hi, void (*each)(uint64_t from, uint64_t to))
{
	/* Not static: what is found in a range may be a block as large. */
	struct vp_leak_pages pages[REGIONS];
	uint64_t at = lo & ~4095ull, end = (hi + 4095) & ~4095ull;

	while (at < end) {
		int first = at == (lo & ~4095ull);
		long count = vp_leak_ask_pages(pagemap_fd, &at, end, pages, REGIONS, 0);

		if (count < 0)
			return first ? 0 : -1;
		for (long i = 0; i < count; i++) {
			uint64_t from = pages[i].start, to = pages[i].end;

			each(from > lo ? from : lo, to < hi ? to : hi);
		}
	}
	return 1;
}

static void one_batch(uint64_t lo, uint64_t hi, uint32_t kind,
		      void (*each)(uint64_t from, uint64_t to))
{
	uint64_t first = lo & ~4095ull;
	uint32_t pages = (uint32_t)((hi - first + 4095) >> 12);
	uint32_t from = 0;
	static int asking; /* `entry` is in use: this is a block found in a range */

	if (asking || !look(first, pages, kind)) {
		each(lo, hi);
		return;
	}
	asking = 1;
	while (from < pages) {
		uint32_t to = from;

		while (to < pages && is_present(to, kind))
			to++;
		if (to > from) {
			uint64_t a = first + from * 4096ull, b = first + to * 4096ull;

			each(a > lo ? a : lo, b < hi ? b : hi);
		}
		from = to + 1;
	}
	asking = 0;
}

void vp_leak_present(uint64_t lo, uint64_t hi, uint32_t kind,
		     void (*each)(uint64_t from, uint64_t to))
{
	if (kind & VP_MAP_ANON && !(kind & VP_MAP_SHARED) && vp_leak_plain_present(lo, hi, each))
		return;
	if (hi - lo < LARGE) {
		each(lo, hi);
		return;
	}
	open_pagemap();
	if (!(kind & VP_MAP_SHARED) && scan_quickly(lo, hi, each))
		return;
	while (lo < hi) {
		uint64_t end = (lo & ~4095ull) + BATCH * 4096ull;

		one_batch(lo, end < hi ? end : hi, kind, each);
		lo = end;
	}
}

/* Pages shared with the host count from the start; what is added is ours. */
uint64_t vp_leak_resident(void)
{
	char text[256];
	const char *at = text;
	uint64_t pages = 0;

	if (vp_sys_read_file("/proc/self/statm", text, sizeof(text)) <= 0)
		return 0;
	while (*at && *at != ' ')
		at++;
	for (at++; *at >= '0' && *at <= '9'; at++)
		pages = pages * 10 + (uint64_t)(*at - '0');
	return pages * 4096;
}
