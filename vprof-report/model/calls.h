/* Calls that may block, by function and call path.
 *
 * Whole-run numbers come from the CALLS table; a window is counted from the events that are
 * still in the ring, which are those of calls that lasted. */
#ifndef VR_CALLS_H
#define VR_CALLS_H

#include "model/profile.h"

struct vr_call_sum {
	uint64_t calls, failed, timeouts, bytes;
	uint64_t time_ns, max_ns;
	uint64_t untimed; /* of the calls: it was seen that they did not sleep */
	uint64_t first_ns, last_ns;
	uint64_t blocked;		      /* of the calls, those that lasted ... */
	uint64_t class_ns[VPROF_CLASS_COUNT]; /* ... and what their time was */
	uint64_t on_loop, on_loop_ns, under_lock, under_lock_ns;
};

/* Calls of one function from one call path, in whichever threads. */
struct vr_call_site {
	uint32_t node;
	const char *name;
	uint32_t class; /* enum vprof_class, outside of a loop's iterations */
	uint32_t threads;
	int at_loop; /* it is, or was, the wait of a loop */
	/* of the longest call */
	uint32_t target_kind; /* enum vprof_target */
	uint32_t target;      /* string id, VPROF_NONE */
	uint64_t object, target_ns;
	int targets_differ;
	struct vr_call_sum sum;
	uint64_t histogram[VPROF_CALL_BUCKETS]; /* of the time of each call */
};

struct vr_calls {
	struct vr_call_site *site;
	size_t n_sites;
	struct vr_call_sum sum;
	uint64_t thread_ns; /* lives of the selected threads, together */
	uint64_t wall_ns;   /* of the process, or the window */
	/* of these lives, runnable without a CPU: in calls and out of them; 0 of a window */
	uint64_t run_delay_ns;
	/* of the waits, those of threads whose books tell of each switch, and what of these was off
	 * the CPU for want of what was called: in the rest they ran, or waited for a CPU */
	uint64_t booked_ns, off_cpu_ns;
	/* the thread that was kept from work longest, of those with a row of their own; 0: none */
	uint32_t kept_thread;
	uint64_t kept_ns, kept_life_ns;
	int windowed;	    /* calls that returned at once, and bytes, are not known */
	int window_cut;	    /* the window begins before the oldest event kept */
};

/* WAIT: kept from its work. IDLE: by a wait for work, or one it asked for. */
enum vr_calls_key {
	VR_CALLS_WAIT,
	VR_CALLS_CALLS,
	VR_CALLS_MAX,
	VR_CALLS_BYTES,
	VR_CALLS_P99,
	VR_CALLS_IDLE
};

/* Counts over the selected threads, window and modules (those whose stack touches one);
 * unsorted. */
struct vr_calls *vr_calls_new(struct vr_profile *profile);
void vr_calls_free(struct vr_calls *calls);

/* What a thread waited for that kept it from its work: other than for work to do, and other
 * than time that it asked to pass. */
uint64_t vr_calls_wait_ns(const struct vr_call_sum *sum);
/* The rest of its waiting. */
uint64_t vr_calls_idle_ns(const struct vr_call_sum *sum);
/* Of a row: the time of its calls that lasted, by class. */
void vr_call_row_classes(const struct vprof_call *row, uint64_t ns[VPROF_CLASS_COUNT]);
/* The time that so many of a hundred calls did not exceed, 0 without calls. */
uint64_t vr_call_percentile(const struct vr_call_site *site, double percent);

/* Of the longest: of calls of which none lasted as exactly as their buckets tell. */
uint64_t vr_call_max_ns(const struct vr_call_site *site);

/* Indices of the sites, the largest first; free() it. */
size_t *vr_calls_order(const struct vr_calls *calls, enum vr_calls_key key);
uint64_t vr_calls_value(const struct vr_call_site *site, enum vr_calls_key key);

const char *vr_class_name(uint32_t class);
const char *vr_target_name(uint32_t kind);

#endif
