#include "screen.h"
#include "cli/plain.h"
#include "cli/quote.h"
#include "engine.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FEW_SAMPLES 20

static const char *bold(const char *text)
{
	static char buf[128];

	if (!isatty(1))
		return text;
	snprintf(buf, sizeof(buf), "\033[1m%s\033[0m", text);
	return buf;
}

/* Names come from programs nobody vouches for. */
static void put_safe(const char *text)
{
	char *plain = vr_plain(text, VR_PLAIN_HEX, 0);

	fputs(plain, stdout);
	free(plain);
}

static void put_padded(const char *text, int width)
{
	put_safe(text);
	for (int i = (int)strlen(text); i < width; i++)
		putchar(' ');
}

void vrun_screen_trouble(const struct vrun_result *r)
{
	const json_t *info = r->records ? r->record[0].info : NULL;
	char *end;

	if (r->end.error) {
		vrun_say("%s cannot be started: %s", r->run->argv[0], strerror(r->end.error));
		return;
	}
	end = vrun_end_text(&r->end);
	if (vrun_end_bad(&r->end, r->run))
		vrun_say("%s %s%s", r->run->name, end,
			 info ? "; what was recorded until then is kept" : "");
	if (!r->records)
		vrun_say("%s left no record: it, or what it executed, did not load libvprof",
			 r->run->name);
	else if (!info)
		vrun_say("%s: %s cannot be read", r->run->name, r->record[0].path);
	else if (r->by_self && vrun_json_u64(r->by_self, "totals.samples") < FEW_SAMPLES)
		vrun_say("%s %s: %llu CPU samples say little about where its time goes",
			 r->run->name, end,
			 (unsigned long long)vrun_json_u64(r->by_self, "totals.samples"));
	if (info && json_is_true(vrun_json_at(info, "sampling.own_malloc")))
		vrun_say("%s has a malloc of its own; its heap cannot be followed", r->run->name);
	free(end);
}

static void print_row(const struct vrun_session *s, const struct vrun_result *r, int name_width)
{
	const json_t *top = json_array_get(vrun_json_at(r->by_self, "functions"), 0);
	char time[VRUN_UNIT_MAX], peak[VRUN_UNIT_MAX];
	char *leaks = vrun_leak_words(s, r), *place = vrun_place(top);
	uint64_t cpu_ns = vrun_json_u64(r->summary, "cpu_ns");
	uint64_t ran_ns = vrun_json_u64(r->summary, "duration_ns");

	put_padded(r->run->name, name_width);
	printf(" %8s", vrun_seconds(time, r->end.ran_s));
	if (!r->summary) {
		printf("  no record\n");
	} else {
		printf(" %4.0f%% %10s  %-16s  ",
		       ran_ns && r->by_self ? 100.0 * (double)cpu_ns / (double)ran_ns : 0,
		       r->heap ? vrun_bytes(peak, vrun_json_u64(r->summary, "peak_bytes")) : "-",
		       leaks);
		if (top) {
			uint64_t self_ns = vrun_json_u64(top, "self_ns");

			printf("%2.0f%% ", cpu_ns ? 100.0 * (double)self_ns / (double)cpu_ns : 0);
			put_safe(vrun_json_text(top, "function"));
			printf(" (");
			put_safe(place);
			putchar(')');
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
	head = vrun_xprintf("%-*s %8s %5s %10s  %-16s  %s", width, "run", "took", "CPU",
			    "heap peak", "leaks", "most time of its own");
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
	put_safe(run);
	printf(": ");
	put_safe(text);
	putchar('\n');
	if (*command) {
		printf("     ");
		put_safe(command);
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
		put_safe(r->run->name);
		putchar('\n');
		for (size_t k = 0; k < r->records; k++)
			vrun_engine_print(
			    (const char *[]){"leaks", r->record[k].path, "--gate", "-n", "3", NULL},
			    true);
	}
}

static void print_next(const struct vrun_session *s, const char *file)
{
	const char *missing = vrun_engine_missing_from_path();
	char *dir = vr_quote_shell(s->dir), *quoted = vr_quote_shell(file);

	printf("\n%s %s\n", bold("Results in"), dir);
	if (*file && missing)
		printf("  PATH=%s:$PATH\n", missing);
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
	print_next(s, file ? file : "");
	fflush(stdout);
}
