/* What shape the memory of a profile has, and which sites make it so. */
#ifndef VR_MEMORY_H
#define VR_MEMORY_H

#include "model/growth.h"
#include "model/heap.h"
#include "model/shape.h"

#define VR_MEMORY_SITES 3u

struct vr_memory_site {
	uint32_t node;
	uint64_t bytes;
};

/* The largest first; none where it is not known. */
struct vr_memory_sites {
	struct vr_memory_site site[VR_MEMORY_SITES];
	size_t count;
	int at_peak; /* of the peak, as sites were not followed over time */
};

enum vr_memory_series {
	VR_MEMORY_HEAP,	   /* live bytes of the heap */
	VR_MEMORY_RESIDENT /* resident memory that is not shared */
};

/* What the growth of single sites says of a rise of the heap: the shape and the
 * verdict on leaks are one voice. */
enum vr_memory_rise {
	VR_RISE_NONE,
	VR_RISE_GROWS,	 /* sites grow without bound; `steady` or `grown` is found */
	VR_RISE_UNKNOWN, /* growth was not judged; `steady` goes by its shape alone */
	VR_RISE_OPEN,	 /* sites rise, but whether for good is not decided yet */
	VR_RISE_BOUNDED	 /* no site grows: levelled off, or let go */
};

struct vr_memory {
	/* Of the heap, where it was profiled, and of resident memory; in the
	 * latter a kind is left out when the heap has it too. */
	struct vr_shape shape[2];     /* by enum vr_memory_series */
	int judged;		      /* one of them was */
	enum vr_memory_rise rise;     /* of the heap */
	struct vr_shape_steady risen; /* OPEN and BOUNDED: what is not called steady */
	struct vr_shape_steady grown; /* GROWS: of the sites alone, the heap does not show it */
	size_t growing;		      /* how many sites those are */
	double more_s;		      /* that may decide it, 0: not known */
	int followed;		      /* sites over time; else as they were at the peak */
	struct vr_memory_sites steady, baseline, spike[VR_SPIKES_KEPT]; /* of the heap */
};

/* Judges the timeline inside the selected window.  growth: of the same profile;
 * NULL is fine, and in a window of the run the shape alone counts. */
void vr_memory_judge(const struct vr_profile *profile, const struct vr_heap *heap,
		     const struct vr_growth *growth, struct vr_memory *memory);

/* 1 when the heap of the profile is known over time. */
int vr_memory_has_heap(const struct vr_profile *profile);

/* 1 when no shape was found. */
int vr_memory_none(const struct vr_memory *memory);

#endif
