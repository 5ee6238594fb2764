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
 *	vprof_span_begin("decode", bytes);
 *	...                                // how long it took, each time
 *	vprof_span_end();
 *
 * and then `vprof-report flat --label indicator=ema`, `vprof-report spans`.  C99 or
 * later, C++; link nothing.  All functions: any thread, not async-signal-safe, errno is kept.
 * A page on each: vprof(3).
 *
 * A program may be built with one version of this header and run under a library
 * of another, older or newer: a call that the library does not know does nothing. */
#ifndef VPROF_H
#define VPROF_H

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this header.  vprof_version() is that of the library. */
#define VPROF_VERSION_MAJOR 0
#define VPROF_VERSION_MINOR 1
#define VPROF_VERSION_PATCH 0
#define VPROF_VERSION                                                                              \
	(VPROF_VERSION_MAJOR * 10000 + VPROF_VERSION_MINOR * 100 + VPROF_VERSION_PATCH)

/* Limits.  What goes beyond is cut or left out. */
#define VPROF_MARKS_MAX	  1024	/* names of marks that are told apart */
#define VPROF_MARK_BYTES  111	/* of a name, without the NUL */
#define VPROF_LABELS_MAX  4096	/* different nestings of labels that are told apart */
#define VPROF_LABEL_BYTES 110	/* of key and value together */
#define VPROF_LABEL_DEPTH 32	/* of labels inside each other */
#define VPROF_SPANS_MAX	  4096	/* names of spans that are told apart */
#define VPROF_SPAN_BYTES  111	/* of a name, without the NUL */
#define VPROF_SPAN_DEPTH  64	/* of spans inside each other */
#define VPROF_ASYNC_MAX	  65536 /* spans of vprof_span_async() open at a time */

#if defined(__GNUC__)
typedef __UINT64_TYPE__ vprof_u64;
#else
typedef unsigned long long vprof_u64;
#endif

/* vprof_leak_scan() without the library.  No -errno: errors of the kernel, also
 * those that a filter makes up, are -4095 to -1. */
#define VPROF_ABSENT (-4096)

/* The library's side, null where it is not loaded.  A plain weak reference
 * would not do: in a program at a fixed address the linker makes it null for
 * good. Only one through the global offset table stays open. */
#if defined(__x86_64__)
#define VPROF_FIND(fn, symbol)                                                                     \
	__asm__(".weak " symbol "\n\tmovq " symbol "@GOTPCREL(%%rip), %0" : "=r"(fn))
#else
#define VPROF_FIND(fn, symbol) ((fn) = 0) /* the library does not run here */
#endif

/* The same for what programs call as often as they have work: null while recording is
 * stopped, too. */
#define VPROF_FIND_RECORDING(fn, symbol)                                                           \
	do {                                                                                       \
		const volatile unsigned *paused_;                                                  \
                                                                                                   \
		VPROF_FIND(fn, symbol);                                                            \
		if (!fn)                                                                           \
			break;                                                                     \
		VPROF_FIND(paused_, "vprof_v1_paused");                                            \
		if (paused_ && *paused_)                                                           \
			fn = 0;                                                                    \
	} while (0)

/* Always inlined: the library goes by the frame of whoever begins and ends a span. */
#if defined(__GNUC__)
#define VPROF_INLINE static inline __attribute__((__always_inline__, __unused__))
#else
#define VPROF_INLINE static inline
#endif

/* 1 where the library is loaded. */
static inline int vprof_present(void)
{
	void (*fn)(const char *);

	VPROF_FIND(fn, "vprof_v1_mark");
	return fn != 0;
}

/* The version of the library that is loaded, as VPROF_VERSION has it; 0 where
 * there is none.  It may be older or newer than this header. */
static inline int vprof_version(void)
{
	int (*fn)(void);

	VPROF_FIND(fn, "vprof_v1_version");
	if (fn)
		return fn();
	return vprof_present() ? 100 : 0; /* 0.1.0: it could not say yet */
}

/* Stops recording until vprof_start(), in all threads: no samples, allocations
 * or waits.  Frees of blocks recorded before are still counted, so that they do
 * not look leaked, and the timeline goes on.  Recording is on at the start of a
 * program, unless VPROF_OPTIONS has start=paused or delay=; once duration= is over,
 * vprof_start() does nothing; calling either twice is calling it once. */
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
 *   name  copied, up to VPROF_MARK_BYTES; names shall be few: VPROF_MARKS_MAX */
static inline void vprof_mark(const char *name)
{
	void (*fn)(const char *);

	VPROF_FIND(fn, "vprof_v1_mark");
	if (fn)
		fn(name);
}

/* From here to the matching vprof_end() the calling thread works on key=value.
 * Nests, VPROF_LABEL_DEPTH deep: inner labels add to the outer ones.  A forked
 * child starts without labels.
 *
 *   key, value  copied, up to VPROF_LABEL_BYTES together; pairs shall be few:
 *               VPROF_LABELS_MAX; no '=' in the key */
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

/* The labels in force in the calling thread, to be given to another one that goes on with the
 * same work; 0: none, or no library.  Good as long as the process lives; not in a forked
 * child, which has no labels. */
static inline vprof_u64 vprof_label_take(void)
{
	vprof_u64 (*fn)(void);

	VPROF_FIND(fn, "vprof_v1_label_take");
	return fn ? fn() : 0;
}

/* From here to the matching vprof_end() the calling thread has these labels, in place of those
 * it has now; labels that it begins meanwhile are added to them.  Counts as a nesting.
 *
 *   labels  what vprof_label_take() returned, in whichever thread; may be given many times */
static inline void vprof_label_give(vprof_u64 labels)
{
	void (*fn)(vprof_u64);

	VPROF_FIND(fn, "vprof_v1_label_give");
	if (fn)
		fn(labels);
	else /* an older library must not take vprof_end() for that of another label */
		vprof_begin("labels", "given");
}

/* A span is work that the program wants timed, each time it is done: from here to the
 * matching vprof_span_end() in the same thread.  Nests, VPROF_SPAN_DEPTH deep.  Of each name
 * are kept: how often, how long altogether and without the spans inside, the longest, and a
 * histogram, from which percentiles are known to 6 %.
 *
 * The two need not be in one function, but must come in pairs in each thread.  What leaves
 * without an end, by a longjmp or an exception, is dropped when the function that called
 * vprof_span_begin() further out ends its own; what never ends is said so.  vprof_span in
 * C++ and VPROF_SPAN, below, end by themselves.  A forked child starts without spans; those
 * that are open when recording stops are dropped.
 *
 *   name  copied, up to VPROF_SPAN_BYTES; a literal is best.  Names shall be few:
 *         VPROF_SPANS_MAX; what comes beyond is counted together
 *   size  how much work it is: bytes, orders, rows; 0 where there is no such number */
VPROF_INLINE void vprof_span_begin(const char *name, vprof_u64 size)
{
	unsigned (*fn)(const char *, vprof_u64);

	VPROF_FIND_RECORDING(fn, "vprof_v1_span_enter");
	if (fn)
		fn(name, size);
}

VPROF_INLINE void vprof_span_end(void)
{
	void (*fn)(unsigned);

	VPROF_FIND_RECORDING(fn, "vprof_v1_span_leave");
	if (fn)
		fn(0);
}

/* The same for those who wrap it: vprof_span_enter() returns a number by which
 * vprof_span_leave() finds that very span, in the same thread.  It also drops what was left
 * open inside of it, and does nothing where the span is not open any more.  0: it is not
 * recorded, and need not be left. */
VPROF_INLINE unsigned vprof_span_enter(const char *name, vprof_u64 size)
{
	unsigned (*fn)(const char *, vprof_u64);

	VPROF_FIND_RECORDING(fn, "vprof_v1_span_enter");
	return fn ? fn(name, size) : 0;
}

VPROF_INLINE void vprof_span_leave(unsigned span)
{
	void (*fn)(unsigned);

	VPROF_FIND_RECORDING(fn, "vprof_v1_span_leave");
	if (fn && span)
		fn(span);
}

/* Work that crosses threads, from an order to its acknowledgement: the first call with a name
 * and id begins a span, the next with the same two ends it, in whatever thread.  The third
 * begins another.  They do not nest, and inner spans are not taken from their time.
 *
 *   name  as above
 *   id    tells those under way apart.  VPROF_ASYNC_MAX may be at a time; of more the
 *         oldest are dropped, and said to be */
VPROF_INLINE void vprof_span_async(const char *name, vprof_u64 id)
{
	void (*fn)(const char *, vprof_u64);

	VPROF_FIND_RECORDING(fn, "vprof_v1_span_async");
	if (fn)
		fn(name, id);
}

/* Searches now for blocks that nothing points to any more; the verdicts are in
 * the file within seconds (`vprof-report leaks`), and replace those of an earlier
 * search.  All threads stand still while a snapshot is taken: milliseconds.
 *
 * Returns 0 when the snapshot is taken, VPROF_ABSENT without the library, or the
 * library's -errno: -EBUSY (a search is under way), -EOPNOTSUPP (heap= is not
 * exact, or leakscan=off), -EAGAIN (this process is not recorded), -ESRCH (the
 * library has no thread of its own), -ETIME (that one got no CPU time), or why
 * the snapshot was refused (-ENOMEM, -EPERM, ...). */
static inline int vprof_leak_scan(void)
{
	int (*fn)(void);

	VPROF_FIND(fn, "vprof_v1_leak_scan");
	return fn ? fn() : VPROF_ABSENT;
}

#undef VPROF_FIND_RECORDING
#undef VPROF_FIND

#ifdef __cplusplus
}
#endif

/* VPROF_SPAN("decode", bytes); as a declaration: a span from here to the end of the block,
 * however that is left: return, break, exception, cancellation.  In C with gcc and clang, and
 * for the last two with -fexceptions. */
#define VPROF_SPAN_JOIN(a, b) a##b
#define VPROF_SPAN_AT(line)   VPROF_SPAN_JOIN(vprof_span_of_line_, line)
#ifdef __cplusplus
namespace vprof
{
/* vprof::span decode("decode", bytes); the same, with a name of its own. */
class span
{
      public:
	explicit span(const char *name, vprof_u64 size = 0) : number(vprof_span_enter(name, size))
	{
	}
	~span()
	{
		vprof_span_leave(number);
	}

      private:
	span(const span &);
	span &operator=(const span &);
	unsigned number;
};
} // namespace vprof
#define VPROF_SPAN(name, size) ::vprof::span VPROF_SPAN_AT(__LINE__)(name, size)
#elif defined(__GNUC__)
VPROF_INLINE void vprof_v1_block_left(const unsigned *span)
{
	vprof_span_leave(*span);
}
#define VPROF_SPAN(name, size)                                                                     \
	const unsigned VPROF_SPAN_AT(__LINE__)                                                     \
	    __attribute__((__cleanup__(vprof_v1_block_left), __unused__)) =                        \
		vprof_span_enter(name, size)
#endif

#endif
