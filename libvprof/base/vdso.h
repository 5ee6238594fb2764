/* The kernel's clock, whoever else defines clock_gettime in this process.
 *
 * A preloaded shim (libfaketime, a replay harness) may stand in front of libc's
 * clock functions; the page that the kernel maps into every process cannot be
 * preloaded, and is as cheap. */
#ifndef VP_BASE_VDSO_H
#define VP_BASE_VDSO_H

#include <stdint.h>

/* Looks the function up, once.  Until then, and where there is none, the time
 * comes by a system call.
 * Context: one thread; reads the auxiliary vector. */
void vp_vdso_init(void);

/* Nanoseconds of a clock, 0 where the kernel refuses it.
 *   clock   CLOCK_MONOTONIC, CLOCK_REALTIME ...
 * Context: any, signal handlers too; keeps errno. */
uint64_t vp_vdso_ns(int clock);

#endif
