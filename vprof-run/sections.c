#include "sections.h"
#include "engine.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

/* The last two cells of a row. */
static void write_function(FILE *out, const json_t *frame, const char *place)
{
	vrun_md_code(out, vrun_json_text(frame, "function"));
	fprintf(out, " | ");
	vrun_md_text(out, place);
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
		char self[VRUN_UNIT_MAX], total[VRUN_UNIT_MAX];
		char *place = vrun_place(row);

		fprintf(out, "| %zu | %s | %.1f | %s | %.1f | ", i + 1, vrun_ns(self, self_ns),
			percent(self_ns, cpu_ns), vrun_ns(total, total_ns),
			percent(total_ns, cpu_ns));
		write_function(out, row, place);
		free(place);
	}
}

static void write_cpu(const struct vrun_result *r, FILE *out)
{
	uint64_t samples = vrun_json_u64(r->by_self, "totals.samples");
	uint64_t ran_ns = vrun_json_u64(r->summary, "duration_ns");
	uint64_t cpu_ns = vrun_json_u64(r->summary, "cpu_ns");
	char cpu[VRUN_UNIT_MAX];

	fprintf(out, "\n### CPU\n\n");
	if (!samples) {
		fprintf(out, "No samples were taken: the program used too little CPU time, or "
			     "sampling is not possible here (");
		vrun_md_text(out, vrun_json_text(r->record[0].info, "sampling.engine_note"));
		fprintf(out, ").\n");
		return;
	}
	fprintf(out, "%s of CPU time, %.0f%% of one CPU, from %llu samples.%s\n",
		vrun_ns(cpu, cpu_ns), percent(cpu_ns, ran_ns), (unsigned long long)samples,
		samples < 100 ? " That is few: run it longer before trusting the order." : "");
	write_functions(out, "The 20 functions with most time of their own", r->by_self);
	write_functions(out, "The 20 functions with most time, callees included", r->by_total);
}

/* First, highest and last value of a column of the timeline. */
static void write_column(FILE *out, const json_t *timeline, const char *name, const char *column)
{
	const json_t *points = vrun_json_at(timeline, "points"), *point;
	char first[VRUN_UNIT_MAX], most[VRUN_UNIT_MAX], last[VRUN_UNIT_MAX];
	uint64_t highest = 0;
	size_t i, count = json_array_size(points);

	if (!count)
		return;
	json_array_foreach(points, i, point) if (vrun_json_u64(point, column) > highest) highest =
	    vrun_json_u64(point, column);
	fprintf(out, "| %s | %s | %s | %s |\n", name,
		vrun_bytes(first, vrun_json_u64(json_array_get(points, 0), column)),
		vrun_bytes(most, highest),
		vrun_bytes(last, vrun_json_u64(json_array_get(points, count - 1), column)));
}

static void write_sites(FILE *out, const json_t *heap)
{
	const json_t *site;
	size_t i;

	fprintf(out, "\n| at the peak | at the end | calls | allocated by | where |\n"
		     "|--:|--:|--:|---|---|\n");
	json_array_foreach(vrun_json_at(heap, "sites"), i, site)
	{
		const json_t *frame = vrun_asker(site);
		char peak[VRUN_UNIT_MAX], live[VRUN_UNIT_MAX], calls[VRUN_UNIT_MAX];
		char *place = vrun_place(frame);

		fprintf(out, "| %s | %s | %s | ",
			vrun_bytes(peak, vrun_json_u64(site, "peak_bytes")),
			vrun_bytes(live, vrun_json_u64(site, "live_bytes")),
			vrun_count(calls, vrun_json_u64(site, "allocs")));
		write_function(out, frame, place);
		free(place);
	}
}

static void write_memory(const struct vrun_result *r, FILE *out)
{
	char peak[VRUN_UNIT_MAX], all[VRUN_UNIT_MAX], allocs[VRUN_UNIT_MAX];

	fprintf(out, "\n### Memory\n\n");
	if (json_array_size(vrun_json_at(r->timeline, "points"))) {
		fprintf(out, "| | at first | at most | at last |\n|---|--:|--:|--:|\n");
		write_column(out, r->timeline, "resident (RSS)", "rss");
		write_column(out, r->timeline, "its own (USS)", "uss");
		write_column(out, r->timeline, "heap in use", "heap_live");
	}
	fprintf(out, "\n%s allocations of %s in all; at most %s at once, which were:\n",
		vrun_count(allocs, vrun_json_u64(r->heap, "totals.allocs")),
		vrun_bytes(all, vrun_json_u64(r->heap, "totals.bytes_allocated")),
		vrun_bytes(peak, vrun_json_u64(r->heap, "totals.peak_bytes")));
	if (json_array_size(vrun_json_at(r->heap, "sites")))
		write_sites(out, r->heap);
	if (json_is_true(vrun_json_at(r->record[0].info, "sampling.own_malloc")))
		fprintf(out, "\nThe program has a malloc of its own, which cannot be followed.\n");
	if (r->png)
		fprintf(out, "\n![memory over time](%s)\n", r->png);
}

static void write_leaks(const struct vrun_session *s, const struct vrun_result *r, FILE *out)
{
	char *words = vrun_leak_words(s, r);
	const json_t *site;
	size_t i;

	fprintf(out, "\n### Leaks\n\n");
	vrun_md_text(out, words);
	fprintf(out, "\n");
	free(words);
	json_array_foreach(vrun_json_at(r->leaks, "sites"), i, site)
	{
		const json_t *frame = vrun_asker(site);
		char bytes[VRUN_UNIT_MAX], blocks[VRUN_UNIT_MAX];
		char *place = vrun_place(frame);

		if (i == 0)
			fprintf(out, "\n| verdict | bytes | blocks | allocated by | where |\n"
				     "|---|--:|--:|---|---|\n");
		fprintf(out, "| ");
		vrun_md_text(out, vrun_json_text(site, "verdict"));
		fprintf(out, " | %s | %s | ", vrun_bytes(bytes, vrun_json_u64(site, "bytes")),
			vrun_count(blocks, vrun_json_u64(site, "blocks")));
		write_function(out, frame, place);
		free(place);
	}
}

static void write_file(FILE *out, const char *name, const char *what)
{
	if (name)
		fprintf(out, "- `%s`: %s\n", name, what);
}

static void write_files(const struct vrun_result *r, FILE *out)
{
	fprintf(out, "\n### Files\n\n");
	write_file(out, vrun_base(r->record[0].path), "everything, for vprof-report");
	write_file(out, r->prof, "CPU profile for Python's pstats, snakeviz, gprof2dot");
	write_file(out, r->folded, "CPU stacks for flame graphs");
	write_file(out, r->csv, "memory and CPU over time");
	write_file(out, r->png, "the same as a picture");
	for (size_t i = 1; i < r->records; i++) {
		char *what, cpu[VRUN_UNIT_MAX];
		const json_t *info = r->record[i].info;

		what = info ? vrun_xprintf("process %llu, `%s`, %s of CPU time",
					   (unsigned long long)vrun_json_u64(info, "run.pid"),
					   vrun_base(vrun_json_text(info, "run.exe")),
					   vrun_ns(cpu, vrun_json_u64(info, "run.cpu_ns")))
			    : vrun_xprintf("another process; the file cannot be read");
		write_file(out, vrun_base(r->record[i].path), what);
		free(what);
	}
}

void vrun_sections_write(const struct vrun_session *s, const struct vrun_result *r, FILE *out)
{
	char *end = vrun_end_text(&r->end), *command = vrun_quote_all(r->run->argv);

	fprintf(out, "\n## ");
	vrun_md_text(out, r->run->name);
	fprintf(out, "\n\n    ");
	vrun_md_plain(out, command);
	fprintf(out, "\n\nIt ");
	vrun_md_text(out, end);
	fprintf(out, ".\n");
	free(end);
	free(command);
	if (!r->summary) {
		fprintf(out, "Nothing was recorded.\n");
		return;
	}
	if (*vrun_json_text(r->summary, "lost")) {
		fprintf(out, "Lost: ");
		vrun_md_text(out, vrun_json_text(r->summary, "lost"));
		fprintf(out, ".\n");
	}
	if (!s->options->skip_cpu)
		write_cpu(r, out);
	if (r->heap)
		write_memory(r, out);
	if (r->leaks)
		write_leaks(s, r, out);
	write_files(r, out);
}
