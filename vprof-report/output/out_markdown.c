/* Markdown, for a comment or the summary of a workflow. */
#include <stdlib.h>
#include <string.h>

#include "cli/quote.h"
#include "cli/units.h"
#include "cli/xalloc.h"
#include "output/out.h"
#include "output/out_issues.h"

static void put_lines(FILE *out, const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");
		char *line = strndup(text, length);

		if (line)
			vr_quote_md_text(out, line);
		free(line);
		fputc('\n', out);
		text += length + (text[length] == '\n');
	}
}

static void put_row(FILE *out, const struct vr_issue_run *run, const struct vr_issue *issue)
{
	char bytes[VR_UNIT_MAX], blocks[VR_UNIT_MAX];
	const char *sep = "";

	fprintf(out, "| %s | %s | %s | ", run->rule[issue->rule].id,
		vr_format_bytes(bytes, issue->bytes), vr_format_count(blocks, issue->blocks));
	vr_quote_md_code(out, issue->place);
	fputs(" | ", out);
	if (issue->state) {
		vr_quote_md_text(out, issue->state);
		sep = ", ";
	}
	if (issue->excuse) {
		fputs(sep, out);
		vr_quote_md_text(out, issue->excuse);
	}
	fputs(" |\n", out);
}

static void put_frame(FILE *out, const struct vr_issue_frame *frame)
{
	fputs("- ", out);
	vr_quote_md_code(out, frame->function);
	if (frame->file[0]) {
		char *place = frame->line > 0 ? vr_xprintf("%s:%d", frame->file, frame->line)
					      : vr_xstrdup(frame->file);

		fputs(" in ", out);
		vr_quote_md_code(out, place);
		free(place);
	}
	fputc('\n', out);
}

/* The first line is HTML, where Markdown means nothing; no name is in the title. */
static void put_stack(FILE *out, const struct vr_issue *issue)
{
	fputs("\n<details><summary>", out);
	vr_quote_xml(out, issue->title);
	fputs("</summary>\n\n", out);
	for (size_t i = 0; i < issue->frames; i++)
		put_frame(out, &issue->frame[i]);
	fputs("\n</details>\n", out);
}

void vr_markdown_run(FILE *out, const struct vr_issue_run *run, size_t index)
{
	if (index)
		fputc('\n', out);
	fprintf(out, "### %s: ", run->about);
	vr_quote_md_text(out, run->subject);
	fputs("\n\n**", out);
	vr_quote_md_text(out, run->verdict);
	fputs("**\n\n", out);
	put_lines(out, run->details);
	if (run->issues) {
		fprintf(out, "\n| verdict | bytes | blocks | %s | |\n|---|--:|--:|---|---|\n",
			run->issue[0].by);
		for (size_t i = 0; i < run->issues; i++)
			put_row(out, run, &run->issue[i]);
		for (size_t i = 0; i < run->issues; i++)
			put_stack(out, &run->issue[i]);
	}
	for (size_t i = 0; i < run->checks; i++) {
		const struct vr_issue_check *check = &run->check[i];

		if (check->state == VR_CHECK_PASS)
			continue;
		fputs("\n- **", out);
		vr_quote_md_text(out, check->name);
		fputs("**: ", out);
		vr_quote_md_text(out, check->text);
		fputc('\n', out);
	}
}
