/* Nanoseconds of CLOCK_MONOTONIC since the start of the profile.
 *
 * Until the helper thread has seen the time-stamp counter run beside the
 * kernel's clock for a tick, this is the kernel's clock (24 ns); afterwards the
 * counter itself (10 ns), re-aligned at every tick. */
#ifndef VP_BASE_CLOCK_H
#define VP_BASE_CLOCK_H

#include <stdint.h>
#include <x86intrin.h>

/* now = base_ns + ((tsc - base_tsc) * mult >> 32) */
struct vp_clock_line {
	uint64_t base_tsc, base_ns, mult;
};
/* The one in force; NULL: ask the kernel. */
extern struct vp_clock_line *vp_clock_line __attribute__((visibility("hidden")));

uint64_t vp_clock_now(void);

/* The same, where the counter can be asked, for whom a call is too much. */
static inline uint64_t vp_clock_of_line(const struct vp_clock_line *now)
{
	return now->base_ns +
	       (uint64_t)((__int128)(int64_t)(__rdtsc() - now->base_tsc) * now->mult >> 32);
}

uint64_t vp_clock_from_mono(uint64_t mono_ns); /* CLOCK_MONOTONIC to ours */
uint64_t vp_clock_mono(void);		       /* CLOCK_MONOTONIC itself */
uint64_t vp_clock_start_mono(void);
void vp_clock_start(void); /* time zero is now */
void vp_clock_align(void); /* helper thread, every tick */
int vp_clock_is_tsc(void);

/* Counts vp_clock_align: whether a remembered time is older than a tick. */
extern uint32_t vp_clock_tick;

#endif
