/* JUnit XML, as test runners and CI servers read it: a suite for each run, a case
 * for each question and each finding. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/quote.h"
#include "output/out.h"
#include "output/out_issues.h"

static void attribute(FILE *out, const char *name, const char *value)
{
	fprintf(out, " %s=\"", name);
	vr_quote_xml(out, value);
	fputc('"', out);
}

/* Keeps the ends of lines. */
static void put_lines(FILE *out, const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");
		char *line = strndup(text, length);

		if (line)
			vr_quote_xml(out, line);
		free(line);
		fputc('\n', out);
		text += length + (text[length] == '\n');
	}
}

static void put_stack(FILE *out, const struct vr_issue *issue)
{
	for (size_t i = 0; i < issue->frames; i++) {
		const struct vr_issue_frame *frame = &issue->frame[i];

		fputs("  ", out);
		vr_quote_xml(out, frame->function);
		if (frame->file[0]) {
			fputs(" (", out);
			vr_quote_xml(out, frame->file);
			if (frame->line > 0)
				fprintf(out, ":%d", frame->line);
			fputc(')', out);
		}
		fputc('\n', out);
	}
}

static void put_issue(FILE *out, const struct vr_issue_run *run, const struct vr_issue *issue)
{
	const struct vr_issue_rule *rule = &run->rule[issue->rule];

	fputs("    <testcase", out);
	attribute(out, "classname", rule->id);
	attribute(out, "name", issue->place);
	if (issue->frames && issue->frame[issue->at].file[0])
		attribute(out, "file", issue->frame[issue->at].file);
	fputs(" time=\"0\">\n      ", out);
	if (issue->excuse) {
		fputs("<skipped", out);
		attribute(out, "message", issue->excuse);
		fputs("/>\n", out);
	} else {
		fputs("<failure", out);
		attribute(out, "type", rule->id);
		attribute(out, "message", issue->title);
		fputc('>', out);
		vr_quote_xml(out, issue->title);
		fputc('\n', out);
		put_stack(out, issue);
		fputs("fingerprint ", out);
		vr_quote_xml(out, issue->fingerprint);
		fputs("</failure>\n", out);
	}
	fputs("    </testcase>\n", out);
}

static void put_check(FILE *out, const struct vr_issue_check *check)
{
	static const char *const element[] = {
	    [VR_CHECK_FAIL] = "failure", [VR_CHECK_ERROR] = "error", [VR_CHECK_SKIP] = "skipped"};

	fputs("    <testcase classname=\"gate\"", out);
	attribute(out, "name", check->name);
	fputs(" time=\"0\"", out);
	if (check->state == VR_CHECK_PASS) {
		fputs("/>\n", out);
		return;
	}
	fprintf(out, ">\n      <%s", element[check->state]);
	attribute(out, "message", check->text);
	fputs("/>\n    </testcase>\n", out);
}

/* Failing ones (state FAIL), errors or skipped ones among checks and findings;
 * what is only a note is no test and not in the file. */
static size_t count(const struct vr_issue_run *run, enum vr_check_state state)
{
	size_t sum = 0;

	for (size_t i = 0; i < run->checks; i++)
		sum += run->check[i].state == state;
	for (size_t i = 0; i < run->issues; i++) {
		const struct vr_issue *issue = &run->issue[i];

		if (issue->level == VR_ISSUE_NOTE)
			continue;
		sum += state == (issue->excuse ? VR_CHECK_SKIP : VR_CHECK_FAIL);
	}
	return sum;
}

void vr_junit_begin(FILE *out)
{
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"vprof-report\">\n",
	      out);
}

void vr_junit_run(FILE *out, const struct vr_issue_run *run)
{
	time_t start = (time_t)(run->start_real_ns / 1000000000);
	size_t failing = count(run, VR_CHECK_FAIL), errors = count(run, VR_CHECK_ERROR);
	size_t skipped = count(run, VR_CHECK_SKIP);
	char stamp[32] = "1970-01-01T00:00:00";
	struct tm tm;

	if (gmtime_r(&start, &tm))
		strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
	fputs("  <testsuite", out);
	attribute(out, "name", run->subject);
	attribute(out, "hostname", run->host);
	fprintf(out,
		" timestamp=\"%s\" time=\"%.3f\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" "
		"skipped=\"%zu\">\n",
		stamp, (double)run->duration_ns / 1e9,
		failing + errors + skipped + count(run, VR_CHECK_PASS), failing, errors, skipped);
	for (size_t i = 0; i < run->checks; i++)
		put_check(out, &run->check[i]);
	for (size_t i = 0; i < run->issues; i++)
		if (run->issue[i].level != VR_ISSUE_NOTE)
			put_issue(out, run, &run->issue[i]);
	fputs("    <system-out>", out);
	vr_quote_xml(out, run->path);
	fputs(": ", out);
	vr_quote_xml(out, run->verdict);
	fputc('\n', out);
	put_lines(out, run->details);
	fputs("</system-out>\n  </testsuite>\n", out);
}

void vr_junit_end(FILE *out)
{
	fputs("</testsuites>\n", out);
}
