#include "pictures/series.h"

#include <math.h>
#include <stdlib.h>

#include "cli/xalloc.h"
#include "text/sites.h"

#define MB	  1048576.0
#define SITE_ROOM 90			    /* columns of a site in the legend */
#define MOST	  (VR_CHART_SERIES_MAX - 1) /* sites; the rest is one series */

/* Points inside the window. */
struct points {
	uint32_t from, to;
};

static struct points points_of(const struct vr_profile *profile, const struct vr_growth *growth)
{
	struct points p = {0, growth->points};

	while (p.from < p.to && !vr_profile_in_window(profile, growth->t_ns[p.from]))
		p.from++;
	while (p.to > p.from && !vr_profile_in_window(profile, growth->t_ns[p.to - 1]))
		p.to--;
	return p;
}

static uint64_t bytes_at(const struct vr_growth_site *site, uint32_t i)
{
	return i < site->first ? 0 : site->bytes[i];
}

static double most_held(const struct vr_growth_site *site, struct points p)
{
	uint64_t most = 0;

	for (uint32_t i = p.from; i < p.to; i++)
		most = bytes_at(site, i) > most ? bytes_at(site, i) : most;
	return (double)most;
}

/* Growing sites come before those that only rose. */
static double rise(const struct vr_growth_site *site, struct points p)
{
	double by =
	    p.to > p.from ? (double)bytes_at(site, p.to - 1) - (double)bytes_at(site, p.from) : 0;

	return site->verdict == VR_GROWTH_GROWING ? by + 0x1p62 : by;
}

/* Fills `chosen` with up to MOST sites of the highest weight above 0; returns how many. */
static size_t choose(const struct vr_growth *growth, struct points p,
		     double (*weight)(const struct vr_growth_site *, struct points), size_t *chosen)
{
	double *of = vr_xcalloc(growth->n_sites + 1, sizeof(*of));
	size_t count = 0;

	for (size_t i = 0; i < growth->n_sites; i++)
		of[i] = weight(&growth->site[i], p);
	while (count < MOST) {
		size_t best = 0;

		for (size_t i = 1; i < growth->n_sites; i++)
			best = of[i] > of[best] ? i : best;
		if (!growth->n_sites || !(of[best] > 0))
			break;
		of[best] = 0;
		chosen[count++] = best;
	}
	free(of);
	return count;
}

/*   name  taken */
static void add_site(const struct vr_growth_site *site, char *name, struct points p,
		     int with_verdict, struct vr_site_panel *out)
{
	uint32_t points = p.to - p.from;
	double *value = out->value + (size_t)points * out->panel.count;

	for (uint32_t i = 0; i < points; i++)
		value[i] = p.from + i < site->first && with_verdict
			       ? NAN
			       : (double)bytes_at(site, p.from + i) / MB;
	if (with_verdict) {
		char *longer = vr_xprintf("%s: %s", vr_growth_name(site->verdict), name);

		free(name);
		name = longer;
	}
	out->series[out->panel.count++] =
	    (struct vr_chart_series){name, value, 0,
				     !with_verdict			  ? VR_TONE_NAME
				     : site->verdict == VR_GROWTH_GROWING ? VR_TONE_ALARM
									  : VR_TONE_CALM};
}

static void add_sites(struct vr_context *ctx, const struct vr_growth *growth, const size_t *chosen,
		      size_t count, struct points p, int with_verdict, struct vr_site_panel *out)
{
	uint32_t node[MOST] = {0};
	char **name;

	for (size_t i = 0; i < count; i++)
		node[i] = growth->site[chosen[i]].node;
	name = vr_sites_texts(ctx->profile, node, count, SITE_ROOM);
	for (size_t i = 0; i < count; i++)
		add_site(&growth->site[chosen[i]], name[i], p, with_verdict, out);
	free(name);
}

/* What the heap held at each point beyond the sites shown. */
static void add_rest(struct vr_context *ctx, const struct vr_growth *growth, struct points p,
		     struct vr_site_panel *out)
{
	const struct vr_file *file = ctx->profile->file;
	uint32_t points = p.to - p.from;
	double *value = out->value + (size_t)points * out->panel.count;
	uint32_t at = 0;

	for (uint32_t i = 0; i < points; i++) {
		double sum = 0;

		while (at + 1 < file->n_points &&
		       file->point[at + 1].t_ns <= growth->t_ns[p.from + i])
			at++;
		for (size_t s = 0; s < out->panel.count; s++)
			sum += out->series[s].value[i];
		value[i] =
		    file->n_points ? fmax(0, (double)file->point[at].heap_live / MB - sum) : 0;
	}
	out->series[out->panel.count++] =
	    (struct vr_chart_series){vr_xstrdup("all other sites"), value, 0, VR_TONE_NAME};
}

static void begin(const struct vr_growth *growth, struct points p, struct vr_site_panel *out)
{
	uint32_t points = p.to - p.from;

	*out = (struct vr_site_panel){
	    .panel = {.unit = "MB (2^20 bytes)",
		      .empty = growth->note ? growth->note
					    : "no site was followed over time in this profile",
		      .points = points},
	    .x = vr_xcalloc(points + 1, sizeof(double)),
	    .value = vr_xcalloc((size_t)(points + 1) * VR_CHART_SERIES_MAX, sizeof(double)),
	};
	for (uint32_t i = 0; i < points; i++)
		out->x[i] = (double)growth->t_ns[p.from + i] / 1e9;
	out->panel.x = out->x;
}

/* Series lie in the struct, which may have been copied by then. */
static void end(struct vr_site_panel *out)
{
	out->panel.series = out->series;
	if (!out->panel.count)
		out->panel.points = 0;
}

void vr_site_panel_stack(struct vr_context *ctx, const struct vr_growth *growth,
			 struct vr_site_panel *out)
{
	struct points p = points_of(ctx->profile, growth);
	size_t chosen[MOST];
	size_t count = choose(growth, p, most_held, chosen);

	begin(growth, p, out);
	out->panel.kind = VR_PANEL_AREAS;
	out->panel.title = "Heap by site over time";
	add_sites(ctx, growth, chosen, count, p, 0, out);
	if (count)
		add_rest(ctx, growth, p, out);
	end(out);
}

void vr_site_panel_growth(struct vr_context *ctx, const struct vr_growth *growth,
			  struct vr_site_panel *out)
{
	struct points p = points_of(ctx->profile, growth);
	size_t chosen[MOST];
	size_t count = choose(growth, p, rise, chosen);

	begin(growth, p, out);
	out->panel.kind = VR_PANEL_LINES;
	out->panel.title = "Live bytes over time of the sites that grew most";
	add_sites(ctx, growth, chosen, count, p, 1, out);
	end(out);
}

void vr_site_panel_free(struct vr_site_panel *panel)
{
	for (size_t i = 0; i < panel->panel.count; i++)
		free((char *)panel->series[i].name);
	free(panel->x);
	free(panel->value);
}
