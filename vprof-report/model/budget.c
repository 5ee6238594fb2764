#include "model/budget.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"
#include "model/run.h"

#include "base/err.h"

enum source {
	PEAK_BYTES,
	PEAK_BLOCKS,
	LIVE_BYTES,
	LIVE_BLOCKS,
	ALLOCS,
	FREES,
	ALLOC_BYTES,
	SITES,	/* of the verdicts in `mask` */
	BLOCKS, /* likewise */
	BYTES
};

/* Of the whole heap. */
static const struct {
	const char *name;
	struct vr_metric metric;
} metrics[] = {
    {"peak_heap", {PEAK_BYTES, 0, 0}},
    {"peak_blocks", {PEAK_BLOCKS, 0, 0}},
    {"live_bytes", {LIVE_BYTES, 0, 0}},
    {"live_blocks", {LIVE_BLOCKS, 0, 0}},
    {"allocs", {ALLOCS, 0, 0}},
    {"frees", {FREES, 0, 0}},
    {"alloc_bytes", {ALLOC_BYTES, 0, 0}},
    {"allocs_per_s", {ALLOCS, 0, 1}},
    {"alloc_bytes_per_s", {ALLOC_BYTES, 0, 1}},
};
#define METRICS (sizeof(metrics) / sizeof(metrics[0]))

/* Of a verdict, and of all that are a leak. */
static const struct {
	const char *suffix;
	enum source source;
} amounts[] = {{"_bytes", BYTES}, {"_blocks", BLOCKS}, {"_sites", SITES}};
#define AMOUNTS (sizeof(amounts) / sizeof(amounts[0]))

/* The verdicts of that name as a mask; 0: there is no budget of them. */
static unsigned verdicts_of(const char *name, size_t length)
{
	int verdict = vr_verdict_of(name, length);

	if (length == 4 && memcmp(name, "leak", 4) == 0)
		return vr_verdicts_leak(0);
	if (verdict < 0 || vr_verdict_facts((enum vr_verdict)verdict)->by == VR_BY_NOBODY)
		return 0;
	return 1u << verdict;
}

/* Returns 0 or -EINVAL. */
static int find_metric(const char *name, size_t length, struct vr_metric *metric)
{
	for (size_t i = 0; i < METRICS; i++) {
		*metric = metrics[i].metric;
		if (strlen(metrics[i].name) == length && memcmp(metrics[i].name, name, length) == 0)
			return 0;
	}
	for (size_t i = 0; i < AMOUNTS; i++) {
		size_t tail = strlen(amounts[i].suffix);

		if (length <= tail || memcmp(name + length - tail, amounts[i].suffix, tail) != 0)
			continue;
		*metric = (struct vr_metric){.source = (int)amounts[i].source,
					     .mask = verdicts_of(name, length - tail)};
		return metric->mask ? 0 : -EINVAL;
	}
	return -EINVAL;
}

/* Fills err with the names there are; returns -EINVAL. */
static int no_such_budget(const char *text, struct vr_err *err)
{
	char *names = vr_xstrdup("");

	for (size_t i = 0; i < METRICS; i++)
		names = vr_xappend(names, " %s", metrics[i].name);
	names = vr_xappend(names, ", and");
	for (size_t i = 0; i < AMOUNTS; i++)
		names = vr_xappend(names, " %s", amounts[i].suffix);
	names = vr_xappend(names, " of");
	for (int i = 0; i < VR_VERDICTS; i++)
		if (vr_verdict_facts((enum vr_verdict)i)->by != VR_BY_NOBODY)
			names = vr_xappend(names, " %s", vr_verdict_name((enum vr_verdict)i));
	vr_err_set(err, -EINVAL, "no budget '%s'; there are:%s leak", text, names);
	free(names);
	return -EINVAL;
}

/* "/s" of a rate may be written or left out.  Returns 0 or -EINVAL. */
static int read_unit(const char *unit, const struct vr_metric *metric, double *factor)
{
	static const struct {
		const char *name;
		double factor;
	} units[] = {{"", 1},	      {"B", 1},	     {"K", 0x1p10},   {"KiB", 0x1p10},
		     {"k", 0x1p10},   {"kB", 1e3},   {"KB", 1e3},     {"M", 0x1p20},
		     {"MiB", 0x1p20}, {"MB", 1e6},   {"G", 0x1p30},   {"GiB", 0x1p30},
		     {"GB", 1e9},     {"T", 0x1p40}, {"TiB", 0x1p40}, {"TB", 1e12}};
	int counted = metric->source != PEAK_BYTES && metric->source != LIVE_BYTES &&
		      metric->source != ALLOC_BYTES && metric->source != BYTES;
	size_t length = strlen(unit);

	if (metric->rate && length >= 2 && strcmp(unit + length - 2, "/s") == 0)
		length -= 2;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strlen(units[i].name) != length || memcmp(units[i].name, unit, length) != 0)
			continue;
		*factor = units[i].factor;
		return counted && length ? -EINVAL : 0;
	}
	return -EINVAL;
}

int vr_budget_parse(const char *text, struct vr_budget *budget, struct vr_err *err)
{
	size_t name = strspn(text, "abcdefghijklmnopqrstuvwxyz_");
	const char *at = text + name + strspn(text + name, " ");
	size_t op = strspn(at, "<>=");
	double factor;
	char *end;

	*budget = (struct vr_budget){.text = text};
	if (find_metric(text, name, &budget->metric) < 0)
		return no_such_budget(text, err);
	if (op < 1 || op > 2 || (op == 2 && at[1] != '='))
		return vr_err_set(err, -EINVAL,
				  "budget '%s' is not NAME, one of > >= < <= =, and a number",
				  text);
	memcpy(budget->op, at, op);
	if (strcmp(budget->op, "==") == 0)
		budget->op[1] = '\0';
	budget->limit = strtod(at + op, &end);
	if (end == at + op || !isfinite(budget->limit) || budget->limit < 0)
		return vr_err_set(err, -EINVAL, "budget '%s' has no number", text);
	end += strspn(end, " ");
	if (read_unit(end, &budget->metric, &factor) < 0)
		return vr_err_set(err, -EINVAL,
				  "budget '%s': no unit '%s' for it; bytes have K M G T, KiB MiB "
				  "GiB TiB and kB MB GB TB",
				  text, end);
	budget->limit *= factor;
	return 0;
}

static double value_of(const struct vr_metric *metric, const struct vr_profile *profile,
		       const struct vr_heap *heap, const struct vr_leaks *leaks)
{
	double seconds = (double)vr_recorded_ns(profile->file) / 1e9;
	double value = 0;

	for (int i = 0; i < VR_VERDICTS; i++) {
		const struct vr_leak_sum *sum = &leaks->sum[i];

		if (metric->mask & 1u << i)
			value += (double)(metric->source == SITES    ? sum->sites
					  : metric->source == BLOCKS ? sum->blocks
								     : sum->bytes);
	}
	if (metric->source == PEAK_BYTES)
		value = (double)heap->peak_bytes;
	else if (metric->source == PEAK_BLOCKS)
		value = (double)heap->peak_blocks;
	else if (metric->source == LIVE_BYTES)
		value = (double)heap->live_bytes;
	else if (metric->source == LIVE_BLOCKS)
		value = (double)heap->live_blocks;
	else if (metric->source == ALLOCS)
		value = (double)heap->allocs;
	else if (metric->source == FREES)
		value = (double)heap->frees;
	else if (metric->source == ALLOC_BYTES)
		value = (double)heap->alloc_bytes;
	return metric->rate && seconds > 0 ? value / seconds : value;
}

static int holds(const struct vr_budget *budget, double value)
{
	if (budget->op[0] == '=')
		return value == budget->limit;
	if (budget->op[1] && value == budget->limit)
		return 1;
	return budget->op[0] == '>' ? value > budget->limit : value < budget->limit;
}

static int examined(const struct vr_metric *metric, const struct vr_profile *profile,
		    const struct vr_leaks *leaks)
{
	const struct vprof_header *h = &profile->file->header;

	if (h->heap_mode == VPROF_HEAP_OFF || (!leaks->allocs && !leaks->searched))
		return 0;
	for (unsigned i = 0; i < VR_VERDICTS; i++) {
		enum vr_examiner by = vr_verdict_facts((enum vr_verdict)i)->by;

		if (!(metric->mask & 1u << i))
			continue;
		/* Of several verdicts the search tells most. */
		if (by == VR_BY_SEARCH || metric->mask != 1u << i)
			return vr_leaks_gap(leaks) == VR_GAP_NONE;
		return leaks->growth_judged || leaks->nothing_live;
	}
	return 1;
}

enum vr_budget_state vr_budget_judge(const struct vr_budget *budget,
				     const struct vr_profile *profile, const struct vr_heap *heap,
				     const struct vr_leaks *leaks, double *value)
{
	const struct vr_metric *metric = &budget->metric;
	int broken;

	*value = value_of(metric, profile, heap, leaks);
	broken = holds(budget, *value);
	if (examined(metric, profile, leaks))
		return broken ? VR_BUDGET_BROKEN : VR_BUDGET_KEPT;
	/* What was not looked for can only be more. */
	return broken && budget->op[0] == '>' && *value > 0 ? VR_BUDGET_BROKEN : VR_BUDGET_UNKNOWN;
}

static void bytes_text(double value, char out[48])
{
	static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	size_t step = 0;

	while (value >= 1024 && step < 4) {
		value /= 1024;
		step++;
	}
	snprintf(out, 48, "%.*f %s", step ? 1 : 0, value, unit[step]);
}

void vr_budget_text(const struct vr_budget *budget, double value, char out[48])
{
	const struct vr_metric *metric = &budget->metric;
	size_t length;

	switch (metric->source) {
	case PEAK_BYTES:
	case LIVE_BYTES:
	case ALLOC_BYTES:
	case BYTES:
		bytes_text(value, out);
		break;
	default:
		snprintf(out, 48, "%.*f", value == floor(value) ? 0 : 1, value);
	}
	length = strlen(out);
	if (metric->rate && length < 44)
		strcpy(out + length, "/s");
}
