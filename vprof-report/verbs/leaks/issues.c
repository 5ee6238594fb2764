/* leaks as findings for other programs: rows for output/out_issues.h. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "cli/xalloc.h"
#include "model/identity.h"
#include "model/responsible.h"
#include "text/budgets.h"
#include "text/leaks.h"
#include "text/names.h"
#include "text/recorded.h"
#include "verbs/leaks/leaks.h"

#define FREE_IT                                                                                    \
	"Free the block before the last pointer to it goes, or hand it to an owner that does."

static const struct vr_issue_rule rules[] = {
    [VR_LOST] = {"lost", "LostMemory", "Memory that nothing points to any more.", FREE_IT,
		 VR_ISSUE_ERROR},
    [VR_INDIRECT] = {"indirect", "IndirectlyLostMemory", "Memory that only lost memory points to.",
		     "It is lost with its owner: free the owner, and what it owns.",
		     VR_ISSUE_ERROR},
    [VR_GROWING] = {"growing", "GrowingMemory",
		    "Memory in use that grows without bound over the run.",
		    "Give the cache, queue or log a bound, or remove what is not needed any more.",
		    VR_ISSUE_ERROR},
    [VR_POSSIBLE] = {"possible", "PossiblyLostMemory",
		     "Memory that only pointers into its middle or past its end lead to.",
		     "Look whether such a pointer is how the program finds it.", VR_ISSUE_NOTE},
};
#define RULES (sizeof(rules) / sizeof(rules[0]))

/* Texts that live until the run was printed. */
struct kept {
	char **text;
	size_t count, room;
};

static const char *keep(struct kept *kept, char *text)
{
	kept->text = vr_xgrow(kept->text, kept->count, &kept->room, sizeof(*kept->text));
	kept->text[kept->count++] = text;
	return text;
}

static void fill_issue(struct vr_context *ctx, const struct vr_leaks_view *view,
		       const struct vr_leak *leak, struct vr_issue *issue, struct kept *kept,
		       const char *cwd)
{
	static const char *const state[] = {NULL, "new", "updated", "unchanged"};
	char print[VR_FINGERPRINT];
	char *excuse = vr_excuse_text(leak);
	int is_leak = vr_leak_counts(leak, view->plan->strict);
	struct vr_issue_frame *frame;

	vr_fingerprint(ctx->profile->stacks, leak->node, print);
	*issue = (struct vr_issue){
	    .rule = leak->verdict,
	    .level = is_leak ? VR_ISSUE_ERROR : VR_ISSUE_NOTE,
	    .title = keep(kept, vr_leak_title(leak)),
	    .place =
		keep(kept, vr_responsible_text(ctx->profile->stacks, leak->node, ctx->strip_dirs)),
	    .by = "allocated by",
	    .excuse = excuse ? keep(kept, excuse) : NULL,
	    .left_out = leak->excuse == VR_EXCUSE_SUPPRESSED,
	    .state = state[leak->change],
	    .fingerprint = keep(kept, vr_xstrdup(print)),
	    .blocks = leak->blocks,
	    .bytes = leak->bytes,
	    .confidence = leak->confidence,
	};
	frame = vr_issue_frames(ctx, leak->node, cwd, issue);
	if (frame)
		keep(kept, (char *)frame);
}

/* One question a verdict, then one a failure that is no leak of its own.
 *   why   nobody can say whether something is lost; NULL: somebody can */
static size_t fill_checks(const struct vr_leaks_view *view, struct vr_issue_check *check,
			  const char *why)
{
	const struct vr_leaks *leaks = view->leaks;
	int lost = leaks->sum[VR_LOST].sites || leaks->sum[VR_INDIRECT].sites;
	size_t count = 0;

	/* Each leak is a case of its own, and fails there. */
	if (!lost)
		check[count++] = (struct vr_issue_check){
		    "nothing is lost", why ? VR_CHECK_SKIP : VR_CHECK_PASS, why ? why : "", 0};
	if (!leaks->sum[VR_GROWING].sites)
		check[count++] = (struct vr_issue_check){
		    "nothing grows without bound",
		    leaks->growth_judged || leaks->nothing_live ? VR_CHECK_PASS : VR_CHECK_SKIP,
		    "not examined", 1};
	for (size_t i = 0; i < view->gate.failures; i++) {
		const struct vr_gate_failure *failure = &view->gate.failure[i];

		if (failure->status == VR_EXIT_BUDGET)
			check[count++] =
			    (struct vr_issue_check){"budget", VR_CHECK_FAIL, failure->text, 0};
		else if (failure->status == VR_EXIT_INPUT)
			check[count++] =
			    (struct vr_issue_check){"examined", VR_CHECK_ERROR, failure->text, 0};
	}
	return count;
}

void vr_leaks_print_findings(struct vr_context *ctx, const struct vr_leaks_view *view)
{
	const struct vr_file *file = ctx->profile->file;
	char *subject = vr_command_text(file, ctx->args);
	struct vr_issue *issue = vr_xcalloc(view->rows + 1, sizeof(*issue));
	struct vr_issue_check *check = vr_xcalloc(view->gate.failures + 2, sizeof(*check));
	char *cwd = getcwd(NULL, 0);
	char *why = vr_leaks_gap_text(ctx->profile, view->leaks);
	char *line = vr_leaks_line(ctx->profile, view->leaks, view->plan->strict);
	char *examined = vr_leaks_examined(ctx->profile, view->leaks, view->growth);
	char *gate = vr_gate_text(view);
	char *details = vr_xprintf("%s%s", examined, gate);
	struct kept kept = {0};
	struct vr_issue_run run = {
	    .about = "Leaks",
	    .subject = subject,
	    .path = file->path,
	    .verdict = line,
	    .details = details,
	    .host = vr_file_string(file, file->header.host),
	    .start_real_ns = file->header.start_real_ns,
	    .duration_ns = vr_file_duration_ns(file),
	    .exit_status = view->gate.status,
	    .unexamined = view->answer == VR_ANSWER_UNEXAMINED,
	    .rule = rules,
	    .rules = RULES,
	    .issue = issue,
	    .check = check,
	};

	for (size_t i = 0; i < view->rows && i < ctx->limit; i++)
		if (view->row[i]->verdict < RULES)
			fill_issue(ctx, view, view->row[i], &issue[run.issues++], &kept,
				   cwd ? cwd : "");
	run.checks = fill_checks(view, check, why);
	vr_issues_run(view->plan->as, ctx->out, &run, view->plan->runs++);
	while (kept.count)
		free(kept.text[--kept.count]);
	free(kept.text);
	free(details);
	free(subject);
	free(why);
	free(gate);
	free(examined);
	free(line);
	free(cwd);
	free(check);
	free(issue);
}
