#include "screen.h"
#include "budgets.h"
#include "cli/enough.h"
#include "cli/quote.h"
#include "cli/short.h"
#include "cli/text.h"
#include "cli/units.h"
#include "cli/warn.h"
#include "cli/xalloc.h"
#include "engine.h"
#include "summary.h"
#include "words.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_ROOM 40 /* columns for a function at the end of a row */

static const char *bold(const char *text)
{
	static char buf[128];

	if (!isatty(1))
		return text;
	snprintf(buf, sizeof(buf), "\033[1m%s\033[0m", text);
	return buf;
}

static void put_padded(const char *text, int width)
{
	vr_text_put(stdout, text);
	for (int i = (int)strlen(text); i < width; i++)
		putchar(' ');
}

/* The library has said on stderr what kept it from recording, where it was loaded. */
static void say_no_record(const struct vrun_result *r)
{
	char *program = vr_quote_shell(r->run->argv[0]);

	vr_warn("%s left no record: libvprof said why above, or was not loaded into it or into "
		"what it executed; `vprof-report doctor %s` looks for the reason",
		r->run->name, program);
	free(program);
}

void vrun_screen_trouble(const struct vrun_result *r)
{
	const json_t *info = r->records ? r->record[0].info : NULL;
	uint64_t samples = vrun_json_u64(r->by_self, "totals.samples");
	char *end;

	if (r->end.error) {
		vr_warn("%s cannot be started: %s", r->run->argv[0], strerror(r->end.error));
		return;
	}
	end = vrun_end_text(&r->end);
	if (vrun_end_bad(&r->end, r->run))
		vr_warn("%s %s%s", r->run->name, end,
			info ? "; what was recorded until then is kept" : "");
	if (!r->records)
		say_no_record(r);
	else if (!info)
		vr_warn("%s: %s cannot be read", r->run->name, r->record[0].path);
	else if (r->by_self && samples < VR_SAMPLES_ENOUGH)
		vr_warn("%s %s: %llu CPU sample%s little about where its time goes", r->run->name,
			end, (unsigned long long)samples, samples == 1 ? " says" : "s say");
	if (info && json_is_true(vrun_json_at(info, "sampling.own_malloc")))
		vr_warn("%s has a malloc of its own; its heap cannot be followed", r->run->name);
	free(end);
}

static void print_row(const struct vrun_session *s, const struct vrun_result *r, int name_width)
{
	const json_t *top = json_array_get(vrun_json_at(r->by_self, "functions"), 0);
	char time[VR_UNIT_MAX], peak[VR_UNIT_MAX];
	char *leaks = vrun_leak_words(s, r), *place = vrun_place(top);
	uint64_t cpu_ns = vrun_json_u64(r->summary, "cpu_ns");
	uint64_t ran_ns = vrun_json_u64(r->summary, "recorded_ns");

	put_padded(r->run->name, name_width);
	printf(" %8s", vr_format_seconds(time, r->end.ran_s));
	if (!r->summary) {
		printf("  no record\n");
	} else {
		printf(" %4.0f%% %10s  %-16s  ",
		       ran_ns && r->by_self ? 100.0 * (double)cpu_ns / (double)ran_ns : 0,
		       r->heap ? vr_format_bytes(peak, vrun_json_u64(r->summary, "peak_bytes"))
			       : "-",
		       leaks);
		if (top) {
			uint64_t self_ns = vrun_json_u64(top, "self_ns");
			char *name = vr_short_name(vrun_json_text(top, "function"), NAME_ROOM);

			printf("%2.0f%% ", cpu_ns ? 100.0 * (double)self_ns / (double)cpu_ns : 0);
			vr_text_put(stdout, name);
			printf(" (");
			vr_text_put(stdout, place);
			putchar(')');
			free(name);
		}
		putchar('\n');
	}
	free(leaks);
	free(place);
}

static void print_table(const struct vrun_session *s)
{
	int width = 3;
	char *head;

	for (size_t i = 0; i < s->results; i++)
		if ((int)strlen(s->result[i].run->name) > width)
			width = (int)strlen(s->result[i].run->name);
	head = vr_xprintf("%-*s %8s %5s %10s  %-16s  %s", width, "run", "took", "CPU", "heap peak",
			  "leaks", "most time of its own");
	printf("%s\n", bold(head));
	free(head);
	for (size_t i = 0; i < s->results; i++)
		print_row(s, &s->result[i], width);
}

static void print_finding(FILE *out, size_t number, const char *run, const char *text,
			  const char *command)
{
	(void)out;
	if (number == 1)
		printf("\n%s\n", bold("What to look at first:"));
	printf("%zu. ", number);
	vr_text_put(stdout, run);
	printf(": ");
	vr_text_put(stdout, text);
	putchar('\n');
	if (*command) {
		printf("     ");
		vr_text_put(stdout, command);
		putchar('\n');
	}
}

/* What made the gate fail, in vprof-report's words. */
static void print_gate(const struct vrun_session *s)
{
	for (size_t i = 0; i < s->results; i++) {
		const struct vrun_result *r = &s->result[i];

		if (!r->gate)
			continue;
		printf("\n%s ", bold("Gate failed:"));
		vr_text_put(stdout, r->run->name);
		putchar('\n');
		for (size_t k = 0; k < r->records; k++)
			vrun_engine_print(
			    (const char *[]){"leaks", r->record[k].path, "--gate", "-n", "3", NULL},
			    true);
	}
}

/* The next commands need it where they stand in no directory of PATH; which no directory
 * with a colon can be. */
static void print_path(const char *directory)
{
	char *quoted = vr_quote_shell(directory), *path, *word, *again;

	if (!strchr(directory, ':')) {
		printf("  PATH=%s:$PATH\n", quoted);
		free(quoted);
		return;
	}
	path = vr_xprintf("%s/vprof-report", directory);
	word = vr_quote_shell(path);
	again = vr_quote_shell(word);
	printf("  alias vprof-report=%s\n", again);
	free(again);
	free(word);
	free(path);
	free(quoted);
}

static void print_next(const struct vrun_session *s, const char *file)
{
	const char *missing = vrun_engine_missing_from_path();
	char *dir = vr_quote_shell(s->dir), *quoted = vr_quote_shell(file);

	printf("\n%s %s\n", bold("Results in"), dir);
	if (*file && missing)
		print_path(missing);
	printf("  less %s/" VRUN_SUMMARY "\n", dir);
	if (*file) {
		if (s->plan->runs > 1)
			printf("  vprof-report summary %s\n", quoted);
		printf("  vprof-report %s %s\n",
		       s->options->skip_cpu ? "heap" : "flat --sort cumulative", quoted);
	}
	free(quoted);
	free(dir);
}

void vrun_screen_print(const struct vrun_session *s)
{
	const char *file = NULL;
	size_t recorded = 0;

	for (size_t i = 0; i < s->results; i++)
		if (s->result[i].summary && recorded++ == 0)
			file = s->result[i].record[0].path;
	if (s->plan->runs == 1 && file) {
		vrun_engine_print((const char *[]){"summary", file, NULL}, false);
	} else if (recorded) {
		print_table(s);
		vrun_findings(s, stdout, print_finding);
	}
	print_gate(s);
	vrun_budgets_print(s);
	print_next(s, file ? file : "");
	fflush(stdout);
}
