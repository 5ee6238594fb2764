/* Runs the six analyzers over a view in the worker pool and weighs their scores. */
#ifndef MON_CONFLUENCE_H
#define MON_CONFLUENCE_H

#include "analyzer.h"
#include "worker.h"

/* One market analysed once. The pool fills it; whoever gets it from done() owns it. */
struct mon_analysis {
	size_t market_idx; /* the caller's */
	struct mon_view *view;
	struct mon_score faces[MON_FACE_NR];
	struct mon_score total;	   /* the confluence score */
	int64_t started_ns;	   /* monotonic clock */
	struct mon_analysis *next; /* for the owner's list */
};

/* Starts the analysis of a view in the pool.
 *
 *   view  taken over, also on error
 *   done  called once with the finished analysis, in a worker thread
 *
 * Returns 0, or -ENOMEM: nothing was started and done() is not called. */
int mon_analysis_start(struct mon_pool *pool, size_t market_idx, struct mon_view *view,
		       void (*done)(void *arg, struct mon_analysis *analysis), void *arg);

/* Frees an analysis and its view; NULL is fine. */
void mon_analysis_destroy(struct mon_analysis *analysis);

/* Nanoseconds of the monotonic clock. */
int64_t mon_now_ns(void);

#endif
