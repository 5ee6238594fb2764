/* A seccomp filter that has come past the hooks, by the bare instruction.
 *
 * One that is put on all threads (SECCOMP_FILTER_FLAG_TSYNC) is on the helper, too, and may end
 * the process for what only we ask for.  The kernel tells how many filters stand on a task, so
 * the helper looks before it makes such calls (docs/decisions/refused-calls.md).
 *
 * Context of all of them: helper, unless said otherwise. */
#ifndef VP_BASE_FILTERS_H
#define VP_BASE_FILTERS_H

/* What /proc says at the start of the process; NULL: nothing.  Context: the first thread. */
void vp_filters_begin(const char *status);

/* 1: more stand than at the start.  From then on nothing but plain calls are made, in all
 * threads (vp_sys_only_plain).  A look costs 9 us; within 0.2 ms of the last one none is made. */
int vp_filters_came(void);

void vp_filters_open(void); /* a new helper */
void vp_filters_close(void);
int vp_filters_status(void); /* descriptor of the helper's status in /proc, or -errno */

/* perf_event_open(), for an event that goes when its descriptor does; -EPERM without the call
 * where a filter has come.  attr: struct perf_event_attr */
int vp_filters_perf_open(const void *attr, int tid, int cpu);

/* Of the text of a status: how many filters, 1 where the kernel says no more than that there
 * are some, -1 where it says nothing.  Context: any */
int vp_filters_count(const char *status);

#endif
