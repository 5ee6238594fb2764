#include "text/shapes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/units.h"
#include "cli/xalloc.h"
#include "model/responsible.h"
#include "text/json.h"
#include "text/names.h"

#define LINES_MAX    8u
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

/* The frame after `place` in the stack, NULL at its end. */
static const struct vr_place *caller_of(struct vr_stacks *stacks, uint32_t node, size_t place)
{
	int seen = 0;

	for (; node != VPROF_NODE_ROOT; node = vr_stacks_parent(stacks, node)) {
		struct vr_span span = vr_stacks_at(stacks, node);

		for (uint32_t i = span.first; i < span.first + span.count; i++) {
			if (seen)
				return &stacks->place[i];
			seen = i == place;
		}
	}
	return NULL;
}

char *vr_shapes_site(struct vr_stacks *stacks, uint32_t node)
{
	const struct vr_place *place = vr_responsible_frame(stacks, node);
	const struct vr_place *caller;
	char *text, *longer;

	if (!place)
		return vr_xstrdup("[no stack]");
	text = vr_place_text(stacks, place, 1);
	caller = caller_of(stacks, node, (size_t)(place - stacks->place));
	if (!caller)
		return text;
	longer = vr_xprintf("%s < %s", text, vr_place_function(stacks, caller)->name);
	free(text);
	return longer;
}

/* "site 4.0 MiB, site 1.2 MiB" after `before`; "" where no site is known. */
static char *sites_text(struct vr_profile *profile, const struct vr_memory_sites *sites,
			const char *before)
{
	char *text = vr_xstrdup("");

	for (size_t i = 0; i < sites->count; i++) {
		char *name = vr_shapes_site(profile->stacks, sites->site[i].node);
		char bytes[VR_UNIT_MAX];
		char *longer = vr_xprintf("%s%s%s %s", text, i ? ", " : before, name,
					  vr_format_bytes(bytes, sites->site[i].bytes));

		free(name);
		free(text);
		text = longer;
	}
	return text;
}

static char *steady_text(struct vr_profile *profile, const char *series,
			 const struct vr_shape_steady *steady, const struct vr_memory_sites *sites,
			 int unknown)
{
	char slope[VR_UNIT_MAX], low[VR_UNIT_MAX], high[VR_UNIT_MAX], since[VR_UNIT_MAX],
	    until[VR_UNIT_MAX], from[VR_UNIT_MAX], to[VR_UNIT_MAX];
	const char *unit, *known = unknown ? " (whether without bound is not decided yet)" : "";
	double times = rate_unit(steady, &unit);
	char *who = sites_text(profile, sites, sites->at_peak ? "; at the peak: " : "; by ");
	char *text = vr_xprintf(
	    "steady increase of the %s: %s/%s (95 %%: %s to %s) from %s at %s to %s at %s%s%s",
	    series, vr_format_bytes(slope, whole(steady->slope * times)), unit,
	    vr_format_bytes(low, whole(steady->slope_low * times)),
	    vr_format_bytes(high, whole(steady->slope_high * times)),
	    vr_format_bytes(from, steady->from_bytes), vr_format_ns(since, steady->from_ns),
	    vr_format_bytes(to, steady->to_bytes), vr_format_ns(until, steady->to_ns), known, who);

	free(who);
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

char **vr_shapes_text(struct vr_profile *profile, const struct vr_memory *memory, size_t *count)
{
	static const struct vr_memory_sites nobody[VR_SPIKES_KEPT];
	char **text = vr_xcalloc(LINES_MAX, sizeof(*text));
	size_t n = 0;

	for (int i = 0; i < 2; i++) {
		const struct vr_shape *shape = &memory->shape[i];
		int heap = i == VR_MEMORY_HEAP;

		if (shape->steady.found)
			text[n++] = steady_text(profile, series_name[i], &shape->steady,
						heap ? &memory->steady : nobody,
						heap && memory->rise == VR_RISE_UNKNOWN);
		if (shape->spikes)
			text[n++] = spikes_text(profile, series_name[i], shape,
						heap ? memory->spike : nobody);
		if (shape->baseline.found)
			text[n++] = baseline_text(profile, series_name[i], &shape->baseline,
						  heap ? &memory->baseline : nobody);
	}
	if (memory->rise == VR_RISE_OPEN || memory->rise == VR_RISE_BOUNDED)
		text[n++] = risen_text(memory);
	if (!memory->judged)
		text[n++] =
		    vr_xprintf("not judged: %zu points over time, it takes %u",
			       memory->shape[VR_MEMORY_RESIDENT].points, VR_SHAPE_POINTS_MIN);
	else if (!n)
		text[n++] = vr_xstrdup("no steady increase, no spike, no high baseline");
	*count = n;
	return text;
}

void vr_shapes_free(char **text, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(text[i]);
	free(text);
}

static json_t *sites_json(struct vr_profile *profile, const struct vr_memory_sites *sites)
{
	json_t *array = json_array();

	for (size_t i = 0; sites && i < sites->count; i++) {
		json_t *one = json_object();

		vr_json_set_u64(one, "bytes", sites->site[i].bytes);
		json_object_set_new(one, "frames",
				    vr_json_frames(profile->stacks, sites->site[i].node));
		json_array_append_new(array, one);
	}
	return array;
}

static json_t *steady_json(struct vr_profile *profile, const char *series,
			   const struct vr_shape_steady *steady,
			   const struct vr_memory_sites *sites)
{
	json_t *one = json_object();

	vr_json_set_text(one, "shape", "steady");
	vr_json_set_text(one, "of", series);
	vr_json_set_u64(one, "from_ns", steady->from_ns);
	vr_json_set_u64(one, "to_ns", steady->to_ns);
	vr_json_set_u64(one, "from_bytes", steady->from_bytes);
	vr_json_set_u64(one, "to_bytes", steady->to_bytes);
	json_object_set_new(one, "bytes_per_s", json_real(steady->slope));
	json_object_set_new(one, "bytes_per_s_low", json_real(steady->slope_low));
	json_object_set_new(one, "bytes_per_s_high", json_real(steady->slope_high));
	json_object_set_new(one, "sites", sites_json(profile, sites));
	return one;
}

static json_t *spike_json(struct vr_profile *profile, const char *series,
			  const struct vr_shape_spike *spike, const struct vr_memory_sites *sites)
{
	json_t *one = json_object();

	vr_json_set_text(one, "shape", "spike");
	vr_json_set_text(one, "of", series);
	vr_json_set_u64(one, "from_ns", spike->from_ns);
	vr_json_set_u64(one, "to_ns", spike->to_ns);
	vr_json_set_u64(one, "top_ns", spike->top_ns);
	vr_json_set_u64(one, "top_bytes", spike->top_bytes);
	vr_json_set_u64(one, "base_bytes", spike->base_bytes);
	json_object_set_new(one, "sites", sites_json(profile, sites));
	return one;
}

static json_t *baseline_json(struct vr_profile *profile, const char *series,
			     const struct vr_shape_baseline *baseline,
			     const struct vr_memory_sites *sites)
{
	json_t *one = json_object();

	vr_json_set_text(one, "shape", "baseline");
	vr_json_set_text(one, "of", series);
	vr_json_set_u64(one, "from_ns", baseline->from_ns);
	vr_json_set_u64(one, "to_ns", baseline->to_ns);
	vr_json_set_u64(one, "bytes", baseline->bytes);
	json_object_set_new(one, "peak_percent", json_real(baseline->percent));
	json_object_set_new(one, "sites", sites_json(profile, sites));
	return one;
}

json_t *vr_shapes_json(struct vr_profile *profile, const struct vr_memory *memory)
{
	static const char *const name[] = {"heap", "resident"};
	json_t *array = json_array();

	if (!memory->judged) {
		json_decref(array);
		return json_null();
	}
	for (int i = 0; i < 2; i++) {
		const struct vr_shape *shape = &memory->shape[i];
		int heap = i == VR_MEMORY_HEAP;

		if (shape->steady.found)
			json_array_append_new(array, steady_json(profile, name[i], &shape->steady,
								 heap ? &memory->steady : NULL));
		for (size_t k = 0; k < vr_shape_spikes_kept(shape); k++)
			json_array_append_new(array, spike_json(profile, name[i], &shape->spike[k],
								heap ? &memory->spike[k] : NULL));
		if (shape->baseline.found)
			json_array_append_new(array,
					      baseline_json(profile, name[i], &shape->baseline,
							    heap ? &memory->baseline : NULL));
	}
	return array;
}
