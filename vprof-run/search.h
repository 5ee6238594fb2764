/* Asks the processes of a run to look for lost blocks while they live: one that
 * dies of SIGTERM has no other search. */
#ifndef VRUN_SEARCH_H
#define VRUN_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "plan.h"

#define VRUN_SEARCH_S 20.0 /* so long we wait for the answers */

struct vrun_search {
	pid_t pid[16]; /* of `vprof-report ctl`: one for each process asked; 0: answered */
	size_t pids;
	unsigned complete; /* processes that were searched */
};

/* Asks every process of the run that records into `dir`, 16 at most. */
void vrun_search_begin(struct vrun_search *search, const struct vrun_run *run, const char *dir);
/* Have all answered?  SIGCHLD says when to look. */
bool vrun_search_over(struct vrun_search *search);
/* Waits no longer. */
void vrun_search_end(struct vrun_search *search);

#endif
