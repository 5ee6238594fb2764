#include "model/loops.h"

#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "cli/text.h"
#include "cli/xalloc.h"

int vr_class_is_outside(uint32_t class)
{
	return class == VPROF_CLASS_PREEMPTED || class == VPROF_CLASS_FAULT;
}

static int by_id(const void *key, const void *element)
{
	const struct vr_loop *loop = element;

	return vr_smaller_first(*(const uint32_t *)key, loop->id);
}

/* NULL: none of those that are meant. */
static struct vr_loop *loop_of(const struct vr_loops *loops, uint32_t id)
{
	return bsearch(&id, loops->loop, loops->n_loops, sizeof(*loops->loop), by_id);
}

static int is_meant(const struct vr_profile *profile, const struct vprof_stall *row)
{
	uint64_t end_ns = row->begin_ns + row->duration_ns;
	const char *glob = profile->select.module;

	if (!row->duration_ns || !profile->keep_thread[row->thread] ||
	    !vr_profile_keeps_label(profile, row->label))
		return 0;
	if (!vr_profile_in_window(profile, row->begin_ns) && !vr_profile_in_window(profile, end_ns))
		return 0;
	return !glob || vr_stacks_touches(profile->stacks, row->node, glob);
}

static int by_time(const void *a, const void *b)
{
	const struct vr_stall *x = a, *y = b;
	int c = vr_smaller_first(x->row->begin_ns, y->row->begin_ns);

	return c ? c : vr_smaller_first(x->row->thread, y->row->thread);
}

static int by_function(const struct vr_function *a, const struct vr_function *b)
{
	int c = strcmp(a->name, b->name);

	return c ? c : strcmp(a->module, b->module);
}

static int by_loop(const void *a, const void *b, void *arg)
{
	const struct vr_stall *x = a, *y = b;

	(void)arg;
	return vr_smaller_first(x->row->loop, y->row->loop);
}

/* Equal: of one loop, in the same call at the same function. */
static int by_place(const void *a, const void *b, void *arg)
{
	const struct vr_file *file = arg;
	const struct vr_stall *x = a, *y = b;
	int c = by_loop(x, y, NULL);

	c = c ? c : vr_smaller_first(x->class, y->class);
	if (c || vr_class_is_outside(x->class))
		return c;
	c = strcmp(vr_file_string(file, x->row->call), vr_file_string(file, y->row->call));
	return c ? c : by_function(&x->function, &y->function);
}

/* Equal: the same, kept by a holder who did the same. */
static int by_cause(const void *a, const void *b, void *arg)
{
	const struct vr_stall *x = a, *y = b;
	int c = by_place(x, y, arg);

	return c ? c : by_function(&x->kept_by, &y->kept_by);
}

/* What a holder did that nobody saw is taken to be what was seen another time. */
static void find_keepers(const struct vr_file *file, struct vr_loops *loops)
{
	struct vr_stall *stall = loops->stall;
	size_t *order = vr_order(stall, loops->n_stalls, sizeof(*stall), by_place, (void *)file);

	for (size_t i = 0, from = 0; i < loops->n_stalls; i++) {
		const struct vr_function *seen = NULL;

		if (i + 1 < loops->n_stalls &&
		    by_place(&stall[order[i]], &stall[order[i + 1]], (void *)file) == 0)
			continue;
		for (size_t k = from; k <= i && !seen; k++)
			if (*stall[order[k]].holder.name)
				seen = &stall[order[k]].holder;
		for (size_t k = from; k <= i; k++)
			stall[order[k]].kept_by =
			    seen && !*stall[order[k]].holder.name ? *seen : stall[order[k]].holder;
		from = i + 1;
	}
	free(order);
}

/* Of the holder its name and what it did. */
static int holder_seen(const struct vr_stall *stall)
{
	return (stall->row->holder != VPROF_NONE) + (*stall->holder.name != '\0');
}

/* 1: it says more of the cause. */
static int says_more(const struct vr_stall *stall, const struct vr_stall *worst)
{
	int seen = holder_seen(stall), before = holder_seen(worst);

	return seen != before ? seen > before : stall->row->duration_ns > worst->row->duration_ns;
}

static void add_to_cause(struct vr_stall_cause *cause, const struct vr_stall *stall)
{
	if (!cause->stalls || says_more(stall, cause->worst))
		cause->worst = stall;
	if (stall->row->duration_ns > cause->longest_ns)
		cause->longest_ns = stall->row->duration_ns;
	cause->sum_ns += stall->row->duration_ns;
	cause->stalls++;
	cause->live += (stall->row->flags & VPROF_STALL_LIVE) != 0;
}

static int compare_causes(const void *a, const void *b, void *arg)
{
	const struct vr_stall_cause *x = a, *y = b;
	int c = vr_larger_first(x->sum_ns, y->sum_ns);

	(void)arg;
	return c ? c : vr_smaller_first(x->worst->row->begin_ns, y->worst->row->begin_ns);
}

/* Puts the causes in their order, and says so to the stalls. */
static void sort_causes(struct vr_loops *loops, struct vr_stall_cause *cause)
{
	size_t *order = vr_order(cause, loops->n_causes, sizeof(*cause), compare_causes, NULL);
	size_t *place = vr_xcalloc(loops->n_causes, sizeof(*place));

	loops->cause = vr_xcalloc(loops->n_causes, sizeof(*loops->cause));
	for (size_t i = 0; i < loops->n_causes; i++) {
		loops->cause[i] = cause[order[i]];
		place[order[i]] = i;
	}
	for (size_t i = 0; i < loops->n_stalls; i++)
		loops->stall[i].cause = place[loops->stall[i].cause];
	free(place);
	free(order);
}

/* Equal ones keep their order, which is that of time. */
static void find_causes(const struct vr_file *file, struct vr_loops *loops)
{
	struct vr_stall *stall = loops->stall;
	size_t *order = vr_order(stall, loops->n_stalls, sizeof(*stall), by_cause, (void *)file);
	struct vr_stall_cause *cause = vr_xcalloc(loops->n_stalls, sizeof(*cause));
	uint64_t *moment = vr_xcalloc(loops->n_stalls, sizeof(*moment));

	for (size_t i = 0, from = 0; i < loops->n_stalls; i++) {
		struct vr_stall_cause *one = &cause[loops->n_causes];

		add_to_cause(one, &stall[order[i]]);
		stall[order[i]].cause = loops->n_causes;
		moment[i] = stall[order[i]].row->begin_ns;
		if (i + 1 < loops->n_stalls &&
		    by_cause(&stall[order[i]], &stall[order[i + 1]], (void *)file) == 0)
			continue;
		one->rhythm = vr_rhythm_of(moment + from, i + 1 - from, vr_file_duration_ns(file));
		from = i + 1;
		loops->n_causes++;
	}
	sort_causes(loops, cause);
	free(moment);
	free(cause);
	free(order);
}

static void find_rhythms(const struct vr_file *file, struct vr_loops *loops)
{
	const struct vr_stall *stall = loops->stall;
	size_t *order = vr_order(stall, loops->n_stalls, sizeof(*stall), by_loop, NULL);
	uint64_t *moment = vr_xcalloc(loops->n_stalls, sizeof(*moment));

	for (size_t i = 0, from = 0; i < loops->n_stalls; i++) {
		struct vr_loop *loop = loop_of(loops, stall[order[i]].row->loop);

		moment[i] = stall[order[i]].row->begin_ns;
		if (i + 1 < loops->n_stalls &&
		    by_loop(&stall[order[i]], &stall[order[i + 1]], NULL) == 0)
			continue;
		if (loop)
			loop->rhythm =
			    vr_rhythm_of(moment + from, i + 1 - from, vr_file_duration_ns(file));
		from = i + 1;
	}
	free(moment);
	free(order);
}

static uint64_t limit_ns(const struct vr_file *file, const struct vprof_stall *row)
{
	uint64_t own_ns = row->loop == VPROF_NONE ? 0 : file->loop[row->loop].limit_ns;

	return own_ns ? own_ns : file->header.stall_ns;
}

/* What it was without what others had a part in, if that alone would be a stall. */
static uint32_t class_of(const struct vr_file *file, const struct vprof_stall *row)
{
	uint64_t own_ns = 0;
	uint32_t most = VPROF_CLASS_RUN;

	if (!vr_class_is_outside(row->class))
		return row->class;
	for (uint32_t class = 0; class < VPROF_CLASS_COUNT; class ++) {
		if (vr_class_is_outside(class))
			continue;
		own_ns += row->ns[class];
		most = row->ns[class] > row->ns[most] ? class : most;
	}
	return own_ns && own_ns >= limit_ns(file, row) ? most : row->class;
}

int vr_module_is_system(const char *module)
{
	static const char *const prefix[] = {"libc.so", "libm.so", "ld-linux", "[vdso]",
					     "[kernel]"};

	module = vr_text_base(module);
	for (size_t i = 0; i < sizeof(prefix) / sizeof(prefix[0]); i++)
		if (strncmp(module, prefix[i], strlen(prefix[i])) == 0)
			return 1;
	return 0;
}

static struct vr_function running_function(struct vr_profile *profile, uint32_t node)
{
	struct vr_function function = vr_responsible_function(profile, node), caller = function;

	while (node != VPROF_NODE_ROOT && vr_module_is_system(caller.module)) {
		node = vr_stacks_parent(profile->stacks, node);
		caller = vr_responsible_function(profile, node);
	}
	return *caller.name ? caller : function;
}

/* The process ended in an iteration, and this is what the profiler did then: its own frames are
 * not shown. */
static int is_own_end(struct vr_profile *profile, const struct vprof_stall *row)
{
	uint32_t node = row->flags & VPROF_STALL_OVER ? VPROF_NODE_ROOT : row->node;

	for (; node != VPROF_NODE_ROOT; node = vr_stacks_parent(profile->stacks, node)) {
		struct vr_places places = vr_stacks_at(profile->stacks, node);
		const struct vr_place *place = &profile->stacks->place[places.first];

		if (places.count)
			return strcmp(vr_place_function(profile->stacks, place)->name,
				      "__run_exit_handlers") == 0;
	}
	return 0;
}

static void add_stall(struct vr_profile *profile, struct vr_loops *loops,
		      const struct vprof_stall *row, int of_no_loop)
{
	struct vr_stall *stall;
	struct vr_loop *loop = row->loop == VPROF_NONE ? NULL : loop_of(loops, row->loop);

	if (!is_meant(profile, row) || (!loop && !(of_no_loop && row->loop == VPROF_NONE)))
		return;
	if (is_own_end(profile, row))
		return;
	if (row->flags & VPROF_STALL_FROZEN) {
		loops->frozen++;
		loops->frozen_ns += row->duration_ns;
		return;
	}
	stall = &loops->stall[loops->n_stalls++];
	*stall = (struct vr_stall){.row = row,
				   .loop = loop,
				   .class = class_of(profile->file, row),
				   .holder = vr_responsible_function(profile, row->holder_node)};
	stall->function = stall->class == VPROF_CLASS_RUN
			      ? running_function(profile, row->node)
			      : vr_responsible_function(profile, row->node);
	if (!loop)
		return;
	loop->stalls++;
	loop->stall_ns += row->duration_ns;
	if (row->duration_ns > loop->longest_ns)
		loop->longest_ns = row->duration_ns;
}

void vr_stalls_read(struct vr_profile *profile, struct vr_loops *loops, int of_no_loop)
{
	const struct vr_file *file = profile->file;

	loops->stall = vr_xcalloc(file->n_stalls, sizeof(*loops->stall));
	for (uint32_t i = 0; i < file->n_stalls; i++)
		add_stall(profile, loops, &file->stall[i], of_no_loop);
	qsort(loops->stall, loops->n_stalls, sizeof(*loops->stall), by_time);
	vr_stalls_name_by_samples(profile, loops);
	find_keepers(file, loops);
	find_causes(file, loops);
	find_rhythms(file, loops);
}

static int compare_stalls(const void *a, const void *b, void *arg)
{
	const struct vr_stall *x = a, *y = b;
	int c = vr_larger_first(x->row->duration_ns, y->row->duration_ns);

	(void)arg;
	return c ? c : by_time(a, b);
}

size_t *vr_stalls_order(const struct vr_loops *loops)
{
	return vr_order(loops->stall, loops->n_stalls, sizeof(*loops->stall), compare_stalls, NULL);
}
