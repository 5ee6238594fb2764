/* The trackers: what each of them needs, said once.
 *
 * Their order is that of every moment in base/tracker.h: what others build on comes
 * first.  A new tracker is a file of its own, a row here, and the name of its section
 * in include/vprof_format.h. */
#include "control/trackers.h"
#include "base/tracker.h"
#include "helper/books.h"
#include "helper/helper.h"
#include "helper/loopers.h"
#include "helper/stalls.h"
#include "helper/units.h"
#include "helper/watch.h"
#include "leak/search.h"
#include "ring/events.h"
#include "ring/names.h"
#include "ring/tables.h"
#include "stack/trie.h"
#include "stack/unwind.h"
#include "thread/lasted.h"
#include "thread/spawn.h"
#include "thread/threads.h"
#include "track/account.h"
#include "track/account_owner.h"
#include "track/call.h"
#include "track/call_names.h"
#include "track/count.h"
#include "track/cpu.h"
#include "track/heap.h"
#include "track/heap_times.h"
#include "track/hooked.h"
#include "track/label.h"
#include "track/loop_rows.h"
#include "track/map_books.h"
#include "track/maps.h"
#include "track/mark.h"
#include "track/order.h"
#include "track/series.h"
#include "track/span.h"
#include "track/wait.h"

/* A section's kind and row, its share of the file in sixteenths, and the extents it may
 * have at most (0: no other limit).  History may take three eighths, the timeline and the
 * series a sixteenth each, and waits, which may be for as many locks as the program has
 * objects, an eighth; what remains is open to the tables, whose totals must never be
 * lost. */
#define SECTION(kind, row, sixteenths, most)                                                       \
	{                                                                                          \
		VPROF_SEC_##kind, sizeof(struct row), sixteenths, most                             \
	}
#define OF_FILE 16u

static void threads_fork_child(void)
{
	vp_spawn_fork_child();
	vp_threads_fork_child();
}

static const struct vp_tracker trackers[] = {
    {.name = "tables",
     .init = vp_names_init,
     .fork_child = vp_tables_fork_child,
     .section = {SECTION(STRINGS, vprof_string_row, OF_FILE, 0)}},
    {.name = "events",
     .init = vp_events_init,
     .fork_child = vp_events_fork_child,
     .section = {SECTION(EVENTS, vprof_event_block, 6, 0)}},
    {.name = "stacks",
     .init = vp_trie_init,
     .fork_child = vp_unwind_fork_child,
     .tick = vp_unwind_tick,
     .section = {SECTION(MODULES, vprof_module, OF_FILE, 0),
		 SECTION(NODES, vprof_node, OF_FILE, 0)}},
    {.name = "threads",
     .init = vp_threads_init,
     .fork_child = threads_fork_child,
     .section = {SECTION(THREADS, vprof_thread, 4, 0)}},
    {.name = "helper",
     .init = vp_watch_init,
     .fork_child = vp_helper_fork_child,
     .section = {SECTION(TIMELINE, vprof_point, 1, 32)}},
    {.name = "heap",
     .init = vp_track_heap_init,
     .section = {SECTION(SITES, vprof_site, OF_FILE, 0)}},
    {.name = "maps",
     .init = vp_maps_init,
     .fork_child = vp_map_books_fork_child,
     .section = {SECTION(MAPS, vprof_map, OF_FILE, 0)}},
    {.name = "resident memory",
     .init = vp_account_init,
     .fork_child = vp_owner_fork_child,
     .tick = vp_account_tick,
     .section = {SECTION(ACCOUNTS, vprof_account, 1, 1), SECTION(RESIDENT, vprof_resident, 1, 1)}},
    {.name = "series",
     .init = vp_series_init,
     .tick = vp_series_tick,
     .section = {SECTION(SERIES, vprof_series, 1, 64)}},
    {.name = "heap over time",
     .init = vp_heap_times_init,
     .tick = vp_heap_times_tick,
     .section = {SECTION(HEAP_TIMES, vprof_heap_time, 1, 64)}},
    {.name = "labels",
     .init = vp_labels_init,
     .section = {SECTION(LABELS, vprof_label_loop, 2, 0)}},
    {.name = "cpu",
     .init = vp_track_cpu_init,
     .thread_start = vp_track_cpu_thread_start,
     .thread_end = vp_track_cpu_thread_end,
     .section = {SECTION(CPU, vprof_cpu, OF_FILE, 0)}},
    {.name = "waits",
     .init = vp_waits_init,
     .thread_end = vp_waits_thread_end,
     .finish = vp_waits_finish,
     .section = {SECTION(LOCKS, vprof_lock, 2, 0), SECTION(BLAME, vprof_blame, 2, 0)}},
    {.name = "orders of locks",
     .init = vp_orders_init,
     .section = {SECTION(ORDERS, vprof_order, 1, 0)}},
    {.name = "calls",
     .init = vp_calls_init,
     .thread_end = vp_calls_thread_end,
     .tick = vp_call_names_tick,
     .section = {SECTION(CALLS, vprof_call, 2, 0)}},
    {.name = "loops",
     .thread_start = vp_loops_thread_start,
     .thread_end = vp_loops_thread_end,
     .finish = vp_loops_finish,
     .section = {SECTION(LOOPS, vprof_loop, 1, 0)}},
    {.name = "books",
     .init = vp_books_init,
     .thread_end = vp_lasted_thread_end,
     .tick = vp_books_tick,
     .section = {SECTION(BOOKS, vprof_book, 2, 0)}},
    {.name = "stalls",
     .init = vp_stalls_init,
     .thread_end = vp_loopers_thread_end,
     .tick = vp_stalls_tick,
     .section = {SECTION(STALLS, vprof_stall, 1, 4), SECTION(DUMPS, vprof_dump, 1, 0)}},
    {.name = "spans",
     .init = vp_span_init,
     .fork_child = vp_span_fork_child,
     .thread_end = vp_span_thread_end,
     .section = {SECTION(SPANS, vprof_span, 2, 0)}},
    {.name = "marks",
     .init = vp_marks_init,
     .section = {SECTION(MARKS, vprof_mark, OF_FILE, 1), SECTION(COPIES, vprof_copy, 2, 0)}},
    {.name = "counts",
     .thread_end = vp_counts_thread_end,
     .finish = vp_counts_finish,
     .section = {SECTION(COUNTS, vprof_count, 2, 0), SECTION(DURATIONS, vprof_duration, 2, 0)}},
    {.name = "hooked functions",
     .init = vp_hooked_init,
     .fork_child = vp_hooked_fork_child,
     .thread_end = vp_hooked_thread_end,
     .tick = vp_hooked_tick,
     .finish = vp_hooked_finish},
    {.name = "units",
     .init = vp_units_init,
     .tick = vp_units_tick,
     .section = {SECTION(UNITS, vprof_unit, 1, 32)}},
    {.name = "leak search",
     .fork_child = vp_leak_search_fork_child,
     .thread_start = vp_leak_search_thread_start,
     .tick = vp_leak_search_tick,
     .section = {SECTION(LEAKS, vprof_leak, 4, 0)}},
};

void vp_trackers_register(void)
{
	vp_trackers_use(trackers, sizeof(trackers) / sizeof(trackers[0]));
}
