/* How moments lie in time: at a period, or all close together. */
#ifndef VR_RHYTHM_H
#define VR_RHYTHM_H

#include <stddef.h>
#include <stdint.h>

enum vr_rhythm_kind {
	VR_RHYTHM_NONE, /* neither, or too few to tell */
	VR_RHYTHM_PERIODIC,
	VR_RHYTHM_CLUSTERED /* all within 2 % of the run */
};

struct vr_rhythm {
	enum vr_rhythm_kind kind;
	uint64_t period_ns, spread_ns; /* of periodic ones: standard deviation about its beats */
	double chance;		       /* that as many moments at random look as regular */
	uint64_t from_ns, to_ns;       /* of clustered ones: the first and the last */
};

/*   moment   rising
 *   run_ns   what they may lie in
 */
struct vr_rhythm vr_rhythm_of(const uint64_t *moment, size_t count, uint64_t run_ns);

/* "periodic", "clustered"; NULL for neither. */
const char *vr_rhythm_name(enum vr_rhythm_kind kind);

#endif
