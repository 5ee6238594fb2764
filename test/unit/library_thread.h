/* library_file.h for cases that need a thread of the library's: the trackers that every
 * such case has, and the calling thread's state. */
#ifndef TEST_UNIT_LIBRARY_THREAD_H
#define TEST_UNIT_LIBRARY_THREAD_H

#include "library_file.h"

#include "base/clock.h"
#include "base/private_heap.h"
#include "base/real.h"
#include "ring/events.h"
#include "stack/trie.h"
#include "thread/shards.h"
#include "thread/threads.h"

static inline int shards_init(void)
{
	vp_shards_init();
	return 0;
}

#define THREAD_TRACKERS                                                                            \
	{.name = "tables",                                                                         \
	 .init = vp_events_init,                                                                   \
	 .section = {SECTION_OF(STRINGS, vprof_string_row, 16, 0),                                 \
		     SECTION_OF(MODULES, vprof_module, 16, 0),                                     \
		     SECTION_OF(EVENTS, vprof_event_block, 4, 0)}},                                \
	    {.name = "stacks",                                                                     \
	     .init = vp_trie_init,                                                                 \
	     .section = {SECTION_OF(NODES, vprof_node, 16, 0)}},                                   \
	    {.name = "threads",                                                                    \
	     .init = vp_threads_init,                                                              \
	     .section = {SECTION_OF(THREADS, vprof_thread, 4, 0)}},                                \
	{                                                                                          \
		.name = "shards", .init = shards_init, .section = {                                \
			SECTION_OF(SITES, vprof_site, 16, 0)                                       \
		}                                                                                  \
	}

static struct vp_thread *self;

/* From then on as in our code: nothing of the case is recorded. */
static inline void library_thread(const struct vp_tracker *table, uint32_t count)
{
	vp_real_resolve();
	ck_assert_int_eq(vp_private_heap_init(), 0);
	vp_clock_start();
	library_file(table, count);
	vp_string_add("a program", 9); /* no label is string 0 */
	vp_tls.busy = 1;
	self = vp_thread_self();
	ck_assert_ptr_nonnull(self);
}

#endif
