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

/* The library's side, null where it is not loaded.  A plain weak reference
 * would not do: in a program at a fixed address the linker makes it null for
 * good. Only one through the global offset table stays open. */
#if defined(__x86_64__)
#define VPROF_FIND(fn, symbol)                                                                     \
	__asm__(".weak " symbol "\n\tmovq " symbol "@GOTPCREL(%%rip), %0" : "=r"(fn))
#else
#define VPROF_FIND(fn, symbol) ((fn) = 0) /* the library does not run here */
#endif

/* 1 where the library is loaded. */
static inline int vprof_present(void)
{
	void (*fn)(const char *);

	VPROF_FIND(fn, "vprof_v1_mark");
	return fn != 0;
}

/* Stops recording until vprof_start(), in all threads: no samples, allocations
 * or waits.  Frees of blocks recorded before are still counted, so that they do
 * not look leaked, and the timeline goes on.  Recording is on at the start of a
 * program; calling either twice is calling it once. */
static inline void vprof_stop(void)
{
	void (*fn)(void);

	VPROF_FIND(fn, "vprof_v1_stop");
	if (fn)
		fn();
}

static inline void vprof_start(void)
{
	void (*fn)(void);

	VPROF_FIND(fn, "vprof_v1_start");
	if (fn)
		fn();
}

/* Notes that something happened now: counted by name, with the time and the
 * live bytes of the heap in the history.  A program that marks "iteration" has
 * the growth of its heap judged by iterations instead of by time.
 *
 *   name  copied; names shall be few (1024 are told apart, by 111 bytes) */
static inline void vprof_mark(const char *name)
{
	void (*fn)(const char *);

	VPROF_FIND(fn, "vprof_v1_mark");
	if (fn)
		fn(name);
}

/* From here to the matching vprof_end() the calling thread works on key=value.
 * Nests, 32 deep: inner labels add to the outer ones.  A forked child starts
 * without labels.
 *
 *   key, value  copied; pairs shall be few (4096 nestings are told apart, 110
 *               bytes each); no '=' in the key */
static inline void vprof_begin(const char *key, const char *value)
{
	void (*fn)(const char *, const char *);

	VPROF_FIND(fn, "vprof_v1_begin");
	if (fn)
		fn(key, value);
}

static inline void vprof_end(void)
{
	void (*fn)(void);

	VPROF_FIND(fn, "vprof_v1_end");
	if (fn)
		fn();
}

/* Searches now for blocks that nothing points to any more; the verdicts are in
 * the file within seconds (`vprof-report leaks`), and replace those of an earlier
 * search.  All threads stand still while a snapshot is taken: milliseconds.
 *
 * Returns 0 when the snapshot is taken, -1 without the library, or its -errno:
 * -EBUSY (a search is under way), -EOPNOTSUPP (heap= is not exact, or
 * leakscan=off), -EAGAIN (this process is not recorded), ... */
static inline int vprof_leak_scan(void)
{
	int (*fn)(void);

	VPROF_FIND(fn, "vprof_v1_leak_scan");
	return fn ? fn() : -1;
}

#undef VPROF_FIND

#ifdef __cplusplus
}
#endif

#endif
