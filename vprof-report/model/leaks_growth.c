/* Growth among the verdicts on unfreed blocks. */
#include "model/growth.h"
#include "model/leaks.h"

/* What becomes growing when the site grows: whatever is still in use. */
#define IN_USE (1u << VR_POSSIBLE | 1u << VR_UNEXAMINED | 1u << VR_REACHABLE)

/* Adds one entry to another of the same stack. */
static void merge(struct vr_leak *to, struct vr_leak *from)
{
	to->blocks += from->blocks;
	to->bytes += from->bytes;
	if (from->oldest_ns < to->oldest_ns)
		to->oldest_ns = from->oldest_ns;
	if (from->newest_ns > to->newest_ns)
		to->newest_ns = from->newest_ns;
	if (!to->example)
		to->example = from->example;
	from->blocks = 0;
}

/* The entries of a stack; they were made next to each other in no order. */
static void grow(struct vr_leaks *leaks, const struct vr_growth_site *site)
{
	struct vr_leak *growing = NULL;
	uint64_t lost = 0, in_use = 0;

	for (size_t i = 0; i < leaks->n_leaks; i++) {
		struct vr_leak *leak = &leaks->leak[i];

		if (leak->node != site->node)
			continue;
		leak->growth = site;
		if (IN_USE & 1u << leak->verdict)
			in_use += leak->bytes;
		else
			lost += leak->bytes;
	}
	/* What grows there may be what is lost there. */
	if (site->verdict != VR_GROWTH_GROWING || in_use < lost)
		return;
	for (size_t i = 0; i < leaks->n_leaks; i++) {
		struct vr_leak *leak = &leaks->leak[i];

		if (leak->node != site->node || !(IN_USE & 1u << leak->verdict))
			continue;
		if (growing) {
			merge(growing, leak);
			continue;
		}
		growing = leak;
		leak->verdict = VR_GROWING;
		leak->confidence = site->confidence;
		leak->slope_low = site->low;
		leak->slope_high = site->high;
	}
}

void vr_leaks_grow(struct vr_leaks *leaks, const struct vr_growth *growth)
{
	size_t kept = 0;

	if (!growth)
		return;
	leaks->growth_judged = !growth->note && growth->points;
	leaks->growth_open = growth->undecided;
	for (size_t i = 0; i < growth->n_sites; i++)
		grow(leaks, &growth->site[i]);
	for (int i = 0; i < VR_VERDICTS; i++)
		leaks->sum[i] = (struct vr_leak_sum){0};
	for (size_t i = 0; i < leaks->n_leaks; i++) {
		struct vr_leak_sum *sum = &leaks->sum[leaks->leak[i].verdict];

		if (!leaks->leak[i].blocks)
			continue;
		leaks->leak[kept++] = leaks->leak[i];
		sum->sites++;
		sum->blocks += leaks->leak[i].blocks;
		sum->bytes += leaks->leak[i].bytes;
	}
	leaks->n_leaks = kept;
}
