/* L3 */
#include "track/peak.h"
#include "ring/file.h"

void vp_peak_note(struct vprof_site *site)
{
	uint64_t epoch = __atomic_load_n(&vp_file.header->peak_epoch, __ATOMIC_RELAXED);

	if (site->peak_epoch == epoch)
		return;
	site->peak_bytes = site->alloc_bytes - site->freed_bytes;
	site->peak_blocks = site->allocs - site->frees;
	site->peak_epoch = epoch;
}

void vp_peak_grow(uint64_t bytes)
{
	struct vprof_header *header = vp_file.header;
	uint64_t blocks = __atomic_add_fetch(&header->live_blocks, 1, __ATOMIC_RELAXED);
	uint64_t live = __atomic_add_fetch(&header->live_bytes, bytes, __ATOMIC_RELAXED);
	uint64_t peak = __atomic_load_n(&header->peak_bytes, __ATOMIC_RELAXED);

	while (live > peak) {
		if (!__atomic_compare_exchange_n(&header->peak_bytes, &peak, live, 1,
						 __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			continue;
		__atomic_store_n(&header->peak_blocks, blocks, __ATOMIC_RELAXED);
		__atomic_fetch_add(&header->peak_epoch, 1, __ATOMIC_RELAXED);
		return;
	}
}

void vp_peak_shrink(uint64_t bytes)
{
	__atomic_fetch_sub(&vp_file.header->live_blocks, 1, __ATOMIC_RELAXED);
	__atomic_fetch_sub(&vp_file.header->live_bytes, bytes, __ATOMIC_RELAXED);
}
