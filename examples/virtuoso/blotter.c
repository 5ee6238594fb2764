#include "blotter.h"
#include "json.h"
#include "text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void virt_blotter_init(struct virt_blotter *blotter, const struct virt_venue *venue)
{
	*blotter = (struct virt_blotter){.venue = venue};
}

void virt_blotter_fini(struct virt_blotter *blotter)
{
	for (size_t i = 0; i < VIRT_BLOTTER_LINES; i++)
		free(blotter->lines[i]);
}

static char *line_of(const struct virt_report *report)
{
	static const char *const names[VIRT_STATUS_NR] = {"new", "FILL", "cancel", "REJECT"};
	struct virt_text text = {0};

	virt_text_addf(&text, "%10.1f  %-12s %-10s %-4s %-6s", (double)report->ts_ms / 1000,
		       report->id, report->symbol, report->is_buy ? "buy" : "sell",
		       names[report->status]);
	if (report->status == VIRT_STATUS_FILLED)
		virt_text_addf(&text, " %.4f @ %.4f", report->qty, report->price);
	if (*report->reason)
		virt_text_addf(&text, " %s", report->reason);
	return virt_text_take(&text);
}

static void keep_line(struct virt_blotter *blotter, const struct virt_report *report)
{
	char **slot = &blotter->lines[blotter->line_nr % VIRT_BLOTTER_LINES];

	free(*slot);
	*slot = line_of(report);
	blotter->line_nr++;
}

void virt_blotter_report(void *arg, const char *line)
{
	struct virt_blotter *blotter = arg;
	struct virt_report report;
	int idx;

	if (virt_report_parse(line, &report)) {
		blotter->bad_lines++;
		return;
	}
	blotter->reports[report.status]++;
	keep_line(blotter, &report);
	idx = virt_venue_find(blotter->venue, report.symbol);
	if (idx >= 0 && report.status == VIRT_STATUS_FILLED)
		virt_position_fill(&blotter->positions[idx], report.is_buy, report.price,
				   report.qty, report.fee);
}

/* The price of the first level of a side; 0 when it is empty. */
static double best_price(const struct virt_json *book, const char *side)
{
	const struct virt_json *levels = virt_json_find(book, side);

	if (!levels || !levels->child || !levels->child->child || !levels->child->child->text)
		return 0;
	return strtod(levels->child->child->text, NULL);
}

void virt_blotter_book(void *arg, const char *line)
{
	struct virt_blotter *blotter = arg;
	struct virt_json *book;
	double bid, ask;
	int idx;

	if (virt_json_parse(line, &book)) {
		blotter->bad_lines++;
		return;
	}
	blotter->books++;
	idx = virt_venue_find(blotter->venue, virt_json_text(book, "symbol"));
	bid = best_price(book, "b");
	ask = best_price(book, "a");
	if (idx >= 0 && bid > 0 && ask > 0)
		blotter->marks[idx] = (bid + ask) / 2;
	virt_json_free(book);
}

double virt_blotter_pnl(const struct virt_blotter *blotter)
{
	double sum = 0;

	for (size_t i = 0; i < blotter->venue->nr; i++) {
		const struct virt_position *position = &blotter->positions[i];

		sum += position->realized - position->fees +
		       virt_position_unrealized(position, blotter->marks[i]);
	}
	return sum;
}

static void print_position(const struct virt_blotter *blotter, size_t idx, FILE *out)
{
	const struct virt_position *position = &blotter->positions[idx];

	fprintf(out,
		"%-10s %12.2f  position %+.4f  fills %" PRIu64
		"  realized %+.2f  unrealized %+.2f  fees %.2f\n",
		blotter->venue->markets[idx].symbol, blotter->marks[idx], position->qty,
		position->fills, position->realized,
		virt_position_unrealized(position, blotter->marks[idx]), position->fees);
}

void virt_blotter_print_lines(const struct virt_blotter *blotter, FILE *out)
{
	uint64_t first =
	    blotter->line_nr > VIRT_BLOTTER_LINES ? blotter->line_nr - VIRT_BLOTTER_LINES : 0;

	for (uint64_t i = first; i < blotter->line_nr; i++) {
		const char *line = blotter->lines[i % VIRT_BLOTTER_LINES];

		if (line)
			fprintf(out, "%s\n", line);
	}
}

void virt_blotter_print(const struct virt_blotter *blotter, FILE *out)
{
	for (size_t i = 0; i < blotter->venue->nr; i++)
		print_position(blotter, i, out);
	fprintf(out,
		"reports: %" PRIu64 " new, %" PRIu64 " filled, %" PRIu64 " cancelled, %" PRIu64
		" rejected\n",
		blotter->reports[VIRT_STATUS_NEW], blotter->reports[VIRT_STATUS_FILLED],
		blotter->reports[VIRT_STATUS_CANCELED], blotter->reports[VIRT_STATUS_REJECTED]);
}
