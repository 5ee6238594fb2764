#include "thread/lasted.h"
#include "base/lock.h"
#include "base/sys.h"

#include <string.h>

#define READS 4 /* of a line that changes meanwhile */

/* Threads that have ended, and the calls of all of them, until newer ones take their place. */
#define DEPARTED       1024u  /* power of two */
#define DEPARTED_CALLS 16384u /* power of two */
struct departed {
	uint32_t thread; /* row in THREADS; 0: free */
	uint32_t count;
	uint64_t from_ns;
	uint64_t first; /* number of its first call; number n lies in call[n % DEPARTED_CALLS] */
	uint64_t ns[VP_CALL_CLASSES], times[VP_CALL_CLASSES];
	uint64_t moved, moved_ns;
};
static struct graveyard {
	uint64_t calls;
	struct departed one[DEPARTED];
	struct vp_lasted_call call[DEPARTED_CALLS];
} * departed;
static uint32_t next_departed;
static struct vp_lock departed_lock;

/* A thread may write over the oldest while they are read: those are left out. */
static void read_ring(const struct vp_lasted *lasted, uint64_t since_ns, uint32_t most,
		      struct vp_lasted_seen *out)
{
	uint64_t head = __atomic_load_n(&lasted->head, __ATOMIC_ACQUIRE), first = head, after;

	while (first > 0 && head - first < most &&
	       lasted->call[(first - 1) % VP_LASTED].end >> 4 >= since_ns)
		first--;
	for (uint64_t i = first; i < head; i++)
		out->call[i - first] = lasted->call[i % VP_LASTED];
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	after = __atomic_load_n(&lasted->head, __ATOMIC_RELAXED);
	out->count = (uint32_t)(head - first);
	out->from_ns = 0;
	if (after >= first + VP_LASTED) {
		uint64_t gone = after - VP_LASTED + 1 - first;

		gone = gone < out->count ? gone : out->count;
		out->count -= (uint32_t)gone;
		memmove(out->call, out->call + gone, out->count * sizeof(out->call[0]));
		first += gone;
	}
	/* It stopped for want of more, not because it came to since_ns. */
	if (first > 0 && (head - first >= most || after >= first + VP_LASTED))
		out->from_ns = out->count ? out->call[0].begin_ns : ~0ull;
}

void vp_lasted_read(const struct vp_thread *thread, uint64_t since_ns, struct vp_lasted_seen *out)
{
	out->thread = thread->row_id;
	for (int i = 0; i < READS; i++) {
		int whole = vp_line_read(&thread->line, &out->line);

		read_ring(&thread->lasted, since_ns, VP_LASTED - 1, out);
		memcpy(out->ns, thread->lasted.ns, sizeof(out->ns));
		memcpy(out->times, thread->lasted.times, sizeof(out->times));
		out->moved = thread->loops.moved;
		out->moved_ns = thread->loops.moved_ns;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (whole && vp_line_is(&thread->line, &out->line))
			return;
	}
	out->line.kind = VP_CALL_NONE; /* it is not in a call for long */
}

static void copy_departed(const struct departed *one, struct vp_lasted_seen *out)
{
	uint64_t first = one->first, end = first + one->count;

	if (departed->calls - first > DEPARTED_CALLS)
		first = departed->calls - DEPARTED_CALLS;
	out->thread = one->thread;
	out->line.kind = VP_CALL_NONE;
	out->count = first < end ? (uint32_t)(end - first) : 0;
	for (uint32_t i = 0; i < out->count; i++)
		out->call[i] = departed->call[(first + i) % DEPARTED_CALLS];
	out->from_ns = one->from_ns;
	if (first != one->first)
		out->from_ns = out->count ? out->call[0].begin_ns : ~0ull;
	memcpy(out->ns, one->ns, sizeof(out->ns));
	memcpy(out->times, one->times, sizeof(out->times));
	out->moved = one->moved;
	out->moved_ns = one->moved_ns;
}

int vp_lasted_departed(uint32_t thread, struct vp_lasted_seen *out)
{
	int found = 0;

	vp_lock_take(&departed_lock);
	for (uint32_t i = 0; departed && i < DEPARTED && !found; i++) {
		found = departed->one[i].thread == thread;
		if (found)
			copy_departed(&departed->one[i], out);
	}
	vp_lock_drop(&departed_lock);
	return found;
}

static void keep(struct departed *one, const struct vp_thread *thread)
{
	const struct vp_lasted *lasted = &thread->lasted;
	uint64_t first = lasted->head > VP_LASTED ? lasted->head - VP_LASTED : 0;

	one->thread = thread->row_id;
	one->count = (uint32_t)(lasted->head - first);
	one->first = departed->calls;
	one->from_ns = first ? lasted->call[first % VP_LASTED].begin_ns : 0;
	for (uint64_t i = first; i < lasted->head; i++)
		departed->call[departed->calls++ % DEPARTED_CALLS] = lasted->call[i % VP_LASTED];
	memcpy(one->ns, lasted->ns, sizeof(one->ns));
	memcpy(one->times, lasted->times, sizeof(one->times));
	one->moved = thread->loops.moved;
	one->moved_ns = thread->loops.moved_ns;
}

void vp_lasted_thread_end(struct vp_thread *thread)
{
	if (!thread->row_id)
		return;
	vp_lock_take(&departed_lock);
	if (!departed)
		departed = vp_sys_map(sizeof(*departed));
	if (departed)
		keep(&departed->one[next_departed++ % DEPARTED], thread);
	vp_lock_drop(&departed_lock);
}

int vp_lasted_init(void)
{
	departed_lock.word = 0;
	next_departed = 0;
	for (uint32_t i = 0; departed && i < DEPARTED; i++)
		departed->one[i].thread = 0;
	return 0;
}
