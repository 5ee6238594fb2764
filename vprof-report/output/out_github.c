/* Annotations: lines that a GitHub workflow turns into remarks at a source line. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xalloc.h"
#include "output/out_issues.h"

/* A value of a workflow command; in a property , and : end it. */
static void put(FILE *out, const char *text, int property)
{
	char *valid = vr_text_utf8(text);

	for (const char *c = valid; *c; c++) {
		if (*c == '%' || *c == '\r' || *c == '\n' || (property && (*c == ':' || *c == ',')))
			fprintf(out, "%%%02X", (unsigned char)*c);
		else if ((unsigned char)*c >= ' ' || *c == '\t')
			fputc(*c, out);
	}
	free(valid);
}

static void command(FILE *out, const char *level, const struct vr_issue_frame *frame,
		    const char *title)
{
	fprintf(out, "::%s ", level);
	if (frame && frame->file[0]) {
		fputs("file=", out);
		put(out, frame->file, 1);
		if (frame->line > 0)
			fprintf(out, ",line=%d", frame->line);
		fputc(',', out);
	}
	fputs("title=", out);
	put(out, title, 1);
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
	put(out, issue->title, 0);
	put(out, ", allocated by ", 0);
	put(out, issue->place, 0);
	if (issue->excuse) {
		put(out, "\n", 0);
		put(out, issue->excuse, 0);
	}
	for (size_t i = 0; i < issue->frames; i++) {
		char *line = vr_xprintf("\n  %s%s%s", issue->frame[i].function,
					issue->frame[i].file[0] ? " " : "", issue->frame[i].file);

		put(out, line, 0);
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

		if (check->state == VR_CHECK_PASS ||
		    (check->state == VR_CHECK_SKIP && !*check->text))
			continue;
		command(out, check->state == VR_CHECK_SKIP ? "warning" : "error", NULL,
			check->name);
		put(out, check->text, 0);
		fputc('\n', out);
	}
	command(out, "notice", NULL, run->subject);
	put(out, run->verdict, 0);
	put(out, "\n", 0);
	put(out, run->details, 0);
	fputc('\n', out);
}
