#include "summary.h"
#include "cli/quote.h"
#include "cli/text.h"
#include "cli/units.h"
#include "cli/warn.h"
#include "cli/xalloc.h"
#include "engine.h"
#include "sections.h"
#include "words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* "virtuoso and monitor": each program once. */
static char *programs(const struct vrun_session *s)
{
	char *all = vr_xstrdup("");
	size_t seen = 0;

	for (size_t i = 0; i < s->plan->runs; i++) {
		const char *name = vr_text_base(s->plan->run[i].argv[0]);
		size_t k = 0;

		while (k < i && strcmp(vr_text_base(s->plan->run[k].argv[0]), name) != 0)
			k++;
		if (k < i)
			continue;
		all = vr_xappend(all, "%s%s", seen++ ? " and " : "", name);
	}
	return all;
}

/* As it was typed up to COMMAND; that is as the first run had it. */
static char *command_line(const struct vrun_session *s)
{
	char *const *word = s->argv + 1;
	char **all;
	char *text, *command;
	size_t own = 0;

	while (word[own] && word + own != s->options->command)
		own++;
	all = vr_xcalloc(own + 1, sizeof(*all));
	memcpy(all, word, own * sizeof(*all));
	text = vr_quote_words(all);
	free(all);
	if (!s->options->command)
		return text;
	command = vrun_results_command(&s->result[0]);
	text = vr_xappend(text, " %s", command);
	free(command);
	return text;
}

static void write_head(const struct vrun_session *s, FILE *out)
{
	char *name = programs(s), *command = command_line(s), *line;
	time_t now = time(NULL);
	char date[64];

	strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", localtime(&now));
	fprintf(out, "# Profile of ");
	vr_quote_md_text(out, name);
	line = vr_xprintf("vprof-run %s", command);
	fprintf(out, "\n\n%s, by ", date);
	vr_quote_md_code(out, line);
	fprintf(out, "\n");
	free(line);
	free(command);
	free(name);
}

static void write_run_row(const struct vrun_session *s, const struct vrun_result *r, FILE *out)
{
	char time[VR_UNIT_MAX], cpu[VR_UNIT_MAX], peak[VR_UNIT_MAX];
	char *end = vrun_end_text(&r->end), *leaks = vrun_leak_words(s, r);

	vr_format_seconds(time, r->end.ran_s);
	fprintf(out, "| ");
	vr_quote_md_text(out, r->run->name);
	fprintf(out, " | %s | %s | %s | ", time,
		r->summary && !s->options->skip_cpu
		    ? vr_format_ns(cpu, vrun_json_u64(r->summary, "cpu_ns"))
		    : "-",
		r->heap ? vr_format_bytes(peak, vrun_json_u64(r->summary, "peak_bytes")) : "-");
	vr_quote_md_text(out, leaks);
	fprintf(out, " | ");
	vr_quote_md_text(out, end);
	fprintf(out, " |\n");
	free(end);
	free(leaks);
}

static void write_runs(const struct vrun_session *s, FILE *out)
{
	size_t left = s->plan->runs - s->results;

	fprintf(out, "\n## What ran\n\n"
		     "| run | took | CPU time | heap at its peak | leaks | how it ended |\n"
		     "|---|--:|--:|--:|---|---|\n");
	for (size_t i = 0; i < s->results; i++)
		write_run_row(s, &s->result[i], out);
	if (left)
		fprintf(out, "\n%zu more run%s did not take place.\n", left, left == 1 ? "" : "s");
}

static void write_finding(FILE *out, size_t number, const char *run, const char *text,
			  const char *command)
{
	fprintf(out, "%zu. **", number);
	vr_quote_md_text(out, run);
	fprintf(out, "**: ");
	vr_quote_md_text(out, text);
	fprintf(out, "\n");
	if (*command) {
		fprintf(out, "\n       ");
		vr_quote_md_block(out, command);
		fprintf(out, "\n\n");
	}
}

static void write_first(const struct vrun_session *s, FILE *out)
{
	fprintf(out, "\n## What to look at first\n\n");
	if (!vrun_findings(s, out, write_finding))
		fprintf(out, "Nothing stands out.\n");
}

/* Commands that work as they stand, on the first run with a record. */
static void write_next(const struct vrun_session *s, FILE *out)
{
	const char *file = NULL;
	size_t spans = 0;
	char *quoted;

	for (size_t i = 0; i < s->results && !file; i++) {
		if (!s->result[i].summary)
			continue;
		file = s->result[i].record[0].path;
		spans = json_array_size(vrun_json_at(s->result[i].spans, "spans"));
	}
	if (!file)
		return;
	quoted = vr_quote_shell(file);
	fprintf(out,
		"\n## Further\n\n"
		"Commands for the directory in which vprof-run was started; another run's file\n"
		"works the same.\n\n");
	fprintf(out, "    vprof-report summary %s\n", quoted);
	if (!s->options->skip_cpu)
		fprintf(out,
			"    vprof-report flat --sort cumulative %s\n"
			"    vprof-report tree %s\n",
			quoted, quoted);
	if (!s->options->skip_memory)
		fprintf(out,
			"    vprof-report heap --sort calls %s\n"
			"    vprof-report leaks %s\n",
			quoted, quoted);
	fprintf(out,
		"    vprof-report loop %s\n"
		"    vprof-report waits %s\n"
		"    vprof-report locks %s\n",
		quoted, quoted, quoted);
	if (spans)
		fprintf(out, "    vprof-report spans %s\n", quoted);
	free(quoted);
}

int vrun_summary_write(const struct vrun_session *s)
{
	char *path = vr_xprintf("%s/" VRUN_SUMMARY, s->dir);
	FILE *out = fopen(path, "we");
	int err = 0;

	if (out) {
		write_head(s, out);
		write_runs(s, out);
		write_first(s, out);
		for (size_t i = 0; i < s->results; i++)
			vrun_sections_write(s, &s->result[i], out);
		write_next(s, out);
		if (ferror(out))
			err = -EIO;
		if (fclose(out) != 0)
			err = -errno;
	} else {
		err = -errno;
	}
	if (err)
		vr_warn("%s: %s", path, strerror(-err));
	free(path);
	return err;
}
