/* Which rows of a record a budget is about, and whether its names are in it at all.  Part of
 * model/budget. */
#ifndef VR_BUDGET_ROWS_H
#define VR_BUDGET_ROWS_H

#include "model/budget.h"
#include "model/histogram.h"

/* Of a filter. */
enum vr_match {
	VR_NO,
	VR_MAYBE, /* the stack is cut, or several threads share what was counted */
	VR_YES
};

struct vr_matcher;

/* What a budget is judged by. */
struct vr_judging {
	struct vr_profile *profile; /* its file has what is counted: all, or between marks */
	const struct vr_file *file; /* the whole record */
	const struct vr_heap *heap;
	const struct vr_leaks *leaks;
	uint64_t from_ns, until_ns;
	uint64_t wall_ns; /* of these, recorded */
	int between;	  /* 1: not the whole run */
	const struct vr_condition *condition;
	struct vr_found *found;
	struct vr_matcher *matcher; /* one for each filter */
};

void vr_matchers_new(struct vr_judging *judging);
void vr_matchers_free(struct vr_judging *judging);

/* All filters of these kinds: of the function and module, by the stack; of the thread, by its row
 * of THREADS, or its shard. */
enum vr_match vr_match_stack(struct vr_judging *judging, uint32_t node);
enum vr_match vr_match_thread(struct vr_judging *judging, uint32_t thread);
enum vr_match vr_match_shard(struct vr_judging *judging, uint16_t shard);
/* All filters of labels: some pair of them is meant. */
enum vr_match vr_match_label(struct vr_judging *judging, uint32_t label);
/* All filters of that key, by name: exact, a glob, or a name behind "::". */
enum vr_match vr_match_name(struct vr_judging *judging, enum vr_budget_key key, const char *name);
int vr_matches_any(const struct vr_judging *judging, unsigned keys); /* 1: it has such filters */

/* A name that somebody wrote in a budget means this function (lock, loop). */
int vr_name_is_meant(const char *pattern, const char *name);

/* After all rows were looked at: says so where nothing in the record bears the name of a
 * filter.  Returns 1 then. */
int vr_judging_unseen(struct vr_judging *judging);

/* Adds to what was found; those of one stack and call are one. */
void vr_found_add(struct vr_found *found, const struct vr_culprit *culprit);
/* Sorts them, the largest first. */
void vr_found_sort(struct vr_found *found);
/* Not all is known: the value may be anything from low on. */
__attribute__((format(printf, 2, 3))) void vr_found_doubt(struct vr_found *found,
							  const char *format, ...);
/* The value is between low and high, and why. */
void vr_found_between(struct vr_found *found, const char *why);
/* There is nothing of that kind in this record; another of the run may have it. */
void vr_found_unseen(struct vr_found *found, const char *why);
/* Puts in the longest of a histogram, max_ns (0: it is of before the mark, and the last bucket that
 * has any tells).  Returns 0 where there is none. */
int vr_found_longest(const struct vr_histogram *histogram, uint64_t max_ns, double *low,
		     double *high);
#define VR_LONGEST_BEFORE                                                                          \
	"the longest is of before the mark, and of those after it the histogram tells no more"
/* Nothing can be said. */
__attribute__((format(printf, 2, 3))) void vr_found_unknown(struct vr_found *found,
							    const char *format, ...);

/* --- budget_heap.c, budget_loops.c, budget_spans.c, budget_waits.c */
void vr_judge_heap(struct vr_judging *judging);
void vr_judge_loops(struct vr_judging *judging);
void vr_judge_spans(struct vr_judging *judging);
void vr_judge_allocs_in_spans(struct vr_judging *judging);
void vr_judge_stalls(struct vr_judging *judging);
void vr_judge_locks(struct vr_judging *judging);
void vr_judge_calls(struct vr_judging *judging);

/* --- budget_seen.c: 1: some function (variable) of the program's objects is called so; the
 * nearest that is goes to `near`. */
struct vr_nearest;
void vr_near_function(struct vr_nearest *near, const char *name);
int vr_seen_function(struct vr_profile *profile, const char *pattern, struct vr_nearest *near,
		     int *hidden); /* 1: one is, but it may be inlined and nobody could tell */
int vr_seen_variable(struct vr_profile *profile, const char *pattern, struct vr_nearest *near);
/* A call of libc that the library sees. */
int vr_seen_call(const char *name, struct vr_nearest *near);

#endif
