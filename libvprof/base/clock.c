#include "base/clock.h"
#include "base/vdso.h"

#include <cpuid.h>
#include <time.h>

static struct vp_clock_line lines[4];
struct vp_clock_line *vp_clock_line;
static unsigned next_line;
static uint64_t start_mono, start_tsc;
static int tsc_is_invariant;
uint32_t vp_clock_tick;

uint64_t vp_clock_mono(void)
{
	return vp_vdso_ns(CLOCK_MONOTONIC);
}

uint64_t vp_clock_start_mono(void)
{
	return start_mono;
}

uint64_t vp_clock_from_mono(uint64_t mono_ns)
{
	return mono_ns > start_mono ? mono_ns - start_mono : 0;
}

uint64_t vp_clock_now(void)
{
	const struct vp_clock_line *now = __atomic_load_n(&vp_clock_line, __ATOMIC_ACQUIRE);

	if (__builtin_expect(!now, 0))
		return vp_clock_from_mono(vp_clock_mono());
	return vp_clock_of_line(now);
}

static int invariant_tsc(void)
{
	unsigned a, b, c, d;

	if (!__get_cpuid(0x80000007, &a, &b, &c, &d))
		return 0;
	return (d >> 8) & 1;
}

void vp_clock_start(void)
{
	vp_vdso_init();
	/* Pairs with vp_clock_now(). */
	__atomic_store_n(&vp_clock_line, NULL, __ATOMIC_RELEASE);
	tsc_is_invariant = invariant_tsc();
	start_mono = vp_clock_mono();
	start_tsc = __rdtsc();
}

void vp_clock_align(void)
{
	uint64_t ns = vp_clock_from_mono(vp_clock_mono());
	uint64_t tsc = __rdtsc();
	struct vp_clock_line *fresh = &lines[next_line++ % 4];

	__atomic_store_n(&vp_clock_tick, vp_clock_tick + 1, __ATOMIC_RELAXED);
	if (!tsc_is_invariant || ns < 20u * 1000 * 1000 || tsc <= start_tsc)
		return;
	fresh->base_tsc = tsc;
	fresh->base_ns = ns;
	fresh->mult = (uint64_t)(((unsigned __int128)ns << 32) / (tsc - start_tsc));
	/* Pairs with vp_clock_now(). */
	__atomic_store_n(&vp_clock_line, fresh, __ATOMIC_RELEASE);
}

int vp_clock_is_tsc(void)
{
	return __atomic_load_n(&vp_clock_line, __ATOMIC_RELAXED) != NULL;
}
