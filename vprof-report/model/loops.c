#include "model/loops.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "cli/short.h"
#include "cli/text.h"
#include "cli/xalloc.h"
#include "model/responsible.h"

const double vr_loop_share[VR_LOOP_PERCENTILES] = {0.5, 0.9, 0.99, 0.999, 0.9999};
const char *const vr_loop_percentile_name[VR_LOOP_PERCENTILES] = {"p50", "p90", "p99", "p99.9",
								  "p99.99"};

static struct vr_function function_at(const struct vr_stacks *stacks, const struct vr_place *place)
{
	struct vr_function function = {"", "", "", 0};

	if (place) {
		function = *vr_place_function(stacks, place);
		function.line = place->line;
	}
	return function;
}

int vr_function_has_no_name(const struct vr_function *function)
{
	return strncmp(function->name, "0x", 2) == 0 || strstr(function->name, "+0x");
}

/* The callers of a frame, up to the program's main(). */
static struct vr_function named_caller(struct vr_stacks *stacks, uint32_t node,
				       const struct vr_place *from)
{
	size_t at = (size_t)(from - stacks->place); /* places move */

	for (int past = 0; node != VPROF_NODE_ROOT; node = vr_stacks_parent(stacks, node)) {
		struct vr_places places = vr_stacks_at(stacks, node);

		for (uint32_t i = 0; i < places.count; i++) {
			const struct vr_place *place = &stacks->place[places.first + i];
			const struct vr_function *function = vr_place_function(stacks, place);

			past |= places.first + i == at;
			if (!past || vr_function_has_no_name(function) ||
			    vr_is_wrapper(function->name))
				continue;
			return strcmp(function->name, "main") == 0
				   ? function_at(stacks, &stacks->place[at])
				   : function_at(stacks, place);
		}
	}
	return function_at(stacks, &stacks->place[at]);
}

struct vr_function vr_responsible_function(struct vr_profile *profile, uint32_t node)
{
	const struct vr_place *place = vr_responsible_frame(profile->stacks, node);

	if (place && vr_function_has_no_name(vr_place_function(profile->stacks, place)))
		return named_caller(profile->stacks, node, place);
	return function_at(profile->stacks, place);
}

struct vr_function vr_program_frame(struct vr_profile *profile, uint32_t node)
{
	const char *program = vr_file_string(profile->file, profile->file->header.exe);
	struct vr_function responsible = vr_responsible_function(profile, node);
	struct vr_function own = {"", "", "", 0};
	struct vr_stacks *stacks = profile->stacks;

	for (; *program && node != VPROF_NODE_ROOT; node = vr_stacks_parent(stacks, node)) {
		struct vr_places places = vr_stacks_at(stacks, node);

		for (uint32_t i = 0; i < places.count; i++) {
			const struct vr_place *place = &stacks->place[places.first + i];
			const struct vr_function *function = vr_place_function(stacks, place);

			if (strcmp(function->module, program) != 0 || vr_is_wrapper(function->name))
				continue;
			if (!*own.name)
				own = function_at(stacks, place);
			/* A caller that has a name says more than a number; but main(), and
			 * what called it, run whatever there is. */
			if (strcmp(function->name, "main") == 0)
				goto out;
			if (!vr_function_has_no_name(function))
				return function_at(stacks, place);
		}
	}
out:
	/* Of a library's loop that main() runs, the library's name says more. */
	return !*own.name || strcmp(own.name, "main") == 0 ? responsible : own;
}

static int name_matches(const char *name, const char *wanted)
{
	struct vr_short *read = vr_short_new(name);
	char *plain = vr_short_without(read, VR_PIECE_ARGUMENTS);
	int matches = fnmatch(wanted, name, 0) == 0 || fnmatch(wanted, plain, 0) == 0;

	free(plain);
	vr_short_free(read);
	return matches;
}

static void find_percentiles(struct vr_loop *loop)
{
	const struct vprof_loop *row = loop->row;

	loop->iteration = vr_histogram_of(row->histogram, VPROF_LOOP_BUCKETS, VPROF_LOOP_UNIT_BITS,
					  VPROF_LOOP_SUB_BITS, row->max_ns);
	loop->lateness = vr_histogram_of(row->delay, VPROF_DELAY_BUCKETS, VPROF_DELAY_UNIT_BITS,
					 VPROF_DELAY_SUB_BITS, row->delay_max_ns);
	for (int i = 0; i < VR_LOOP_PERCENTILES; i++) {
		loop->took[i] = vr_histogram_quantile(&loop->iteration, vr_loop_share[i]);
		loop->delay[i] =
		    vr_histogram_delay(&loop->iteration, loop->wall_ns, vr_loop_share[i]);
		loop->late[i] = vr_histogram_quantile(&loop->lateness, vr_loop_share[i]);
	}
	loop->delayed = vr_histogram_delayed(&loop->iteration, loop->wall_ns, 0);
}

static void add_label_row(struct vprof_loop *sum, const struct vprof_label_loop *row)
{
	sum->iterations += row->iterations;
	sum->busy_ns += row->busy_ns;
	sum->blocked_ns += row->blocked_ns;
	sum->slept += row->slept;
	if (row->max_ns > sum->max_ns) {
		sum->max_ns = row->max_ns;
		sum->max_at_ns = row->max_at_ns;
	}
	for (uint32_t i = 0; i < VPROF_LABEL_BUCKETS; i++)
		sum->histogram[i] += row->histogram[i];
}

/* What a loop's row would be if there were its iterations under the selected labels alone; what
 * is of its waits is not known of those.  NULL: there are none. */
static struct vprof_loop *row_of_labels(const struct vr_profile *profile, uint32_t id)
{
	const struct vr_file *file = profile->file;
	const struct vprof_loop *all = &file->loop[id];
	struct vprof_loop *sum = vr_xcalloc(1, sizeof(*sum));

	*sum = (struct vprof_loop){.thread = all->thread,
				   .node = all->node,
				   .name = all->name,
				   .site = all->site,
				   .depth = all->depth,
				   .first_ns = all->first_ns,
				   .last_ns = all->last_ns,
				   .limit_ns = all->limit_ns};
	for (uint32_t i = 0; i < file->n_label_loops; i++) {
		const struct vprof_label_loop *row = &file->label_loop[i];

		if (row->label && row->loop == id && vr_profile_keeps_label(profile, row->label))
			add_label_row(sum, row);
	}
	for (uint32_t i = 0; i < file->n_stalls && sum->iterations; i++) {
		const struct vprof_stall *stall = &file->stall[i];

		if (stall->duration_ns && stall->loop == id && stall->flags & VPROF_STALL_OVER &&
		    vr_profile_keeps_label(profile, stall->label)) {
			sum->stalls++;
			sum->stall_ns += stall->duration_ns;
		}
	}
	if (sum->iterations)
		return sum;
	free(sum);
	return NULL;
}

/* 0: it is not one of those that are meant. */
static int read_loop(struct vr_profile *profile, uint32_t id, struct vr_loop *loop)
{
	const struct vprof_loop *row = &profile->file->loop[id];
	const char *glob = profile->select.module;

	if (!row->iterations && !row->spins && !row->now_ns)
		return 0; /* void */
	if (!profile->keep_thread[row->thread] ||
	    (glob && !vr_stacks_touches(profile->stacks, row->node, glob)))
		return 0;
	*loop = (struct vr_loop){.row = row, .id = id};
	if (profile->keep_label) {
		loop->row = row = loop->of_labels = row_of_labels(profile, id);
		if (!row)
			return 0;
	}
	loop->function = vr_program_frame(profile, row->node);
	if (*loop->function.name)
		loop->name = vr_xstrdup(loop->function.name);
	else
		loop->name = vr_xprintf("[%s]", vr_file_string(profile->file, row->name));
	loop->wall_ns = vr_less(row->last_ns, row->first_ns);
	find_percentiles(loop);
	return 1;
}

static void free_loop(struct vr_loop *loop)
{
	free(loop->name);
	free(loop->of_labels);
}

struct vr_loops *vr_loops_new(struct vr_profile *profile, const char *name)
{
	const struct vr_file *file = profile->file;
	struct vr_loops *loops = vr_xcalloc(1, sizeof(*loops));

	loops->loop = vr_xcalloc(file->n_loops, sizeof(*loops->loop));
	for (uint32_t i = 0; i < file->n_loops; i++) {
		struct vr_loop loop;

		if (!read_loop(profile, i, &loop))
			continue;
		if (!name || name_matches(loop.name, name))
			loops->loop[loops->n_loops++] = loop;
		else
			free_loop(&loop);
	}
	if (name && !loops->n_loops) {
		vr_loops_free(loops);
		return NULL;
	}
	vr_stalls_read(profile, loops, !name);
	return loops;
}

void vr_loops_free(struct vr_loops *loops)
{
	if (!loops)
		return;
	for (size_t i = 0; i < loops->n_loops; i++)
		free_loop(&loops->loop[i]);
	free(loops->loop);
	free(loops->stall);
	free(loops->cause);
	free(loops);
}

static uint64_t value_of(const struct vr_loop *loop, enum vr_loops_key key)
{
	switch (key) {
	case VR_LOOPS_STALL:
		return loop->stall_ns > loop->row->stall_ns ? loop->stall_ns : loop->row->stall_ns;
	case VR_LOOPS_BUSY:
		return loop->row->busy_ns;
	case VR_LOOPS_MAX:
		return loop->row->max_ns;
	case VR_LOOPS_P50:
		return loop->took[VR_LOOP_P50].ns;
	case VR_LOOPS_P99:
		return loop->took[VR_LOOP_P99].ns;
	case VR_LOOPS_P999:
		return loop->took[VR_LOOP_P999].ns;
	case VR_LOOPS_ITERATIONS:
		return loop->row->iterations;
	case VR_LOOPS_SPIN:
		return loop->row->spin_ns;
	}
	return 0;
}

static int compare_loops(const void *a, const void *b, void *arg)
{
	const struct vr_loop *x = a, *y = b;
	enum vr_loops_key key = *(enum vr_loops_key *)arg;
	int c = vr_larger_first(value_of(x, key), value_of(y, key));

	c = c ? c : vr_larger_first(x->row->max_ns, y->row->max_ns);
	return c ? c : vr_smaller_first(x->id, y->id);
}

size_t *vr_loops_order(const struct vr_loops *loops, enum vr_loops_key key)
{
	return vr_order(loops->loop, loops->n_loops, sizeof(*loops->loop), compare_loops, &key);
}
