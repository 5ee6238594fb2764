/* Callgrind's file: costs by function and line, and calls with their costs.  Where calls were
 * counted calls= is that number, at the first line of its function that makes them and 0 at the
 * others, else CPU samples: a line of the header says so. */
#include <inttypes.h>
#include <stdlib.h>

#include "cli/xalloc.h"
#include "export/paths.h"

/* Cost of the lines of a function itself. */
struct line_cost {
	uint32_t function;
	int line;
	uint64_t value[VR_VALUES];
};

struct callgrind {
	const struct vr_dump *dump;
	FILE *out;
	enum vr_value event[VR_VALUES]; /* columns of the file */
	size_t events;
	struct vr_map names; /* what was written in full: kind << 32 | function -> number */
	struct line_cost *cost;
	size_t costs;
	struct vr_dump_calls *counted; /* by caller, then callee */
	uint8_t *put;		       /* of these: it was written */
	uint8_t *known;		       /* by function: its calls were counted */
	uint32_t *first_file;	       /* by function: the first one with the same file */
	uint32_t *first_module;
};

static int has_value(const struct callgrind *c, const uint64_t *value)
{
	for (size_t i = 0; i < c->events; i++)
		if (value[c->event[i]])
			return 1;
	return 0;
}

/* Zeros at the end of a line are left out, as the format allows. */
static void put_costs(const struct callgrind *c, int line, const uint64_t *value)
{
	size_t count = c->events;

	while (count > 1 && !value[c->event[count - 1]])
		count--;
	fprintf(c->out, "%d", line);
	for (size_t i = 0; i < count; i++)
		fprintf(c->out, " %" PRIu64, value[c->event[i]]);
	fputc('\n', c->out);
}

/* "fn=(3) name", later "fn=(3)".  Objects, files and functions are numbered
 * apart.
 *   id  the first function that has this text */
static void put_name(struct callgrind *c, const char *key, uint32_t kind, uint32_t id,
		     const char *text)
{
	int added;
	uint32_t *at = vr_map_at(&c->names, (uint64_t)kind << 32 | id, &added);

	if (added) {
		*at = (uint32_t)c->names.count;
		fprintf(c->out, "%s=(%" PRIu32 ") %s\n", key, *at, text);
	} else {
		fprintf(c->out, "%s=(%" PRIu32 ")\n", key, *at);
	}
}

static void put_function(struct callgrind *c, uint32_t index, int called)
{
	const struct vr_dump_function *f = &c->dump->function[index];

	put_name(c, called ? "cob" : "ob", 0, c->first_module[index],
		 f->module[0] ? f->module : "???");
	put_name(c, called ? "cfi" : "fl", 1, c->first_file[index], f->file[0] ? f->file : "???");
	put_name(c, called ? "cfn" : "fn", 2, index, f->name);
}

/* For each function the first one whose text (file or module) is the same. */
static uint32_t *first_equal(const struct vr_dump *dump, int module)
{
	uint32_t *first = vr_xcalloc(dump->functions, sizeof(*first));
	struct vr_map by_text = {0};

	for (uint32_t i = 0; i < dump->functions; i++) {
		const struct vr_dump_function *f = &dump->function[i];
		int added;
		uint32_t *at =
		    vr_map_at(&by_text, vr_hash_text(1, module ? f->module : f->file), &added);

		if (added)
			*at = i;
		first[i] = *at;
	}
	vr_map_free(&by_text);
	return first;
}

static int by_line(const void *a, const void *b)
{
	const struct line_cost *x = a;
	const struct line_cost *y = b;

	if (x->function != y->function)
		return x->function < y->function ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

static void collect_lines(struct callgrind *c, const struct vr_paths *paths)
{
	struct vr_map by_place = {0};
	size_t room = 0;

	for (size_t i = 1; i < paths->count; i++) {
		const struct vr_path *path = &paths->path[i];
		int added;
		uint32_t *at;

		if (!has_value(c, path->self))
			continue;
		at = vr_map_at(&by_place, (uint64_t)path->function << 32 | (uint32_t)path->line,
			       &added);
		if (added) {
			c->cost = vr_xgrow(c->cost, c->costs, &room, sizeof(*c->cost));
			c->cost[c->costs] =
			    (struct line_cost){.function = path->function, .line = path->line};
			*at = (uint32_t)c->costs++;
		}
		for (int v = 0; v < VR_VALUES; v++)
			c->cost[*at].value[v] += path->self[v];
	}
	vr_map_free(&by_place);
	if (c->costs)
		qsort(c->cost, c->costs, sizeof(*c->cost), by_line);
}

static int by_caller(const void *a, const void *b)
{
	const struct vr_call *x = a;
	const struct vr_call *y = b;

	if (x->caller != y->caller)
		return x->caller < y->caller ? -1 : 1;
	if (x->callee != y->callee)
		return x->callee < y->callee ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

static int by_pair(const void *a, const void *b)
{
	const struct vr_dump_calls *x = a;
	const struct vr_dump_calls *y = b;

	if (x->caller != y->caller)
		return x->caller < y->caller ? -1 : 1;
	return x->callee < y->callee ? -1 : x->callee > y->callee;
}

static void collect_counted(struct callgrind *c)
{
	size_t count = c->dump->n_counted;

	c->counted = vr_xcalloc(count + 1, sizeof(*c->counted));
	c->put = vr_xcalloc(count + 1, 1);
	c->known = vr_xcalloc(c->dump->functions + 1, 1);
	for (size_t i = 0; i < count; i++) {
		c->counted[i] = c->dump->counted[i];
		c->known[c->counted[i].callee] = 1;
	}
	if (count)
		qsort(c->counted, count, sizeof(*c->counted), by_pair);
}

static void put_header(struct callgrind *c)
{
	static const char *const name[VR_VALUES] = {
	    [VR_VALUE_SAMPLES] = "Samples",	    [VR_VALUE_CPU_NS] = "CPU_ns",
	    [VR_VALUE_ALLOCS] = "Allocs",	    [VR_VALUE_ALLOC_BYTES] = "Alloc_bytes",
	    [VR_VALUE_LIVE_BLOCKS] = "Live_blocks", [VR_VALUE_LIVE_BYTES] = "Live_bytes",
	    [VR_VALUE_PEAK_BLOCKS] = "Peak_blocks", [VR_VALUE_PEAK_BYTES] = "Peak_bytes",
	    [VR_VALUE_WALL_NS] = "Wall_ns",
	};
	/* The first event is what readers sort by. */
	static const enum vr_value order[VR_VALUES] = {
	    VR_VALUE_WALL_NS,	  VR_VALUE_CPU_NS,     VR_VALUE_SAMPLES,
	    VR_VALUE_ALLOC_BYTES, VR_VALUE_ALLOCS,     VR_VALUE_LIVE_BYTES,
	    VR_VALUE_LIVE_BLOCKS, VR_VALUE_PEAK_BYTES, VR_VALUE_PEAK_BLOCKS,
	};

	for (size_t i = 0; i < VR_VALUES; i++)
		if (vr_dump_has(c->dump, order[i]))
			c->event[c->events++] = order[i];
	fprintf(c->out,
		"# callgrind format\nversion: 1\ncreator: vprof-report %s\npid: %" PRIu32
		"\ncmd: %s\npart: 1\n\ndesc: calls: %s\n\npositions: line\nevents:",
		c->dump->version, c->dump->pid,
		c->dump->cmdline[0] ? c->dump->cmdline : c->dump->program,
		c->dump->n_counted ? "each counted, where they were; else CPU samples"
				   : "CPU samples, at least 1: none were counted");
	for (size_t i = 0; i < c->events; i++)
		fprintf(c->out, " %s", name[c->event[i]]);
	fputs("\nsummary:", c->out);
	for (size_t i = 0; i < c->events; i++)
		fprintf(c->out, " %" PRIu64, c->dump->total[c->event[i]]);
	fputs("\n", c->out);
}

static void put_call(struct callgrind *c, uint32_t callee, uint64_t calls, int line,
		     const uint64_t *cost)
{
	put_function(c, callee, 1);
	fprintf(c->out, "calls=%" PRIu64 " %d\n", calls, c->dump->function[callee].line);
	put_costs(c, line, cost);
}

/* What is written for calls that samples met.  Where nothing was counted readers want a
 * number above 0. */
static uint64_t number_of(struct callgrind *c, const struct vr_call *call)
{
	const struct vr_dump_calls key = {.caller = call->caller, .callee = call->callee};
	const struct vr_dump_calls *counted =
	    bsearch(&key, c->counted, c->dump->n_counted, sizeof(key), by_pair);
	uint64_t samples = call->total[VR_VALUE_SAMPLES];

	if (!counted && c->known[call->callee])
		return 0; /* a stack that was cut, or left out whom it passed */
	if (!counted)
		return samples ? samples : 1;
	if (c->put[counted - c->counted]++)
		return 0;
	return counted->calls;
}

/* Of a caller: what was counted, and no sample met; from *at on. */
static void put_counted(struct callgrind *c, uint32_t caller, size_t *at)
{
	static const uint64_t nothing[VR_VALUES];

	for (; *at < c->dump->n_counted && c->counted[*at].caller == caller; ++*at)
		if (!c->put[*at])
			put_call(c, c->counted[*at].callee, c->counted[*at].calls,
				 caller == VR_DUMP_NONE ? 0 : c->dump->function[caller].line,
				 nothing);
}

/* Readers take what a function's callers paid as its total.  Where it also is
 * outermost, in stacks that were cut short, that part gets a caller too. */
static void put_outermost(struct callgrind *c, const struct vr_sums *sums)
{
	uint8_t *called = vr_xcalloc(sums->functions, 1);
	int headed = 0;

	for (size_t i = 0; i < sums->calls; i++)
		if (sums->call[i].caller != VR_DUMP_NONE)
			called[sums->call[i].callee] = 1;
	for (size_t i = 0; i < sums->calls; i++) {
		const struct vr_call *call = &sums->call[i];

		if (call->caller != VR_DUMP_NONE || !called[call->callee] ||
		    !has_value(c, call->first))
			continue;
		if (!headed++)
			fputs("\nob=???\nfl=???\nfn=[outermost]\n", c->out);
		put_call(c, call->callee, number_of(c, call), call->line, call->first);
	}
	free(called);
}

static void put_functions(struct callgrind *c, const struct vr_sums *sums)
{
	size_t cost = 0, call = 0, counted = 0;

	for (uint32_t f = 0; f < c->dump->functions; f++) {
		int calls = counted < c->dump->n_counted && c->counted[counted].caller == f;

		if (!calls && !has_value(c, sums->function[f].total))
			continue;
		fputc('\n', c->out);
		put_function(c, f, 0);
		/* callgrind_annotate trips over files in which nothing costs anything. */
		if (cost == c->costs || c->cost[cost].function != f)
			fprintf(c->out, "%d 0\n", c->dump->function[f].line);
		for (; cost < c->costs && c->cost[cost].function == f; cost++)
			put_costs(c, c->cost[cost].line, c->cost[cost].value);
		while (call < sums->calls && sums->call[call].caller < f)
			call++;
		for (; call < sums->calls && sums->call[call].caller == f; call++) {
			const struct vr_call *one = &sums->call[call];

			if (has_value(c, one->total))
				put_call(c, one->callee, number_of(c, one), one->line, one->first);
		}
		put_counted(c, f, &counted);
	}
	put_outermost(c, sums);
	/* they are last: callers that are not known */
	if (counted < c->dump->n_counted) {
		fputs("\nob=???\nfl=???\nfn=[not known]\n0 0\n", c->out);
		put_counted(c, VR_DUMP_NONE, &counted);
	}
}

void vr_write_callgrind(const struct vr_dump *dump, FILE *out)
{
	struct callgrind c = {.dump = dump, .out = out};
	struct vr_paths *paths = vr_paths_new(dump, 1, VR_DUMP_NONE);
	struct vr_sums *sums = vr_sums_new(dump, paths);

	c.first_file = first_equal(dump, 0);
	c.first_module = first_equal(dump, 1);
	put_header(&c);
	collect_lines(&c, paths);
	collect_counted(&c);
	if (sums->calls)
		qsort(sums->call, sums->calls, sizeof(*sums->call), by_caller);
	put_functions(&c, sums);
	fputs("\ntotals:", out);
	for (size_t i = 0; i < c.events; i++)
		fprintf(out, " %" PRIu64, dump->total[c.event[i]]);
	fputs("\n", out);
	vr_map_free(&c.names);
	free(c.cost);
	free(c.counted);
	free(c.put);
	free(c.known);
	free(c.first_file);
	free(c.first_module);
	vr_sums_free(sums);
	vr_paths_free(paths);
}
