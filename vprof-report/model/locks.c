#include "model/locks.h"

#include <stdlib.h>

#include "base/order.h"
#include "cli/xalloc.h"

/* One row, or one event. */
struct item {
	uint64_t address, offset;
	uint32_t kind, thread, node, place, site, label;
	struct vr_wait_sum sum;
};

struct items {
	struct item *item;
	size_t count, room;
};

int vr_lock_is_held(uint32_t kind)
{
	return kind <= VPROF_LOCK_WRLOCK || kind == VPROF_LOCK_SPIN;
}

int vr_lock_is_call(uint32_t kind)
{
	return kind == VPROF_LOCK_SEM || kind == VPROF_LOCK_BARRIER;
}

const char *vr_lock_kind_name(uint32_t kind)
{
	static const char *const name[VR_LOCK_KINDS] = {
	    [0] = "various",
	    [VPROF_LOCK_MUTEX] = "mutex",
	    [VPROF_LOCK_RDLOCK] = "read",
	    [VPROF_LOCK_WRLOCK] = "write",
	    [VPROF_LOCK_COND] = "cond",
	    [VPROF_LOCK_JOIN] = "join",
	    [VPROF_LOCK_SPIN] = "spin",
	    [VPROF_LOCK_SEM] = "sem",
	    [VPROF_LOCK_BARRIER] = "barrier",
	};

	return kind < VR_LOCK_KINDS ? name[kind] : "unknown";
}

static void add_sum(struct vr_wait_sum *to, const struct vr_wait_sum *from)
{
	if (!from->waits)
		return;
	if (!to->waits || from->first_ns < to->first_ns)
		to->first_ns = from->first_ns;
	if (from->last_ns > to->last_ns)
		to->last_ns = from->last_ns;
	if (from->max_ns > to->max_ns)
		to->max_ns = from->max_ns;
	to->waits += from->waits;
	to->timeouts += from->timeouts;
	to->wait_ns += from->wait_ns;
}

static void add_item(struct vr_profile *profile, struct items *items, struct item item)
{
	const char *glob = profile->select.module;

	if (!item.sum.waits || !profile->keep_thread[item.thread] ||
	    !vr_profile_keeps_label(profile, item.label))
		return;
	if (item.node == VPROF_NODE_ROOT)
		item.node = vr_stacks_pseudo(profile->stacks, VR_PSEUDO_NO_STACK);
	else if (!item.kind && item.node == VPROF_NODE_OVERFLOW)
		item.node = vr_stacks_pseudo(profile->stacks, VR_PSEUDO_LOCK_FULL);
	/* A pthread_t is an address only by accident, and soon another's. */
	if (item.kind == VPROF_LOCK_JOIN)
		item.address = 0;
	if (glob && !vr_stacks_touches(profile->stacks, item.node, glob))
		return;
	items->item = vr_xgrow(items->item, items->count, &items->room, sizeof(*items->item));
	items->item[items->count++] = item;
}

static void add_tables(struct vr_profile *profile, struct items *items)
{
	const struct vr_file *file = profile->file;

	for (uint32_t i = 0; i < file->n_locks; i++) {
		const struct vprof_lock *row = &file->lock[i];

		add_item(profile, items,
			 (struct item){
			     .address = row->address,
			     .offset = row->offset,
			     .kind = row->kind,
			     .thread = row->thread,
			     .node = row->node,
			     .place = row->place,
			     .site = row->site,
			     .label = row->label,
			     .sum = {row->waits, row->timeouts, row->wait_ns, row->max_ns,
				     row->first_ns, row->last_ns},
			 });
	}
}

/* The wait belongs to the window in which it ended, as a whole. */
static void add_events(struct vr_profile *profile, struct items *items)
{
	const struct vr_file *file = profile->file;

	for (size_t i = 0; i < file->n_events; i++) {
		const struct vprof_event *event = &file->event[i];
		uint64_t since = event->value < event->t_ns ? event->t_ns - event->value : 0;
		const struct vprof_lock *row;

		if (event->kind != VPROF_EV_WAIT || !vr_profile_in_window(profile, event->t_ns))
			continue;
		row = &file->lock[event->arg];
		add_item(profile, items,
			 (struct item){
			     .address = row->address,
			     .offset = row->offset,
			     .kind = row->kind,
			     .thread = event->thread,
			     .node = event->node,
			     .place = row->place,
			     .site = row->site,
			     .label = row->label,
			     .sum = {1, event->flags & VPROF_WAIT_TIMEOUT, event->value,
				     event->value, since, event->t_ns},
			 });
	}
}

static int in_block(uint32_t place)
{
	return place == VPROF_LOCK_IN_BLOCK;
}

/* Locks in blocks are told apart by who allocated them, the others by their addresses. */
int vr_lock_is_at(const struct vr_lock *lock, uint32_t place, uint32_t site, uint64_t offset,
		  uint64_t address)
{
	if (in_block(place) != in_block(lock->place))
		return 0;
	return in_block(place) ? lock->site == site && lock->offset == offset
			       : lock->address == address;
}

static int by_lock(const struct item *x, const struct item *y)
{
	int c = in_block(x->place) - in_block(y->place);

	if (!c && in_block(x->place)) {
		c = vr_smaller_first(x->site, y->site);
		c = c ? c : vr_smaller_first(x->offset, y->offset);
	} else if (!c) {
		c = vr_smaller_first(x->address, y->address);
	}
	return c ? c : vr_smaller_first(x->kind, y->kind);
}

static int by_address(const void *a, const void *b)
{
	const struct item *x = a;
	const struct item *y = b;
	int c = by_lock(x, y);

	return c ? c : vr_smaller_first(x->address, y->address);
}

static int by_thread(const void *a, const void *b)
{
	const struct item *x = a;
	const struct item *y = b;
	int c = by_lock(x, y);

	return c ? c : vr_smaller_first(x->thread, y->thread);
}

static int by_node(const void *a, const void *b)
{
	const struct item *x = a;
	const struct item *y = b;
	int c = by_lock(x, y);

	return c ? c : vr_smaller_first(x->node, y->node);
}

/* Sorted by thread: one lock for each run of equal locks, with the threads
 * that waited for it. */
static void make_locks(struct vr_locks *locks, const struct items *items)
{
	size_t room = 0;

	for (size_t i = 0; i < items->count; i++) {
		const struct item *item = &items->item[i];

		if (!i || by_lock(item - 1, item)) {
			locks->lock =
			    vr_xgrow(locks->lock, locks->n_locks, &room, sizeof(*locks->lock));
			locks->lock[locks->n_locks++] = (struct vr_lock){.address = item->address,
									 .kind = item->kind,
									 .place = item->place,
									 .site = item->site,
									 .offset = item->offset};
		}
		if (!i || by_thread(item - 1, item))
			locks->lock[locks->n_locks - 1].threads++;
	}
}

/* Sorted by address: the locks again in the same order, each with how many it is. */
static void count_addresses(struct vr_locks *locks, const struct items *items)
{
	struct vr_lock *lock = locks->lock;

	for (size_t i = 0; i < items->count; i++) {
		const struct item *item = &items->item[i];

		if (i && by_lock(item - 1, item))
			lock++;
		if (item->address && (!i || by_address(item - 1, item)))
			lock->addresses++;
		if (lock->addresses > 1)
			lock->address = 0;
	}
}

/* Sorted by node: the locks again in the same order, each with its paths. */
static void make_paths(struct vr_locks *locks, const struct items *items)
{
	struct vr_lock *lock = locks->lock;

	locks->path = vr_xcalloc(items->count, sizeof(*locks->path));
	for (size_t i = 0; i < items->count; i++) {
		const struct item *item = &items->item[i];

		if (i && by_lock(item - 1, item))
			lock++;
		if (!i || by_node(item - 1, item)) {
			if (!lock->n_paths++)
				lock->path = &locks->path[locks->n_paths];
			locks->path[locks->n_paths++].node = item->node;
		}
		add_sum(&locks->path[locks->n_paths - 1].sum, &item->sum);
		add_sum(&lock->sum, &item->sum);
		add_sum(&locks->kind[item->kind], &item->sum);
	}
}

struct vr_locks *vr_locks_new(struct vr_profile *profile)
{
	struct vr_locks *locks = vr_xcalloc(1, sizeof(*locks));
	struct items items = {0};

	if (profile->select.windowed) {
		add_events(profile, &items);
		locks->window_cut = profile->file->wrapped &&
				    profile->select.since_ns < profile->file->oldest_event_ns;
	} else {
		add_tables(profile, &items);
	}
	if (items.count) {
		qsort(items.item, items.count, sizeof(*items.item), by_thread);
		make_locks(locks, &items);
		qsort(items.item, items.count, sizeof(*items.item), by_address);
		count_addresses(locks, &items);
		qsort(items.item, items.count, sizeof(*items.item), by_node);
		make_paths(locks, &items);
	}
	free(items.item);
	return locks;
}

void vr_locks_free(struct vr_locks *locks)
{
	if (!locks)
		return;
	free(locks->lock);
	free(locks->path);
	free(locks);
}

struct vr_wait_sum vr_locks_held(const struct vr_locks *locks)
{
	struct vr_wait_sum sum = {0};

	for (uint32_t kind = 0; kind < VR_LOCK_KINDS; kind++)
		if (vr_lock_is_held(kind))
			add_sum(&sum, &locks->kind[kind]);
	return sum;
}

static int by_key(const struct vr_wait_sum *x, const struct vr_wait_sum *y, enum vr_locks_key key)
{
	switch (key) {
	case VR_LOCKS_WAIT:
		return vr_larger_first(x->wait_ns, y->wait_ns);
	case VR_LOCKS_WAITS:
		return vr_larger_first(x->waits, y->waits);
	case VR_LOCKS_MAX:
		return vr_larger_first(x->max_ns, y->max_ns);
	}
	return 0;
}

static int compare_locks(const void *a, const void *b, void *arg)
{
	const struct vr_lock *x = a;
	const struct vr_lock *y = b;
	int c = vr_lock_is_held(y->kind) - vr_lock_is_held(x->kind);

	c = c ? c : by_key(&x->sum, &y->sum, *(enum vr_locks_key *)arg);
	c = c ? c : vr_smaller_first(x->address, y->address);
	c = c ? c : vr_smaller_first(x->site, y->site);
	c = c ? c : vr_smaller_first(x->offset, y->offset);
	return c ? c : vr_smaller_first(x->kind, y->kind);
}

static int compare_paths(const void *a, const void *b, void *arg)
{
	const struct vr_lock_path *x = a;
	const struct vr_lock_path *y = b;
	int c = by_key(&x->sum, &y->sum, *(enum vr_locks_key *)arg);

	return c ? c : vr_smaller_first(x->node, y->node);
}

size_t *vr_locks_order(const struct vr_locks *locks, enum vr_locks_key key)
{
	return vr_order(locks->lock, locks->n_locks, sizeof(*locks->lock), compare_locks, &key);
}

const struct vr_lock *vr_locks_largest(const struct vr_locks *locks, enum vr_locks_key key)
{
	return vr_order_first(locks->lock, locks->n_locks, sizeof(*locks->lock), compare_locks,
			      &key);
}

size_t *vr_lock_paths_order(const struct vr_lock *lock, enum vr_locks_key key)
{
	return vr_order(lock->path, lock->n_paths, sizeof(*lock->path), compare_paths, &key);
}

const struct vr_lock_path *vr_lock_largest_path(const struct vr_lock *lock, enum vr_locks_key key)
{
	return vr_order_first(lock->path, lock->n_paths, sizeof(*lock->path), compare_paths, &key);
}

uint64_t *vr_locks_idle_ns(const struct vr_file *file)
{
	uint64_t *ns = vr_xcalloc(file->n_threads, sizeof(*ns));

	for (uint32_t i = 0; i < file->n_locks; i++)
		if (file->lock[i].waits && !vr_lock_is_held(file->lock[i].kind) &&
		    !vr_lock_is_call(file->lock[i].kind))
			ns[file->lock[i].thread] += file->lock[i].wait_ns;
	return ns;
}
