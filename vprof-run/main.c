/* vprof-run: runs programs under libvprof and writes down what was found. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "budgets.h"
#include "cli/program.h"
#include "cli/warn.h"
#include "cli/xalloc.h"
#include "engine.h"
#include "files.h"
#include "nickname.h"
#include "preload.h"
#include "screen.h"
#include "summary.h"
#include "target.h"

#define STATUS_OWN 125 /* our own failure, as with env and timeout */
/* of `vprof-report leaks --gate` and `check`: leak, budget, regression */
#define GATE_FIRST 23
#define GATE_LAST  25

/* Before anything runs: every program must be one that can be profiled.
 * Returns 0 or the status to end with. */
static int check_targets(const struct vrun_plan *plan)
{
	for (size_t i = 0; i < plan->runs; i++) {
		int status = vrun_target_check(plan->run[i].argv[0]);

		if (status)
			return status;
	}
	return 0;
}

/* One run and what came of it.  Returns 0, or -EINVAL when it could not even
 * be attempted. */
static int run_one(const struct vrun_session *s, struct vrun_watch *watch,
		   struct vrun_progress *progress, struct vrun_result *result, size_t index)
{
	char *pattern = vrun_records_pattern(s->dir, &s->plan->run[index]);
	bool search = !s->options->skip_leak_test && !s->options->skip_memory;
	char **env;

	result->run = &s->plan->run[index];
	/* The last lines of the bundled programs would stand between ours. */
	if (result->run->bundled)
		s->plan->run[index].log = vr_xprintf("%s/%s.txt", s->dir, result->run->label);
	if (!pattern || vrun_preload_environment(pattern, s->options, &env)) {
		free(pattern);
		return -EINVAL;
	}
	vrun_progress_begin(progress, index);
	vrun_watch_run(watch, result->run, env, search ? s->dir : NULL, progress, &result->end);
	vrun_progress_end(progress);
	vrun_preload_free(env);
	free(pattern);
	vrun_results_read(result, s->dir, s->options);
	vrun_budgets_judge(result, s->options);
	vrun_files_write(result, s->dir);
	vrun_screen_trouble(result);
	return 0;
}

static bool is_verdict(int status)
{
	return status >= GATE_FIRST && status <= GATE_LAST;
}

/* The word of gate and budgets first, then the first target that failed; what could not be
 * judged does not pass either. */
static int join_status(int status, const struct vrun_result *r)
{
	int gate = r->gate < 0 || r->gate == 1 ? STATUS_OWN : r->gate;
	int budgets = r->budgets < 0 || r->budgets == 1 ? STATUS_OWN : r->budgets;
	int end = vrun_end_status(&r->end);

	if (is_verdict(status))
		return status;
	if (is_verdict(gate) || is_verdict(budgets))
		return is_verdict(gate) ? gate : budgets;
	if (status || end)
		return status ? status : end;
	return gate ? gate : budgets;
}

/* All runs, or those before an interrupt.  Returns the status to end with. */
static int run_all(struct vrun_session *s)
{
	struct vrun_progress progress = {.plan = s->plan};
	struct vrun_watch watch;
	int status = 0;

	vrun_watch_begin(&watch);
	for (size_t i = 0; i < s->plan->runs; i++) {
		struct vrun_result *result = &s->result[i];
		int interrupt;

		if (run_one(s, &watch, &progress, result, i))
			return STATUS_OWN;
		s->results++;
		status = join_status(status, result);
		interrupt =
		    result->end.interrupt ? result->end.interrupt : vrun_watch_pending(&watch);
		if (interrupt) {
			vr_warn("%s: ending after %zu of %zu runs", strsignal(interrupt),
				s->results, s->plan->runs);
			break;
		}
	}
	return status;
}

/* Does a process that was recorded live on? */
static bool is_alive(const struct vrun_session *s)
{
	for (size_t i = 0; i < s->results; i++) {
		const struct vrun_result *r = &s->result[i];

		for (size_t k = 0; k < r->records; k++) {
			const char *status = vrun_json_text(r->record[k].info, "run.status");

			if (strcmp(status, "running") == 0 || strcmp(status, "starting") == 0)
				return true;
		}
	}
	return false;
}

static int run_session(struct vrun_session *s)
{
	char *dir = vrun_records_directory(s->options->out);
	int status;

	if (!dir)
		return STATUS_OWN;
	s->dir = dir;
	s->result = vr_xcalloc(s->plan->runs, sizeof(*s->result));
	status = run_all(s);
	if (s->results) {
		if (vrun_summary_write(s) && !status)
			status = STATUS_OWN;
		vrun_screen_print(s);
	}
	vrun_nickname_end(is_alive(s));
	for (size_t i = 0; i < s->plan->runs; i++)
		vrun_results_free(&s->result[i]);
	free(s->result);
	free(dir);
	return status;
}

int main(int argc, char **argv)
{
	struct vrun_options options;
	struct vrun_plan plan = {0};
	struct vrun_session session = {.options = &options, .plan = &plan, .argv = argv};
	int err, status;

	vr_program_set("vprof-run", STATUS_OWN);
	err = vrun_options_parse(&options, argc, argv);
	if (err == -ECANCELED) {
		free(options.symbol);
		free(options.budget);
		return 0;
	}
	if (err || vrun_engine_find() || vrun_budgets_check(&options) ||
	    vrun_plan_make(&plan, &options))
		return STATUS_OWN;
	status = check_targets(&plan);
	if (!status)
		status = run_session(&session);
	vrun_plan_free(&plan);
	free(options.symbol);
	free(options.budget);
	return status;
}
