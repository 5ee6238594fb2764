/* What rows of `waits` tell. */
#ifndef VR_WAITS_FIELDS_H
#define VR_WAITS_FIELDS_H

#include "model/calls.h"
#include "model/wakers.h"
#include "text/fields.h"

/* Sites as the rows of a table see them: the model of their struct vr_rows. */
struct vr_waits_view {
	const struct vr_calls *calls;
	int idle; /* their waits for work and pauses, not what kept them from work */
	const struct vr_wakers *wakers;
};

/* What is meant of a sum's waits, and its share of the threads' lives in percent. */
uint64_t vr_waits_ns(const struct vr_waits_view *view, const struct vr_call_sum *sum);
double vr_waits_share(const struct vr_waits_view *view, const struct vr_call_sum *sum);

/* What the longest call waited for, "" where that is not known; free() it. */
char *vr_waits_object(struct vr_profile *profile, const struct vr_call_site *site);

/* Who ended waits for the semaphore or the barrier of a site; NULL: of no such one, of several,
 * or not known. */
const struct vr_woken *vr_waits_woken(const struct vr_wakers *wakers,
				      const struct vr_call_site *site);

/* Of a struct vr_call_site, and of a struct vr_call_sum. */
extern const struct vr_field vr_waits_fields[], vr_waits_totals[];
extern const size_t vr_waits_fields_count, vr_waits_totals_count;

#endif
