#include "model/thread_order.h"

#include <stdlib.h>

#include "cli/xalloc.h"

struct vr_thread_order {
	const struct vr_file *file;
	/* The threads that each started: those of thread t are child[first[t]] to
	 * child[first[t + 1]], exclusive. */
	uint32_t *first, *child;
	/* From when on each thread is behind what is asked about; and those still to be
	 * gone on from. */
	uint64_t *after_ns;
	uint32_t *queue; /* in a ring, each at most once */
	uint8_t *waits;	 /* it is in there */
	size_t put, taken;
};

struct vr_thread_order *vr_thread_order_new(const struct vr_file *file)
{
	struct vr_thread_order *order = vr_xcalloc(1, sizeof(*order));
	uint32_t n = file->n_threads;

	order->file = file;
	order->first = vr_xcalloc((size_t)n + 2, sizeof(*order->first));
	order->child = vr_xcalloc((size_t)n + 1, sizeof(*order->child));
	order->after_ns = vr_xcalloc((size_t)n + 1, sizeof(*order->after_ns));
	order->queue = vr_xcalloc((size_t)n + 1, sizeof(*order->queue));
	order->waits = vr_xcalloc((size_t)n + 1, sizeof(*order->waits));
	for (uint32_t i = 1; i < n; i++)
		order->first[file->thread[i].creator + 2]++;
	for (uint32_t i = 1; i <= n; i++)
		order->first[i + 1] += order->first[i];
	/* Each count becomes the end of its thread's, as they are put in. */
	for (uint32_t i = 1; i < n; i++)
		order->child[order->first[file->thread[i].creator + 1]++] = i;
	return order;
}

void vr_thread_order_free(struct vr_thread_order *order)
{
	if (!order)
		return;
	free(order->first);
	free(order->child);
	free(order->after_ns);
	free(order->queue);
	free(order->waits);
	free(order);
}

static void reach(struct vr_thread_order *order, uint32_t thread, uint64_t ns)
{
	if (!thread || ns >= order->after_ns[thread])
		return;
	order->after_ns[thread] = ns;
	if (order->waits[thread])
		return;
	order->waits[thread] = 1;
	order->queue[order->put++ % order->file->n_threads] = thread;
}

/* Whoever waits for its end is behind what a thread does, and those that it starts after it. */
static void go_on(struct vr_thread_order *order, uint32_t from)
{
	const struct vprof_thread *thread = order->file->thread;

	reach(order, thread[from].joiner, thread[from].joined_ns);
	for (uint32_t i = order->first[from]; i < order->first[from + 1]; i++) {
		uint32_t to = order->child[i];

		if (thread[to].created_ns >= order->after_ns[from])
			reach(order, to, thread[to].created_ns);
	}
}

/* Does y come after x? */
static int comes_after(struct vr_thread_order *order, const struct vprof_order *x,
		       const struct vprof_order *y)
{
	for (uint32_t i = 0; i < order->file->n_threads; i++)
		order->after_ns[i] = UINT64_MAX;
	order->put = order->taken = 0;
	reach(order, x->thread, x->first_ns);
	while (order->taken < order->put) {
		uint32_t from = order->queue[order->taken++ % order->file->n_threads];

		order->waits[from] = 0;
		go_on(order, from);
	}
	return y->first_ns >= order->after_ns[y->thread];
}

int vr_thread_order_concurrent(struct vr_thread_order *order, const struct vprof_order *x,
			       const struct vprof_order *y)
{
	return x->thread != y->thread && !comes_after(order, x, y) && !comes_after(order, y, x);
}
