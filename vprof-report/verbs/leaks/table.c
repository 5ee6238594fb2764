/* leaks as sentences, table and CSV. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/units.h"
#include "cli/xalloc.h"
#include "output/out.h"
#include "text/fields.h"
#include "text/growth.h"
#include "text/leaks.h"
#include "text/names.h"
#include "text/print.h"
#include "text/ranges.h"
#include "text/sites.h"
#include "text/spark.h"
#include "verbs/leaks/fields.h"
#include "verbs/leaks/leaks.h"

#define STACK_FRAMES  16u
#define HELD	      "      held by what was lost from "
#define SPARK_COLUMNS 30u
#define RATE_MAX      (VR_UNIT_MAX + 16)

static void print_totals(const struct vr_rows *rows)
{
	const struct vr_leaks_view *view = rows->model;
	struct vr_sheet *sheet = vr_sheet_new(rows, vr_leak_sum_fields, vr_leak_sum_fields_count);

	for (int i = 0; i < VR_VERDICTS; i++)
		if (view->leaks->sum[i].sites || (i == VR_LOST && view->leaks->searched))
			vr_sheet_row(sheet, &view->leaks->sum[i]);
	if (vr_sheet_rows(sheet)) {
		fputc('\n', rows->ctx->out);
		vr_sheet_print(sheet);
	} else {
		vr_sheet_free(sheet);
	}
}

static void print_sites(const struct vr_rows *rows, size_t count)
{
	const struct vr_leaks_view *view = rows->model;
	uint32_t *node = vr_xcalloc(count + 1, sizeof(*node));
	struct vr_rows told = *rows;
	struct vr_caption *site;
	struct vr_sheet *sheet;

	for (size_t i = 0; i < count; i++)
		node[i] = view->row[i]->node;
	told.site = site =
	    vr_sites_captions(rows->ctx->profile, node, count, rows->ctx->strip_dirs);
	sheet = vr_sheet_new(&told, vr_leak_fields, vr_leak_fields_count);
	for (size_t i = 0; i < count; i++)
		vr_sheet_row(sheet, view->row[i]);
	vr_sheet_print(sheet);
	vr_sites_free(site, count);
	free(node);
}

/* "12.9 GiB/h", or "48 B an iteration". */
static void rate_text(char text[RATE_MAX], double slope, int by_iteration)
{
	char bytes[VR_UNIT_MAX];

	vr_format_sbytes(bytes, (int64_t)(by_iteration ? slope : slope * 3600));
	snprintf(text, RATE_MAX, "%s%s", bytes, by_iteration ? " an iteration" : "/h");
}

/* The site's live bytes over time, SPARK_COLUMNS marks at most. */
static void print_spark(struct vr_context *ctx, const struct vr_growth *growth,
			const struct vr_growth_site *site)
{
	uint32_t points = growth->points - site->first;
	uint32_t columns = points < SPARK_COLUMNS ? points : SPARK_COLUMNS;
	uint64_t most = 1;

	for (uint32_t i = site->first; i < growth->points; i++)
		most = site->bytes[i] > most ? site->bytes[i] : most;
	for (uint32_t i = 0; i < columns; i++) {
		uint32_t at = site->first + (uint32_t)((uint64_t)i * points / columns);

		vr_spark_put(ctx->out, (double)site->bytes[at] / (double)most);
	}
}

static void print_growth(struct vr_context *ctx, const struct vr_leaks_view *view,
			 const struct vr_leak *leak)
{
	const struct vr_growth_site *site = leak->growth;
	const struct vr_growth *growth = view->growth;
	char slope[RATE_MAX], low[RATE_MAX], high[RATE_MAX], a[VR_UNIT_MAX];
	char *stay;

	if (!site || site->verdict != VR_GROWTH_GROWING || site->first >= growth->points)
		return;
	rate_text(slope, site->slope, growth->by_iteration);
	rate_text(low, site->low, growth->by_iteration);
	rate_text(high, site->high, growth->by_iteration);
	fputs("      ", ctx->out);
	print_spark(ctx, growth, site);
	fprintf(ctx->out, " +%s (95 %% interval %s to %s)", slope, low, high);
	if (site->doubling > 0 && growth->by_iteration)
		fprintf(ctx->out, ", doubles in %.0f iterations", site->doubling);
	else if (site->doubling > 0 && site->doubling < 1e9)
		fprintf(ctx->out, ", doubles in %s",
			vr_format_ns(a, (uint64_t)(site->doubling * 1e9)));
	fprintf(ctx->out, "; confidence %.3g\n", site->confidence);
	stay = vr_growth_stay_text(site, growth->by_iteration);
	if (stay)
		fprintf(ctx->out, "      %s\n", stay);
	free(stay);
}

static void print_site(struct vr_context *ctx, const struct vr_leaks_view *view,
		       const struct vr_leak *leak, size_t rank)
{
	char a[VR_UNIT_MAX], b[VR_UNIT_MAX], c[VR_UNIT_MAX];
	char error[VR_ERROR_MAX];
	char *excuse = vr_excuse_text(leak);

	vr_error_text(error, &leak->sure, leak->bytes);
	fprintf(ctx->out, "\n#%zu %s: %s%s%s in %s of %s block%s", rank,
		vr_verdict_name(leak->verdict), vr_format_bytes(a, leak->bytes),
		error[0] ? " " : "", error, vr_format_count(b, leak->blocks),
		vr_format_count(c, leak->allocs), vr_plural(leak->allocs));
	if (leak->example)
		fprintf(ctx->out, ", one at 0x%" PRIx64, leak->example);
	fputc('\n', ctx->out);
	if (excuse) {
		fputs("      ", ctx->out);
		vr_print_safe(ctx, excuse);
		fputc('\n', ctx->out);
	}
	free(excuse);
	if (leak->because)
		fprintf(ctx->out, "      possible because %s was not searched\n",
			vr_unsearched_words(leak->because));
	print_growth(ctx, view, leak);
	vr_print_stack(ctx, leak->node, "      ", STACK_FRAMES);
	if (leak->owner) {
		char *site = vr_caption_short(
		    ctx->profile,
		    vr_responsible_caption(ctx->profile->stacks, leak->owner, ctx->strip_dirs),
		    ctx->width ? ctx->width - (int)strlen(HELD) : VR_PROSE_ROOM);

		fputs(HELD, ctx->out);
		vr_print_safe(ctx, site);
		fputc('\n', ctx->out);
		free(site);
	}
}

void vr_leaks_print_text(struct vr_context *ctx, const struct vr_leaks_view *view)
{
	const struct vr_rows rows = {.ctx = ctx, .model = view};
	size_t count = view->rows < ctx->limit ? view->rows : ctx->limit;
	char *line = vr_leaks_line(ctx->profile, view->leaks, view->plan->strict);
	char *examined = vr_leaks_examined(ctx->profile, view->leaks, view->growth);
	char *gate = vr_gate_text(view);
	struct vr_interval live = vr_heap_live_interval(view->heap);
	char a[VR_UNIT_MAX], range[VR_RANGE_MAX];

	fputs("Verdict: ", ctx->out);
	vr_print_wrapped(ctx, line, 9);
	for (char *next, *at = examined; *at; at = next) {
		next = at + strcspn(at, "\n");
		if (*next)
			*next++ = '\0';
		vr_print_wrapped(ctx, at, 0);
	}
	if (view->heap->sampled)
		fprintf(ctx->out, "Estimated from samples, mean %s: 95 %% interval %s.\n",
			vr_format_bytes(a, view->heap->sample_bytes), vr_range_text(range, &live));
	print_totals(&rows);
	if (count) {
		fputc('\n', ctx->out);
		print_sites(&rows, count);
		for (size_t i = 0; i < count; i++)
			print_site(ctx, view, view->row[i], i + 1);
	}
	vr_print_more(ctx, count, view->rows, "sites");
	vr_growth_print_open(ctx, view->growth);
	if (*gate)
		fputc('\n', ctx->out);
	vr_print_lines(ctx, gate);
	free(gate);
	free(examined);
	free(line);
}

void vr_leaks_print_csv(struct vr_context *ctx, const struct vr_leaks_view *view)
{
	const struct vr_rows rows = {.ctx = ctx, .model = view};

	print_sites(&rows, view->rows < ctx->limit ? view->rows : ctx->limit);
}
