#include "helper/book.h"
#include "base/amount.h"

#include <string.h>

/* On the CPU between coming back for a page and the kernel's word that it is there, or going to
 * sleep again for it.  What interrupts do meanwhile, on a busy machine for more than a
 * millisecond, is in it. */
#define FAULT_LATE_NS  4000000u
#define FAULT_CHAIN_NS 50000u
#define NOT_KNOWN      VPROF_CLASS_COUNT

/* A handler's calls lie in those that it interrupted, and end before. */
#define NESTED 8u

/* The call under way: is it since then?  Where it began nobody knows, what goes on is its. */
static int is_under_way(const struct vp_call_line *line, uint64_t t_ns, int goes_on)
{
	return line->kind != VP_CALL_NONE && line->since_ns <= t_ns && (line->since_ns || goes_on);
}

/* The class of the call in which a moment lies; NOT_KNOWN: that call is not kept any more. */
static uint32_t class_at(uint64_t t_ns, int goes_on, const struct vp_lasted_seen *seen)
{
	uint32_t low = 0, high = seen->count;

	if (t_ns < seen->from_ns)
		return NOT_KNOWN;
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (seen->call[mid].end >> 4 < t_ns)
			low = mid + 1;
		else
			high = mid;
	}
	for (uint32_t i = low; i < seen->count && i < low + NESTED; i++)
		if (seen->call[i].begin_ns <= t_ns)
			return seen->call[i].end & 15;
	return is_under_way(&seen->line, t_ns, goes_on) ? vp_line_class(&seen->line)
							: VPROF_CLASS_UNHOOKED;
}

static uint64_t take_of(uint64_t *left_ns, uint64_t wanted_ns)
{
	uint64_t ns = vp_least(wanted_ns, *left_ns);

	*left_ns -= ns;
	return ns;
}

/* Calls that only wait come first: of the others' time, some was on the CPU. */
static void share_out(uint64_t off_ns, const uint64_t called_ns[VP_CALL_CLASSES], uint64_t delay_ns,
		      uint64_t ns[VPROF_CLASS_COUNT])
{
	static const uint8_t order[] = {VPROF_CLASS_PACED, VPROF_CLASS_IDLE, VPROF_CLASS_LOCK,
					VPROF_CLASS_BLOCKED};

	for (uint32_t i = 0; i < sizeof(order); i++)
		ns[order[i]] = take_of(&off_ns, called_ns[order[i]]);
	ns[VPROF_CLASS_PREEMPTED] = take_of(&off_ns, delay_ns);
}

static uint64_t overlap(uint64_t a, uint64_t b, uint64_t from, uint64_t to)
{
	return vp_less(vp_least(b, to), vp_most(a, from));
}

/* Adds a time of which only the calls and the CPU time are known. */
static void add_unwatched(struct vp_book *book, const struct vp_off *gap,
			  const struct vp_lasted_seen *seen)
{
	uint64_t ns[VP_CALL_CLASSES] = {0}, shared[VPROF_CLASS_COUNT] = {0};
	uint64_t from_ns = gap->begin_ns, to_ns = gap->end_ns;

	for (uint32_t i = 0; seen && i < seen->count; i++)
		ns[seen->call[i].end & 15] +=
		    overlap(seen->call[i].begin_ns, seen->call[i].end >> 4, from_ns, to_ns);
	if (seen && seen->line.kind != VP_CALL_NONE && seen->line.since_ns)
		ns[vp_line_class(&seen->line)] +=
		    overlap(seen->line.since_ns, to_ns, from_ns, to_ns);
	share_out(vp_less(vp_less(to_ns, from_ns), gap->ran_ns), ns, gap->delay_ns, shared);
	for (uint32_t i = 0; i < VPROF_CLASS_COUNT; i++)
		book->sum.ns[i] += shared[i];
	book->sum.unwatched_ns += vp_less(to_ns, from_ns);
}

static void settle_open(struct vp_book *book, enum vprof_class class)
{
	struct vprof_book *sum = &book->sum;

	sum->ns[class] += book->open_ns;
	sum->times[class] += class == VPROF_CLASS_FAULT ? book->open_times > 0 : book->open_times;
	if (class == VPROF_CLASS_FAULT && book->recent)
		vp_recent_faults(book->recent, book->open_begin_ns);
	sum->longest_ns[class] =
	    vp_most(sum->longest_ns[class],
		    class == VPROF_CLASS_FAULT ? book->open_ns : book->open_longest_ns);
	book->open_ns = book->open_times = book->open_longest_ns = 0;
}

static void take_fault(struct vp_book *book, uint64_t t_ns)
{
	if (book->open_ns && t_ns <= book->open_end_ns + FAULT_LATE_NS)
		settle_open(book, VPROF_CLASS_FAULT);
}

static void add_open(struct vp_book *book, const struct vp_off *off)
{
	if (!book->open_ns)
		book->open_begin_ns = off->begin_ns;
	book->open_ns += off->end_ns - off->begin_ns;
	if (off->goes_on)
		return;
	book->open_times++;
	book->open_longest_ns = vp_most(book->open_longest_ns, book->going_class_ns);
}

/* Switches are recorded from now on: what was before is settled, by the calls. */
static void begin_exact(struct vp_book *book, const struct vp_off *begins,
			const struct vp_lasted_seen *seen)
{
	struct vp_book_window *window = &book->window;
	struct vp_off off = *begins;

	if (book->exact)
		return;
	book->exact = 1;
	book->sum.layers |= VPROF_LAYER_SWITCHES | (begins->fault ? VPROF_LAYER_FAULTS : 0);
	off.begin_ns = window->rough_ns;
	off.ran_ns = vp_less(begins->ran_ns, window->rough_cpu_ns);
	off.delay_ns = vp_less(begins->delay_ns, window->rough_delay_ns);
	if (off.begin_ns)
		add_unwatched(book, &off, seen);
	window->rough_ns = 0;
}

static void move(uint64_t *value, uint64_t by)
{
	by = vp_least(by, value[VPROF_CLASS_BLOCKED]);
	value[VPROF_CLASS_BLOCKED] -= by;
	value[VPROF_CLASS_IDLE] += by;
}

static void move_told(struct vp_book *book)
{
	uint64_t *longest = book->sum.longest_ns;

	move(book->sum.ns, book->told_ns - book->moved_ns);
	move(book->sum.times, book->told - book->moved);
	/* Which of them the longest was, nobody knows. */
	longest[VPROF_CLASS_BLOCKED] =
	    vp_least(longest[VPROF_CLASS_BLOCKED], book->sum.ns[VPROF_CLASS_BLOCKED]);
	book->moved_ns = book->told_ns;
	book->moved = book->told;
}

void vp_book_move(struct vp_book *book, const struct vp_lasted_seen *seen, uint64_t now_ns,
		  uint64_t all_in_ns)
{
	if (seen && seen->moved_ns > book->told_ns) {
		book->told_ns = seen->moved_ns;
		book->told = seen->moved;
		book->told_at_ns = now_ns;
	}
	/* In a rough part the sums of the calls say it, and when switches are recorded, what was
	 * before is added as the calls were taken then. */
	if (book->exact && book->told_ns > book->moved_ns && all_in_ns >= book->told_at_ns)
		move_told(book);
}

void vp_book_end_exact(struct vp_book *book, const struct vp_off *ends,
		       const struct vp_lasted_seen *seen)
{
	vp_book_move(book, seen, 0, ~0ull); /* what came before is in */
	book->exact = 0;
	book->sum.layers &= ~(uint32_t)(VPROF_LAYER_SWITCHES | VPROF_LAYER_FAULTS);
	if (seen && seen->from_ns != ~0ull)
		vp_book_begin_rough(book, ends->end_ns, ends->ran_ns, ends->delay_ns, seen);
}

void vp_book_add(struct vp_book *book, const struct vp_off *off, const struct vp_lasted_seen *seen)
{
	struct vprof_book *sum = &book->sum;
	uint64_t ns = off->end_ns - off->begin_ns;
	uint32_t class = VPROF_CLASS_UNHOOKED;

	if (off->begins || off->ends) {
		if (off->begins)
			begin_exact(book, off, seen);
		else
			vp_book_end_exact(book, off, seen);
		return;
	}
	if (off->fault) {
		take_fault(book, off->end_ns);
		return;
	}
	if (off->gap) {
		add_unwatched(book, off, seen);
		return;
	}
	sum->without_half += off->half;
	sum->switches += off->half;
	if (off->half)
		return;
	if (seen && (!off->preempted || off->guessed))
		class = class_at(off->begin_ns + ns / 2, off->goes_on, seen);
	if (off->preempted && class >= VPROF_CLASS_UNHOOKED)
		class = VPROF_CLASS_PREEMPTED;
	if (book->open_ns && class != VPROF_CLASS_PREEMPTED &&
	    (class != VPROF_CLASS_UNHOOKED || off->begin_ns > book->open_end_ns + FAULT_CHAIN_NS))
		settle_open(book, VPROF_CLASS_UNHOOKED);
	if (book->recent)
		vp_recent_put(book->recent, off->begin_ns, off->end_ns,
			      class == NOT_KNOWN ? VPROF_CLASS_UNHOOKED : class);
	book->going_ns += ns;
	book->going_class_ns = class == book->going_class ? book->going_class_ns + ns : ns;
	book->going_class = class;
	/* The time on the CPU since then is what counts. */
	book->open_end_ns = class == VPROF_CLASS_PREEMPTED ? book->open_end_ns + ns : off->end_ns;
	if (class == VPROF_CLASS_UNHOOKED)
		add_open(book, off);
	else if (class != NOT_KNOWN)
		sum->ns[class] += ns;
	if (off->goes_on)
		return;
	if (class < VPROF_CLASS_UNHOOKED) {
		sum->times[class]++;
		sum->longest_ns[class] = vp_most(sum->longest_ns[class], book->going_class_ns);
	}
	if (book->back_ns) {
		uint64_t ran_ns = vp_less(off->end_ns - book->going_ns, book->back_ns);

		sum->longest_ns[VPROF_CLASS_RUN] =
		    vp_most(sum->longest_ns[VPROF_CLASS_RUN], ran_ns);
	}
	sum->times[VPROF_CLASS_RUN]++;
	sum->switches += 2;
	book->back_ns = off->end_ns;
	book->going_ns = book->going_class_ns = 0;
}

/* ---- without records of switches ------------------------------------------- */

/* Time in calls by class, those under way included. */
static void called_so_far(const struct vp_lasted_seen *seen, uint64_t t_ns,
			  uint64_t ns[VP_CALL_CLASSES], uint64_t times[VP_CALL_CLASSES])
{
	memset(ns, 0, VP_CALL_CLASSES * sizeof(*ns));
	memset(times, 0, VP_CALL_CLASSES * sizeof(*times));
	if (!seen)
		return;
	memcpy(ns, seen->ns, sizeof(seen->ns));
	memcpy(times, seen->times, sizeof(seen->times));
	move(ns, seen->moved_ns);
	move(times, seen->moved);
	if (seen->line.kind != VP_CALL_NONE && seen->line.since_ns)
		ns[vp_line_class(&seen->line)] += vp_less(t_ns, seen->line.since_ns);
}

void vp_book_rough(struct vp_book *book, uint64_t t_ns, uint64_t cpu_ns, uint64_t delay_ns,
		   const struct vp_lasted_seen *seen, struct vp_rough *out)
{
	const struct vp_book_window *window = &book->window;
	uint64_t ns[VP_CALL_CLASSES], times[VP_CALL_CLASSES];

	memset(out, 0, sizeof(*out));
	called_so_far(seen, t_ns, ns, times);
	if (seen) {
		memcpy(book->called_ns, ns, sizeof(ns));
		memcpy(book->called, times, sizeof(times));
	}
	if (!window->rough_ns)
		return;
	for (uint32_t i = 0; i < VP_CALL_CLASSES; i++) {
		ns[i] = vp_less(ns[i], window->called_ns[i]);
		out->times[i] = vp_less(times[i], window->called[i]);
	}
	share_out(vp_less(vp_less(t_ns, window->rough_ns), vp_less(cpu_ns, window->rough_cpu_ns)),
		  ns, vp_less(delay_ns, window->rough_delay_ns), out->ns);
}

void vp_book_begin_rough(struct vp_book *book, uint64_t t_ns, uint64_t cpu_ns, uint64_t delay_ns,
			 const struct vp_lasted_seen *seen)
{
	struct vp_book_window *window = &book->window;

	window->rough_ns = vp_most(t_ns, 1);
	window->rough_cpu_ns = cpu_ns;
	window->rough_delay_ns = delay_ns;
	if (seen) {
		called_so_far(seen, t_ns, window->called_ns, window->called);
		return;
	}
	memcpy(window->called_ns, book->called_ns, sizeof(window->called_ns));
	memcpy(window->called, book->called, sizeof(window->called));
}
