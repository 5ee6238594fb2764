/* leaks as sentences, table and CSV. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "commands/leaks.h"
#include "commands/sampled.h"

#define STACK_FRAMES 16u

char *vr_leak_site(struct vr_context *ctx, const struct vr_leak *leak)
{
	struct vr_stacks *stacks = ctx->profile->stacks;
	const struct vr_place *place = vr_site_asker(stacks, leak->node);

	return place ? vr_place_text(stacks, place, ctx->opts->strip_dirs)
		     : vr_xstrdup("[no stack]");
}

/* Appends to text, which is freed. */
__attribute__((format(printf, 2, 3))) static char *more(char *text, const char *format, ...)
{
	char *tail, *all;
	va_list args;

	va_start(args, format);
	if (vasprintf(&tail, format, args) < 0)
		abort();
	va_end(args);
	all = vr_xprintf("%s%s", text, tail);
	free(tail);
	free(text);
	return all;
}

/* " 300 B lost in 3 blocks of 1 site, ..." of the verdicts in `mask`. */
static char *amounts(char *text, const struct vr_leaks *leaks, unsigned mask)
{
	char a[VR_UNIT_MAX], b[VR_UNIT_MAX], c[VR_UNIT_MAX];
	const char *comma = "";

	for (int i = 0; i < VR_VERDICTS; i++) {
		const struct vr_leak_sum *sum = &leaks->sum[i];

		if (!sum->sites || !(mask & 1u << i))
			continue;
		text = more(text, "%s %s %s in %s block%s of %s site%s", comma,
			    vr_format_bytes(a, sum->bytes), vr_verdict_name((enum vr_verdict)i),
			    vr_format_count(b, sum->blocks), sum->blocks == 1 ? "" : "s",
			    vr_format_count(c, sum->sites), sum->sites == 1 ? "" : "s");
		comma = ",";
	}
	return text;
}

char *vr_leaks_line(const struct vr_leaks *leaks, int strict)
{
	enum vr_leak_answer answer = vr_leaks_answer(leaks, strict);
	char *text = vr_xprintf("%s:", vr_answer_name(answer));
	char a[VR_UNIT_MAX];

	if (answer == VR_ANSWER_LEAK)
		return amounts(text, leaks, vr_verdicts_leak(strict));
	if (leaks->nothing_live)
		return more(text, " every block was freed, of %s",
			    vr_format_count(a, leaks->allocs));
	if (!leaks->allocs && !leaks->searched)
		return more(text, " no allocation was seen");
	if (answer == VR_ANSWER_CLEAN)
		text = more(text, " nothing is lost%s", leaks->sum[VR_POSSIBLE].sites ? ";" : "");
	else if (!leaks->sum[VR_UNEXAMINED].sites)
		text = more(text, " every sampled block was freed");
	return amounts(text, leaks, 1u << VR_POSSIBLE | 1u << VR_UNEXAMINED);
}

static const char *trigger_text(uint32_t trigger)
{
	switch (trigger) {
	case VPROF_SCAN_AT_EXIT:
		return "at the end";
	case VPROF_SCAN_BY_CTL:
		return "on demand";
	case VPROF_SCAN_BY_API:
		return "as the program asked";
	}
	return "once";
}

char *vr_leaks_examined(const struct vr_profile *profile, const struct vr_leaks *leaks)
{
	const struct vprof_header *h = &profile->file->header;
	const char *note = h->scan_count ? vr_file_string(profile->file, h->scan_note) : "";
	const char *why = vr_leaks_no_search(profile->file);
	char a[VR_UNIT_MAX], b[VR_UNIT_MAX], c[VR_UNIT_MAX], d[VR_UNIT_MAX], e[VR_UNIT_MAX];
	char *text = vr_xstrdup("");

	if (why) {
		text = more(
		    text, "Not examined: whether anything points to what was not freed (%s%s%s).\n",
		    why, *note ? ": " : "", note);
		return text;
	}
	text = more(text,
		    "Examined %s, after %s: %s in %s blocks; pointers were looked for in them and\n"
		    "in %s of other memory, ",
		    trigger_text(h->scan_trigger), vr_format_ns(a, h->scan_t_ns),
		    vr_format_bytes(b, h->scan_bytes), vr_format_count(c, h->scan_blocks),
		    vr_format_bytes(d, h->scan_root_bytes));
	text = more(text, "for which the process stood still %s (%s in all).\n",
		    vr_format_ns(a, h->scan_pause_ns), vr_format_ns(b, h->scan_total_ns));
	if (h->scan_skipped_bytes)
		text = more(text, "Not examined: %s of memory that could not be read.\n",
			    vr_format_bytes(e, h->scan_skipped_bytes));
	if (*note)
		text = more(text, "Not examined: %s.\n", note);
	if (leaks->sum[VR_UNEXAMINED].blocks)
		text = more(text, "Not examined: %s in %s blocks allocated since.\n",
			    vr_format_bytes(a, leaks->sum[VR_UNEXAMINED].bytes),
			    vr_format_count(b, leaks->sum[VR_UNEXAMINED].blocks));
	return text;
}

static void print_totals(struct vr_context *ctx, const struct vr_leaks *leaks)
{
	static const struct vr_column columns[] = {
	    {"verdict", "verdict", VR_TEXT, 0},
	    {"bytes", "bytes", VR_BYTES, 0},
	    {"blocks", "blocks", VR_COUNT, 0},
	    {"sites", "sites", VR_COUNT, 0},
	};
	struct vr_table *table = vr_table_new(columns, sizeof(columns) / sizeof(columns[0]));

	for (int i = 0; i < VR_VERDICTS; i++) {
		const struct vr_leak_sum *sum = &leaks->sum[i];

		if (sum->sites || (i == VR_LOST && leaks->searched))
			vr_table_row(table, (const struct vr_cell[]){
						{.s = vr_verdict_name((enum vr_verdict)i)},
						{.u = sum->bytes},
						{.u = sum->blocks},
						{.u = sum->sites}});
	}
	if (vr_table_rows(table)) {
		fputc('\n', ctx->out);
		vr_table_print(table, ctx->out, ctx->width);
	}
	vr_table_free(table);
}

static void print_sites(struct vr_context *ctx, const struct vr_leaks_view *view, size_t count)
{
	static const struct vr_column columns[] = {
	    {"rank", "#", VR_COUNT, 0},	     {"verdict", "verdict", VR_TEXT, 0},
	    {"bytes", "bytes", VR_BYTES, 0}, {"blocks", "blocks", VR_COUNT, 0},
	    {"allocs", "of", VR_COUNT, 0},   {"oldest", "oldest", VR_NS, 0},
	    {"newest", "newest", VR_NS, 0},  {"site", "site", VR_TEXT, 1},
	};
	struct vr_table *table = vr_table_new(columns, sizeof(columns) / sizeof(columns[0]));

	for (size_t i = 0; i < count; i++) {
		const struct vr_leak *leak = view->row[i];
		char *site = vr_leak_site(ctx, leak);

		vr_table_row(table, (const struct vr_cell[]){{.u = i + 1},
							     {.s = vr_verdict_name(leak->verdict)},
							     {.u = leak->bytes},
							     {.u = leak->blocks},
							     {.u = leak->allocs},
							     {.u = leak->oldest_ns},
							     {.u = leak->newest_ns},
							     {.s = site}});
		free(site);
	}
	fputc('\n', ctx->out);
	vr_print_table(ctx, table);
}

static void print_site(struct vr_context *ctx, const struct vr_leak *leak, size_t rank)
{
	char a[VR_UNIT_MAX], b[VR_UNIT_MAX], c[VR_UNIT_MAX];
	char error[VR_ERROR_MAX];

	vr_error_text(error, &leak->sure, leak->bytes);
	fprintf(ctx->out, "\n#%zu %s: %s%s%s in %s of %s blocks", rank,
		vr_verdict_name(leak->verdict), vr_format_bytes(a, leak->bytes),
		error[0] ? " " : "", error, vr_format_count(b, leak->blocks),
		vr_format_count(c, leak->allocs));
	if (leak->example)
		fprintf(ctx->out, ", one at 0x%" PRIx64, leak->example);
	fputc('\n', ctx->out);
	vr_print_stack(ctx, leak->node, "      ", STACK_FRAMES);
	if (leak->owner) {
		struct vr_leak owner = {.node = leak->owner};
		char *site = vr_leak_site(ctx, &owner);

		fputs("      held by what was lost from ", ctx->out);
		vr_print_safe(ctx, site);
		fputc('\n', ctx->out);
		free(site);
	}
}

void vr_leaks_print_text(struct vr_context *ctx, const struct vr_leaks_view *view)
{
	size_t count = view->rows < ctx->limit ? view->rows : ctx->limit;
	char *line = vr_leaks_line(view->leaks, view->plan->strict);
	char *examined = vr_leaks_examined(ctx->profile, view->leaks);
	struct vr_interval live = vr_heap_live_interval(view->heap);
	char a[VR_UNIT_MAX], range[VR_RANGE_MAX];

	fprintf(ctx->out, "Verdict: %s\n", line);
	vr_print_lines(ctx, examined);
	if (view->heap->sampled)
		fprintf(ctx->out, "Estimated from samples, mean %s: 95 %% interval %s.\n",
			vr_format_bytes(a, view->heap->sample_bytes), vr_range_text(range, &live));
	print_totals(ctx, view->leaks);
	if (count) {
		print_sites(ctx, view, count);
		for (size_t i = 0; i < count; i++)
			print_site(ctx, view->row[i], i + 1);
	}
	vr_print_more(ctx, count, view->rows, "sites");
	free(examined);
	free(line);
}

void vr_leaks_print_csv(struct vr_context *ctx, const struct vr_leaks_view *view)
{
	static const struct vr_column columns[] = {
	    {"verdict", "", VR_TEXT, 0},    {"bytes", "", VR_BYTES, 0},
	    {"blocks", "", VR_COUNT, 0},    {"allocs", "", VR_COUNT, 0},
	    {"bytes_low", "", VR_BYTES, 0}, {"bytes_high", "", VR_BYTES, 0},
	    {"oldest_ns", "", VR_NS, 0},    {"newest_ns", "", VR_NS, 0},
	    {"site", "", VR_TEXT, 0},
	};
	struct vr_table *table = vr_table_new(columns, sizeof(columns) / sizeof(columns[0]));

	for (size_t i = 0; i < view->rows && i < ctx->limit; i++) {
		const struct vr_leak *leak = view->row[i];
		char *site = vr_leak_site(ctx, leak);

		vr_table_row(table, (const struct vr_cell[]){
					{.s = vr_verdict_name(leak->verdict)},
					{.u = leak->bytes},
					{.u = leak->blocks},
					{.u = leak->allocs},
					{.null = !leak->sure.known, .u = leak->sure.low},
					{.null = !leak->sure.known, .u = leak->sure.high},
					{.u = leak->oldest_ns},
					{.u = leak->newest_ns},
					{.s = site}});
		free(site);
	}
	vr_print_table(ctx, table);
}
