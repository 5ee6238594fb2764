#include "track/call_names.h"
#include "base/calls.h"
#include "ring/names.h"
#include "ring/tables.h"
#include "thread/threads.h"
#include "track/descriptor.h"
#include "track/descriptor_name.h"

#include <string.h>

/* Rows that wait for a name: what does not fit waits for its next long call. */
#define WANTED 256u /* power of two */
/* Names that are found in one tick: each may read lists of sockets. */
#define AT_ONCE 32u

static struct {
	uint32_t row; /* + 1; 0: none */
	int tid;
} wanted[WANTED];
static uint32_t head, tail;
/* Descriptors that were waited for when the helper came by: they may be closed right after. */
#define SEEN 64u
static struct seen {
	uint64_t fd, since_ns;
	uint32_t id;
} seen[SEEN];
static uint32_t next_seen;
/* What a descriptor is found to be it is in later calls, too: for so long, as a socket may get
 * another peer. */
#define SAME_NS 1000000000ull

int vp_call_names_init(void)
{
	memset(wanted, 0, sizeof(wanted));
	memset(seen, 0, sizeof(seen));
	head = tail = next_seen = 0;
	return 0;
}

void vp_call_wants_name(uint32_t row_id, int tid)
{
	uint32_t at = __atomic_fetch_add(&head, 1, __ATOMIC_RELAXED) % WANTED;

	wanted[at].tid = tid;
	/* Pairs with vp_call_names_tick(). */
	__atomic_store_n(&wanted[at].row, row_id + 1, __ATOMIC_RELEASE);
}

/* What was found of it while that call was under way, or one shortly before; NULL: nothing. */
static const struct seen *seen_of(uint64_t fd, uint64_t since_ns)
{
	for (uint32_t i = 0; since_ns && i < SEEN; i++) {
		uint64_t then = seen[i].since_ns;

		if (seen[i].fd == fd &&
		    (then == since_ns || (then && since_ns > then && since_ns - then < SAME_NS &&
					  vp_descriptor_is_same(fd, then))))
			return &seen[i];
	}
	return NULL;
}

/* What the descriptor is that a call was given at that time; VPROF_NONE: not known. */
static uint32_t look(int tid, uint64_t fd, uint64_t since_ns)
{
	const struct seen *known = seen_of(fd, since_ns);
	char text[1024];
	size_t len;

	if (known)
		return known->id;
	if (!vp_descriptor_is_same(fd, since_ns))
		return VPROF_NONE;
	len = vp_descriptor_name(tid, fd, text, sizeof(text));
	return len && vp_descriptor_is_same(fd, since_ns) ? vp_name_id(text, len) : VPROF_NONE;
}

/* Calls under way, noted while the registry of threads is locked, and looked at afterwards. */
static struct {
	uint64_t fd, since_ns;
	int tid;
} under_way[AT_ONCE];
static uint32_t count_under_way;

static void note(const struct vp_thread *thread)
{
	struct vp_call_line line;

	if (count_under_way == AT_ONCE || !vp_line_read(&thread->line, &line) ||
	    line.kind >= VP_CALL_KINDS || vp_call_info[line.kind].target != VPROF_TARGET_FD ||
	    !line.since_ns || seen_of(line.object, line.since_ns))
		return;
	under_way[count_under_way].fd = line.object;
	under_way[count_under_way].since_ns = line.since_ns;
	under_way[count_under_way++].tid = thread->tid;
}

static void look_at_calls(void)
{
	count_under_way = 0;
	vp_threads_each(note);
	for (uint32_t i = 0; i < count_under_way; i++) {
		uint32_t id = look(under_way[i].tid, under_way[i].fd, under_way[i].since_ns);

		if (id == VPROF_NONE)
			continue;
		next_seen = (next_seen + 1) % SEEN;
		seen[next_seen].fd = under_way[i].fd;
		seen[next_seen].since_ns = under_way[i].since_ns;
		seen[next_seen].id = id;
	}
}

/* The row's thread may find a longer call meanwhile: what was written for the one before is
 * then taken back. */
static void name(struct vprof_call *row, int tid)
{
	uint64_t since = __atomic_load_n(&row->longest_ns, __ATOMIC_ACQUIRE);
	uint32_t none = VPROF_NONE, id;

	if (row->target != VPROF_NONE)
		return;
	id = look(tid, row->object, since);
	if (id == VPROF_NONE || !__atomic_compare_exchange_n(&row->target, &none, id, 0,
							     __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return;
	if (__atomic_load_n(&row->longest_ns, __ATOMIC_ACQUIRE) != since)
		__atomic_compare_exchange_n(&row->target, &id, VPROF_NONE, 0, __ATOMIC_ACQ_REL,
					    __ATOMIC_RELAXED);
}

void vp_call_names_tick(int last)
{
	look_at_calls();
	for (uint32_t n = 0; n < WANTED && (last || n < AT_ONCE); n++) {
		uint32_t row = __atomic_exchange_n(&wanted[tail].row, 0, __ATOMIC_ACQUIRE);

		if (!row && tail == __atomic_load_n(&head, __ATOMIC_RELAXED) % WANTED)
			return;
		if (row)
			name(vp_table_row(VPROF_SEC_CALLS, row - 1), wanted[tail].tid);
		tail = (tail + 1) % WANTED;
	}
}
