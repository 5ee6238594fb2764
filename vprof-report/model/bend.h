/* Does a rise slow down?  From how long it takes to rise by one more part of the
 * whole (docs/decisions/growth.md).  Nothing here depends on a unit of time or
 * on the length of the run. */
#ifndef VR_BEND_H
#define VR_BEND_H

#include <stddef.h>

struct vr_bend {
	size_t rises; /* readings at which what is held became more */
	size_t parts; /* 0: too few rises to say anything; then the rest is 0 */
	/* How much longer a part takes at the end than at the start, by the mean
	 * time of a part: 0 a line, 1.5 a logarithm, below 0 faster and faster. */
	double longer;
	double error;	     /* its standard error */
	double recent;	     /* share of the rise in the last fifth of the time */
	double most;	     /* the largest single rise, to all of them */
	double mean, spread; /* time from one part to the next, and their deviation */
};

/* Of n readings at these times, which rise, from reading `from` on; only what was never given
 * back later is looked at. */
struct vr_bend vr_bend_of(const double *y, const double *at, size_t n, size_t from);

#endif
