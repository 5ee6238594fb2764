/* What was found of a condition: its value, what is not known of it, and who made it so. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/program.h"
#include "cli/xalloc.h"
#include "model/budget_rows.h"

/* Of one stack, call and lock. */
static uint64_t key_of(const struct vr_culprit *culprit)
{
	uint64_t key = vr_hash_text(culprit->node, culprit->call ? culprit->call : "");

	return vr_hash(key, culprit->lock.address + culprit->lock.kind + culprit->lock.site);
}

void vr_found_add(struct vr_found *found, const struct vr_culprit *culprit)
{
	int added;
	uint32_t *at = vr_map_at(&found->by_key, key_of(culprit), &added);

	if (!added) {
		struct vr_culprit *one = &found->culprit[*at];

		one->value += culprit->value;
		one->bytes += culprit->bytes;
		if (one->thread != culprit->thread)
			one->thread = VPROF_NONE;
		return;
	}
	*at = (uint32_t)found->culprits;
	found->culprit =
	    vr_xgrow(found->culprit, found->culprits, &found->room, sizeof(*found->culprit));
	found->culprit[found->culprits++] = *culprit;
}

static int by_value(const void *a, const void *b)
{
	const struct vr_culprit *x = a, *y = b;

	if (x->value != y->value)
		return x->value > y->value ? -1 : 1;
	return x->node < y->node ? -1 : x->node > y->node;
}

void vr_found_sort(struct vr_found *found)
{
	if (found->culprits)
		qsort(found->culprit, found->culprits, sizeof(*found->culprit), by_value);
}

static void set_why(struct vr_found *found, const char *format, va_list args)
{
	char *text;

	if (found->why)
		return; /* the first reason will do */
	if (vasprintf(&text, format, args) < 0)
		vr_out_of_memory();
	found->why = text;
}

void vr_found_doubt(struct vr_found *found, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_why(found, format, args);
	va_end(args);
	found->high = INFINITY;
}

void vr_found_unknown(struct vr_found *found, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_why(found, format, args);
	va_end(args);
	found->unknown = 1;
}

void vr_found_between(struct vr_found *found, const char *why)
{
	if (!found->why)
		found->why = vr_xstrdup(why);
}

int vr_found_longest(const struct vr_histogram *histogram, uint64_t max_ns, double *low,
		     double *high)
{
	struct vr_quantile last = vr_histogram_quantile(histogram, 1);

	*low = (double)(max_ns ? max_ns : last.low_ns);
	*high = (double)(max_ns ? max_ns : last.high_ns);
	return max_ns || last.known;
}

void vr_found_unseen(struct vr_found *found, const char *why)
{
	vr_found_between(found, why);
	found->unseen = 1;
}
