#include "model/queue.h"

#include <math.h>
#include <stddef.h>

#include <vprof_format.h>

#define EVERY	  VPROF_SERIES_CHECKPOINT_EVERY
#define STAYS_MIN 4u
/* Of all pairs of times so many more must be longer than shorter, and so much of
 * the rise (its logarithm) must be theirs. */
#define LONGER 0.6
#define SHARE  0.6

struct stay {
	double live;	 /* mean number of blocks */
	double duration; /* of a block, in the clock of the series */
};

/* Of the readings between two counts of allocations. */
static size_t stays(const struct vr_growth_facts *facts, struct stay *stay)
{
	size_t count = 0;

	for (uint32_t i = 1; (i + 1) * EVERY <= facts->points; i++) {
		uint32_t from = i * EVERY - 1, to = from + EVERY;
		double made, live = 0;

		if (from < facts->first || !facts->checkpoint[i - 1])
			continue;
		made = (double)facts->checkpoint[i] - (double)facts->checkpoint[i - 1];
		if (!(made > 0))
			continue;
		for (uint32_t k = from + 1; k <= to; k++)
			live += (double)facts->blocks[k] / EVERY;
		stay[count++] =
		    (struct stay){live, live * (facts->at[to] - facts->at[from]) / made};
	}
	return count;
}

int vr_queue_grows(const struct vr_growth_facts *facts, double *stay_now)
{
	struct stay stay[VPROF_SERIES_CHECKPOINTS];
	double longer = 0, live[2] = {0}, lasts[2] = {0};
	size_t count, third;

	if (!facts->checkpoint)
		return -1;
	count = stays(facts, stay);
	if (count < STAYS_MIN)
		return -1;
	for (size_t i = 0; i < count; i++)
		for (size_t j = i + 1; j < count; j++)
			longer += stay[j].duration > stay[i].duration ? 1 : -1;
	if (longer < LONGER * (double)(count * (count - 1) / 2))
		return 0;
	*stay_now = stay[count - 1].duration;
	third = count / 3;
	for (size_t i = 0; i < third; i++) {
		live[0] += stay[i].live + 1;
		lasts[0] += stay[i].duration;
		live[1] += stay[count - 1 - i].live + 1;
		lasts[1] += stay[count - 1 - i].duration;
	}
	if (!(lasts[0] > 0))
		return 1;
	return log(lasts[1] / lasts[0]) >= SHARE * log(live[1] / live[0]);
}
