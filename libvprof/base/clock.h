/* Nanoseconds of CLOCK_MONOTONIC since the start of the profile.
 *
 * Until the helper thread has seen the time-stamp counter run beside the
 * kernel's clock for a tick, this is the kernel's clock (24 ns); afterwards the
 * counter itself (10 ns), re-aligned at every tick. */
#ifndef VP_BASE_CLOCK_H
#define VP_BASE_CLOCK_H

#include <stdint.h>

uint64_t vp_clock_now(void);
uint64_t vp_clock_from_mono(uint64_t mono_ns); /* CLOCK_MONOTONIC to ours */
uint64_t vp_clock_mono(void);		       /* CLOCK_MONOTONIC itself */
uint64_t vp_clock_start_mono(void);
void vp_clock_start(void); /* time zero is now */
void vp_clock_align(void); /* helper thread, every tick */
int vp_clock_is_tsc(void);

/* Counts vp_clock_align: whether a remembered time is older than a tick. */
extern uint32_t vp_clock_tick;

#endif
