/* Runs one target: starts it, hands signals on, ends it in time. */
#ifndef VRUN_WATCH_H
#define VRUN_WATCH_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "progress.h"

/* The signals we take while targets run; see vrun_watch_begin. */
struct vrun_watch {
	sigset_t taken;	 /* blocked in this process, read with sigtimedwait */
	sigset_t before; /* the mask we were started with: the target's */
};

struct vrun_end {
	int error; /* errno of exec; 0: it was started */
	pid_t pid;
	int status; /* of waitpid */
	double ran_s;
	bool in_time;	   /* --duration was over: we sent SIGTERM */
	bool forced;	   /* it did not end when told to: we sent SIGKILL */
	unsigned searched; /* processes that looked for lost blocks before SIGTERM */
	int interrupt;	   /* the signal that asked us to end; 0: none */
};

/* Takes over SIGCHLD and every signal that is handed on to the target, except
 * those that were ignored when we were started. */
void vrun_watch_begin(struct vrun_watch *watch);

/* Runs a target to its end and reaps it.
 *
 *   env       its environment
 *   dir       its processes record there; before SIGTERM at the end of --duration
 *             they are asked to look for lost blocks, and waited for VRUN_SEARCH_S
 *             seconds at most.  NULL: they are not
 *   progress  told several times a second
 *
 * A signal sent to us is sent on to the target; one from the terminal reached
 * it already.  SIGINT, SIGTERM, SIGHUP and SIGQUIT also end it: when it lives
 * 5 s longer it gets SIGTERM, after 5 more SIGKILL. */
void vrun_watch_run(struct vrun_watch *watch, const struct vrun_run *run, char **env,
		    const char *dir, struct vrun_progress *progress, struct vrun_end *end);

/* A signal that came in between runs and asks us to end; 0: none. */
int vrun_watch_pending(struct vrun_watch *watch);

/* The status a shell would give: that of the target, 128+N for signal N; 0
 * for a target that our own SIGTERM at the end of --duration ended. */
int vrun_end_status(const struct vrun_end *end);
/* "exited with status 0", "was killed by signal 11 (Segmentation fault)",
 * ...; free() it. */
char *vrun_end_text(const struct vrun_end *end);
/* It crashed, failed, or did not get as far as it should have. */
bool vrun_end_bad(const struct vrun_end *end, const struct vrun_run *run);

#endif
