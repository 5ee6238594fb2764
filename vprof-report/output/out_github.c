/* Annotations: lines that a GitHub workflow turns into remarks at a source line. */
#include <stdlib.h>
#include <string.h>

#include "cli/quote.h"
#include "cli/xalloc.h"
#include "output/out_issues.h"

/* Lines within one annotation. */
static void put_line_end(FILE *out)
{
	fputs("%0A", out);
}

static void put_lines(FILE *out, const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");
		char *line = vr_xprintf("%.*s", (int)length, text);

		vr_quote_github(out, line, 0);
		if (text[length])
			put_line_end(out);
		free(line);
		text += length + (text[length] == '\n');
	}
}

static void command(FILE *out, const char *level, const struct vr_issue_frame *frame,
		    const char *title)
{
	fprintf(out, "::%s ", level);
	if (frame && frame->file[0]) {
		fputs("file=", out);
		vr_quote_github(out, frame->file, 1);
		if (frame->line > 0)
			fprintf(out, ",line=%d", frame->line);
		fputc(',', out);
	}
	fputs("title=", out);
	vr_quote_github(out, title, 1);
	fputs("::", out);
}

static void put_issue(FILE *out, const struct vr_issue_run *run, const struct vr_issue *issue)
{
	static const char *const level[] = {"notice", "warning", "error"};
	enum vr_issue_level as = issue->excuse ? VR_ISSUE_NOTE : issue->level;

	if (issue->left_out)
		return;
	command(out, level[as], issue->frames ? &issue->frame[issue->at] : NULL,
		run->rule[issue->rule].summary);
	vr_quote_github(out, issue->title, 0);
	fprintf(out, ", %s ", issue->by);
	vr_quote_github(out, issue->place, 0);
	if (issue->excuse) {
		put_line_end(out);
		vr_quote_github(out, issue->excuse, 0);
	}
	for (size_t i = 0; i < issue->frames; i++) {
		char *line = vr_xprintf("  %s%s%s", issue->frame[i].function,
					issue->frame[i].file[0] ? " " : "", issue->frame[i].file);

		put_line_end(out);
		vr_quote_github(out, line, 0);
		if (issue->frame[i].file[0] && issue->frame[i].line > 0)
			fprintf(out, ":%d", issue->frame[i].line);
		free(line);
	}
	fputc('\n', out);
}

void vr_github_run(FILE *out, const struct vr_issue_run *run)
{
	for (size_t i = 0; i < run->issues; i++)
		put_issue(out, run, &run->issue[i]);
	for (size_t i = 0; i < run->checks; i++) {
		const struct vr_issue_check *check = &run->check[i];

		/* A warning in every short run would be read by nobody; the notice below
		 * has it, too. */
		if (check->state == VR_CHECK_PASS ||
		    (check->state == VR_CHECK_SKIP && (check->quiet || !*check->text)))
			continue;
		command(out, check->state == VR_CHECK_SKIP ? "warning" : "error", NULL,
			check->name);
		vr_quote_github(out, check->text, 0);
		fputc('\n', out);
	}
	command(out, "notice", NULL, run->subject);
	vr_quote_github(out, run->verdict, 0);
	put_line_end(out);
	put_lines(out, run->details);
	fputc('\n', out);
}
