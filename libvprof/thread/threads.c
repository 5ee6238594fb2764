#include "thread/threads.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/private_heap.h"
#include "base/proc.h"
#include "base/real.h"
#include "base/schedstat.h"
#include "base/service.h"
#include "base/sys.h"
#include "base/tracker.h"
#include "ring/file.h"
#include "ring/tables.h"
#include "thread/arrivals.h"
#include "thread/row.h"
#include "thread/shards.h"

#include <pthread.h>
#include <string.h>
#include <sys/resource.h>

/* Everything about a row that the library needs after its thread is gone. */
struct known {
	int tid;
	uint32_t row;
	uint64_t start_ns;
	uint32_t older; /* index + 1 of an earlier thread with the same tid */
	int unhooked;	/* only the helper has seen it: it has called no hook */
};

#define TID_BUCKETS 4096u

static struct vp_lock registry;
static struct vp_thread *live;
static struct vp_thread *spare; /* states of ended threads */
static uint32_t live_count;
static int helper_tid;		    /* 0: none */
static struct vp_thread_sums ended; /* of threads that have left */

static void add_row(struct vp_thread_sums *out, const struct vprof_thread *row);
static struct known *known;
static uint32_t known_count, known_room;
#define TID_GROUP 512u		     /* buckets that are emptied together, if one is in use */
static uint32_t bucket[TID_BUCKETS]; /* index + 1 of the newest */
static uint8_t group_used[TID_BUCKETS / TID_GROUP];
uint32_t vp_threads_many;
static pthread_key_t end_key;
static int end_key_made;
static uint32_t unwatched; /* ends of threads are not noticed any more */
static uint32_t generation;
static uint64_t main_stack_hi;
static uint64_t forked_routine; /* of the thread that forked us; 0: main */

extern void *__libc_stack_end; /* ld.so: top of the main thread's stack */

static void thread_ends(void *arg)
{
	struct vp_thread *thread = arg;

	/* Other keys' destructors may still allocate: wait for the last round. */
	if (vp_tls.ends_left > 0) {
		vp_tls.ends_left--;
		pthread_setspecific(end_key, arg);
		return;
	}
	if (thread->generation == generation && vp_control.alive && vp_busy_enter()) {
		vp_thread_end(thread);
		vp_busy_leave();
	}
	vp_tls.self = VP_TLS_ENDED;
}

static void empty_buckets(void)
{
	for (uint32_t i = 0; i < TID_BUCKETS / TID_GROUP; i++) {
		if (group_used[i])
			memset(bucket + i * TID_GROUP, 0, TID_GROUP * sizeof(*bucket));
		group_used[i] = 0;
	}
}

void vp_threads_fork_child(void)
{
	if (vp_tls.self > VP_TLS_ENDED)
		forked_routine = vp_tls.self->routine;
}

int vp_threads_init(void)
{
	struct vprof_thread *row;
	uint32_t id;

	registry.word = 0;
	vp_kin_init();
	helper_tid = 0;
	generation++;
	live = spare = NULL;
	live_count = 0;
	vp_threads_many = 0;
	memset(&ended, 0, sizeof(ended));
	/* Not given back: the helper may have been at it when we were forked. */
	known = NULL;
	known_count = known_room = 0;
	vp_arrivals_init();
	empty_buckets();
	main_stack_hi = (uint64_t)(uintptr_t)__libc_stack_end;
	vp_schedstat_start();
	if (!end_key_made && !unwatched && vp_real.pthread_key_create(&end_key, thread_ends) == 0)
		end_key_made = 1;
	row = vp_table_add(VPROF_SEC_THREADS, &id);
	if (!row)
		return -1;
	strcpy(row->name, "[others]");
	row->start_module = VPROF_NONE;
	return 0;
}

/* Ends of threads go unnoticed then, and nothing in their blocks is looked at again:
 * their rows stay open, and their states are not used for others. */
int vp_threads_give_key(void)
{
	int given;

	vp_lock_take(&registry);
	given = end_key_made;
	end_key_made = 0;
	if (given)
		unwatched = 1;
	vp_lock_drop(&registry);
	return given && pthread_key_delete(end_key) == 0;
}

static struct known *remember(int tid, uint32_t row, uint64_t start_ns)
{
	uint32_t *head = &bucket[(uint32_t)tid % TID_BUCKETS];

	if (known_count == known_room) {
		uint32_t room = known_room ? known_room * 2 : 256;
		struct known *more = vp_private_get(room * sizeof(*more));

		if (!more)
			return NULL;
		if (known_count)
			memcpy(more, known, known_count * sizeof(*more));
		vp_private_put(known);
		known = more;
		known_room = room;
	}
	known[known_count] = (struct known){tid, row, start_ns, *head, 0};
	/* Pairs with vp_threads_init(), which clears what was used. */
	__atomic_store_n(&group_used[(uint32_t)tid % TID_BUCKETS / TID_GROUP], 1, __ATOMIC_RELEASE);
	*head = ++known_count;
	return &known[known_count - 1];
}

static struct vprof_thread *new_row(int tid, uint32_t *id)
{
	struct vprof_thread *row = vp_table_add(VPROF_SEC_THREADS, id);

	if (!row) {
		vp_lost(VPROF_LOST_THREADS, 1);
		*id = 0;
		return vp_table_row(VPROF_SEC_THREADS, 0);
	}
	row->tid = (uint32_t)tid;
	row->start_ns = vp_clock_now();
	row->start_module = VPROF_NONE;
	/* Pairs with a reader of the file and vp_watch_refresh(). */
	__atomic_store_n(&row->state, VPROF_THREAD_LIVE, __ATOMIC_RELEASE);
	return row;
}

/* Stack bounds.  glibc puts a thread's descriptor, to which the thread pointer
 * leads, at the top of its stack. */
static void find_stack(struct vp_thread *thread, uint64_t stack_bytes)
{
	uint64_t here = (uint64_t)(uintptr_t)__builtin_frame_address(0);
	uint64_t top = (uint64_t)(uintptr_t)__builtin_thread_pointer();
	struct rlimit64 limit;

	if (thread->tid == vp_control.pid) {
		uint64_t most = 8u << 20;

		if (vp_sys6(SYS_prlimit64, 0, RLIMIT_STACK, 0, (long)&limit, 0, 0) == 0 &&
		    limit.rlim_cur < 1u << 30)
			most = limit.rlim_cur;
		thread->stack.hi = main_stack_hi;
		thread->stack.lo = main_stack_hi - most;
		return;
	}
	thread->stack.hi = top;
	thread->stack.lo = top - stack_bytes;
	/* A thread we did not see start: trust no more than what is in use. */
	if (!stack_bytes)
		thread->stack.lo = here < top && top - here < 1u << 20 ? here - 4096 : top;
}

/* The row that the helper made for a thread before its first hook, or a new
 * one.  Context: registry lock held. */
static struct vprof_thread *own_row(int tid, uint32_t *id)
{
	struct vprof_thread *row;
	uint32_t at = bucket[(uint32_t)tid % TID_BUCKETS];

	while (at && known[at - 1].tid != tid)
		at = known[at - 1].older;
	if (at && known[at - 1].unhooked) {
		row = vp_table_row(VPROF_SEC_THREADS, known[at - 1].row);
		if (row->state == VPROF_THREAD_LIVE) {
			known[at - 1].unhooked = 0;
			*id = known[at - 1].row;
			return row;
		}
	}
	row = new_row(tid, id);
	if (*id)
		remember(tid, *id, row->start_ns);
	return row;
}

struct join_request {
	struct vp_thread_start start;
	struct vp_thread *thread;
};

/* States of ended threads are kept for later ones: a thread start then costs
 * neither a large allocation nor its page faults. */
static struct vp_thread *new_thread(void)
{
	struct vp_thread *thread;

	vp_lock_take(&registry);
	thread = spare;
	if (thread)
		spare = thread->next;
	vp_lock_drop(&registry);
	if (!thread)
		thread = vp_sys_map(sizeof(*thread));
	if (!thread)
		return NULL;
	memset(thread, 0, offsetof(struct vp_thread, stack));
	thread->stack.lo = thread->stack.hi = 0;
	memset(&thread->lasted, 0, offsetof(struct vp_lasted, call));
	vp_capture_forget(&thread->stack.capture);
	return thread;
}

/* A thread that no hook saw start (aio, timers of libc) meets the first one,
 * which may be between two plain accesses: wait until it has left our code. */
static void go_many(void)
{
	if (__atomic_exchange_n(&vp_threads_many, 1, __ATOMIC_SEQ_CST))
		return;
	for (int i = 0; i < 1000 && !unwatched && __atomic_load_n(live->busy, __ATOMIC_ACQUIRE);
	     i++)
		vp_sys(SYS_sched_yield, 0, 0, 0);
}

static void join(void *arg)
{
	struct join_request *request = arg;
	struct vp_thread *thread = new_thread();

	if (!thread)
		return;
	thread->tid = vp_sys_tid();
	thread->timer_id = -1;
	thread->trampoline = request->start.trampoline;
	thread->routine = thread->tid == vp_control.pid ? forked_routine : request->start.routine;
	thread->generation = generation;
	thread->shard = vp_shard_get();
	vp_lock_take(&registry);
	if (live)
		go_many();
	thread->row = own_row(thread->tid, &thread->row_id);
	if (thread->row_id) {
		thread->row->shard = thread->shard->number;
		if (thread->shard->shared)
			__atomic_fetch_or(&thread->row->flags, VPROF_THREAD_SHARED_SHARD,
					  __ATOMIC_RELAXED);
		vp_thread_row_name(thread->row);
	}
	thread->next = live;
	if (live)
		live->prev = thread;
	live = thread;
	live_count++;
	vp_arrivals_start(thread);
	vp_lock_drop(&registry);
	if (thread->row_id)
		vp_thread_row_start(thread->row, thread->routine, request->start.argument);
	request->thread = thread;
}

struct vp_thread *vp_thread_join(const struct vp_thread_start *start)
{
	struct join_request request = {.thread = NULL};

	if (!vp_control.alive)
		return NULL;
	if (start)
		request.start = *start;
	vp_service(join, &request);
	if (!request.thread) {
		vp_lost(VPROF_LOST_THREADS, 1);
		return NULL;
	}
	vp_kin_started(request.thread, &request.start.creator);
	find_stack(request.thread, request.start.stack_bytes);
	vp_thread_row_stack(request.thread);
	request.thread->busy = &vp_tls.busy;
	vp_tls.self = request.thread;
	vp_tls.ends_left = 3; /* PTHREAD_DESTRUCTOR_ITERATIONS is 4 */
	if (end_key_made)
		pthread_setspecific(end_key, request.thread);
	vp_trackers_thread_start(request.thread);
	return request.thread;
}

static void leave(void *arg)
{
	struct vp_thread *thread = arg;

	vp_lock_take(&registry);
	if (thread->prev)
		thread->prev->next = thread->next;
	else
		live = thread->next;
	if (thread->next)
		thread->next->prev = thread->prev;
	live_count--;
	if (thread->row_id)
		add_row(&ended, thread->row);
	vp_arrivals_end(thread);
	vp_lock_drop(&registry);
	vp_shard_put(thread->shard);
	vp_lock_take(&registry);
	thread->next = spare;
	spare = thread;
	vp_lock_drop(&registry);
}

void vp_thread_end(struct vp_thread *thread)
{
	vp_trackers_thread_end(thread);
	if (thread->row_id)
		vp_thread_row_end(thread->row);
	vp_tls.self = VP_TLS_ENDED;
	vp_service(leave, thread);
}

uint32_t vp_threads_live(void)
{
	return __atomic_load_n(&live_count, __ATOMIC_RELAXED);
}

uint32_t vp_threads_row_of_tid(int tid, uint64_t t_ns)
{
	uint32_t oldest = VPROF_NONE, id = 0;

	vp_lock_take(&registry);
	for (uint32_t at = bucket[(uint32_t)tid % TID_BUCKETS]; at; at = known[at - 1].older) {
		const struct known *one = &known[at - 1];

		if (one->tid != tid)
			continue;
		oldest = one->row;
		if (one->start_ns <= t_ns)
			break;
	}
	if (oldest == VPROF_NONE) {
		struct vprof_thread *row = new_row(tid, &id);
		struct known *one;

		if (id) {
			vp_proc_comm(tid, row->name);
			row->start_ns = t_ns;
			one = remember(tid, id, t_ns);
			if (one)
				one->unhooked = 1;
		}
		oldest = id;
	}
	vp_lock_drop(&registry);
	return oldest;
}

void vp_threads_lock(void)
{
	vp_lock_take(&registry);
}

void vp_threads_unlock(void)
{
	vp_lock_drop(&registry);
}

static void add_row(struct vp_thread_sums *out, const struct vprof_thread *row)
{
	/* Frees first: a block freed meanwhile must not be missing. */
	out->frees += __atomic_load_n(&row->frees, __ATOMIC_ACQUIRE);
	out->freed_bytes += __atomic_load_n(&row->freed_bytes, __ATOMIC_ACQUIRE);
	out->allocs += __atomic_load_n(&row->allocs, __ATOMIC_ACQUIRE);
	out->alloc_bytes += __atomic_load_n(&row->alloc_bytes, __ATOMIC_ACQUIRE);
}

uint32_t vp_threads_sum_live(struct vp_thread_sums *out)
{
	uint32_t count = 0;

	*out = ended;
	add_row(out, vp_table_row(VPROF_SEC_THREADS, 0));
	for (const struct vp_thread *thread = live; thread; thread = thread->next) {
		if (thread->row_id)
			add_row(out, thread->row);
		count++;
	}
	return count;
}

void vp_threads_deal(uint64_t round, int64_t share)
{
	for (struct vp_thread *thread = live; thread; thread = thread->next) {
		thread->peak.dealt = share;
		/* Pairs with take_up_share() in track/peak.c. */
		__atomic_store_n(&thread->peak.dealt_round, round, __ATOMIC_RELEASE);
	}
}

void vp_threads_sum(struct vp_thread_sums *out)
{
	vp_lock_take(&registry);
	vp_threads_sum_live(out);
	vp_lock_drop(&registry);
}

void vp_threads_each(void (*each)(const struct vp_thread *thread))
{
	vp_lock_take(&registry);
	for (const struct vp_thread *thread = live; thread; thread = thread->next)
		each(thread);
	vp_lock_drop(&registry);
}

int vp_threads_unwatched(void)
{
	return (int)unwatched;
}

int vp_threads_is_busy(int tid)
{
	int busy = 0;

	vp_lock_take(&registry);
	for (const struct vp_thread *thread = live; thread; thread = thread->next) {
		if (thread->tid == tid && thread->busy && !unwatched)
			busy = __atomic_load_n(thread->busy, __ATOMIC_ACQUIRE) != 0;
	}
	vp_lock_drop(&registry);
	return busy;
}

int vp_threads_stack_of(int tid, uint64_t *lo, uint64_t *hi)
{
	int found = 0;

	vp_lock_take(&registry);
	for (const struct vp_thread *thread = live; thread && !found; thread = thread->next) {
		found = thread->tid == tid && thread->stack.hi;
		*lo = thread->stack.lo;
		*hi = thread->stack.hi;
	}
	vp_lock_drop(&registry);
	return found;
}

int vp_threads_is_helper(int tid)
{
	return tid == helper_tid;
}

void vp_threads_add_helper(int tid)
{
	struct vprof_thread *row;
	uint32_t id;

	vp_lock_take(&registry);
	row = new_row(tid, &id);
	if (id) {
		helper_tid = tid;
		strcpy(row->name, "vprof");
		row->flags = VPROF_THREAD_HELPER;
		remember(tid, id, row->start_ns);
	}
	vp_lock_drop(&registry);
}
