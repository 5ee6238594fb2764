/* Scores: 0..100, 50 neutral, above it for rising prices. */
#ifndef MON_SCORE_H
#define MON_SCORE_H

#include <stddef.h>

struct mon_score {
	double value;	    /* 0..100 */
	double reliability; /* 0..1: share of the parts that had something to say */
};

/* A weighted mean under way. Zero bytes are an empty one. */
struct mon_mix {
	double sum;
	double weight;
	size_t part_nr;
	size_t telling_nr; /* parts that are not neutral */
};

/* Adds a part; it is clipped to 0..100, and one that is NaN counts as neutral. */
void mon_mix_add(struct mon_mix *mix, double weight, double value);

/* The mean so far: neutral and unreliable when nothing was added. */
struct mon_score mon_mix_score(const struct mon_mix *mix);

/* Maps a value around 0 to 0..100: 0 is 50, +scale about 88, -scale about 12. */
double mon_score_signed(double value, double scale);

/* Maps a share 0..1 to 0..100; NaN stays NaN. */
double mon_score_share(double part, double whole);

#endif
