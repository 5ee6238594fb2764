#include "score.h"

#include <math.h>

void mon_mix_add(struct mon_mix *mix, double weight, double value)
{
	double clipped = isnan(value) ? 50 : fmin(100, fmax(0, value));

	mix->sum += weight * clipped;
	mix->weight += weight;
	mix->part_nr++;
	if (fabs(clipped - 50) > 1e-9)
		mix->telling_nr++;
}

struct mon_score mon_mix_score(const struct mon_mix *mix)
{
	if (mix->weight <= 0)
		return (struct mon_score){50, 0};
	return (struct mon_score){
	    .value = mix->sum / mix->weight,
	    .reliability = (double)mix->telling_nr / (double)mix->part_nr,
	};
}

double mon_score_signed(double value, double scale)
{
	return scale > 0 ? 50 + 50 * tanh(value / scale) : 50;
}

double mon_score_share(double part, double whole)
{
	return whole > 0 ? 100 * part / whole : NAN;
}
