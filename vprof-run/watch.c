#include "watch.h"
#include "cli/units.h"
#include "cli/xalloc.h"
#include "clock.h"
#include "search.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GRACE_S 5.0  /* from a request to end to the next, stronger one */
#define TICK_S	0.25 /* between two looks at the clock */
#define AGAIN_S 0.5  /* two requests closer than this are one, sent to a group and to us */

/* Those whose purpose is to end a program come first. */
static const int handed_on[] = {SIGINT,	 SIGTERM, SIGHUP,  SIGQUIT,
				SIGUSR1, SIGUSR2, SIGALRM, SIGCONT};
#define ENDING	  4u
#define HANDED_ON (sizeof(handed_on) / sizeof(handed_on[0]))

/* What is in hand while a target runs. */
struct running {
	const struct vrun_run *run;
	struct vrun_end *end;
	double begun_s;
	double deadline_s; /* when the next stronger request is due; 0: never */
	int next;	   /* which one that is */
	double asked_s;	   /* when we were last asked to end it; 0: never */
	const char *dir;   /* where it records; NULL: there is no search, or it was begun */
	bool searching;
	struct vrun_search search;
};

void vrun_watch_begin(struct vrun_watch *watch)
{
	sigemptyset(&watch->taken);
	sigaddset(&watch->taken, SIGCHLD);
	for (size_t i = 0; i < HANDED_ON; i++) {
		struct sigaction old;

		if (sigaction(handed_on[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaddset(&watch->taken, handed_on[i]);
	}
	sigprocmask(SIG_BLOCK, &watch->taken, &watch->before);
}

static _Noreturn void become(const struct vrun_watch *watch, const struct vrun_run *run, char **env,
			     const struct sigaction *child, int report)
{
	int error, log;

	environ = env;
	if (run->log) {
		log = open(run->log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		if (log >= 0)
			dup2(log, 1);
	}
	sigaction(SIGCHLD, child, NULL);
	sigprocmask(SIG_SETMASK, &watch->before, NULL);
	execvp(run->argv[0], run->argv);
	error = errno;
	while (write(report, &error, sizeof(error)) < 0 && errno == EINTR)
		;
	_exit(127);
}

/* Starts the target.  Returns 0, or an errno when it could not be. */
static int start(const struct vrun_watch *watch, const struct vrun_run *run, char **env, pid_t *pid)
{
	struct sigaction plain = {.sa_handler = SIG_DFL}, child;
	int report[2], error = 0;

	/* Closes on exec, so that an end of file means success. */
	if (pipe2(report, O_CLOEXEC) < 0)
		return errno;
	sigaction(SIGCHLD, &plain, &child);
	fflush(NULL);
	*pid = fork();
	if (*pid == 0)
		become(watch, run, env, &child, report[1]);
	error = *pid < 0 ? errno : 0;
	close(report[1]);
	if (!error) {
		ssize_t got;

		do
			got = read(report[0], &error, sizeof(error));
		while (got < 0 && errno == EINTR);
		if (got != (ssize_t)sizeof(error))
			error = 0;
		else
			waitpid(*pid, NULL, 0);
	}
	close(report[0]);
	return error;
}

static bool is_ending(int sig)
{
	for (size_t i = 0; i < ENDING; i++)
		if (handed_on[i] == sig)
			return true;
	return false;
}

static void take_signal(struct running *r, const siginfo_t *info)
{
	/* The kernel speaks for the terminal, to all in the foreground. */
	if (info->si_code <= 0)
		kill(r->end->pid, info->si_signo);
	if (!is_ending(info->si_signo))
		return;
	r->end->interrupt = info->si_signo;
	if (r->asked_s == 0)
		r->deadline_s = vrun_now() + GRACE_S;
	else if (vrun_now() - r->asked_s > AGAIN_S)
		r->deadline_s = vrun_now(); /* who asks twice is in a hurry */
	r->asked_s = vrun_now();
}

static void stop_search(struct running *r)
{
	if (!r->searching)
		return;
	r->searching = false;
	vrun_search_end(&r->search);
	r->end->searched = r->search.complete;
}

/* Its time is over; whoever dies of SIGTERM is searched before. */
static void begin_search(struct running *r)
{
	vrun_search_begin(&r->search, r->run, r->dir);
	r->dir = NULL;
	r->searching = true;
	r->deadline_s = vrun_now() + VRUN_SEARCH_S;
}

static void end_it(struct running *r)
{
	static const int ladder[] = {SIGTERM, SIGKILL};
	int sig = ladder[r->next];

	stop_search(r);
	kill(r->end->pid, sig);
	if (sig == SIGKILL)
		r->end->forced = true;
	else if (!r->end->interrupt)
		r->end->in_time = true;
	r->next++;
	r->deadline_s = sig == SIGKILL ? 0 : vrun_now() + GRACE_S;
}

static void look_at_clock(struct running *r)
{
	if (r->searching && vrun_search_over(&r->search) && !r->end->interrupt)
		r->deadline_s = vrun_now();
	if (r->deadline_s == 0 || vrun_now() < r->deadline_s)
		return;
	if (r->dir && r->next == 0 && !r->end->interrupt)
		begin_search(r);
	else
		end_it(r);
}

/* How long to sleep: to the next tick, or the deadline. */
static struct timespec pause_until(double deadline_s)
{
	double left = deadline_s > 0 ? deadline_s - vrun_now() : TICK_S;

	if (left > TICK_S)
		left = TICK_S;
	if (left < 0)
		left = 0;
	return (struct timespec){.tv_nsec = (long)(left * 1e9)};
}

void vrun_watch_run(struct vrun_watch *watch, const struct vrun_run *run, char **env,
		    const char *dir, struct vrun_progress *progress, struct vrun_end *end)
{
	struct running r = {.run = run, .end = end, .begun_s = vrun_now(), .dir = dir};

	*end = (struct vrun_end){0};
	end->error = start(watch, run, env, &end->pid);
	if (end->error)
		return;
	if (run->stop_s > 0)
		r.deadline_s = r.begun_s + run->stop_s;
	while (waitpid(end->pid, &end->status, WNOHANG) == 0) {
		struct timespec pause = pause_until(r.deadline_s);
		siginfo_t info;
		int sig = sigtimedwait(&watch->taken, &info, &pause);

		if (sig > 0 && sig != SIGCHLD)
			take_signal(&r, &info);
		look_at_clock(&r);
		vrun_progress_tick(progress);
	}
	end->ran_s = vrun_now() - r.begun_s;
	stop_search(&r);
	/* From the terminal it reached both; the target may have been faster. */
	if (!end->interrupt)
		end->interrupt = vrun_watch_pending(watch);
}

int vrun_watch_pending(struct vrun_watch *watch)
{
	const struct timespec now = {0};
	int sig, found = 0;

	while ((sig = sigtimedwait(&watch->taken, NULL, &now)) > 0)
		if (is_ending(sig))
			found = sig;
	return found;
}

int vrun_end_status(const struct vrun_end *end)
{
	if (end->error)
		return end->error == ENOENT ? 127 : 126;
	if (WIFEXITED(end->status))
		return WEXITSTATUS(end->status);
	if (end->in_time && WTERMSIG(end->status) == SIGTERM)
		return 0;
	return 128 + WTERMSIG(end->status);
}

char *vrun_end_text(const struct vrun_end *end)
{
	char time[VR_UNIT_MAX];
	int sig = WTERMSIG(end->status);

	if (end->error)
		return vr_xprintf("cannot be started: %s", strerror(end->error));
	vr_format_seconds(time, end->ran_s);
	if (end->forced && !WIFEXITED(end->status))
		return vr_xprintf("did not end when told to and was killed after %s", time);
	if (end->in_time && (WIFEXITED(end->status) || sig == SIGTERM)) {
		if (WIFEXITED(end->status) && WEXITSTATUS(end->status))
			return vr_xprintf("was told to end after %s and exited with status %d",
					  time, WEXITSTATUS(end->status));
		return vr_xprintf("was ended after %s, as asked", time);
	}
	if (WIFEXITED(end->status))
		return vr_xprintf("exited with status %d after %s", WEXITSTATUS(end->status), time);
	return vr_xprintf("was killed by signal %d (%s%s) after %s", sig, strsignal(sig),
			  WCOREDUMP(end->status) ? ", core dumped" : "", time);
}

bool vrun_end_bad(const struct vrun_end *end, const struct vrun_run *run)
{
	return end->error || vrun_end_status(end) != 0 || end->forced ||
	       (run->bundled && end->ran_s < run->length_s / 2);
}
