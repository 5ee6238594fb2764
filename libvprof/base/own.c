/* L0 */
#include "base/own.h"

static struct vp_own_op log_[VP_OWN_OPS];
static uint32_t used;

static void note(const void *start, size_t bytes, uint64_t mapped)
{
	uint32_t at = __atomic_fetch_add(&used, 1, __ATOMIC_RELAXED);
	uint64_t lo = (uint64_t)(uintptr_t)start;

	if (at >= VP_OWN_OPS)
		return;
	log_[at].lo = (lo & ~1ull) | mapped;
	__atomic_store_n(&log_[at].hi, lo + bytes, __ATOMIC_RELEASE);
}

void vp_own_add(const void *start, size_t bytes)
{
	note(start, bytes, 1);
}

void vp_own_drop(const void *start, size_t bytes)
{
	note(start, bytes, 0);
}

uint32_t vp_own_log(const struct vp_own_op **ops, uint32_t *missed)
{
	uint32_t count = __atomic_load_n(&used, __ATOMIC_ACQUIRE);

	*ops = log_;
	*missed = count > VP_OWN_OPS ? count - VP_OWN_OPS : 0;
	return count - *missed;
}
