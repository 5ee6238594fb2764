#include "helper/books.h"
#include "base/amount.h"
#include "base/array.h"
#include "base/clock.h"
#include "base/private_heap.h"
#include "base/proc.h"
#include "base/state.h"
#include "base/sys.h"
#include "helper/book.h"
#include "helper/bounds.h"
#include "helper/engine.h"
#include "helper/layers.h"
#include "helper/watch.h"
#include "ring/file.h"
#include "ring/tables.h"
#include "thread/threads.h"

#include <string.h>

/* Threads whose calls are copied at once, while the registry is locked. */
#define AT_ONCE 16u

/* A time off the CPU that waits for the thread's calls. */
struct waiting {
	struct vp_off off;
	uint32_t next; /* of the same thread, + 1 */
};

static struct slot {
	struct vp_book book;
	uint32_t thread;      /* row in THREADS; 0: free */
	uint32_t first, last; /* in `waiting`, + 1 */
	int asks;	      /* for its calls */
	struct vp_off begins; /* its switches are recorded since; end_ns 0: no news */
} * slot;
static uint32_t slots, slot_room;
static uint32_t *of_row; /* row in THREADS -> slot + 1; or: */
#define CLOSED ~0u	 /* its thread has ended */
static uint32_t row_room;

static struct waiting *waiting;
static uint32_t waiting_count, waiting_room;
static struct vp_lasted_seen seen[AT_ONCE];
static uint32_t seen_count;
static int more_ask;
static int writes; /* rows, not only what waits is added */

static uint64_t certain_ns; /* all times off the CPU up to this are known; 0: none are */
static uint64_t all_in_ns;  /* ... and in the books, or there are no more to come */
static int paused, ended;

int vp_books_init(void)
{
	/* Not given back: the helper may have been at it when we were forked. */
	slot = NULL;
	of_row = NULL;
	waiting = NULL;
	slots = slot_room = row_room = waiting_count = waiting_room = 0;
	certain_ns = all_in_ns = 0;
	paused = vp_control.paused != 0;
	ended = 0;
	vp_bounds_init();
	vp_layers_init();
	return vp_lasted_init();
}

static struct slot *free_slot(void)
{
	for (uint32_t i = 0; i < slots; i++)
		if (!slot[i].thread)
			return &slot[i];
	if (!vp_array_room((void **)&slot, slots, &slot_room, slots + 1, sizeof(*slot)))
		return NULL;
	return &slot[slots++];
}

static struct slot *slot_of(uint32_t thread)
{
	uint32_t at = thread < row_room ? of_row[thread] : 0;

	return at && at != CLOSED ? &slot[at - 1] : NULL;
}

/* The book of a row of THREADS; NULL without memory, or for what is no thread of the host. */
static struct slot *book_of(uint32_t thread)
{
	const struct vprof_thread *row = vp_table_row(VPROF_SEC_THREADS, thread);
	struct slot *one;

	if (!thread || row->flags & VPROF_THREAD_HELPER)
		return NULL;
	if (thread < row_room && of_row[thread])
		return slot_of(thread);
	if (!vp_array_room((void **)&of_row, row_room, &row_room, thread + 1, sizeof(*of_row)))
		return NULL;
	one = free_slot();
	if (!one)
		return NULL;
	*one = (struct slot){.thread = thread, .book = {.row = VPROF_NONE}};
	one->book.sum.thread = thread;
	of_row[thread] = (uint32_t)(one - slot) + 1;
	return one;
}

void vp_books_read(uint32_t thread, uint64_t cpu_ns, uint64_t t_ns)
{
	struct slot *one = ended ? NULL : book_of(thread);

	if (!one)
		return;
	one->book.cpu_ns = cpu_ns;
	one->book.read_ns = t_ns;
	one->book.off_since_read_ns = 0;
}

static void keep(struct slot *one, const struct vp_off *off)
{
	if (!vp_array_room((void **)&waiting, waiting_count, &waiting_room, waiting_count + 1,
			   sizeof(*waiting))) {
		one->book.sum.without_half++;
		return;
	}
	waiting[waiting_count++] = (struct waiting){.off = *off};
	if (one->last)
		waiting[one->last - 1].next = waiting_count;
	else
		one->first = waiting_count;
	one->last = waiting_count;
}

void vp_books_off(const struct vp_perf_off *perf)
{
	struct vp_off off = {vp_clock_from_mono(perf->begin_ns),
			     vp_clock_from_mono(perf->end_ns),
			     perf->preempted,
			     perf->guessed,
			     perf->goes_on,
			     perf->fault,
			     perf->half,
			     perf->gap,
			     perf->begins,
			     perf->ends,
			     perf->ran_ns,
			     perf->delay_ns};
	struct slot *one;
	uint64_t read_ns;

	if (ended || paused)
		return;
	one = book_of(vp_threads_row_of_tid(perf->tid, off.begin_ns));
	if (!one)
		return;
	if (off.ends) /* it switches too often */
		__atomic_fetch_or(
		    &((struct vprof_thread *)vp_table_row(VPROF_SEC_THREADS, one->thread))->flags,
		    VPROF_THREAD_WINDOWS, __ATOMIC_RELAXED);
	if (off.begins || off.ends)
		off.ran_ns = vp_proc_thread_ns((uint32_t)perf->tid, off.ran_ns);
	if (off.begins) {
		one->begins = off;
		return;
	}
	read_ns = one->book.read_ns;
	if (off.end_ns > read_ns)
		one->book.off_since_read_ns +=
		    off.end_ns - (off.begin_ns > read_ns ? off.begin_ns : read_ns);
	keep(one, &off);
}

/* ---- a thread's book, when its calls are there ------------------------------ */

/* The first period begins with the thread; that of the main one when we had set ourselves up. */
static void open_window(struct slot *one, const struct vprof_thread *row)
{
	struct vp_book_window *window = &one->book.window;

	*window = (struct vp_book_window){.open = 1};
	window->from_ns = vp_bounds_begun(row, &window->cpu_ns);
	vp_book_begin_rough(&one->book, window->from_ns, window->cpu_ns, 0, NULL);
}

static uint64_t delay_of(const struct vprof_thread *row)
{
	return row->flags & VPROF_THREAD_RUN_DELAY ? row->run_delay_ns : 0;
}

/* Do records of switches still tell where it is? */
static void look_at_layers(struct slot *one, const struct vprof_thread *row,
			   const struct vp_lasted_seen *calls)
{
	struct vp_book *book = &one->book;

	/* Its events were refused when the rings grew. */
	if (writes && book->exact && row->state == VPROF_THREAD_LIVE &&
	    !vp_perf_off_is_known((int)row->tid))
		vp_book_end_exact(book,
				  &(struct vp_off){.end_ns = book->read_ns,
						   .ran_ns = book->cpu_ns,
						   .delay_ns = delay_of(row)},
				  calls);
	if (row->flags & VPROF_THREAD_RUN_DELAY)
		book->sum.layers |= VPROF_LAYER_SCHEDSTAT;
	if (vp_control.calls)
		book->sum.layers |= VPROF_LAYER_CALLS;
	vp_layers_have(book->sum.layers);
}

static void add_waiting(struct slot *one, const struct vprof_thread *row,
			const struct vp_lasted_seen *calls)
{
	uint64_t cpu_ns, last_ns = vp_bounds_last(row, &cpu_ns);

	for (uint32_t at = one->first; at; at = waiting[at - 1].next) {
		struct vp_off *off = &waiting[at - 1].off;

		/* What is before the window nobody asks for; what is behind a thread's last
		 * word is libc's, and ours. */
		if (off->begin_ns < one->book.window.from_ns)
			off->begin_ns = one->book.window.from_ns;
		if (last_ns && off->end_ns > last_ns)
			off->end_ns = last_ns;
		if (off->end_ns >= off->begin_ns)
			vp_book_add(&one->book, off, calls);
	}
	one->first = one->last = 0;
}

/* Until when the book tells, and the CPU time then. */
static uint64_t until(const struct slot *one, const struct vprof_thread *row, uint64_t *cpu_ns)
{
	const struct vp_book *book = &one->book;
	uint64_t ran_ns, last_ns = vp_bounds_last(row, cpu_ns);

	if (last_ns)
		return last_ns;
	*cpu_ns = book->cpu_ns;
	if (!book->exact || !certain_ns)
		return book->read_ns;
	if (certain_ns >= book->read_ns) {
		ran_ns = certain_ns - book->read_ns;
		if (ran_ns > book->off_since_read_ns)
			*cpu_ns += ran_ns - book->off_since_read_ns;
	} else if (!book->going_ns) {
		ran_ns = book->read_ns - certain_ns;
		*cpu_ns -= ran_ns < *cpu_ns ? ran_ns : *cpu_ns;
	}
	return certain_ns;
}

static void sum_up(struct slot *one, const struct vprof_thread *row,
		   const struct vp_lasted_seen *calls, struct vprof_book *out)
{
	struct vp_book *book = &one->book;
	struct vp_book_window *window = &book->window;
	struct vp_rough rough;
	uint64_t cpu_ns, until_ns = until(one, row, &cpu_ns);

	*out = book->sum;
	if (until_ns < window->from_ns)
		until_ns = window->from_ns;
	out->until_ns = until_ns;
	out->recorded_ns += until_ns - window->from_ns;
	out->ns[VPROF_CLASS_RUN] += cpu_ns > window->cpu_ns ? cpu_ns - window->cpu_ns : 0;
	out->ns[VPROF_CLASS_UNHOOKED] += book->open_ns;
	out->times[VPROF_CLASS_UNHOOKED] += book->open_times;
	/* The longest is by the clock on the wall, of which a hypervisor may have taken some. */
	if (out->longest_ns[VPROF_CLASS_RUN] > out->ns[VPROF_CLASS_RUN])
		out->longest_ns[VPROF_CLASS_RUN] = out->ns[VPROF_CLASS_RUN];
	if (window->rough_ns)
		out->unwatched_ns += vp_less(until_ns, window->rough_ns);
	vp_book_rough(book, until_ns, cpu_ns, delay_of(row), calls, &rough);
	for (uint32_t i = 0; i < VPROF_CLASS_COUNT; i++) {
		out->ns[i] += rough.ns[i];
		out->times[i] += rough.times[i];
	}
}

static void write_row(struct slot *one, const struct vprof_book *book)
{
	struct vprof_book *row;

	if (one->book.row == VPROF_NONE) {
		row = vp_table_add(VPROF_SEC_BOOKS, &one->book.row);
		if (!row) {
			one->book.row = VPROF_NONE;
			return;
		}
	}
	row = vp_table_row(VPROF_SEC_BOOKS, one->book.row);
	*row = *book;
}

static void settle(struct slot *one, const struct vp_lasted_seen *calls)
{
	const struct vprof_thread *row = vp_table_row(VPROF_SEC_THREADS, one->thread);
	struct vprof_book book;
	uint64_t cpu_ns;

	one->asks = 0;
	if (!vp_bounds_begun(row, &cpu_ns)) {
		one->first = one->last = 0;
		return;
	}
	if (!one->book.window.open)
		open_window(one, row);
	if (one->begins.end_ns)
		vp_book_add(&one->book, &one->begins, calls);
	one->begins.end_ns = 0;
	add_waiting(one, row, calls);
	look_at_layers(one, row, calls);
	vp_book_move(&one->book, calls,
		     row->state == VPROF_THREAD_ENDED ? row->end_ns : vp_clock_now(), all_in_ns);
	if (!writes)
		return;
	sum_up(one, row, calls, &book);
	write_row(one, &book);
}

/* ---- all of them ----------------------------------------------------------- */

/* Its calls are asked for from then on. */
static uint64_t asks_since(const struct slot *one)
{
	if (one->begins.end_ns)
		return 0; /* all that was before its switches are recorded */
	return one->first ? waiting[one->first - 1].off.begin_ns : ~0ull;
}

static void copy_calls(const struct vp_thread *thread)
{
	struct slot *one = slot_of(thread->row_id);

	if (!one || !one->asks)
		return;
	if (seen_count == AT_ONCE) {
		more_ask = 1;
		return;
	}
	vp_lasted_read(thread, asks_since(one), &seen[seen_count++]);
	one->asks = 0;
}

/* Of a thread that is not among those that live: it has ended, or calls no hook. */
static const struct vp_lasted_seen *calls_without_state(uint32_t thread)
{
	const struct vprof_thread *row = vp_table_row(VPROF_SEC_THREADS, thread);

	if (vp_lasted_departed(thread, seen))
		return seen;
	if (!row->stack_end)
		return NULL;
	/* Too many have ended since: nobody knows its calls any more. */
	memset(seen, 0, sizeof(seen[0]));
	seen->from_ns = ~0ull;
	return seen;
}

/* Threads that live are asked a few at a time: the registry is not to be locked for long. */
static void settle_all(int with_rows)
{
	writes = with_rows;
	for (uint32_t i = 0; i < slots; i++)
		slot[i].asks = slot[i].thread && (with_rows || slot[i].first);
	do {
		seen_count = 0;
		more_ask = 0;
		vp_threads_each(copy_calls);
		for (uint32_t i = 0; i < seen_count; i++)
			settle(slot_of(seen[i].thread), &seen[i]);
	} while (more_ask);
	for (uint32_t i = 0; i < slots; i++)
		if (slot[i].asks)
			settle(&slot[i], calls_without_state(slot[i].thread));
	waiting_count = 0;
}

/* Threads that have ended, and of which all is in. */
static void forget_ended(void)
{
	for (uint32_t i = 0; i < slots; i++) {
		const struct vprof_thread *row = vp_table_row(VPROF_SEC_THREADS, slot[i].thread);

		if (!slot[i].thread || row->state != VPROF_THREAD_ENDED ||
		    (certain_ns && certain_ns <= row->end_ns))
			continue;
		of_row[slot[i].thread] = CLOSED;
		slot[i].thread = 0;
		vp_private_put(slot[i].book.recent);
		slot[i].book.recent = NULL;
	}
}

void vp_books_join(void)
{
	if (waiting_count && !ended && !paused)
		settle_all(0);
}

void vp_books_tick(int last)
{
	uint64_t mono_ns;

	if (ended || paused)
		return;
	mono_ns = vp_engine_off_so_far(last);
	certain_ns = mono_ns ? vp_clock_from_mono(mono_ns) : 0;
	all_in_ns = last || !certain_ns ? ~0ull : certain_ns;
	settle_all(1);
	forget_ended();
	vp_layers_note();
}

static void close_windows(void)
{
	for (uint32_t i = 0; i < slots; i++) {
		struct slot *one = &slot[i];
		const struct vprof_book *row;
		struct vp_book book;

		if (!one->thread || !one->book.window.open || one->book.row == VPROF_NONE)
			continue;
		row = vp_table_row(VPROF_SEC_BOOKS, one->book.row);
		book = one->book;
		one->book = (struct vp_book){.sum = *row,
					     .row = book.row,
					     .moved = book.exact ? book.moved : book.told,
					     .moved_ns = book.exact ? book.moved_ns : book.told_ns,
					     .told = book.told,
					     .told_ns = book.told_ns,
					     .told_at_ns = book.told_at_ns,
					     .recent = book.recent};
		memcpy(one->book.called_ns, book.called_ns, sizeof(book.called_ns));
		memcpy(one->book.called, book.called, sizeof(book.called));
	}
}

static void open_windows(void)
{
	for (uint32_t i = 0; i < slots; i++) {
		struct vp_book *book = &slot[i].book;

		if (!slot[i].thread)
			continue;
		book->window = (struct vp_book_window){
		    .open = 1, .from_ns = book->read_ns, .cpu_ns = book->cpu_ns};
		vp_book_begin_rough(book, book->read_ns, book->cpu_ns,
				    delay_of(vp_table_row(VPROF_SEC_THREADS, slot[i].thread)),
				    NULL);
	}
}

static void tick_now(int last)
{
	vp_watch_refresh(0, 0);
	vp_engine_drain();
	vp_books_tick(last);
}

void vp_books_pause(int on)
{
	if (on) {
		tick_now(0);
		close_windows();
	} else {
		open_windows();
	}
	paused = on;
}

void vp_books_watch(uint32_t thread)
{
	struct slot *one = ended ? NULL : book_of(thread);
	struct vp_recent *recent;

	if (!one || one->book.recent)
		return;
	recent = vp_private_get(sizeof(*recent));
	if (!recent)
		return;
	recent->head = 0;
	recent->from_ns = vp_clock_now();
	one->book.recent = recent;
}

int vp_books_between(uint32_t thread, uint64_t from_ns, uint64_t to_ns,
		     uint64_t ns[VPROF_CLASS_COUNT])
{
	const struct slot *one = slot_of(thread);

	return one && one->book.exact && one->book.recent &&
	       vp_recent_between(one->book.recent, from_ns, to_ns, ns);
}

void vp_books_end(void)
{
	tick_now(1);
	ended = 1;
}
