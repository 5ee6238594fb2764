/* Spans: how long the program's own units of work took (vprof_span_begin).
 *
 * The record has a row for each name, thread and label; they are added up to what is asked for.
 * All numbers are of the whole run, but for those of vr_spans_keep_window(). */
#ifndef VR_SPANS_H
#define VR_SPANS_H

#include "model/loops.h"

/* Of a window: how its spans are known. */
struct vr_span_window {
	int narrowed;	   /* there is one, and not all of the spans are in it */
	int estimated;	   /* of some rows, from the spans that are kept whole */
	uint64_t of_run;   /* spans that have ended, in the window or not */
	uint64_t kept;	   /* in the window, spans of which the times are known one by one */
	uint64_t unplaced; /* spans of which it is not known whether they are in it */
	double off;	   /* as far as the count may be off, 95 times of 100 */
	int at_least;	   /* there may be longer ones than max_ns */
};

enum vr_spans_by { VR_SPANS_BY_NAME, VR_SPANS_BY_THREAD, VR_SPANS_BY_LABEL };

struct vr_span_sum {
	const char *name;  /* NULL: of all that had no row of their own */
	int async;	   /* begun and ended by name and number, in any threads */
	const char *label; /* pairs, a line each; NULL: of several, "": none */
	uint32_t thread;   /* row in THREADS; VPROF_NONE: of several */
	uint32_t threads;  /* that ended one */
	uint64_t open;	   /* when the record ended */
	uint64_t self_ns;  /* of its time, not in spans within */
	struct vprof_span sum;
	struct vr_histogram histogram; /* of `sum` */
	struct vr_quantile took[VR_LOOP_PERCENTILES];
	struct vr_function function; /* where the longest ended; "": not known */
	struct vr_span_window window;
};

struct vr_spans {
	struct vr_span_sum *span;
	size_t n_spans;
	uint32_t *of_row;   /* of each row of SPANS the place in `span`, plus 1; 0: none */
	size_t n_names;	    /* different ones */
	uint64_t unmatched; /* ends without a beginning */
	uint64_t others;    /* that have no row of their own */
};

/* Spans of the selected threads, labels and modules, in the order of the record.
 *
 *   name  a glob over names, NULL: all
 */
struct vr_spans *vr_spans_new(struct vr_profile *profile, enum vr_spans_by by, const char *name);
/* The same of those rows for which keep() is true, which is asked of all that have a name. */
struct vr_spans *vr_spans_where(struct vr_profile *profile,
				int (*keep)(void *arg, const struct vprof_span *row), void *arg);
/* Narrows them to spans that began in the profile's window, and drops names that have none there.
 * Rows that lie in the window as a whole are exact; of the others those spans tell that are kept
 * whole.  spans->of_row is NULL after it. */
void vr_spans_keep_window(struct vr_profile *profile, struct vr_spans *spans);
void vr_spans_free(struct vr_spans *spans); /* NULL is fine */

/* --- for spans_window.c ---------------------------------------------------------- */

/* Adds a row up; vr_span_finish() when all are. */
void vr_span_add_row(struct vr_span_sum *span, const struct vprof_span *row);
void vr_span_finish(struct vr_profile *profile, struct vr_span_sum *span);

/* "[others]" for what has no name. */
const char *vr_span_name(const struct vr_span_sum *span);

enum vr_spans_key {
	VR_SPANS_TIME,
	VR_SPANS_SELF,
	VR_SPANS_COUNT,
	VR_SPANS_P50,
	VR_SPANS_P99,
	VR_SPANS_P999,
	VR_SPANS_P9999,
	VR_SPANS_MAX,
	VR_SPANS_SIZE,
	VR_SPANS_ALLOCS,
	VR_SPANS_NAME
};
/* Indices of the spans, the largest first, names by the alphabet; free() it. */
size_t *vr_spans_order(const struct vr_spans *spans, enum vr_spans_key key);

#endif
