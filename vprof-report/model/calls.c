#include "model/calls.h"

#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "cli/xalloc.h"
#include "model/histogram.h"

const char *vr_class_name(uint32_t class)
{
	static const char *const name[VPROF_CLASS_COUNT] = {
	    [VPROF_CLASS_RUN] = "run",	   [VPROF_CLASS_IDLE] = "idle",
	    [VPROF_CLASS_PACED] = "paced", [VPROF_CLASS_BLOCKED] = "blocked",
	    [VPROF_CLASS_LOCK] = "lock",   [VPROF_CLASS_PREEMPTED] = "preempted",
	    [VPROF_CLASS_FAULT] = "fault", [VPROF_CLASS_UNHOOKED] = "unhooked",
	};

	return class < VPROF_CLASS_COUNT ? name[class] : "unknown";
}

const char *vr_target_name(uint32_t kind)
{
	static const char *const name[] = {
	    [VPROF_TARGET_NONE] = "none", [VPROF_TARGET_FD] = "descriptor",
	    [VPROF_TARGET_PATH] = "path", [VPROF_TARGET_ADDRESS] = "address",
	    [VPROF_TARGET_HOST] = "host", [VPROF_TARGET_PROCESS] = "process",
	    [VPROF_TARGET_PEER] = "peer",
	};

	return kind <= VPROF_TARGET_PEER ? name[kind] : "unknown";
}

void vr_call_row_classes(const struct vprof_call *row, uint64_t ns[VPROF_CLASS_COUNT])
{
	int pauses = row->class == VPROF_CLASS_IDLE || row->class == VPROF_CLASS_PACED;
	uint64_t own = vr_least(row->idle_ns, row->blocked_ns), rest = row->blocked_ns - own;
	/* A pause within an iteration keeps the loop from its work. */
	uint64_t inside = pauses ? vr_least(row->on_loop_ns, rest) : 0;

	for (size_t i = 0; i < VPROF_CLASS_COUNT; i++)
		ns[i] = 0;
	ns[row->class == VPROF_CLASS_PACED ? VPROF_CLASS_PACED : VPROF_CLASS_IDLE] += own;
	ns[VPROF_CLASS_BLOCKED] += inside;
	ns[row->class] += rest - inside;
}

uint64_t vr_calls_idle_ns(const struct vr_call_sum *sum)
{
	return sum->class_ns[VPROF_CLASS_IDLE] + sum->class_ns[VPROF_CLASS_PACED];
}

uint64_t vr_calls_wait_ns(const struct vr_call_sum *sum)
{
	uint64_t ns = 0;

	for (size_t i = 0; i < VPROF_CLASS_COUNT; i++)
		ns += sum->class_ns[i];
	return ns - vr_calls_idle_ns(sum);
}

static void add_sum(struct vr_call_sum *to, const struct vr_call_sum *from)
{
	if (!to->calls || from->first_ns < to->first_ns)
		to->first_ns = from->first_ns;
	if (from->last_ns > to->last_ns)
		to->last_ns = from->last_ns;
	if (from->max_ns > to->max_ns)
		to->max_ns = from->max_ns;
	to->calls += from->calls;
	to->failed += from->failed;
	to->timeouts += from->timeouts;
	to->bytes += from->bytes;
	to->time_ns += from->time_ns;
	to->untimed += from->untimed;
	to->blocked += from->blocked;
	to->on_loop += from->on_loop;
	to->on_loop_ns += from->on_loop_ns;
	to->under_lock += from->under_lock;
	to->under_lock_ns += from->under_lock_ns;
	for (size_t i = 0; i < VPROF_CLASS_COUNT; i++)
		to->class_ns[i] += from->class_ns[i];
}

/* One row, or one event and the row it is of. */
struct item {
	uint32_t node, thread;
	const char *name;
	const struct vprof_call *row;
	struct vr_call_sum sum;
};

struct items {
	struct item *item;
	size_t count, room;
};

static void add_item(struct vr_profile *profile, struct items *items, struct item item)
{
	const char *glob = profile->select.module;

	if (!item.sum.calls || !profile->keep_thread[item.thread] ||
	    !vr_profile_keeps_label(profile, item.row->label))
		return;
	if (item.node == VPROF_NODE_ROOT)
		item.node = vr_stacks_pseudo(profile->stacks, VR_PSEUDO_NO_STACK);
	item.name = vr_file_string(profile->file, item.row->name);
	if (glob && !vr_stacks_touches(profile->stacks, item.node, glob))
		return;
	items->item = vr_xgrow(items->item, items->count, &items->room, sizeof(*items->item));
	items->item[items->count++] = item;
}

static void add_tables(struct vr_profile *profile, struct items *items)
{
	const struct vr_file *file = profile->file;

	for (uint32_t i = 0; i < file->n_calls; i++) {
		const struct vprof_call *row = &file->call[i];
		struct item item = {
		    .node = row->node,
		    .thread = row->thread,
		    .row = row,
		    .sum = {.calls = row->calls,
			    .failed = row->failed,
			    .timeouts = row->timeouts,
			    .bytes = row->bytes,
			    .time_ns = row->time_ns,
			    .untimed = row->untimed,
			    .max_ns = row->max_ns,
			    .first_ns = row->first_ns,
			    .last_ns = row->last_ns,
			    .blocked = row->blocked,
			    .on_loop = row->on_loop,
			    .on_loop_ns = row->on_loop_ns,
			    .under_lock = row->under_lock,
			    .under_lock_ns = row->under_lock_ns},
		};

		vr_call_row_classes(row, item.sum.class_ns);
		add_item(profile, items, item);
	}
}

/* A call belongs to the window in which it ended, as a whole. */
static void add_events(struct vr_profile *profile, struct items *items)
{
	const struct vr_file *file = profile->file;

	for (size_t i = 0; i < file->n_events; i++) {
		const struct vprof_event *event = &file->event[i];
		struct item item = {.node = event->node, .thread = event->thread};

		if (event->kind != VPROF_EV_CALL || !vr_profile_in_window(profile, event->t_ns))
			continue;
		item.row = &file->call[event->arg];
		if (!item.row->calls)
			continue; /* damaged: nobody knows what was called */
		item.sum = (struct vr_call_sum){.calls = 1,
						.blocked = 1,
						.time_ns = event->value,
						.max_ns = event->value,
						.first_ns = event->t_ns,
						.last_ns = event->t_ns};
		item.sum.class_ns[event->flags] = event->value;
		add_item(profile, items, item);
	}
}

static int by_site(const struct item *x, const struct item *y)
{
	int c = vr_smaller_first(x->node, y->node);

	return c ? c : strcmp(x->name, y->name);
}

static int by_thread(const void *a, const void *b)
{
	const struct item *x = a;
	const struct item *y = b;
	int c = by_site(x, y);

	return c ? c : vr_smaller_first(x->thread, y->thread);
}

static int same_target(const struct vr_file *file, const struct vr_call_site *site,
		       const struct vprof_call *row)
{
	const char *x = vr_file_string(file, site->target);
	const char *y = vr_file_string(file, row->target);

	if (site->target_kind != row->target_kind)
		return 0;
	/* A descriptor's number says nothing where there is a name. */
	return *x || *y ? strcmp(x, y) == 0 : row->object == site->object;
}

/* What the longest call waited for stands for all. */
static void add_target(const struct vr_file *file, struct vr_call_site *site,
		       const struct item *item)
{
	const struct vprof_call *row = item->row;

	if (site->sum.calls && !same_target(file, site, row))
		site->targets_differ = 1;
	if (row->flags & VPROF_CALL_TARGETS)
		site->targets_differ = 1;
	if (site->sum.calls && row->max_ns <= site->target_ns)
		return;
	site->target_kind = row->target_kind;
	site->target = row->target;
	site->object = row->object;
	site->target_ns = row->max_ns;
}

static void add_histogram(struct vr_call_site *site, const struct item *item, int windowed)
{
	for (size_t i = 0; i < VPROF_CALL_BUCKETS && !windowed; i++)
		site->histogram[i] += item->row->histogram[i];
	if (windowed)
		site->histogram[vprof_histogram_bucket(item->sum.time_ns, VPROF_CALL_UNIT_BITS,
						       VPROF_CALL_SUB_BITS, VPROF_CALL_BUCKETS)]++;
}

/* Sorted by thread: one site for each run of items of one function and call path. */
static void make_sites(const struct vr_file *file, struct vr_calls *calls,
		       const struct items *items)
{
	struct vr_call_site *site = NULL;
	size_t room = 0;

	for (size_t i = 0; i < items->count; i++) {
		const struct item *item = &items->item[i];

		if (!i || by_site(item - 1, item)) {
			calls->site =
			    vr_xgrow(calls->site, calls->n_sites, &room, sizeof(*calls->site));
			site = &calls->site[calls->n_sites++];
			*site = (struct vr_call_site){
			    .node = item->node, .name = item->name, .class = item->row->class};
		}
		site->threads += !i || by_thread(item - 1, item);
		site->at_loop |= (item->row->flags & VPROF_CALL_AT_LOOP) != 0;
		add_target(file, site, item);
		add_histogram(site, item, calls->windowed);
		add_sum(&site->sum, &item->sum);
		add_sum(&calls->sum, &item->sum);
	}
}

/* Calls that were seen not to sleep need not have been timed: they were like most of those
 * that did not last. */
static void add_untimed(struct vr_call_site *site)
{
	uint32_t last = vprof_histogram_bucket(VPROF_CALL_LASTED_NS, VPROF_CALL_UNIT_BITS,
					       VPROF_CALL_SUB_BITS, VPROF_CALL_BUCKETS);
	uint32_t fullest = 0;

	for (uint32_t i = 0; i < last; i++)
		if (site->histogram[i] > site->histogram[fullest])
			fullest = i;
	site->histogram[fullest] += site->sum.untimed;
}

/* Of a thread's life, what lies in the window. */
static uint64_t life_ns(const struct vr_profile *profile, const struct vprof_thread *thread,
			uint64_t end_ns)
{
	const struct vr_select *select = &profile->select;
	uint64_t from = thread->start_ns;
	uint64_t to = thread->state == VPROF_THREAD_ENDED ? thread->end_ns : end_ns;

	if (select->windowed) {
		from = from > select->since_ns ? from : select->since_ns;
		to = vr_least(to, select->until_ns);
	}
	return vr_less(to, from);
}

/* Of each thread, by row of THREADS: what kept it from work, and of that what were locks. */
struct waits {
	uint64_t ns, lock_ns;
};

/* free() it. */
static struct waits *waits_of_threads(const struct vr_file *file, const struct items *items)
{
	struct waits *of = vr_xcalloc(file->n_threads + 1, sizeof(*of));

	for (size_t i = 0; i < items->count; i++) {
		const struct item *item = &items->item[i];

		of[item->thread].ns += vr_calls_wait_ns(&item->sum);
		of[item->thread].lock_ns += item->sum.class_ns[VPROF_CLASS_LOCK];
	}
	return of;
}

/* The books of a thread tell what was off the CPU, but not in which call. */
static void add_books(const struct vr_profile *profile, struct vr_calls *calls,
		      const struct waits *of)
{
	for (uint32_t i = 0; i < profile->file->n_books && !calls->windowed; i++) {
		const struct vprof_book *book = &profile->file->book[i];
		const struct waits *its = &of[book->thread];

		if (!(book->layers & VPROF_LAYER_SWITCHES) || !profile->keep_thread[book->thread])
			continue;
		calls->booked_ns += its->ns;
		calls->off_cpu_ns +=
		    vr_least(book->ns[VPROF_CLASS_BLOCKED] +
				 vr_least(book->ns[VPROF_CLASS_LOCK], its->lock_ns),
			     its->ns);
	}
}

static void add_threads(const struct vr_profile *profile, struct vr_calls *calls,
			const struct items *items)
{
	const struct vr_select *select = &profile->select;
	uint64_t end_ns = vr_file_duration_ns(profile->file);
	struct waits *of = waits_of_threads(profile->file, items);

	for (uint32_t i = 1; i < profile->file->n_threads; i++) {
		const struct vprof_thread *thread = &profile->file->thread[i];
		uint64_t life;

		if (!profile->keep_thread[i] || !vr_profile_thread_used(profile, i))
			continue;
		life = life_ns(profile, thread, end_ns);
		calls->thread_ns += life;
		if (thread->flags & VPROF_THREAD_RUN_DELAY && !calls->windowed)
			calls->run_delay_ns += thread->run_delay_ns;
		if (of[i].ns <= calls->kept_ns)
			continue;
		calls->kept_thread = i;
		calls->kept_ns = of[i].ns;
		calls->kept_life_ns = life;
	}
	add_books(profile, calls, of);
	free(of);
	if (select->windowed)
		end_ns = vr_least(end_ns, select->until_ns);
	calls->wall_ns = vr_less(end_ns, select->since_ns);
}

struct vr_calls *vr_calls_new(struct vr_profile *profile)
{
	struct vr_calls *calls = vr_xcalloc(1, sizeof(*calls));
	struct items items = {0};

	calls->windowed = profile->select.windowed;
	if (calls->windowed) {
		add_events(profile, &items);
		calls->window_cut = profile->file->wrapped &&
				    profile->select.since_ns < profile->file->oldest_event_ns;
	} else {
		add_tables(profile, &items);
	}
	if (items.count)
		qsort(items.item, items.count, sizeof(*items.item), by_thread);
	make_sites(profile->file, calls, &items);
	for (size_t i = 0; i < calls->n_sites; i++)
		add_untimed(&calls->site[i]);
	add_threads(profile, calls, &items);
	free(items.item);
	return calls;
}

void vr_calls_free(struct vr_calls *calls)
{
	if (!calls)
		return;
	free(calls->site);
	free(calls);
}

uint64_t vr_call_percentile(const struct vr_call_site *site, double percent)
{
	struct vr_histogram histogram =
	    vr_histogram_of(site->histogram, VPROF_CALL_BUCKETS, VPROF_CALL_UNIT_BITS,
			    VPROF_CALL_SUB_BITS, site->sum.max_ns);

	return vr_histogram_quantile(&histogram, percent / 100).ns;
}

uint64_t vr_call_max_ns(const struct vr_call_site *site)
{
	return site->sum.max_ns ? site->sum.max_ns : vr_call_percentile(site, 100);
}

uint64_t vr_calls_value(const struct vr_call_site *site, enum vr_calls_key key)
{
	switch (key) {
	case VR_CALLS_WAIT:
		return vr_calls_wait_ns(&site->sum);
	case VR_CALLS_CALLS:
		return site->sum.calls;
	case VR_CALLS_MAX:
		return vr_call_max_ns(site);
	case VR_CALLS_BYTES:
		return site->sum.bytes;
	case VR_CALLS_P99:
		return vr_call_percentile(site, 99);
	case VR_CALLS_IDLE:
		return vr_calls_idle_ns(&site->sum);
	}
	return 0;
}

static int compare(const void *a, const void *b, void *arg)
{
	const struct vr_call_site *x = a;
	const struct vr_call_site *y = b;
	enum vr_calls_key key = *(enum vr_calls_key *)arg;
	int c = vr_larger_first(vr_calls_value(x, key), vr_calls_value(y, key));

	c = c ? c : vr_larger_first(vr_calls_wait_ns(&x->sum), vr_calls_wait_ns(&y->sum));
	c = c ? c : vr_larger_first(vr_calls_idle_ns(&x->sum), vr_calls_idle_ns(&y->sum));
	c = c ? c : vr_larger_first(x->sum.calls, y->sum.calls);
	c = c ? c : vr_smaller_first(x->node, y->node);
	return c ? c : strcmp(x->name, y->name);
}

size_t *vr_calls_order(const struct vr_calls *calls, enum vr_calls_key key)
{
	return vr_order(calls->site, calls->n_sites, sizeof(*calls->site), compare, &key);
}
