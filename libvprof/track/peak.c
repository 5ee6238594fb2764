#include "track/peak.h"
#include "base/clock.h"
#include "ring/file.h"
#include "thread/threads.h"

#define VP_PEAK_PATIENCE 200000u /* totals taken before threads get slack */
#define VP_PEAK_SLACK	 4096	 /* bytes, or 1/1024 of the peak if more */

uint64_t vp_peak_round;
static uint64_t totals_taken;

void vp_peak_init(void)
{
	vp_peak_round = 1; /* budgets of new threads carry round 0 */
	totals_taken = 0;
}

void vp_peak_note_slow(struct vprof_site *site, uint64_t epoch)
{
	site->peak_bytes = site->alloc_bytes - site->freed_bytes;
	site->peak_blocks = site->allocs - site->frees;
	site->peak_epoch = epoch;
}

static void set_peak(uint64_t bytes, uint64_t blocks)
{
	struct vprof_header *header = vp_file.header;

	__atomic_store_n(&header->peak_bytes, bytes, __ATOMIC_RELAXED);
	__atomic_store_n(&header->peak_blocks, blocks, __ATOMIC_RELAXED);
	/* Pairs with note_peak() in heap.c. */
	__atomic_store_n(&header->peak_epoch, header->peak_epoch + 1, __ATOMIC_RELEASE);
}

static int64_t share_of(uint64_t headroom, uint32_t threads)
{
	uint64_t slack = 0;

	if (threads > 1 && totals_taken > VP_PEAK_PATIENCE) {
		slack = vp_file.header->peak_bytes >> 10;
		slack = slack > VP_PEAK_SLACK ? slack : VP_PEAK_SLACK;
	}
	return (int64_t)(headroom / (threads ? threads : 1) + slack);
}

/* A share dealt out earlier in this round and not taken up yet. */
static int take_up_share(struct vp_thread *thread)
{
	uint64_t round = __atomic_load_n(&vp_peak_round, __ATOMIC_ACQUIRE);

	if (thread->peak.round == round || thread->peak.dealt_round != round)
		return 0;
	/* The allocation under way was not counted when the share was dealt, or
	 * was: assuming the worse keeps the promise. */
	thread->peak.round = round;
	thread->peak.bytes = thread->peak.dealt - thread->peak.pending;
	return thread->peak.bytes >= 0;
}

void vp_peak_take_total(struct vp_thread *thread)
{
	struct vprof_header *header = vp_file.header;
	struct vp_thread_sums sums;
	uint64_t live, round;
	uint32_t threads;
	int64_t share;

	if (thread && take_up_share(thread))
		return;
	vp_threads_lock();
	threads = vp_threads_sum_live(&sums);
	live = sums.alloc_bytes - sums.freed_bytes;
	totals_taken += thread != NULL;
	/* A sum over running threads may miss a block freed meanwhile. */
	if ((int64_t)live < 0)
		live = 0;
	header->live_bytes = live;
	header->live_blocks = sums.allocs - sums.frees;
	if (live > header->peak_bytes) {
		set_peak(live, sums.allocs - sums.frees);
		header->peak_ns = vp_clock_now();
	}
	round = vp_peak_round + 1;
	share = share_of(header->peak_bytes - live, threads);
	vp_threads_deal(round, share);
	/* Pairs with vp_peak_grow() and take_up_share(). */
	__atomic_store_n(&vp_peak_round, round, __ATOMIC_RELEASE);
	vp_threads_unlock();
	if (!thread)
		return;
	thread->peak.round = round;
	thread->peak.bytes = share;
}
