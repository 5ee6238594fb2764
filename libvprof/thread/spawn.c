#include "thread/spawn.h"
#include "base/glibc.h"
#include "base/private_heap.h"
#include "base/real.h"
#include "base/service.h"
#include "thread/threads.h"

#include <string.h>

/* A thread with a small stack gets this much more, because our thread-local
 * block and hooks take some of it, and a signal's frame.  It is not told so
 * (vp_spawn_getattr).  From SMALL_STACK on there is room enough. */
#define OUR_STACK   (16u << 10)
#define SMALL_STACK (64u << 10)

struct start {
	union {
		void *(*pthread)(void *);
		thrd_start_t thrd;
	} fn;
	void *arg;
	uint32_t stack_units;	   /* STACK_UNIT bytes each */
	uint32_t creator;	   /* its row in THREADS ... */
	uint64_t created_ns;	   /* ... and when */
	struct start *next, *prev; /* those that have not begun */
};
#define STACK_UNIT 16u
/* With this class of sizes it is with others of the private heap, which would else make and
 * unmake a slab for each thread. */
_Static_assert(sizeof(struct start) <= 48, "the class of sizes");

static struct start *pending; /* service */

static void get_start(void *arg)
{
	struct start **out = arg;

	*out = vp_private_get(sizeof(**out));
	if (!*out)
		return;
	(*out)->next = pending;
	if (pending)
		pending->prev = *out;
	pending = *out;
}

static void put_start(void *arg)
{
	struct start *start = arg;

	if (start->next)
		start->next->prev = start->prev;
	if (start->prev)
		start->prev->next = start->next;
	else if (pending == start) /* else: the parent's, in a forked child */
		pending = start->next;
	vp_private_put(start);
}

void vp_spawn_each_pending(void (*each)(void *argument))
{
	for (const struct start *start = pending; start; start = start->next)
		each(start->arg);
}

void vp_spawn_fork_child(void)
{
	pending = NULL;
}

/* In the new thread: takes the start record apart and registers the thread. */
static struct start begin(void *arg, const void *trampoline)
{
	struct start start = *(struct start *)arg;

	if (vp_busy_enter()) {
		struct vp_thread_start known = {(uint64_t)(uintptr_t)start.fn.pthread,
						(uint64_t)start.stack_units * STACK_UNIT,
						trampoline,
						(uint64_t)(uintptr_t)start.arg,
						{start.creator, start.created_ns}};

		vp_service(put_start, arg);
		if (vp_tls.self == NULL)
			vp_thread_join(&known);
		vp_busy_leave();
	}
	return start;
}

/* Our frame stays for as long as the thread: it must not keep the argument in
 * use that the thread has long lost. */
static inline void *take_argument(struct start *start)
{
	void *argument = start->arg;

	*(void *volatile *)&start->arg = NULL;
	return argument;
}

/* These two frames lie between libc and the host's function: the unwinder
 * knows their section and leaves them out. */
static __attribute__((section("vp_trampoline"), noinline)) void *run_pthread(void *arg)
{
	struct start start = begin(arg, (const void *)(uintptr_t)run_pthread);
	void *result = start.fn.pthread(take_argument(&start));

	__asm__ volatile(""); /* not a tail call */
	return result;
}

/* The same: that a thread's stack was made wider is told by the function that it
 * was started with. */
static __attribute__((section("vp_trampoline"), noinline)) void *run_wider(void *arg)
{
	struct start start = begin(arg, (const void *)(uintptr_t)run_wider);
	void *result = start.fn.pthread(take_argument(&start));

	__asm__ volatile("nop"); /* not one with the other */
	return result;
}

static __attribute__((section("vp_trampoline"), noinline)) int run_thrd(void *arg)
{
	struct start start = begin(arg, (const void *)(uintptr_t)run_thrd);
	int result = start.fn.thrd(take_argument(&start));

	__asm__ volatile("");
	return result;
}

static struct start *new_start(void *arg, uint64_t stack_bytes)
{
	struct start *start = NULL;

	if (!vp_control.threads || !vp_busy_enter())
		return NULL;
	vp_service(get_start, &start);
	vp_threads_many = 1;
	if (start) {
		struct vp_kin_creator creator = vp_kin_create();

		start->creator = creator.row;
		start->created_ns = creator.at_ns;
		start->arg = arg;
		start->stack_units = (uint32_t)(stack_bytes / STACK_UNIT);
	}
	vp_busy_leave();
	return start;
}

static void drop_start(struct start *start)
{
	if (vp_busy_enter()) {
		vp_service(put_start, start);
		vp_busy_leave();
	}
}

/* The size of the stack a thread with these attributes gets; fills *wider with
 * attributes for a little more where the stack is small and libc allocates it. */
static uint64_t stack_of(const pthread_attr_t **attr, pthread_attr_t *wider)
{
	pthread_attr_t plain;
	size_t size = 0;
	void *addr = NULL;

	if (!*attr) {
		pthread_attr_init(&plain);
		pthread_attr_getstacksize(&plain, &size);
		pthread_attr_destroy(&plain);
		return size;
	}
	pthread_attr_getstacksize(*attr, &size);
	if (size >= SMALL_STACK || !vp_glibc_knows(VP_GLIBC_ATTR) ||
	    !vp_glibc_knows(VP_GLIBC_THREADS))
		return size;
	/* Without a stack of the caller's own, addr + size is 0 here. */
	if (pthread_attr_getstack(*attr, &addr, &size) == 0 && (uintptr_t)addr + size != 0)
		return size;
	/* Never destroyed: a plain copy shares the extension it points to. */
	memcpy(wider, *attr, sizeof(*wider));
	if (pthread_attr_setstacksize(wider, size + OUR_STACK) == 0) {
		*attr = wider;
		size += OUR_STACK;
	}
	return size;
}

int vp_spawn_pthread(pthread_t *out, const pthread_attr_t *attr, void *(*fn)(void *), void *arg)
{
	const pthread_attr_t *asked = attr;
	pthread_attr_t wider;
	struct start *start;
	uint64_t stack;
	int err;

	if (!vp_control.threads || vp_tls.busy)
		return vp_real.pthread_create(out, attr, fn, arg);
	stack = stack_of(&attr, &wider);
	start = new_start(arg, stack);
	if (!start)
		return vp_real.pthread_create(out, attr, fn, arg);
	start->fn.pthread = fn;
	err = vp_real.pthread_create(out, attr, attr == &wider ? run_wider : run_pthread, start);
	if (err && attr == &wider) { /* the limit may allow what was asked for */
		start->stack_units -= OUR_STACK / STACK_UNIT;
		err = vp_real.pthread_create(out, asked, run_pthread, start);
	}
	if (err)
		drop_start(start);
	return err;
}

/* libc keeps the function in the thread's descriptor, which pthread_t leads to. */
static int is_wider(pthread_t thread, uint64_t stack_end)
{
	const uint64_t *word = (const uint64_t *)thread; /* NOLINT(performance-no-int-to-ptr) */

	for (unsigned i = 0; i < vp_glibc.descriptor_bytes / 8; i++) {
		if ((uint64_t)(uintptr_t)(word + i + 1) > stack_end)
			return 0;
		if (__atomic_load_n(&word[i], __ATOMIC_RELAXED) == (uint64_t)(uintptr_t)run_wider)
			return 1;
	}
	return 0;
}

int vp_spawn_getattr(pthread_t thread, pthread_attr_t *attr)
{
	int err = vp_real.pthread_getattr_np(thread, attr);
	size_t size = 0;
	void *addr = NULL;

	if (err || pthread_attr_getstack(attr, &addr, &size) != 0 || size <= OUR_STACK ||
	    size >= SMALL_STACK + OUR_STACK || (uint64_t)thread < (uint64_t)(uintptr_t)addr ||
	    !is_wider(thread, (uint64_t)(uintptr_t)addr + size))
		return err;
	pthread_attr_setstack(attr, (char *)addr + OUR_STACK, size - OUR_STACK);
	return 0;
}

int vp_spawn_thrd(thrd_t *out, thrd_start_t fn, void *arg)
{
	const pthread_attr_t *none = NULL;
	struct start *start = new_start(arg, stack_of(&none, NULL));
	int err;

	if (!start)
		return vp_real.thrd_create(out, fn, arg);
	start->fn.thrd = fn;
	err = vp_real.thrd_create(out, run_thrd, start);
	if (err != thrd_success)
		drop_start(start);
	return err;
}
