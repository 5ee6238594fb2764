#include "sections.h"
#include "budgets.h"
#include "cli/quote.h"
#include "cli/short.h"
#include "cli/text.h"
#include "cli/units.h"
#include "engine.h"
#include "files.h"
#include "shapes.h"
#include "waiting.h"
#include "words.h"

#include <stdlib.h>
#include <string.h>

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

/* The last two cells of a row. */
static void write_function(FILE *out, const json_t *frame, const char *place)
{
	char *name = vr_short_name(vrun_json_text(frame, "function"), VRUN_NAME_ROOM);

	vr_quote_md_code(out, name);
	free(name);
	fprintf(out, " | ");
	vr_quote_md_text(out, place);
	fprintf(out, " |\n");
}

static void write_functions(FILE *out, const char *title, const json_t *flat)
{
	uint64_t cpu_ns = vrun_json_u64(flat, "totals.cpu_ns");
	const json_t *row;
	size_t i;

	fprintf(out,
		"\n%s:\n\n| # | own | own %% | with callees | %% | function | where |\n"
		"|--:|--:|--:|--:|--:|---|---|\n",
		title);
	json_array_foreach(vrun_json_at(flat, "functions"), i, row)
	{
		uint64_t self_ns = vrun_json_u64(row, "self_ns");
		uint64_t total_ns = vrun_json_u64(row, "total_ns");
		char self[VR_UNIT_MAX], total[VR_UNIT_MAX];
		char *place = vrun_place(row);

		fprintf(out, "| %zu | %s | %.1f | %s | %.1f | ", i + 1, vr_format_ns(self, self_ns),
			percent(self_ns, cpu_ns), vr_format_ns(total, total_ns),
			percent(total_ns, cpu_ns));
		write_function(out, row, place);
		free(place);
	}
}

static void write_picture(FILE *out, const char *what, const char *name)
{
	if (name)
		fprintf(out, "\n![%s](%s)\n", what, name);
}

static void write_cpu(const struct vrun_result *r, FILE *out)
{
	uint64_t samples = vrun_json_u64(r->by_self, "totals.samples");
	uint64_t ran_ns = vrun_json_u64(r->summary, "recorded_ns");
	uint64_t cpu_ns = vrun_json_u64(r->summary, "cpu_ns");
	char cpu[VR_UNIT_MAX], count[VR_UNIT_MAX];

	fprintf(out, "\n### CPU\n\n");
	if (!samples) {
		fprintf(out, "No samples were taken: the program used too little CPU time, or "
			     "sampling is not possible here (");
		vr_quote_md_text(out, vrun_json_text(r->record[0].info, "sampling.engine_note"));
		fprintf(out, ").\n");
		return;
	}
	fprintf(out, "%s of CPU time, %.0f%% of one CPU, from %s sample%s.%s\n",
		vr_format_ns(cpu, cpu_ns), percent(cpu_ns, ran_ns), vr_format_count(count, samples),
		vr_plural(samples),
		samples < 100 ? " That is few: run it longer before trusting the order." : "");
	write_functions(out, "The 20 functions with most time of their own", r->by_self);
	write_functions(out, "The 20 functions with most time, callees included", r->by_total);
	write_picture(out, "the 20 functions with most time", r->file[VRUN_FILE_TOP_PNG]);
}

/* First, highest and last value of a column of the timeline. */
static void write_column(FILE *out, const json_t *timeline, const char *name, const char *column)
{
	const json_t *points = vrun_json_at(timeline, "points"), *point;
	char first[VR_UNIT_MAX], most[VR_UNIT_MAX], last[VR_UNIT_MAX];
	uint64_t highest = 0;
	size_t i, count = json_array_size(points);

	if (!count)
		return;
	json_array_foreach(points, i, point) if (vrun_json_u64(point, column) > highest) highest =
	    vrun_json_u64(point, column);
	fprintf(out, "| %s | %s | %s | %s |\n", name,
		vr_format_bytes(first, vrun_json_u64(json_array_get(points, 0), column)),
		vr_format_bytes(most, highest),
		vr_format_bytes(last, vrun_json_u64(json_array_get(points, count - 1), column)));
}

static void write_sites(FILE *out, const json_t *heap)
{
	const json_t *site;
	size_t i;

	fprintf(out, "\n| at the peak | at the end | calls | allocated by | where |\n"
		     "|--:|--:|--:|---|---|\n");
	json_array_foreach(vrun_json_at(heap, "sites"), i, site)
	{
		const json_t *frame = vrun_responsible_frame(site);
		char peak[VR_UNIT_MAX], live[VR_UNIT_MAX], calls[VR_UNIT_MAX];
		char *place = vrun_place(frame);

		fprintf(out, "| %s | %s | %s | ",
			vr_format_bytes(peak, vrun_json_u64(site, "peak_bytes")),
			vr_format_bytes(live, vrun_json_u64(site, "live_bytes")),
			vr_format_count(calls, vrun_json_u64(site, "allocs")));
		write_function(out, frame, place);
		free(place);
	}
}

static void write_memory(const struct vrun_result *r, FILE *out)
{
	char peak[VR_UNIT_MAX], all[VR_UNIT_MAX], allocs[VR_UNIT_MAX];

	fprintf(out, "\n### Memory\n\n");
	if (json_array_size(vrun_json_at(r->timeline, "points"))) {
		fprintf(out, "| | at first | at most | at last |\n|---|--:|--:|--:|\n");
		write_column(out, r->timeline, "resident (RSS)", "rss");
		write_column(out, r->timeline, "its own (USS)", "uss");
		write_column(out, r->timeline, "heap in use", "heap_live");
	}
	fprintf(out, "\n%s allocation%s of %s in all; at most %s at once, which were:\n",
		vr_format_count(allocs, vrun_json_u64(r->heap, "totals.allocs")),
		vr_plural(vrun_json_u64(r->heap, "totals.allocs")),
		vr_format_bytes(all, vrun_json_u64(r->heap, "totals.bytes_allocated")),
		vr_format_bytes(peak, vrun_json_u64(r->heap, "totals.peak_bytes")));
	if (json_array_size(vrun_json_at(r->heap, "sites")))
		write_sites(out, r->heap);
	if (json_is_true(vrun_json_at(r->record[0].info, "sampling.own_malloc")))
		fprintf(out, "\nThe program has a malloc of its own, which cannot be followed.\n");
	vrun_shapes_write(r->summary, out);
	write_picture(out, "memory over time", r->file[VRUN_FILE_TIMELINE_PNG]);
}

/* What is in use, or the runtime's, is no leak. */
static bool worth_a_row(const json_t *site)
{
	const char *verdict = vrun_json_text(site, "verdict");

	return strcmp(verdict, "reachable") != 0 && strcmp(verdict, "runtime") != 0;
}

static void write_leak(const json_t *site, FILE *out)
{
	const json_t *frame = vrun_responsible_frame(site);
	char bytes[VR_UNIT_MAX], blocks[VR_UNIT_MAX];
	char *place = vrun_place(frame);

	fprintf(out, "| ");
	vr_quote_md_text(out, vrun_json_text(site, "verdict"));
	fprintf(out, " | %s | %s | ", vr_format_bytes(bytes, vrun_json_u64(site, "bytes")),
		vr_format_count(blocks, vrun_json_u64(site, "blocks")));
	write_function(out, frame, place);
	free(place);
}

/* What was looked at, and when. */
static void write_search(const struct vrun_result *r, FILE *out)
{
	const char *trigger = vrun_json_text(r->leaks, "examined.trigger");
	bool at_exit = strcmp(trigger, "exit") == 0,
	     at_end = json_is_true(vrun_json_at(r->leaks, "examined.at_end"));
	char blocks[VR_UNIT_MAX], time[VR_UNIT_MAX];

	if (strcmp(vrun_json_text(r->leaks, "examined.search"), "complete") != 0)
		return;
	fprintf(out, "Pointers to %s block%s were looked for %s, after %s.%s\n",
		vr_format_count(blocks, vrun_json_u64(r->leaks, "examined.blocks")),
		vr_plural(vrun_json_u64(r->leaks, "examined.blocks")),
		at_exit			       ? "when it ended"
		: strcmp(trigger, "term") == 0 ? "at the signal that ended it"
		: r->end.searched	       ? "before it was told to end"
					       : "on request",
		vr_format_seconds(time, (double)vrun_json_u64(r->leaks, "examined.t_ns") / 1e9),
		at_end ? "" : " What it did since was not examined.");
}

static void write_leaks(const struct vrun_session *s, const struct vrun_result *r, FILE *out)
{
	char *words = vrun_leak_words(s, r), bytes[VR_UNIT_MAX];
	const json_t *site;
	size_t i, rows = 0;

	fprintf(out, "\n### Leaks\n\nVerdict: **");
	vr_quote_md_text(out, words);
	fprintf(out, "**. %s were not freed when it ended",
		vr_format_bytes(bytes, vrun_json_u64(r->leaks, "totals.unfreed.bytes")));
	free(words);
	if (*vrun_json_text(r->leaks, "examined.why_not")) {
		fprintf(out, "; not examined: ");
		vr_quote_md_text(out, vrun_json_text(r->leaks, "examined.why_not"));
	}
	fprintf(out, ".\n");
	write_search(r, out);
	json_array_foreach(vrun_json_at(r->leaks, "sites"), i, site)
	{
		if (!worth_a_row(site))
			continue;
		if (rows++ == 0)
			fprintf(out, "\n| verdict | bytes | blocks | allocated by | where |\n"
				     "|---|--:|--:|---|---|\n");
		write_leak(site, out);
	}
	write_picture(out, "what was not freed", r->file[VRUN_FILE_LEAKS_PNG]);
}

static void write_file(FILE *out, const char *name, const char *what)
{
	if (!name)
		return;
	fprintf(out, "- ");
	vr_quote_md_code(out, name);
	fprintf(out, ": %s\n", what);
}

/* The record of another process of the run. */
static void write_other(FILE *out, const struct vrun_record *record)
{
	const json_t *info = record->info;
	char cpu[VR_UNIT_MAX];

	fprintf(out, "- ");
	vr_quote_md_code(out, vr_text_base(record->path));
	if (!info) {
		fprintf(out, ": another process; the file cannot be read\n");
		return;
	}
	fprintf(out, ": process %llu, ", (unsigned long long)vrun_json_u64(info, "run.pid"));
	vr_quote_md_code(out, vr_text_base(vrun_json_text(info, "run.exe")));
	fprintf(out, ", %s of CPU time\n", vr_format_ns(cpu, vrun_json_u64(info, "run.cpu_ns")));
}

static void write_files(const struct vrun_result *r, FILE *out)
{
	fprintf(out, "\n### Files\n\n");
	write_file(out, vr_text_base(r->record[0].path), "everything, for vprof-report");
	for (size_t i = 0; i < VRUN_FILE_KINDS; i++)
		write_file(out, r->file[i], vrun_file_purpose((enum vrun_file_kind)i));
	write_file(out, r->run->log ? vr_text_base(r->run->log) : NULL, "what the program printed");
	for (size_t i = 1; i < r->records; i++) {
		write_other(out, &r->record[i]);
	}
}

void vrun_sections_write(const struct vrun_session *s, const struct vrun_result *r, FILE *out)
{
	char *end = vrun_end_text(&r->end), *command = vrun_results_command(r);

	fprintf(out, "\n## ");
	vr_quote_md_text(out, r->run->name);
	fprintf(out, "\n\n    ");
	vr_quote_md_block(out, command);
	fprintf(out, "\n\nIt ");
	vr_quote_md_text(out, end);
	fprintf(out, ".\n");
	free(end);
	free(command);
	if (!r->summary) {
		fprintf(out, "Nothing was recorded.\n");
		return;
	}
	if (*vrun_json_text(r->summary, "lost")) {
		fprintf(out, "Lost: ");
		vr_quote_md_text(out, vrun_json_text(r->summary, "lost"));
		fprintf(out, ".\n");
	}
	if (!s->options->skip_cpu)
		write_cpu(r, out);
	vrun_budgets_write(s, r, out);
	vrun_waiting_write(r, out);
	if (r->heap)
		write_memory(r, out);
	if (r->leaks)
		write_leaks(s, r, out);
	write_files(r, out);
}
