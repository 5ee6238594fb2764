#include "helper/loopers.h"
#include "base/clock.h"
#include "base/doing.h"
#include "base/filters.h"
#include "base/sys.h"
#include "helper/books.h"
#include "ring/file.h"
#include "ring/tables.h"
#include "sample/engines.h"
#include "thread/stall.h"
#include "thread/threads.h"

#include <fcntl.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/mman.h>

#define MS     1000000ull
#define SECOND (1000 * MS)

/* stall=auto */
#define LEARN_NS	   (2 * SECOND)
#define LEARNED_LEAST_NS   MS
#define LEARNED_MOST_NS	   (10 * MS)
#define LEARNED_ITERATIONS 20u

static struct vp_looper looper[VP_LOOPERS];
static uint32_t loopers;
static uint64_t next_scan_ns;
static uint32_t rare_seen;
static int rate_changed; /* of a looper's switches */

struct vp_looper *vp_loopers(uint32_t *count)
{
	*count = loopers;
	return looper;
}

void vp_loopers_init(void)
{
	/* The pages of a parent's threads are not in a forked child. */
	memset(looper, 0, loopers * sizeof(looper[0]));
	loopers = 0;
	next_scan_ns = 0;
}

/* Of the thread's number in the list, plus one. */
static uint32_t mark_of(const struct vp_looper *one)
{
	return (uint32_t)(one - looper) + 1;
}

int vp_looper_lives(const struct vp_looper *one)
{
	return one->thread &&
	       __atomic_load_n(&one->thread->stalls.looper, __ATOMIC_ACQUIRE) == mark_of(one);
}

void vp_loopers_thread_end(struct vp_thread *thread)
{
	thread->page.map = NULL;
	thread->stalls.units = NULL;
	/* Pairs with vp_looper_lives(): nothing of the thread is looked at from now on. */
	__atomic_store_n(&thread->stalls.looper, VP_STALL_ENDED, __ATOMIC_RELEASE);
}

/* ---- the user page ---------------------------------------------------------- */

/* Of an event that counts nothing: it is the thread's page that is wanted. */
static void *map_page(int tid)
{
	struct perf_event_attr attr;
	long fd, at;

	memset(&attr, 0, sizeof(attr));
	attr.size = sizeof(attr);
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_DUMMY;
	attr.exclude_kernel = 1;
	attr.exclude_hv = 1;
	fd = vp_filters_perf_open(&attr, tid, -1);
	if (fd < 0)
		return NULL;
	at = vp_sys_mmap(VP_PAGE_BYTES, PROT_READ, MAP_SHARED, (int)fd);
	vp_sys_close((int)fd);				 /* the mapping keeps it */
	return at < 0 && at > -4096 ? NULL : (void *)at; /* NOLINT(performance-no-int-to-ptr) */
}

static void unmap_page(struct vp_looper *one)
{
	if (one->page)
		vp_sys(SYS_munmap, one->page, VP_PAGE_BYTES, 0);
	one->page = NULL;
	one->stands = 0;
}

static void tell_thread(struct vp_looper *one, void *page)
{
	vp_threads_lock();
	if (vp_looper_lives(one))
		/* Pairs with the thread, which reads it at its next call. */
		__atomic_store_n(&one->thread->page.map, page, __ATOMIC_RELEASE);
	vp_threads_unlock();
}

/* A thread that switches very often pays for the event more than the page saves.  It may be
 * between two looks at the page: what was there last stays in its place. */
static void take_page(struct vp_looper *one)
{
	long copy =
	    vp_sys_mmap(VP_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	if (copy < 0 && copy > -4096)
		return;
	tell_thread(one, NULL);
	memcpy((void *)copy, one->page, VP_PAGE_BYTES); /* NOLINT(performance-no-int-to-ptr) */
	if (vp_sys6(SYS_mremap, copy, VP_PAGE_BYTES, VP_PAGE_BYTES, MREMAP_MAYMOVE | MREMAP_FIXED,
		    (long)one->page, 0) < 0)
		vp_sys(SYS_munmap, copy, VP_PAGE_BYTES, 0);
	one->stands = 1;
}

static void give_page(struct vp_looper *one)
{
	unmap_page(one);
	one->page = map_page(one->tid);
	if (!one->page)
		return;
	vp_file.header->layers |= VPROF_LAYER_PAGE;
	tell_thread(one, one->page);
}

/* ---- who is there ----------------------------------------------------------- */

static int has_loop(const struct vp_thread *thread)
{
	const struct vp_call_line *line = &thread->line;

	return __atomic_load_n(&line->iteration_ns, __ATOMIC_RELAXED) ||
	       (line->kind != VP_CALL_NONE && line->flags & VP_LINE_AT_LOOP);
}

static const struct vprof_thread *row_of(const struct vp_looper *one)
{
	return vp_table_row(VPROF_SEC_THREADS, one->row);
}

/* Context: the registry's lock held, without which the thread does not go away. */
static void find(const struct vp_thread *found)
{
	struct vp_thread *thread = (struct vp_thread *)(uintptr_t)found;
	struct vp_looper *one = looper;

	if (thread->stalls.looper || !thread->row_id || !has_loop(thread))
		return;
	while (one < looper + loopers && one->thread)
		one++;
	if (one == looper + VP_LOOPERS)
		return;
	loopers += one == looper + loopers;
	*one = (struct vp_looper){.thread = thread, .tid = thread->tid, .row = thread->row_id};
	one->delay_ns = row_of(one)->run_delay_ns;
	/* Pairs with the thread, which then need not say that it is new; or it has ended. */
	if (!__sync_bool_compare_and_swap(&thread->stalls.looper, 0, mark_of(one)))
		one->thread = NULL;
}

static void forget(struct vp_looper *one)
{
	unmap_page(one);
	one->thread = NULL;
}

static void look_at_page(struct vp_looper *one)
{
	int rare = one->rate.often || vp_perf_is_rare(one->tid);

	if (!one->page) {
		vp_books_watch(one->row);
		vp_doing_keep(one->tid);
	}
	if (rare && one->page && !one->stands)
		take_page(one);
	if (!rare && (!one->page || one->stands))
		give_page(one);
}

int vp_loopers_due(uint64_t now_ns)
{
	return now_ns >= next_scan_ns || rate_changed || vp_perf_rare_changes() != rare_seen ||
	       __atomic_load_n(&vp_control.stall_new, __ATOMIC_RELAXED);
}

static void read_row(struct vp_looper *one, uint64_t now_ns)
{
	const struct vprof_thread *row = row_of(one);
	int often = one->rate.often;

	one->delay_ns = row->run_delay_ns;
	vp_switch_rate_look(&one->rate, row->slices, now_ns);
	rate_changed |= one->rate.often != often;
}

void vp_loopers_tick(void)
{
	uint64_t now = vp_clock_now();

	for (uint32_t i = 0; i < loopers; i++)
		if (vp_looper_lives(&looper[i]))
			read_row(&looper[i], now);
}

void vp_loopers_update(uint64_t now_ns)
{
	if (!vp_loopers_due(now_ns))
		return;
	rare_seen = vp_perf_rare_changes();
	rate_changed = 0;
	__atomic_store_n(&vp_control.stall_new, 0, __ATOMIC_RELAXED);
	next_scan_ns = now_ns + SECOND;
	for (uint32_t i = 0; i < loopers; i++)
		if (looper[i].thread && !vp_looper_lives(&looper[i]))
			forget(&looper[i]);
	while (loopers && !looper[loopers - 1].thread)
		loopers--;
	vp_threads_each(find);
	for (uint32_t i = 0; i < loopers; i++) {
		if (looper[i].thread)
			look_at_page(&looper[i]);
	}
}

void vp_loopers_close(void)
{
	vp_threads_lock();
	for (uint32_t i = 0; i < loopers; i++)
		if (vp_looper_lives(&looper[i]))
			looper[i].thread->page.map = NULL;
	vp_threads_unlock();
	/* A thread may be between two looks at its page, which therefore stays mapped. */
	loopers = 0;
}

/* ---- limits ----------------------------------------------------------------- */

uint64_t vp_looper_limit(const struct vp_looper *one)
{
	return one->limit_ns ? one->limit_ns : vp_control.stall_ns;
}

uint32_t vp_looper_loop(const struct vp_looper *one)
{
	uint32_t best = VPROF_NONE;
	uint64_t last = 0;

	for (uint32_t i = 0; i < vp_table_used(VPROF_SEC_LOOPS); i++) {
		const struct vprof_loop *row = vp_table_row(VPROF_SEC_LOOPS, i);

		if (row->thread == one->row && row->last_ns >= last) {
			best = i;
			last = row->last_ns;
		}
	}
	return best;
}

/* 20 x the median of the loop's iterations so far; 0: too few. */
static uint64_t learn(const struct vprof_loop *row)
{
	uint64_t half = 0, all = 0, ns;
	uint32_t bucket = 0;

	for (uint32_t i = 0; i < VPROF_LOOP_BUCKETS; i++)
		all += row->histogram[i];
	if (all < LEARNED_ITERATIONS)
		return 0;
	while (bucket < VPROF_LOOP_BUCKETS - 1 && (half += row->histogram[bucket]) * 2 < all)
		bucket++;
	ns = 20 * vprof_histogram_low(bucket + 1, VPROF_LOOP_UNIT_BITS, VPROF_LOOP_SUB_BITS);
	ns = ns > LEARNED_LEAST_NS ? ns : LEARNED_LEAST_NS;
	return ns < LEARNED_MOST_NS ? ns : LEARNED_MOST_NS;
}

static void set_limit(struct vp_looper *one, uint64_t limit_ns)
{
	one->limit_ns = limit_ns;
	vp_threads_lock();
	if (vp_looper_lives(one))
		/* Pairs with the thread, at the end of an iteration. */
		__atomic_store_n(&one->thread->stalls.limit_ns, limit_ns, __ATOMIC_RELAXED);
	vp_threads_unlock();
}

void vp_loopers_learn(uint64_t now_ns)
{
	for (uint32_t i = 0; i < loopers; i++) {
		struct vp_looper *one = &looper[i];
		uint32_t loop = one->thread && !one->limit_ns ? vp_looper_loop(one) : VPROF_NONE;
		struct vprof_loop *row;

		if (loop == VPROF_NONE)
			continue;
		row = vp_table_row(VPROF_SEC_LOOPS, loop);
		if (now_ns < row->first_ns + LEARN_NS)
			continue;
		row->limit_ns = learn(row);
		set_limit(one, row->limit_ns);
	}
}

void vp_loopers_unlearn(void)
{
	for (uint32_t i = 0; i < loopers; i++)
		if (looper[i].thread)
			set_limit(&looper[i], 0);
}
