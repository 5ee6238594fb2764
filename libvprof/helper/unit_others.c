#include "helper/unit_others.h"
#include "ring/file.h"
#include "ring/tables.h"
#include "thread/threads.h"
#include "track/call_rows.h"
#include "track/cpu.h"

#include <string.h>

#define ASKED_MOST 64u
/* Threads of which it is known until those are chosen that explain most. */
#define SEEN_MOST 24u
#define RAN_MOST  64u

static struct asked {
	struct vp_unit_asks of;
	struct vprof_unit_others row;
	uint32_t count;
	struct vprof_unit_other seen[SEEN_MOST];
} asked[ASKED_MOST];
static uint32_t count;
static struct vp_unit_calls calls;
static struct vp_unit_holds holds;

void vp_unit_others_init(void)
{
	count = 0;
}

int vp_unit_others_ask(const struct vp_unit_asks *asks)
{
	struct vprof_unit_others *row;

	if (count == ASKED_MOST)
		return 0;
	asked[count++] = (struct asked){.of = *asks};
	/* Until it is filled it is of none. */
	row = vp_table_row(VPROF_SEC_UNITS, asks->row);
	__atomic_store_n(&row->unit, VPROF_NONE, __ATOMIC_RELEASE);
	return 1;
}

/* ---- one thread -------------------------------------------------------------- */

/* Number n of a ring of `size` can be written over while it is copied; head_after: since then. */
static int is_whole(uint64_t n, uint64_t head_after, uint32_t size)
{
	return n + size > head_after;
}

static uint64_t part_of(const struct asked *one, uint64_t begin_ns, uint64_t end_ns)
{
	begin_ns = begin_ns > one->of.begin_ns ? begin_ns : one->of.begin_ns;
	end_ns = end_ns < one->of.end_ns ? end_ns : one->of.end_ns;
	return end_ns > begin_ns ? end_ns - begin_ns : 0;
}

/* The lock that kept others waiting longest. */
static void set_held(const struct asked *one, uint64_t head_after, struct vprof_unit_other *other)
{
	uint64_t oldest = holds.head > VP_UNIT_HELD ? holds.head - VP_UNIT_HELD : 0;

	for (uint64_t n = holds.head; n > oldest; n--) {
		const struct vp_unit_held *held = &holds.held[(n - 1) % VP_UNIT_HELD];
		uint64_t ns = part_of(one, held->begin_ns, held->end_ns);

		if (!is_whole(n - 1, head_after, VP_UNIT_HELD) || ns <= other->held_ns)
			continue;
		other->held_ns = ns;
		other->lock = held->lock;
	}
}

/* A pause that was asked for tells nothing, but of who keeps others waiting. */
static int tells(const struct vp_unit_lasted *call, const struct vprof_unit_other *other)
{
	return call->class == VPROF_CLASS_BLOCKED || call->class == VPROF_CLASS_LOCK ||
	       other->held_ns;
}

static uint64_t told(const struct asked *one, const struct vp_unit_lasted *call,
		     const struct vprof_unit_other *other)
{
	return tells(call, other) ? part_of(one, call->begin_ns, call->end_ns) : 0;
}

/* Calls of one function from one place, those that took most. */
static void set_call(struct asked *one, uint64_t head_after, struct vprof_unit_other *other)
{
	uint64_t oldest = calls.head > VP_UNIT_LASTED ? calls.head - VP_UNIT_LASTED : 0;
	const struct vp_unit_lasted *longest = NULL;
	uint64_t longest_ns = 0, n;

	for (n = calls.head; n > oldest; n--) {
		const struct vp_unit_lasted *call = &calls.call[(n - 1) % VP_UNIT_LASTED];
		uint64_t ns = told(one, call, other);

		if (!is_whole(n - 1, head_after, VP_UNIT_LASTED) ||
		    call->end_ns <= one->of.begin_ns)
			break;
		if (ns <= longest_ns)
			continue;
		longest_ns = ns;
		longest = call;
	}
	/* It did not come to one that was over before. */
	if (n == oldest && oldest)
		one->row.flags |= VPROF_UNIT_OTHERS_CUT;
	if (!longest)
		return;
	for (uint64_t k = calls.head; k > n; k--) {
		const struct vp_unit_lasted *call = &calls.call[(k - 1) % VP_UNIT_LASTED];

		if (call->node == longest->node && call->kind == longest->kind)
			other->call_ns += told(one, call, other);
	}
	other->call_node = longest->node;
	other->call_name = vp_call_name(longest->kind);
}

static uint64_t period_ns(void)
{
	uint32_t hz = vp_file.header->cpu_hz;

	return hz ? 1000000000u / hz : 0;
}

/* Who held a lock explains more than who did something else. */
static uint64_t weight_of(const struct vprof_unit_other *other)
{
	uint64_t ran_ns = other->samples * period_ns();

	if (other->held_ns)
		return (1ull << 62) + other->held_ns;
	return ran_ns > other->call_ns ? ran_ns : other->call_ns;
}

static struct vprof_unit_other *least_of(struct asked *one)
{
	struct vprof_unit_other *least = &one->seen[0];

	for (uint32_t i = 1; i < one->count; i++)
		if (weight_of(&one->seen[i]) < weight_of(least))
			least = &one->seen[i];
	return least;
}

static void put(struct asked *one, const struct vprof_unit_other *other)
{
	struct vprof_unit_other *least;

	if (one->count < SEEN_MOST) {
		one->seen[one->count++] = *other;
		return;
	}
	least = least_of(one);
	if (weight_of(other) > weight_of(least))
		*least = *other;
}

/* Context: the registry's lock held, without which the thread goes away. */
static void look(const struct vp_thread *thread)
{
	const struct vp_stalls *stalls = &thread->stalls;
	uint64_t calls_after, holds_after;

	calls.head = __atomic_load_n(&stalls->calls.head, __ATOMIC_ACQUIRE);
	holds.head = __atomic_load_n(&stalls->holds.head, __ATOMIC_ACQUIRE);
	if (!calls.head && !holds.head)
		return;
	memcpy(calls.call, stalls->calls.call, sizeof(calls.call));
	memcpy(holds.held, stalls->holds.held, sizeof(holds.held));
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	/* One more may be being written. */
	calls_after = __atomic_load_n(&stalls->calls.head, __ATOMIC_RELAXED) + 1;
	holds_after = __atomic_load_n(&stalls->holds.head, __ATOMIC_RELAXED) + 1;
	for (uint32_t i = 0; i < count; i++) {
		struct vprof_unit_other other = {.thread = thread->row_id, .call_name = VPROF_NONE};

		if (other.thread == asked[i].of.thread || !other.thread)
			continue;
		set_held(&asked[i], holds_after, &other);
		set_call(&asked[i], calls_after, &other);
		if (other.held_ns || other.call_ns)
			put(&asked[i], &other);
	}
}

/* ---- all of them ------------------------------------------------------------- */

static void add_ran(struct asked *one, const struct vp_cpu_ran *ran)
{
	struct vprof_unit_other other = {.thread = ran->thread,
					 .node = ran->node,
					 .samples = ran->samples,
					 .call_name = VPROF_NONE};

	for (uint32_t i = 0; i < one->count; i++) {
		if (one->seen[i].thread != ran->thread)
			continue;
		one->seen[i].node = ran->node;
		one->seen[i].samples = ran->samples;
		return;
	}
	put(one, &other);
}

static void add_all_that_ran(struct asked *one)
{
	struct vp_cpu_ran ran[RAN_MOST];
	uint32_t threads = vp_track_cpu_ran(one->of.begin_ns, one->of.end_ns, ran, RAN_MOST);

	for (uint32_t i = 0; i < threads; i++) {
		const struct vprof_thread *row = vp_table_row(VPROF_SEC_THREADS, ran[i].thread);

		if (ran[i].thread && ran[i].thread != one->of.thread &&
		    !(row->flags & VPROF_THREAD_HELPER))
			add_ran(one, &ran[i]);
	}
}

static void write_row(struct asked *one)
{
	struct vprof_unit_others *to = vp_table_row(VPROF_SEC_UNITS, one->of.row);

	for (uint32_t i = 0; i < VPROF_UNIT_OTHER_THREADS && i < one->count; i++) {
		uint32_t best = i;

		for (uint32_t k = i + 1; k < one->count; k++)
			if (weight_of(&one->seen[k]) > weight_of(&one->seen[best]))
				best = k;
		one->row.other[i] = one->seen[best];
		one->seen[best] = one->seen[i];
	}
	to->flags = one->row.flags;
	to->begin_ns = one->of.begin_ns;
	memcpy(to->other, one->row.other, sizeof(to->other));
	/* Pairs with a reader of the file. */
	__atomic_store_n(&to->unit, one->of.unit, __ATOMIC_RELEASE);
	__atomic_store_n(&to->kind, VPROF_UNIT_OTHERS, __ATOMIC_RELEASE);
}

void vp_unit_others_write(void)
{
	if (!count)
		return;
	vp_threads_each(look);
	for (uint32_t i = 0; i < count; i++) {
		add_all_that_ran(&asked[i]);
		write_row(&asked[i]);
	}
	count = 0;
}
