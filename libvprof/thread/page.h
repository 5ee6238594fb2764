/* A thread's user page: what the kernel says of it without being asked.
 *
 * The helper opens an event for the thread that counts nothing, and maps its page: its
 * `lock` rises whenever the thread leaves a CPU or gets one, so that two reads of it tell
 * whether a call slept, for a thirtieth of what a look at the clock costs.  `time_enabled` is
 * the thread's CPU time when it last got a CPU (perf_event_open(2)).
 *
 * A forked child has not got the mapping: whoever reads it has seen vp_control.calls, which
 * is 0 there. */
#ifndef VP_THREAD_PAGE_H
#define VP_THREAD_PAGE_H

#include <linux/perf_event.h>
#include <stdint.h>

#define VP_PAGE_BYTES 4096u

struct vp_page {
	const struct perf_event_mmap_page *map; /* NULL: the thread has none */
	/* Just after the thread got a CPU: the time, and `time_enabled` then.  0: not yet. */
	uint64_t mark_ns, mark_enabled;
};

/* Of no page that can be read: one that comes during a call has told of its sleep. */
#define VP_PAGE_NO_LOCK 1u

static inline uint32_t vp_page_lock(const struct perf_event_mmap_page *map)
{
	return __atomic_load_n(&map->lock, __ATOMIC_RELAXED);
}

/* The thread slept or was made to wait just now, and runs again. */
static inline void vp_page_mark(struct vp_page *page, const struct perf_event_mmap_page *map,
				uint64_t now_ns)
{
	page->mark_ns = now_ns;
	page->mark_enabled = map->time_enabled;
}

/* Has the thread had the CPU ever since the mark?  Then it will be known when it sleeps next. */
static inline int vp_page_is_marked(const struct vp_page *page,
				    const struct perf_event_mmap_page *map)
{
	return page->mark_enabled == map->time_enabled;
}

/* When the sleep that just ended at `now_ns` began: the thread ran from the mark on for as
 * long as its CPU time has grown since.  Where it was made to wait for a CPU in between, that
 * much too early; loops have a mark at each iteration that had something to wait for. */
static inline uint64_t vp_page_slept_since(const struct vp_page *page,
					   const struct perf_event_mmap_page *map, uint64_t now_ns)
{
	uint64_t since = page->mark_ns + (map->time_enabled - page->mark_enabled);

	return page->mark_ns && since < now_ns ? since : now_ns;
}

#endif
