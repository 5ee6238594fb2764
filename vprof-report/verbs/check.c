/* check: budgets of the command line, one a row, each with what made it so. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "cli/warn.h"
#include "cli/xalloc.h"
#include "model/growth.h"
#include "model/identity.h"
#include "output/out.h"
#include "text/budgets.h"
#include "text/json.h"
#include "text/names.h"
#include "text/notes.h"
#include "text/recorded.h"
#include "verbs/budgets.h"
#include "verbs/verb.h"

/* What is kept from one file to the next. */
struct plan {
	struct vr_budgets budgets;
	int issues; /* 1: the format is one of output/out_issues.h */
	enum vr_issue_format as;
	size_t runs;
};

static const char *const state_name[] = {
    [VR_BUDGET_KEPT] = "kept",
    [VR_BUDGET_BROKEN] = "broken",
    [VR_BUDGET_UNKNOWN] = "unknown",
    [VR_BUDGET_UNSEEN] = "unseen",
};

static int begin(struct vr_context *ctx)
{
	struct plan *plan = vr_xcalloc(1, sizeof(*plan));

	ctx->plan = plan;
	if (!ctx->opts->fail_if.count) {
		vr_warn("check needs at least one --fail-if BUDGET; see check --help");
		return VR_EXIT_USAGE;
	}
	if (vr_budgets_read(&plan->budgets, ctx->opts))
		return VR_EXIT_USAGE;
	plan->issues = ctx->format == VR_FORMAT_OWN;
	plan->as = (enum vr_issue_format)ctx->own_format;
	if (plan->issues)
		vr_issues_begin(plan->as, ctx->out);
	return VR_EXIT_OK;
}

static void end(struct vr_context *ctx)
{
	struct plan *plan = ctx->plan;

	if (plan->issues)
		vr_issues_end(plan->as, ctx->out);
	vr_budgets_free(&plan->budgets);
	free(plan);
	ctx->plan = NULL;
}

static int last_word(struct vr_context *ctx)
{
	struct plan *plan = ctx->plan;

	return vr_budgets_last_word(&plan->budgets);
}

/* --- table and CSV --------------------------------------------------------------- */

static void print_table(struct vr_context *ctx, const struct vr_budgets *budgets,
			const struct vr_answer *answer)
{
	static const struct vr_column columns[] = {
	    {"verdict", "verdict", VR_TEXT, VR_RIGID, 0},
	    {"value", "the run has", VR_TEXT, VR_RIGID, 0},
	    {"budget", "budget", VR_TEXT, VR_KEEP_START, 0},
	    {"why", "why", VR_TEXT, VR_KEEP_START, 0},
	};
	int csv = ctx->format == VR_FORMAT_CSV;
	struct vr_table *table = vr_table_new(columns, csv ? 4 : 3);

	for (size_t i = 0; i < budgets->count; i++) {
		char *values = vr_budget_values(&budgets->budget[i], &answer[i]);
		struct vr_cell cell[4] = {
		    {.s = state_name[answer[i].state]},
		    {.s = values, .null = answer[i].state >= VR_BUDGET_UNKNOWN},
		    {.s = budgets->budget[i].text},
		    {.s = answer[i].why ? answer[i].why : "", .null = !answer[i].why},
		};

		vr_table_row(table, cell);
		free(values);
	}
	if (csv)
		vr_table_csv(table, ctx->out);
	else
		vr_table_print(table, ctx->out, ctx->width);
	vr_table_free(table);
}

/* What is wrong with one, below the table. */
static void print_failure(struct vr_context *ctx, const struct vr_budget *budget,
			  const struct vr_answer *answer)
{
	char *line, *culprits;

	if (answer->state == VR_BUDGET_KEPT)
		return;
	line = vr_budget_line(budget, answer);
	fputc('\n', ctx->out);
	vr_text_print(ctx->out, line);
	fputc('\n', ctx->out);
	free(line);
	if (answer->state != VR_BUDGET_BROKEN)
		return;
	culprits = vr_budget_culprits(ctx, budget, answer);
	fputs(culprits, ctx->out);
	free(culprits);
}

/* --- JSON ------------------------------------------------------------------------ */

static json_t *culprit_json(struct vr_context *ctx, const struct vr_condition *condition,
			    const struct vr_culprit *culprit)
{
	json_t *object = json_object();
	char *text = vr_culprit_text(ctx, condition, culprit);

	vr_json_set_text(object, "text", text);
	json_object_set_new(object, "value", json_real(culprit->value));
	json_object_set_new(object, "bytes", json_integer((json_int_t)culprit->bytes));
	json_object_set_new(object, "frames", vr_json_frames(ctx->profile->stacks, culprit->node));
	free(text);
	return object;
}

static json_t *answer_json(struct vr_context *ctx, const struct vr_budget *budget,
			   const struct vr_answer *answer)
{
	json_t *object = json_object(), *conditions = json_array();

	vr_json_set_text(object, "budget", budget->text);
	vr_json_set_text(object, "verdict", state_name[answer->state]);
	if (answer->why)
		vr_json_set_text(object, "why", answer->why);
	else
		json_object_set_new(object, "why", json_null());
	for (size_t i = 0; i < answer->count; i++) {
		const struct vr_found *found = &answer->found[i];
		json_t *one = json_object(), *culprits = json_array();
		int known = !found->unknown && !found->unseen && isfinite(found->low);

		json_object_set_new(one, "value", known ? json_real(found->low) : json_null());
		for (size_t k = 0; k < found->culprits && k < ctx->limit; k++)
			json_array_append_new(
			    culprits, culprit_json(ctx, &budget->condition[i], &found->culprit[k]));
		json_object_set_new(one, "culprits", culprits);
		json_array_append_new(conditions, one);
	}
	json_object_set_new(object, "conditions", conditions);
	return object;
}

static json_t *document(struct vr_context *ctx, const struct vr_budgets *budgets,
			const struct vr_answer *answer, int status)
{
	json_t *object = json_object(), *array = json_array();

	json_object_set_new(object, "status", json_integer(status));
	for (size_t i = 0; i < budgets->count; i++)
		json_array_append_new(array, answer_json(ctx, &budgets->budget[i], &answer[i]));
	json_object_set_new(object, "budgets", array);
	return object;
}

/* --- findings for other programs ---------------------------------------------------- */

static const struct vr_issue_rule rules[] = {
    {"budget", "BudgetExceeded", "More than the budget of this program allows.",
     "Look at the call path: do less of it there, or raise the budget.", VR_ISSUE_ERROR},
};

/* What lives until the run was printed. */
struct kept {
	char **text;
	size_t count, room;
};

static char *keep(struct kept *kept, void *text)
{
	kept->text = vr_xgrow(kept->text, kept->count, &kept->room, sizeof(*kept->text));
	return kept->text[kept->count++] = text;
}

static void add_issue(struct vr_context *ctx, const struct vr_budget *budget,
		      const struct vr_answer *answer, struct vr_issue *issue, struct kept *kept)
{
	const struct vr_culprit *culprit = vr_budget_culprit(answer);
	uint32_t node = culprit ? culprit->node : VPROF_NODE_ROOT;
	char print[VR_FINGERPRINT], *cwd = getcwd(NULL, 0);

	vr_fingerprint(ctx->profile->stacks, node, print);
	*issue = (struct vr_issue){
	    .level = VR_ISSUE_ERROR,
	    .title = keep(kept, vr_budget_line(budget, answer)),
	    .place = keep(kept, vr_responsible_text(ctx->profile->stacks, node, ctx->strip_dirs)),
	    .by = "at",
	    .fingerprint = keep(kept, vr_xstrdup(print)),
	    .blocks = culprit && culprit->value > 0 ? (uint64_t)culprit->value : 0,
	    .bytes = culprit ? culprit->bytes : 0,
	    .confidence = 1,
	};
	keep(kept, vr_issue_frames(ctx, node, cwd ? cwd : "", issue));
	free(cwd);
}

/* Another record of the run may have it. */
static int has_unseen(const struct plan *plan, const struct vr_answer *answer)
{
	size_t i = 0;

	while (i < plan->budgets.count && answer[i].state != VR_BUDGET_UNSEEN)
		i++;
	return i < plan->budgets.count;
}

static void print_issues(struct vr_context *ctx, struct plan *plan, const struct vr_answer *answer,
			 int status)
{
	const struct vr_file *file = ctx->profile->file;
	size_t count = plan->budgets.count;
	struct vr_issue *issue = vr_xcalloc(count + 1, sizeof(*issue));
	struct vr_issue_check *check = vr_xcalloc(count + 1, sizeof(*check));
	struct kept kept = {0};
	struct vr_issue_run run = {
	    .about = "Budgets",
	    .subject = keep(&kept, vr_command_text(file, ctx->args)),
	    .path = file->path,
	    .verdict = status == VR_EXIT_BUDGET ? "a budget is exceeded"
		       : status != VR_EXIT_OK	? "a budget cannot be judged"
		       : has_unseen(plan, answer)
			   ? "a budget is about something that this record does not have"
			   : "all budgets are kept",
	    .details = "",
	    .host = vr_file_string(file, file->header.host),
	    .start_real_ns = file->header.start_real_ns,
	    .duration_ns = vr_file_duration_ns(file),
	    .exit_status = status,
	    .rule = rules,
	    .rules = 1,
	    .issue = issue,
	    .check = check,
	};

	for (size_t i = 0; i < count; i++) {
		const struct vr_budget *budget = &plan->budgets.budget[i];

		if (answer[i].state == VR_BUDGET_BROKEN)
			add_issue(ctx, budget, &answer[i], &issue[run.issues++], &kept);
		else
			check[run.checks++] = (struct vr_issue_check){
			    budget->text,
			    answer[i].state == VR_BUDGET_KEPT ? VR_CHECK_PASS : VR_CHECK_ERROR,
			    answer[i].state == VR_BUDGET_KEPT
				? ""
				: keep(&kept, vr_budget_line(budget, &answer[i])),
			    0};
	}
	vr_issues_run(plan->as, ctx->out, &run, plan->runs++);
	while (kept.count)
		free(kept.text[--kept.count]);
	free(kept.text);
	free(check);
	free(issue);
}

/* --- the verb ---------------------------------------------------------------------- */

static void print(struct vr_context *ctx, struct plan *plan, const struct vr_answer *answer,
		  int status)
{
	if (ctx->format == VR_FORMAT_JSON) {
		ctx->json = document(ctx, &plan->budgets, answer, status);
	} else if (plan->issues) {
		print_issues(ctx, plan, answer, status);
	} else {
		print_table(ctx, &plan->budgets, answer);
		for (size_t i = 0; ctx->format == VR_FORMAT_TABLE && i < plan->budgets.count; i++)
			print_failure(ctx, &plan->budgets.budget[i], &answer[i]);
	}
	for (size_t i = 0; i < plan->budgets.count; i++) {
		char *line;

		/* Whoever reads the document finds it there; who reads the log, here. */
		if (answer[i].state == VR_BUDGET_KEPT || ctx->format == VR_FORMAT_TABLE)
			continue;
		line = vr_budget_line(&plan->budgets.budget[i], &answer[i]);
		vr_warn("%s: %s", ctx->profile->file->path, line);
		free(line);
	}
}

static int run(struct vr_context *ctx)
{
	struct plan *plan = ctx->plan;
	struct vr_heap *heap = vr_heap_new(ctx->profile);
	struct vr_growth *growth = vr_growth_judge(ctx->profile, heap);
	struct vr_leaks *leaks = vr_leaks_new(ctx->profile, heap);
	struct vr_answer *answer = vr_xcalloc(plan->budgets.count, sizeof(*answer));
	int status = VR_EXIT_OK;

	vr_leaks_grow(leaks, growth);
	for (size_t i = 0; i < plan->budgets.count; i++) {
		answer[i] = vr_budget_judge(&plan->budgets.budget[i], ctx->profile, heap, leaks);
		status =
		    vr_budgets_heavier(status, vr_budgets_note(ctx, &plan->budgets, i, &answer[i]));
	}
	print(ctx, plan, answer, status);
	vr_warn_symbols(ctx);
	for (size_t i = 0; i < plan->budgets.count; i++)
		vr_answer_free(&answer[i]);
	free(answer);
	vr_leaks_free(leaks);
	vr_growth_free(growth);
	vr_heap_free(heap);
	return status;
}

static const struct vr_own_format formats[] = {
    {"junit", VR_ISSUES_JUNIT},
    {"sarif", VR_ISSUES_SARIF},
    {"github", VR_ISSUES_GITHUB},
    {"markdown", VR_ISSUES_MARKDOWN},
    {NULL, 0},
};

const struct vr_verb vr_verb_check = {
    .name = "check",
    .summary =
	"Whether the run kept its budgets, for CI: --fail-if 'allocs(tick)>0 after mark:warm'",
    .usage = "[FILE...]",
    .detail =
	"A budget is NAME[(FILTER,...)][@loop|@lock][.FIELD] OP NUMBER[UNIT] [after mark:NAME]\n"
	"[until mark:NAME], several joined by 'and'; OP is > >= < <= = !=, or in LOW..HIGH.\n"
	"  heap    allocs frees alloc_bytes freed_bytes temporary live_bytes live_blocks, by the\n"
	"          second allocs_per_s ...; peak_heap; of verdicts lost_bytes growing_sites ...\n"
	"  loops   loop.p50 .p90 .p99 .p999 .p9999 .max .iterations .busy .stalls; stalls .time\n"
	"  waits   lock.wait .waits .max; blocked .time .max, calls .bytes, of fsync: "
	"blocked(fsync)\n"
	"  spans   span(decode).p99 .max .count .time .allocs, of the whole run\n"
	"FILTER is KEY:PATTERN: span function thread module loop lock call target class, or a "
	"name\n"
	"alone: allocs(tick), loop(feed), lock(m_book), blocked(fsync)@loop. NAME? need not be\n"
	"seen. Ends with 24 where one is true, 2 where one cannot be judged: docs/budgets.md.",
    .options = VR_TAKES(VR_OPT_LIMIT, VR_OPT_FORMAT, VR_OPT_TREE, VR_OPT_STRIP, VR_OPT_FULL_NAMES,
			VR_OPT_NAMING, VR_OPT_FAIL_IF, VR_OPT_ARGS),
    .formats = formats,
    .judges = 1,
    .begin = begin,
    .end = end,
    .last_word = last_word,
    .no_label = "say it in the contract: allocs(label:K=V)",
    .run = run,
};
