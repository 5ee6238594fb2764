/* What a program may tell libvprof about itself.  Optional: a program needs none
 * of this to be profiled, and one that uses it needs no library: without
 * LD_PRELOAD=libvprof.so every call here is a test of a null pointer.
 *
 *	#include <vprof.h>
 *
 *	vprof_begin("indicator", "ema");
 *	...                                // CPU samples carry indicator=ema
 *	vprof_end();
 *	vprof_mark("cycle");
 *
 * and then `vprof-report flat --label indicator=ema`.  C and C++; link nothing.
 * All functions: any thread, not async-signal-safe, errno is kept. */
#ifndef VPROF_H
#define VPROF_H

#ifdef __cplusplus
extern "C" {
#endif

/* The library's side.  Weak: null where the library is not loaded. */
#define VPROF_WEAK __attribute__((weak, visibility("default")))
VPROF_WEAK void vprof_v1_start(void);
VPROF_WEAK void vprof_v1_stop(void);
VPROF_WEAK void vprof_v1_mark(const char *name);
VPROF_WEAK void vprof_v1_begin(const char *key, const char *value);
VPROF_WEAK void vprof_v1_end(void);
#undef VPROF_WEAK

/* Stops recording until vprof_start(), in all threads: no samples, allocations
 * or waits.  Frees of blocks recorded before are still counted, so that they do
 * not look leaked, and the timeline goes on.  Recording is on at the start of a
 * program; calling either twice is calling it once. */
static inline void vprof_stop(void)
{
	if (vprof_v1_stop)
		vprof_v1_stop();
}

static inline void vprof_start(void)
{
	if (vprof_v1_start)
		vprof_v1_start();
}

/* Notes that something happened now: counted by name, with the time and the
 * live bytes of the heap in the history.
 *
 *   name  copied; names shall be few (1023 are told apart, 111 bytes each) */
static inline void vprof_mark(const char *name)
{
	if (vprof_v1_mark)
		vprof_v1_mark(name);
}

/* From here to the matching vprof_end() the calling thread works on key=value.
 * Nests, 32 deep: inner labels add to the outer ones.  A forked child starts
 * without labels.
 *
 *   key, value  copied; pairs shall be few (4096 nestings are told apart, 110
 *               bytes each); no '=' in the key */
static inline void vprof_begin(const char *key, const char *value)
{
	if (vprof_v1_begin)
		vprof_v1_begin(key, value);
}

static inline void vprof_end(void)
{
	if (vprof_v1_end)
		vprof_v1_end();
}

#ifdef __cplusplus
}
#endif

#endif
