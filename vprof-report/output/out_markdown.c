/* Markdown, for a comment or the summary of a workflow. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "output/out.h"
#include "output/out_issues.h"

/* Text of unknown origin: nothing in it is markup, nothing ends a cell. */
static void put(FILE *out, const char *text)
{
	char *clean = vr_text_clean(text);

	for (const char *c = clean; *c; c++) {
		if (*c == '<')
			fputs("&lt;", out);
		else if (*c == '&')
			fputs("&amp;", out);
		else if (strchr("\\`*_{}[]|#~$@", *c))
			fprintf(out, "\\%c", *c);
		else
			fputc(*c, out);
	}
	free(clean);
}

static void put_lines(FILE *out, const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");
		char *line = strndup(text, length);

		if (line)
			put(out, line);
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
	put(out, issue->place);
	fputs(" | ", out);
	if (issue->state) {
		put(out, issue->state);
		sep = ", ";
	}
	if (issue->excuse) {
		fputs(sep, out);
		put(out, issue->excuse);
	}
	fputs(" |\n", out);
}

static void put_stack(FILE *out, const struct vr_issue *issue)
{
	fputs("\n<details><summary>", out);
	put(out, issue->title);
	fputs("</summary>\n\n", out);
	for (size_t i = 0; i < issue->frames; i++) {
		fputs("- ", out);
		put(out, issue->frame[i].function);
		if (issue->frame[i].file[0]) {
			fputs(" (", out);
			put(out, issue->frame[i].file);
			if (issue->frame[i].line > 0)
				fprintf(out, ":%d", issue->frame[i].line);
			fputc(')', out);
		}
		fputc('\n', out);
	}
	fputs("\n</details>\n", out);
}

void vr_markdown_run(FILE *out, const struct vr_issue_run *run, size_t index)
{
	if (index)
		fputc('\n', out);
	fputs("### Leaks: ", out);
	put(out, run->subject);
	fputs("\n\n**", out);
	put(out, run->verdict);
	fputs("**\n\n", out);
	put_lines(out, run->details);
	if (run->issues) {
		fputs("\n| verdict | bytes | blocks | allocated by | |\n|---|--:|--:|---|---|\n",
		      out);
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
		put(out, check->name);
		fputs("**: ", out);
		put(out, check->text);
		fputc('\n', out);
	}
}
