/* L3  Which pages of a large range have memory behind them?
 *
 * Programs reserve address space by the terabyte.  Reading a page that was never
 * touched would cost a fault and find zeros. */
#include "base/sys.h"
#include "track/leakscan_impl.h"

#include <fcntl.h>

#define LARGE (1ull << 20)
#define BATCH 512u /* pages */

uint64_t vp_scan_root_bytes, vp_scan_skipped_bytes;

static uint64_t entry[BATCH]; /* of /proc/self/pagemap */
static uint8_t resident[BATCH];
static int pagemap_fd = -1;

static void open_pagemap(void)
{
	if (pagemap_fd == -1)
		pagemap_fd = vp_sys_open("/proc/self/pagemap", O_RDONLY, 0);
}

/* Shared mappings are not copied into a forked child's page tables; for them
 * the page cache is asked. */
static int look(uint64_t lo, uint32_t pages, uint32_t kind)
{
	if (kind & VP_MAP_SHARED)
		return vp_sys(SYS_mincore, lo, pages * 4096ull, resident) == 0;
	open_pagemap();
	return vp_sys6(SYS_pread64, pagemap_fd, (long)entry, pages * 8, (long)(lo >> 12 << 3), 0,
		       0) == pages * 8;
}

static int is_present(uint32_t i, uint32_t kind)
{
	if (kind & VP_MAP_SHARED)
		return resident[i] & 1;
	return (entry[i] >> 62) != 0; /* in memory or swapped out */
}

static void one_batch(uint64_t lo, uint64_t hi, uint32_t kind,
		      void (*each)(uint64_t from, uint64_t to))
{
	uint64_t first = lo & ~4095ull;
	uint32_t pages = (uint32_t)((hi - first + 4095) >> 12);
	uint32_t from = 0;

	if (!look(first, pages, kind)) {
		each(lo, hi);
		return;
	}
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
}

void vp_scan_present(uint64_t lo, uint64_t hi, uint32_t kind,
		     void (*each)(uint64_t from, uint64_t to))
{
	if (hi - lo < LARGE) {
		each(lo, hi);
		return;
	}
	while (lo < hi) {
		uint64_t end = (lo & ~4095ull) + BATCH * 4096ull;

		one_batch(lo, end < hi ? end : hi, kind, each);
		lo = end;
	}
}

/* Pages shared with the host count from the start; what is added is ours. */
uint64_t vp_scan_resident(void)
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
