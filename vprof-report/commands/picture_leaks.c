#include <stdlib.h>

#include "base/xalloc.h"
#include "commands/pictures.h"
#include "commands/shapes.h"
#include "output/chart.h"

#define BARS 12u
#define MB   1048576.0

static char *label_of(struct vr_context *ctx, const struct vr_leak *leak)
{
	char *site = vr_shapes_site(ctx->profile->stacks, leak->node);
	char *text = vr_xprintf("%s: %s", vr_verdict_name(leak->verdict), site);

	free(site);
	return text;
}

static char *amount_of(const struct vr_leak *leak)
{
	char bytes[VR_UNIT_MAX], blocks[VR_UNIT_MAX];

	return vr_xprintf("%s in %s block%s", vr_format_bytes(bytes, leak->bytes),
			  vr_format_count(blocks, leak->blocks), leak->blocks == 1 ? "" : "s");
}

int vr_picture_leaks(struct vr_context *ctx, struct vr_leaks *leaks)
{
	size_t count = leaks->leaks < BARS ? leaks->leaks : BARS;
	double value[BARS];
	const char *label[BARS], *text[BARS];
	const struct vr_chart_series series = {"bytes in blocks, at the end", value, 0};
	struct vr_chart_panel panel = {
	    .kind = VR_PANEL_BARS,
	    .unit = "not freed (MB of 2^20 bytes)",
	    .empty = leaks->allocs ? "every block was freed" : "no allocation in this profile",
	    .label = label,
	    .text = text,
	    .points = count,
	    .series = &series,
	    .count = 1,
	};
	struct vr_chart chart = {.panel = &panel, .panels = 1};
	char *title = vr_xprintf("Not freed, by site: %zu of %zu", count, leaks->leaks);
	int ret;

	panel.title = title;
	for (size_t i = 0; i < count; i++) {
		value[i] = (double)leaks->leak[i].bytes / MB;
		label[i] = label_of(ctx, &leaks->leak[i]);
		text[i] = amount_of(&leaks->leak[i]);
	}
	ret = vr_picture_write(ctx, &chart, "Leaks");
	for (size_t i = 0; i < count; i++) {
		free((char *)label[i]);
		free((char *)text[i]);
	}
	free(title);
	return ret;
}
