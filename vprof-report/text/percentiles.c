#include "text/percentiles.h"

#include <stdio.h>

#include "text/json.h"

#define PERCENTILE(name, which)                                                                    \
	void vr_get_##name(const struct vr_rows *rows, const void *row, struct vr_value *value)    \
	{                                                                                          \
		const struct vr_quantile *took = row;                                              \
                                                                                                   \
		(void)rows;                                                                        \
		value->cell.null = !took[which].known;                                             \
		value->cell.u = took[which].ns;                                                    \
	}
PERCENTILE(p50, VR_LOOP_P50)
PERCENTILE(p90, VR_LOOP_P90)
PERCENTILE(p99, VR_LOOP_P99)
PERCENTILE(p999, VR_LOOP_P999)
PERCENTILE(p9999, VR_LOOP_P9999)
#undef PERCENTILE

static void set_ns(json_t *object, const char *percentile, const char *end, int known, uint64_t ns)
{
	char key[32];

	snprintf(key, sizeof(key), "%s%s_ns", percentile, end);
	json_object_set_new(object, key, known ? vr_json_u64(ns) : json_null());
}

json_t *vr_quantiles_json(const struct vr_quantile quantile[VR_LOOP_PERCENTILES])
{
	static const char *const name[] = {"p50", "p90", "p99", "p999", "p9999"};
	json_t *object = json_object();

	for (int i = 0; i < VR_LOOP_PERCENTILES; i++) {
		const struct vr_quantile *q = &quantile[i];

		set_ns(object, name[i], "", q->known, q->ns);
		set_ns(object, name[i], "_low", q->known, q->low_ns);
		set_ns(object, name[i], "_high", q->known, q->high_ns);
	}
	return object;
}

json_t *vr_histogram_json(const struct vr_histogram *histogram)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < histogram->buckets; i++) {
		uint64_t low, high;

		if (!histogram->count[i])
			continue;
		vr_histogram_ends(histogram, i, &low, &high);
		json_array_append_new(array,
				      json_pack("[o, o, o]", vr_json_u64(low), vr_json_u64(high),
						vr_json_u64(histogram->count[i])));
	}
	return array;
}
