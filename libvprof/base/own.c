#include "base/own.h"
#include "base/sys.h"

static struct vp_own_op log_[VP_OWN_OPS];
static uint32_t used;
uint32_t vp_own_locked;

static void note(const void *start, size_t bytes, uint64_t mapped)
{
	uint32_t at = __atomic_fetch_add(&used, 1, __ATOMIC_RELAXED);
	uint64_t lo = (uint64_t)(uintptr_t)start;

	if (at >= VP_OWN_OPS)
		return;
	log_[at].lo = (lo & ~1ull) | mapped;
	/* Pairs with vp_own_piece() in the snapshot. */
	__atomic_store_n(&log_[at].hi, lo + bytes, __ATOMIC_RELEASE);
}

void vp_own_add(const void *start, size_t bytes)
{
	note(start, bytes, 1);
	if (vp_own_locked)
		vp_sys(SYS_munlock, start, bytes, 0);
}

void vp_own_drop(const void *start, size_t bytes)
{
	note(start, bytes, 0);
}

uint64_t vp_own_piece(uint64_t at, uint64_t hi, int *ours)
{
	uint32_t count = __atomic_load_n(&used, __ATOMIC_ACQUIRE);

	*ours = 0;
	for (uint32_t i = 0; i < count && i < VP_OWN_OPS; i++) {
		uint64_t lo = log_[i].lo & ~1ull, end = log_[i].hi;

		/* Whole pages: the kernel knows no others. */
		end = (end + 4095) & ~4095ull;
		if (lo <= at && at < end)
			*ours = (int)(log_[i].lo & 1);
		if (lo > at && lo < hi)
			hi = lo;
		if (end > at && end < hi)
			hi = end;
	}
	return hi;
}

uint32_t vp_own_log(const struct vp_own_op **ops, uint32_t *missed)
{
	uint32_t count = __atomic_load_n(&used, __ATOMIC_ACQUIRE);

	*ops = log_;
	*missed = count > VP_OWN_OPS ? count - VP_OWN_OPS : 0;
	return count - *missed;
}
