#include <stdlib.h>

#include "cli/units.h"
#include "cli/xalloc.h"
#include "pictures/series.h"
#include "text/sites.h"

#define BARS	  12u
#define SITE_ROOM 64 /* columns, about as many as fit beside the bars */
#define MB	  1048576.0

enum kind { LEAK, UNSURE, IN_USE, KINDS };
static const struct vr_chart_series kinds[KINDS] = {
    [LEAK] = {"a leak: lost, or growing without bound", NULL, 0, VR_TONE_ALARM},
    [UNSURE] = {"possible, or not examined", NULL, 0, VR_TONE_CALM},
    [IN_USE] = {"still in use at the end", NULL, 0, VR_TONE_CALM},
};

static enum kind kind_of(enum vr_verdict verdict)
{
	if (verdict == VR_REACHABLE || verdict == VR_RUNTIME)
		return IN_USE;
	return verdict == VR_POSSIBLE || verdict == VR_UNEXAMINED ? UNSURE : LEAK;
}

/* Those that there are, for the legend, and where each of them stands there. */
static size_t find_kinds(const struct vr_leaks *leaks, const size_t *order, size_t count,
			 struct vr_chart_series shown[KINDS], unsigned char place[KINDS])
{
	size_t n = 0;

	for (size_t k = 0; k < KINDS; k++) {
		size_t of_it = 0;

		for (size_t i = 0; i < count; i++)
			of_it += kind_of(leaks->leak[order[i]].verdict) == k;
		place[k] = (unsigned char)n;
		if (of_it)
			shown[n++] = kinds[k];
	}
	return n;
}

/* "lost: Book::insert (book.h:12) < main" of each; free() them. */
static void make_labels(struct vr_context *ctx, const struct vr_leaks *leaks, const size_t *order,
			size_t count, const char **label)
{
	uint32_t node[BARS] = {0};
	char **site;

	for (size_t i = 0; i < count; i++)
		node[i] = leaks->leak[order[i]].node;
	site = vr_sites_texts(ctx->profile, node, count, SITE_ROOM);
	for (size_t i = 0; i < count; i++) {
		label[i] =
		    vr_xprintf("%s: %s", vr_verdict_name(leaks->leak[order[i]].verdict), site[i]);
		free(site[i]);
	}
	free(site);
}

static char *amount_of(const struct vr_leak *leak)
{
	char bytes[VR_UNIT_MAX], blocks[VR_UNIT_MAX];

	return vr_xprintf("%s in %s block%s", vr_format_bytes(bytes, leak->bytes),
			  vr_format_count(blocks, leak->blocks), leak->blocks == 1 ? "" : "s");
}

int vr_picture_leaks(struct vr_context *ctx, const struct vr_leaks *leaks, const size_t *order,
		     const struct vr_growth *growth)
{
	size_t count = leaks->n_leaks < BARS ? leaks->n_leaks : BARS;
	double value[BARS];
	const char *label[BARS], *text[BARS];
	const struct vr_chart_series series = {"bytes in blocks, at the end", value, 0, 0};
	struct vr_chart_series shown[KINDS];
	unsigned char kind[BARS], place[KINDS];
	struct vr_site_panel lines;
	struct vr_chart_panel panel[2] = {{
	    .kind = VR_PANEL_BARS,
	    .unit = "not freed (MB of 2^20 bytes)",
	    .empty = leaks->allocs ? "every block was freed" : "no allocation in this profile",
	    .label = label,
	    .text = text,
	    .points = count,
	    .series = &series,
	    .count = 1,
	    .bar_sort = kind,
	    .sort = shown,
	}};
	struct vr_chart chart = {.panel = panel, .panels = 2};
	char *title = vr_xprintf("Not freed, by site: %zu of %zu", count, leaks->n_leaks);
	int ret;

	panel[0].title = title;
	vr_site_panel_growth(ctx, growth, &lines);
	panel[1] = lines.panel;
	panel[0].sorts = find_kinds(leaks, order, count, shown, place);
	make_labels(ctx, leaks, order, count, label);
	for (size_t i = 0; i < count; i++) {
		const struct vr_leak *leak = &leaks->leak[order[i]];

		value[i] = (double)leak->bytes / MB;
		kind[i] = place[kind_of(leak->verdict)];
		text[i] = amount_of(leak);
	}
	ret = vr_picture_write(ctx, &chart, "Leaks");
	for (size_t i = 0; i < count; i++) {
		free((char *)label[i]);
		free((char *)text[i]);
	}
	free(title);
	vr_site_panel_free(&lines);
	return ret;
}
