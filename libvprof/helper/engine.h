/* Which CPU engine runs, and what it obtained. */
#ifndef VP_HELPER_ENGINE_H
#define VP_HELPER_ENGINE_H

#include <stdint.h>

/* Helper thread: tries the perf engine, when the configuration wants it. */
void vp_engine_open(void);
void vp_engine_note(const char *text); /* for `info`: what became of it */
/* Constructor, after the helper is up: the timer engine where perf was
 * refused or not asked for. */
void vp_engine_fall_back(void);
void vp_engine_drain(void); /* helper, as all up to close */
/* Times off the CPU: vp_perf_off_so_far() of the engine at work, and why there are none. */
uint64_t vp_engine_off_so_far(int last);
const char *vp_engine_why_no_switches(void);
/* Drains, and does what else is due.  now_ns: CLOCK_MONOTONIC */
void vp_engine_run(uint64_t now_ns);
uint64_t vp_engine_due(void);	       /* when to run next at the latest; ~0: never */
void vp_engine_pause(int on);	       /* after a drain */
void vp_engine_tick(uint32_t threads); /* threads: as vp_reading_take has it */
/* The rate is now vp_config.cpu_hz.  Returns 0, or -EINVAL where the engine cannot. */
int vp_engine_set_rate(void);
void vp_engine_close(void);
int vp_engine_is_perf(void);
void vp_engine_fork_child(void);

#endif
