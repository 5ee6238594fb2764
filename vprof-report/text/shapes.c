#include "text/shapes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/units.h"
#include "cli/xalloc.h"
#include "output/out.h"
#include "text/fields.h"
#include "text/json.h"
#include "text/names.h"
#include "text/sites.h"

#define SPIKES_SHOWN 3u

static const char *const series_name[] = {"heap", "resident memory"};

/* The unit of time that suits the length of the increase. */
static double rate_unit(const struct vr_shape_steady *steady, const char **name)
{
	uint64_t ns = steady->to_ns - steady->from_ns;

	*name = ns < 60000000000ull ? "s" : ns < 7200000000000ull ? "min" : "h";
	return ns < 60000000000ull ? 1 : ns < 7200000000000ull ? 60 : 3600;
}

static uint64_t whole(double value)
{
	return value > 0 ? (uint64_t)value : 0;
}

static char *site_text(const struct vr_profile *profile, uint32_t node)
{
	char **all = vr_sites_texts(profile, &node, 1, VR_PROSE_ROOM), *text = all[0];

	free(all);
	return text;
}

/* "site 4.0 MiB, site 1.2 MiB" after `before`; "" where no site is known. */
static char *sites_text(struct vr_profile *profile, const struct vr_memory_sites *sites,
			const char *before)
{
	char *text = vr_xstrdup("");

	for (size_t i = 0; i < sites->count; i++) {
		char *name = site_text(profile, sites->site[i].node);
		char bytes[VR_UNIT_MAX];
		char *longer = vr_xprintf("%s%s%s %s", text, i ? ", " : before, name,
					  vr_format_bytes(bytes, sites->site[i].bytes));

		free(name);
		free(text);
		text = longer;
	}
	return text;
}

/* more: what is to be said of the figures, before the sites */
static char *steady_text(struct vr_profile *profile, const char *series,
			 const struct vr_shape_steady *steady, const struct vr_memory_sites *sites,
			 const char *more)
{
	char slope[VR_UNIT_MAX], low[VR_UNIT_MAX], high[VR_UNIT_MAX], since[VR_UNIT_MAX],
	    until[VR_UNIT_MAX], from[VR_UNIT_MAX], to[VR_UNIT_MAX];
	const char *unit;
	double times = rate_unit(steady, &unit);
	char *who = sites_text(profile, sites, sites->at_peak ? "; at the peak: " : "; by ");
	char *text = vr_xprintf(
	    "steady increase of %s: %s/%s (95 %%: %s to %s) from %s at %s to %s at %s%s%s", series,
	    vr_format_bytes(slope, whole(steady->slope * times)), unit,
	    vr_format_bytes(low, whole(steady->slope_low * times)),
	    vr_format_bytes(high, whole(steady->slope_high * times)),
	    vr_format_bytes(from, steady->from_bytes), vr_format_ns(since, steady->from_ns),
	    vr_format_bytes(to, steady->to_bytes), vr_format_ns(until, steady->to_ns), more, who);

	free(who);
	return text;
}

/* Sites grow, and the heap as a whole goes up and down, or much less in proportion. */
static char *grown_text(struct vr_profile *profile, const struct vr_memory *memory)
{
	int of_heap = memory->shape[VR_MEMORY_HEAP].steady.found;
	char peak[VR_UNIT_MAX], *what, *more, *text;

	what = of_heap ? vr_xstrdup("the heap")
		       : vr_xprintf("what is held by %zu site%s", memory->growing,
				    vr_plural(memory->growing));
	more = of_heap ? vr_xstrdup(" (at the sites that grow)")
		       : vr_xprintf(", of a heap of %s at its peak",
				    vr_format_bytes(peak, profile->file->header.peak_bytes));
	text = steady_text(profile, what, &memory->grown, &memory->steady, more);
	free(what);
	free(more);
	return text;
}

/* A rise that is not called steady, because the growth of its sites is not. */
static char *risen_text(const struct vr_memory *memory)
{
	char from[VR_UNIT_MAX], to[VR_UNIT_MAX], since[VR_UNIT_MAX], until[VR_UNIT_MAX],
	    more[VR_UNIT_MAX];
	const struct vr_shape_steady *risen = &memory->risen;
	char *text = vr_xprintf(
	    "the heap rose from %s at %s to %s at %s; ", vr_format_bytes(from, risen->from_bytes),
	    vr_format_ns(since, risen->from_ns), vr_format_bytes(to, risen->to_bytes),
	    vr_format_ns(until, risen->to_ns));
	char *all;

	if (memory->rise == VR_RISE_BOUNDED)
		all = vr_xprintf("%sno site that is held at the end grows without bound (leaks)",
				 text);
	else if (memory->more_s > 0)
		all = vr_xprintf("%swhether without bound is not decided yet, %s more may tell",
				 text, vr_format_ns(more, (uint64_t)(memory->more_s * 1e9)));
	else
		all = vr_xprintf("%swhether without bound is not decided yet", text);
	free(text);
	return all;
}

static char *spike_text(struct vr_profile *profile, const struct vr_shape_spike *spike,
			const struct vr_memory_sites *sites)
{
	char height[VR_UNIT_MAX], base[VR_UNIT_MAX], when[VR_UNIT_MAX], wide[VR_UNIT_MAX];
	char *who = sites_text(profile, sites, " from ");
	char *text =
	    vr_xprintf("+%s on %s at %s, for at most %s%s",
		       vr_format_bytes(height, spike->top_bytes - spike->base_bytes),
		       vr_format_bytes(base, spike->base_bytes), vr_format_ns(when, spike->top_ns),
		       vr_format_ns(wide, spike->to_ns - spike->from_ns), who);

	free(who);
	return text;
}

/* The highest SPIKES_SHOWN of those kept, in order of time. */
static char *spikes_text(struct vr_profile *profile, const char *series,
			 const struct vr_shape *shape, const struct vr_memory_sites *sites)
{
	size_t kept = vr_shape_spikes_kept(shape);
	char *text = vr_xprintf("%zu spike%s of the %s", shape->spikes,
				shape->spikes > 1 ? "s" : "", series);
	size_t shown = 0;

	for (size_t i = 0; i < kept; i++) {
		size_t higher = 0;
		char *one, *longer;

		for (size_t k = 0; k < kept; k++)
			higher += shape->spike[k].top_bytes - shape->spike[k].base_bytes >
				  shape->spike[i].top_bytes - shape->spike[i].base_bytes;
		if (higher >= SPIKES_SHOWN || shown == SPIKES_SHOWN)
			continue;
		one = spike_text(profile, &shape->spike[i], &sites[i]);
		longer = vr_xprintf("%s%s%s", text, shown++ ? "; " : ": ", one);
		free(one);
		free(text);
		text = longer;
	}
	if (shape->spikes > shown) {
		char *longer = vr_xprintf("%s; the others are lower", text);

		free(text);
		text = longer;
	}
	return text;
}

static char *baseline_text(struct vr_profile *profile, const char *series,
			   const struct vr_shape_baseline *baseline,
			   const struct vr_memory_sites *sites)
{
	char bytes[VR_UNIT_MAX], from[VR_UNIT_MAX], to[VR_UNIT_MAX];
	char *who = sites_text(profile, sites, sites->at_peak ? "; at the peak: " : "; held by ");
	char *text = vr_xprintf("high baseline of the %s: never below %s (%.0f%% of its peak) from "
				"%s to %s%s",
				series, vr_format_bytes(bytes, baseline->bytes), baseline->percent,
				vr_format_ns(from, baseline->from_ns),
				vr_format_ns(to, baseline->to_ns), who);

	free(who);
	return text;
}

static void add_line(struct vr_shapes *shapes, char *text, int alarm)
{
	shapes->alarm[shapes->count] = alarm;
	shapes->line[shapes->count++] = text;
}

struct vr_shapes vr_shapes_text(struct vr_profile *profile, const struct vr_memory *memory)
{
	static const struct vr_memory_sites nobody[VR_SPIKES_KEPT];
	struct vr_shapes out = {.count = 0};

	for (int i = 0; i < 2; i++) {
		const struct vr_shape *shape = &memory->shape[i];
		int heap = i == VR_MEMORY_HEAP;

		if (heap && memory->grown.found)
			add_line(&out, grown_text(profile, memory), 1);
		else if (shape->steady.found)
			add_line(&out,
				 steady_text(profile, heap ? "the heap" : "the resident memory",
					     &shape->steady, heap ? &memory->steady : nobody,
					     heap && memory->rise == VR_RISE_UNKNOWN
						 ? " (whether without bound is not decided yet)"
						 : ""),
				 1);
		if (shape->spikes)
			add_line(&out,
				 spikes_text(profile, series_name[i], shape,
					     heap ? memory->spike : nobody),
				 0);
		if (shape->baseline.found)
			add_line(&out,
				 baseline_text(profile, series_name[i], &shape->baseline,
					       heap ? &memory->baseline : nobody),
				 0);
	}
	if (memory->rise == VR_RISE_OPEN || memory->rise == VR_RISE_BOUNDED)
		add_line(&out, risen_text(memory), 0);
	if (!memory->judged)
		add_line(&out,
			 vr_xprintf("not judged: %zu points over time, it takes %u",
				    memory->shape[VR_MEMORY_RESIDENT].points, VR_SHAPE_POINTS_MIN),
			 0);
	else if (!out.count)
		add_line(&out, vr_xstrdup("no steady increase, no spike, no high baseline"), 0);
	return out;
}

void vr_shapes_free(struct vr_shapes *shapes)
{
	for (size_t i = 0; i < shapes->count; i++)
		free(shapes->line[i]);
}

/* What a row of the lists below is of. */
struct about {
	const char *shape, *of; /* what, and of which series */
	const struct vr_memory_sites *sites;
};

static void get_shape(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct about *about = rows->model;

	(void)row;
	value->cell.s = about->shape;
}

static void get_of(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct about *about = rows->model;

	(void)row;
	value->cell.s = about->of;
}

static void get_frames(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_memory_site *site = row;

	value->json = vr_json_frames(rows->ctx->profile->stacks, site->node);
}

static const struct vr_field site_fields[] = {
    {"bytes", "", VR_BYTES, VR_IN_JSON, VR_MEMBER(struct vr_memory_site, bytes)},
    {"frames", "", VR_TEXT, VR_IN_JSON, .get = get_frames},
};

static void get_sites(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct about *about = rows->model;

	(void)row;
	value->json = json_array();
	for (size_t i = 0; about->sites && i < about->sites->count; i++)
		json_array_append_new(value->json, vr_json_fields(rows, VR_FIELDS(site_fields),
								  &about->sites->site[i]));
}

/* Of every shape, before and behind what it has of its own. */
#define WHAT                                                                                       \
	{"shape", "", VR_TEXT, VR_IN_JSON, .get = get_shape},                                      \
	{                                                                                          \
		"of", "", VR_TEXT, VR_IN_JSON, .get = get_of                                       \
	}
#define SITES                                                                                      \
	{                                                                                          \
		"sites", "", VR_TEXT, VR_IN_JSON, .get = get_sites                                 \
	}

#define STEADY(member) VR_IN_JSON, VR_MEMBER(struct vr_shape_steady, member)

static const struct vr_field steady_fields[] = {
    WHAT,
    {"from_ns", "", VR_NS, STEADY(from_ns)},
    {"to_ns", "", VR_NS, STEADY(to_ns)},
    {"from_bytes", "", VR_BYTES, STEADY(from_bytes)},
    {"to_bytes", "", VR_BYTES, STEADY(to_bytes)},
    {"bytes_per_s", "", VR_NUMBER, STEADY(slope)},
    {"bytes_per_s_low", "", VR_NUMBER, STEADY(slope_low)},
    {"bytes_per_s_high", "", VR_NUMBER, STEADY(slope_high)},
    SITES,
};

#define SPIKE(member) VR_IN_JSON, VR_MEMBER(struct vr_shape_spike, member)

static const struct vr_field spike_fields[] = {
    WHAT,
    {"from_ns", "", VR_NS, SPIKE(from_ns)},
    {"to_ns", "", VR_NS, SPIKE(to_ns)},
    {"top_ns", "", VR_NS, SPIKE(top_ns)},
    {"top_bytes", "", VR_BYTES, SPIKE(top_bytes)},
    {"base_bytes", "", VR_BYTES, SPIKE(base_bytes)},
    SITES,
};

#define BASELINE(member) VR_IN_JSON, VR_MEMBER(struct vr_shape_baseline, member)

static const struct vr_field baseline_fields[] = {
    WHAT,
    {"from_ns", "", VR_NS, BASELINE(from_ns)},
    {"to_ns", "", VR_NS, BASELINE(to_ns)},
    {"bytes", "", VR_BYTES, BASELINE(bytes)},
    {"peak_percent", "", VR_PERCENT, BASELINE(percent)},
    SITES,
};

/* memory: knows which sites made them so; NULL: nobody does */
static void add_shapes(json_t *array, struct vr_context *ctx, const char *of,
		       const struct vr_shape *shape, const struct vr_memory *memory)
{
	struct about about = {.of = of};
	const struct vr_rows rows = {.ctx = ctx, .model = &about};

	if (memory && memory->grown.found && !shape->steady.found) {
		about = (struct about){"steady", "sites", &memory->steady};
		json_array_append_new(
		    array, vr_json_fields(&rows, VR_FIELDS(steady_fields), &memory->grown));
		about.of = of;
	}
	if (shape->steady.found) {
		about.shape = "steady";
		about.sites = memory ? &memory->steady : NULL;
		json_array_append_new(
		    array, vr_json_fields(&rows, VR_FIELDS(steady_fields), &shape->steady));
	}
	for (size_t k = 0; k < vr_shape_spikes_kept(shape); k++) {
		about.shape = "spike";
		about.sites = memory ? &memory->spike[k] : NULL;
		json_array_append_new(
		    array, vr_json_fields(&rows, VR_FIELDS(spike_fields), &shape->spike[k]));
	}
	if (shape->baseline.found) {
		about.shape = "baseline";
		about.sites = memory ? &memory->baseline : NULL;
		json_array_append_new(
		    array, vr_json_fields(&rows, VR_FIELDS(baseline_fields), &shape->baseline));
	}
}

json_t *vr_shapes_json(struct vr_context *ctx, const struct vr_memory *memory)
{
	json_t *array;

	if (!memory->judged)
		return json_null();
	array = json_array();
	/* Only of the heap is it known which sites made it so. */
	add_shapes(array, ctx, "heap", &memory->shape[VR_MEMORY_HEAP], memory);
	add_shapes(array, ctx, "resident", &memory->shape[VR_MEMORY_RESIDENT], NULL);
	return array;
}
