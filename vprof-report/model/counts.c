#include "model/counts.h"

#include <stdlib.h>
#include <string.h>

#include "cli/text.h"
#include "cli/xalloc.h"

const char *vr_count_how_name(enum vprof_count_how how)
{
	static const char *const name[] = {
	    [VPROF_COUNT_NONE] = "",	    [VPROF_COUNT_INSTRUMENT] = "-finstrument-functions",
	    [VPROF_COUNT_MCOUNT] = "-pg",   [VPROF_COUNT_FENTRY] = "-pg -mfentry",
	    [VPROF_COUNT_HOOKED] = "hooks", [VPROF_COUNT_PATCHED] = "-fpatchable-function-entry",
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

static void count(struct vr_counts *counts, const struct vr_stacks *stacks, uint32_t caller,
		  uint32_t callee, const struct vr_count_sum *sum)
{
	grow(counts, stacks);
	add(&counts->function[callee], sum);
	add_edge(counts, caller, callee, sum);
	counts->calls += sum->calls;
	counts->how |= sum->how;
}

/* It may have been called, and was not. */
static void traced(struct vr_counts *counts, const struct vr_stacks *stacks, uint32_t function)
{
	grow(counts, stacks);
	counts->function[function].how |= 1u << VPROF_COUNT_PATCHED;
	counts->how |= 1u << VPROF_COUNT_PATCHED;
}

static void add_rows(struct vr_counts *counts, struct vr_profile *profile)
{
	const struct vr_file *file = profile->file;

	for (uint32_t i = 0; i < file->n_counts; i++) {
		const struct vprof_count *row = &file->count[i];
		const struct vr_count_sum sum = {row->calls, row->recursive, row->time_ns,
						 row->self_ns, 1u << row->how};
		uint32_t callee, caller;

		if (row->how == VPROF_COUNT_HOOKED || !row->where ||
		    (!row->calls && row->how != VPROF_COUNT_PATCHED) ||
		    !profile->keep_thread[row->thread])
			continue;
		callee = vr_stacks_function_at(profile->stacks, row->where);
		caller =
		    row->caller ? vr_stacks_function_at(profile->stacks, row->caller) : VPROF_NONE;
		if (row->calls)
			count(counts, profile->stacks, caller, callee, &sum);
		else
			traced(counts, profile->stacks, callee);
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

/* --- functions of libc that are hooked --------------------------------------------
 *
 * How often each thread called them (COUNTS), and by whom, where something was noted by call
 * path: blocks of the heap (SITES) and calls that may block (CALLS). */

/* A function that is hooked, under its name in libc. */
struct hooked {
	const char *name;
	uint32_t function;   /* of the stacks */
	uint64_t unassigned; /* calls of which it is not known who made them */
};

struct hooks {
	struct vr_counts *counts;
	struct vr_profile *profile;
	struct hooked *hooked;
	size_t count, room;
};

static struct hooked *find(const struct hooks *hooks, const char *name)
{
	for (size_t i = 0; i < hooks->count; i++)
		if (strcmp(hooks->hooked[i].name, name) == 0)
			return &hooks->hooked[i];
	return NULL;
}

static void add_call(struct hooks *hooks, const struct hooked *hooked, uint32_t caller,
		     uint64_t calls)
{
	const struct vr_count_sum sum = {.calls = calls, .how = 1u << VPROF_COUNT_HOOKED};

	if (calls)
		count(hooks->counts, hooks->profile->stacks, caller, hooked->function, &sum);
}

static void find_hooked(struct hooks *hooks)
{
	const struct vr_file *file = hooks->profile->file;

	for (uint32_t i = 0; i < file->n_counts; i++) {
		const struct vprof_count *row = &file->count[i];
		struct hooked *hooked;

		if (row->how != VPROF_COUNT_HOOKED || !row->where)
			continue;
		hooked = find(hooks, vr_file_string(file, row->name));
		if (!hooked) {
			hooks->hooked = vr_xgrow(hooks->hooked, hooks->count, &hooks->room,
						 sizeof(*hooks->hooked));
			hooked = &hooks->hooked[hooks->count++];
			*hooked = (struct hooked){
			    .name = vr_file_string(file, row->name),
			    .function = vr_stacks_function_at(hooks->profile->stacks, row->where)};
		}
		if (hooks->profile->keep_thread[row->thread])
			hooked->unassigned += row->calls;
	}
}

/* The function that exists as code at the end of a stack; VPROF_NONE: there is none. */
static uint32_t caller_at(struct vr_stacks *stacks, uint32_t node)
{
	struct vr_places places = vr_stacks_at(stacks, node);

	return places.count ? stacks->place[places.first + places.count - 1].function : VPROF_NONE;
}

static const char *alloc_name(unsigned function)
{
	static const char *const name[] = {
	    [VPROF_ALLOC_MALLOC] = "malloc",
	    [VPROF_ALLOC_CALLOC] = "calloc",
	    [VPROF_ALLOC_REALLOC] = "realloc",
	    [VPROF_ALLOC_REALLOCARRAY] = "reallocarray",
	    [VPROF_ALLOC_POSIX_MEMALIGN] = "posix_memalign",
	    [VPROF_ALLOC_ALIGNED_ALLOC] = "aligned_alloc",
	    [VPROF_ALLOC_MEMALIGN] = "memalign",
	    [VPROF_ALLOC_VALLOC] = "valloc",
	    [VPROF_ALLOC_PVALLOC] = "pvalloc",
	};

	return function && function < VPROF_ALLOC_OTHER ? name[function] : NULL;
}

/* A shard may be of several threads, so of one thread nothing is known.  Calls that failed, and
 * those before recording began, are of no site. */
static void assign_sites(struct hooks *hooks)
{
	const struct vr_file *file = hooks->profile->file;

	if (hooks->profile->select.thread || file->header.heap_mode != VPROF_HEAP_EXACT)
		return;
	for (uint32_t i = 0; i < file->n_sites; i++) {
		const struct vprof_site *site = &file->site[i];
		const char *name = alloc_name(site->function);
		struct hooked *hooked = name ? find(hooks, name) : NULL;
		uint64_t calls = site->allocs;

		if (!hooked)
			continue;
		if (calls > hooked->unassigned)
			calls = hooked->unassigned;
		hooked->unassigned -= calls;
		add_call(hooks, hooked, caller_at(hooks->profile->stacks, site->node), calls);
	}
}

/* An address of the process, as NODES have it; 0: not known. */
static uint64_t where_of(const struct vr_file *file, uint64_t address)
{
	uint64_t where = 0;

	for (uint32_t i = 0; address && i < file->n_modules; i++) {
		const struct vprof_module *module = &file->module[i];

		if (address < module->start || address >= module->end)
			continue;
		if (where) /* one lay where the other does, or in another process */
			return 0;
		where = (address & VPROF_WHERE_ADDRESS) | (uint64_t)i << VPROF_WHERE_MODULE_SHIFT;
	}
	return where;
}

/* Of calls of which none lasted the stack is not known, but the instruction. */
static uint32_t caller_of(struct vr_profile *profile, const struct vprof_call *row)
{
	uint64_t where;

	if (row->node != VPROF_NODE_ROOT)
		return caller_at(profile->stacks, row->node);
	where = where_of(profile->file, row->site);
	return where ? vr_stacks_function_at(profile->stacks, where) : VPROF_NONE;
}

static void add_calls(struct hooks *hooks)
{
	const struct vr_file *file = hooks->profile->file;

	for (uint32_t i = 0; i < file->n_calls; i++) {
		const struct vprof_call *row = &file->call[i];
		const struct hooked *hooked;

		if (!row->calls || !hooks->profile->keep_thread[row->thread])
			continue;
		hooked = find(hooks, vr_file_string(file, row->name));
		if (hooked)
			add_call(hooks, hooked, caller_of(hooks->profile, row), row->calls);
	}
}

static void add_hooked(struct vr_counts *counts, struct vr_profile *profile)
{
	struct hooks hooks = {.counts = counts, .profile = profile};

	find_hooked(&hooks);
	if (!hooks.count)
		return;
	assign_sites(&hooks);
	add_calls(&hooks);
	for (size_t i = 0; i < hooks.count; i++)
		add_call(&hooks, &hooks.hooked[i], VPROF_NONE, hooks.hooked[i].unassigned);
	free(hooks.hooked);
}

/* --- all ------------------------------------------------------------------------- */

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
	add_hooked(counts, profile);
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
						const struct vr_profile *profile, int hooked,
						struct vr_cpu_function *row, size_t *rows)
{
	uint32_t ways = hooked ? ~0u : ~(1u << VPROF_COUNT_HOOKED);
	const char *module = profile->select.module;
	uint8_t *has = vr_xcalloc(counts->n_functions + 1, 1);
	size_t room = *rows;

	for (size_t i = 0; i < *rows; i++)
		if (row[i].function < counts->n_functions)
			has[row[i].function] = 1;
	for (uint32_t i = 0; i < counts->n_functions; i++) {
		if (has[i] || !counts->function[i].calls || !(counts->function[i].how & ways))
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
