/* Percentiles and histograms of times, as fields of rows and in JSON. */
#ifndef VR_PERCENTILES_H
#define VR_PERCENTILES_H

#include "model/loops.h"
#include "text/fields.h"

/* Of a field's part: a struct vr_quantile[VR_LOOP_PERCENTILES]. */
vr_get vr_get_p50, vr_get_p90, vr_get_p99, vr_get_p999, vr_get_p9999;

/* {"p50_ns","p50_low_ns","p50_high_ns", ...} */
json_t *vr_quantiles_json(const struct vr_quantile quantile[VR_LOOP_PERCENTILES]);
/* [[from, to, count], ...]: the buckets that are not empty. */
json_t *vr_histogram_json(const struct vr_histogram *histogram);

#endif
