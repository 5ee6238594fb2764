#include "budgets.h"
#include "cli/text.h"
#include "cli/xalloc.h"
#include "engine.h"

#include <errno.h>
#include <stdlib.h>

#define RECORDS_MOST 3000u /* that fit a command, beside the budgets */
/* Exit statuses of vprof-report check. */
#define MISREAD 1
#define BROKEN	24

/* `check` of all budgets; `format` NULL: as people read it.  free() it. */
static const char **words(const struct vrun_options *o, const char *format,
			  const struct vrun_result *r)
{
	size_t records = r ? r->records : 0, n = 0;
	const char **word;

	records = records < RECORDS_MOST ? records : RECORDS_MOST;
	word = vr_xcalloc(2 * o->budgets + records + 5, sizeof(*word));
	word[n++] = "check";
	for (size_t i = 0; i < o->budgets; i++) {
		word[n++] = "--fail-if";
		word[n++] = o->budget[i];
	}
	if (format) {
		word[n++] = "--format";
		word[n++] = format;
	}
	for (size_t i = 0; i < records; i++)
		word[n++] = r->record[i].path;
	if (!r)
		word[n++] = "/dev/null"; /* which is no record: only the words are looked at */
	return word;
}

int vrun_budgets_check(const struct vrun_options *options)
{
	const char **word = words(options, NULL, NULL);
	int misread = options->budgets && vrun_engine_run(word) == MISREAD;

	if (misread)
		vrun_engine_print(word, false);
	free(word);
	return misread ? -EINVAL : 0;
}

void vrun_budgets_judge(struct vrun_result *r, const struct vrun_options *options)
{
	const char **word = words(options, NULL, r);

	if (options->budgets)
		r->budgets = r->records ? vrun_engine_run(word) : -1;
	free(word);
}

void vrun_budgets_print(const struct vrun_session *s)
{
	for (size_t i = 0; i < s->results; i++) {
		const struct vrun_result *r = &s->result[i];
		const char **word;

		if (!r->budgets)
			continue;
		printf("\nBudgets %s: ", r->budgets == BROKEN ? "exceeded" : "not all judged");
		vr_text_put(stdout, r->run->name);
		putchar('\n');
		fflush(stdout);
		word = words(s->options, NULL, r);
		if (r->records)
			vrun_engine_print(word, true);
		free(word);
	}
}

void vrun_budgets_write(const struct vrun_session *s, const struct vrun_result *r, FILE *out)
{
	const char **word = words(s->options, "markdown", r);
	char *text = s->options->budgets && r->records ? vrun_engine_text(word) : NULL;

	if (text)
		fprintf(out, "\n%s", text);
	free(text);
	free(word);
}
