#include "shapes.h"
#include "cli/quote.h"
#include "cli/short.h"
#include "cli/units.h"
#include "engine.h"
#include "words.h"

#include <stdlib.h>
#include <string.h>

static void write_steady(const json_t *shape, FILE *out)
{
	double slope = json_number_value(vrun_json_at(shape, "bytes_per_s"));
	double low = json_number_value(vrun_json_at(shape, "bytes_per_s_low"));
	double high = json_number_value(vrun_json_at(shape, "bytes_per_s_high"));
	/* Leaks of days are slow: what is below 1 KiB a second is told by the hour. */
	double times = slope < 1024 ? 3600 : 1;
	char a[VR_UNIT_MAX], b[VR_UNIT_MAX], c[VR_UNIT_MAX];

	fprintf(out, "- **steady increase** of the %s by %s %s (95 %%: %s to %s)",
		vrun_json_text(shape, "of"), vr_format_bytes(a, (uint64_t)(slope * times)),
		times > 1 ? "an hour" : "a second",
		vr_format_bytes(b, (uint64_t)(low > 0 ? low * times : 0)),
		vr_format_bytes(c, (uint64_t)(high > 0 ? high * times : 0)));
	fprintf(out, ", from %s at %s", vr_format_bytes(a, vrun_json_u64(shape, "from_bytes")),
		vr_format_ns(b, vrun_json_u64(shape, "from_ns")));
	fprintf(out, " to %s at %s", vr_format_bytes(a, vrun_json_u64(shape, "to_bytes")),
		vr_format_ns(b, vrun_json_u64(shape, "to_ns")));
}

static void write_spike(const json_t *shape, FILE *out)
{
	uint64_t base = vrun_json_u64(shape, "base_bytes");
	char a[VR_UNIT_MAX], b[VR_UNIT_MAX], c[VR_UNIT_MAX];

	fprintf(out, "- **spike** of the %s at %s: %s over %s", vrun_json_text(shape, "of"),
		vr_format_ns(a, vrun_json_u64(shape, "top_ns")),
		vr_format_bytes(b, vrun_json_u64(shape, "top_bytes") - base),
		vr_format_bytes(c, base));
}

static void write_baseline(const json_t *shape, FILE *out)
{
	char a[VR_UNIT_MAX];

	fprintf(out, "- **high baseline** of the %s: never below %s, %.0f%% of its peak",
		vrun_json_text(shape, "of"), vr_format_bytes(a, vrun_json_u64(shape, "bytes")),
		json_number_value(vrun_json_at(shape, "peak_percent")));
}

static void write_sites(const json_t *sites, FILE *out)
{
	const json_t *site;
	size_t i;

	json_array_foreach(sites, i, site)
	{
		const json_t *frame = vrun_responsible_frame(site);
		char *name = vr_short_name(vrun_json_text(frame, "function"), VRUN_NAME_ROOM);
		char *place = vrun_place(frame);
		char bytes[VR_UNIT_MAX];

		fprintf(out, "%s%s from ", i ? ", " : "; ",
			vr_format_bytes(bytes, vrun_json_u64(site, "bytes")));
		vr_quote_md_code(out, name);
		free(name);
		fprintf(out, " (");
		vr_quote_md_text(out, place);
		fprintf(out, ")");
		free(place);
	}
	fprintf(out, "\n");
}

void vrun_shapes_write(const json_t *summary, FILE *out)
{
	static const struct {
		const char *name;
		void (*write)(const json_t *shape, FILE *out);
	} kind[] = {{"steady", write_steady}, {"spike", write_spike}, {"baseline", write_baseline}};
	const json_t *shapes = vrun_json_at(summary, "shapes"), *shape;
	size_t i;

	if (!json_is_array(shapes)) {
		fprintf(out, "\nToo short a run to judge the shape of its memory.\n");
		return;
	}
	fprintf(out, json_array_size(shapes)
			 ? "\nShape over time:\n\n"
			 : "\nShape over time: no steady increase, no spike, no high baseline.\n");
	json_array_foreach(shapes, i, shape)
	{
		for (size_t k = 0; k < sizeof(kind) / sizeof(kind[0]); k++)
			if (strcmp(vrun_json_text(shape, "shape"), kind[k].name) == 0)
				kind[k].write(shape, out);
		write_sites(vrun_json_at(shape, "sites"), out);
	}
}
