/* L4  Which CPU engine runs, and what it obtained. */
#ifndef VP_ENGINE_H
#define VP_ENGINE_H

#include <stdint.h>

/* Helper thread: tries the perf engine, when the configuration wants it. */
void vp_engine_open(int private_files);
/* Constructor, after the helper is up: the timer engine where perf was
 * refused or not asked for. */
void vp_engine_fall_back(void);
void vp_engine_drain(void);       /* helper */
uint64_t vp_engine_drain_ns(void); /* longest time between two drains */
void vp_engine_close(void);       /* helper */
int vp_engine_is_perf(void);
void vp_engine_fork_child(void);

#endif
