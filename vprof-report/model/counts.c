#include "model/counts.h"

#include <stdlib.h>
#include <string.h>

#include "cli/text.h"
#include "cli/xalloc.h"

const char *vr_count_how_name(enum vprof_count_how how)
{
	static const char *const name[] = {
	    [VPROF_COUNT_NONE] = "",
	    [VPROF_COUNT_INSTRUMENT] = "-finstrument-functions",
	    [VPROF_COUNT_MCOUNT] = "-pg",
	    [VPROF_COUNT_FENTRY] = "-pg -mfentry",
	};

	return name[how];
}

static void add(struct vr_count_sum *to, const struct vr_count_sum *more)
{
	to->calls += more->calls;
	to->recursive += more->recursive;
	to->time_ns += more->time_ns;
	to->self_ns += more->self_ns;
	to->how |= more->how;
}

static void grow(struct vr_counts *counts, const struct vr_stacks *stacks)
{
	size_t more = stacks->n_functions - counts->n_functions;

	if (!more)
		return;
	counts->function =
	    vr_xrealloc(counts->function, stacks->n_functions, sizeof(*counts->function));
	counts->durations =
	    vr_xrealloc(counts->durations, stacks->n_functions, sizeof(*counts->durations));
	memset(counts->function + counts->n_functions, 0, more * sizeof(*counts->function));
	memset(counts->durations + counts->n_functions, 0, more * sizeof(*counts->durations));
	counts->n_functions = stacks->n_functions;
}

static void add_edge(struct vr_counts *counts, uint32_t caller, uint32_t callee,
		     const struct vr_count_sum *sum)
{
	int added;
	uint32_t *at = vr_map_at(&counts->by_edge, (uint64_t)caller << 32 | callee, &added);

	if (added) {
		*at = (uint32_t)counts->n_edges;
		counts->edge = vr_xgrow(counts->edge, counts->n_edges, &counts->edge_room,
					sizeof(*counts->edge));
		counts->edge[counts->n_edges++] =
		    (struct vr_count_edge){.caller = caller, .callee = callee};
	}
	add(&counts->edge[*at].sum, sum);
}

static void count(struct vr_counts *counts, uint32_t caller, uint32_t callee,
		  const struct vr_count_sum *sum)
{
	add(&counts->function[callee], sum);
	add_edge(counts, caller, callee, sum);
	counts->calls += sum->calls;
	counts->how |= sum->how;
}

static void add_rows(struct vr_counts *counts, struct vr_profile *profile)
{
	const struct vr_file *file = profile->file;

	for (uint32_t i = 0; i < file->n_counts; i++) {
		const struct vprof_count *row = &file->count[i];
		const struct vr_count_sum sum = {row->calls, row->recursive, row->time_ns,
						 row->self_ns, 1u << row->how};
		uint32_t callee, caller;

		if (!row->calls || !profile->keep_thread[row->thread])
			continue;
		callee = vr_stacks_function_at(profile->stacks, row->where);
		caller =
		    row->caller ? vr_stacks_function_at(profile->stacks, row->caller) : VPROF_NONE;
		grow(counts, profile->stacks);
		count(counts, caller, callee, &sum);
	}
}

static void add_durations(struct vr_counts *counts, struct vr_profile *profile)
{
	const struct vr_file *file = profile->file;

	for (uint32_t i = 0; i < file->n_durations; i++) {
		const struct vprof_duration *row = &file->duration[i];
		struct vr_durations **to;
		uint32_t function;

		if (!row->calls || !profile->keep_thread[row->thread])
			continue;
		function = vr_stacks_function_at(profile->stacks, row->where);
		grow(counts, profile->stacks);
		to = &counts->durations[function];
		if (!*to)
			*to = vr_xcalloc(1, sizeof(**to));
		(*to)->calls += row->calls;
		(*to)->time_ns += row->time_ns;
		if (row->max_ns > (*to)->max_ns)
			(*to)->max_ns = row->max_ns;
		for (size_t b = 0; b < VPROF_DURATION_BUCKETS; b++)
			(*to)->histogram[b] += row->histogram[b];
	}
}

struct vr_counts *vr_counts_new(struct vr_profile *profile)
{
	struct vr_counts *counts = vr_xcalloc(1, sizeof(*counts));

	counts->lost = profile->file->header.lost[VPROF_LOST_COUNTS];
	if (profile->select.windowed)
		counts->useless = "calls are counted for the whole run, not for a window";
	else if (profile->select.label)
		counts->useless = "calls are counted for the whole run, not by label";
	if (counts->useless)
		return counts;
	add_rows(counts, profile);
	add_durations(counts, profile);
	return counts;
}

void vr_counts_free(struct vr_counts *counts)
{
	if (!counts)
		return;
	for (size_t i = 0; i < counts->n_functions; i++)
		free(counts->durations[i]);
	free(counts->durations);
	free(counts->function);
	free(counts->edge);
	vr_map_free(&counts->by_edge);
	free(counts);
}

const struct vr_count_sum *vr_count_between(const struct vr_counts *counts, uint32_t caller,
					    uint32_t callee)
{
	const uint32_t *at = vr_map_find(&counts->by_edge, (uint64_t)caller << 32 | callee);

	return at ? &counts->edge[*at].sum : NULL;
}

struct vr_cpu_function *vr_counts_add_functions(const struct vr_counts *counts,
						const struct vr_profile *profile,
						struct vr_cpu_function *row, size_t *rows)
{
	const char *module = profile->select.module;
	uint8_t *has = vr_xcalloc(counts->n_functions + 1, 1);
	size_t room = *rows;

	for (size_t i = 0; i < *rows; i++)
		if (row[i].function < counts->n_functions)
			has[row[i].function] = 1;
	for (uint32_t i = 0; i < counts->n_functions; i++) {
		if (has[i] || !counts->function[i].how)
			continue;
		if (module && !vr_text_glob(module, profile->stacks->function[i].module))
			continue;
		row = vr_xgrow(row, *rows, &room, sizeof(*row));
		row[(*rows)++] = (struct vr_cpu_function){.function = i};
	}
	free(has);
	return row;
}

struct vr_quantile vr_durations_quantile(const struct vr_durations *durations, double share)
{
	const struct vr_histogram histogram =
	    vr_histogram_of(durations->histogram, VPROF_DURATION_BUCKETS, VPROF_DURATION_UNIT_BITS,
			    VPROF_DURATION_SUB_BITS, durations->max_ns);

	return vr_histogram_quantile(&histogram, share);
}
