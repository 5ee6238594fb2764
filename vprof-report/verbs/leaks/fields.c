#include "verbs/leaks/fields.h"

#include <inttypes.h>
#include <stdlib.h>

#include "cli/xalloc.h"
#include "model/identity.h"
#include "output/out.h"
#include "text/json.h"
#include "text/leaks.h"
#include "text/names.h"

static const struct vr_leaks_view *view_of(const struct vr_rows *rows)
{
	return rows->model;
}

static const struct vr_leak *leak_of(const void *row)
{
	return row;
}

static void get_verdict(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.s = vr_verdict_name(leak_of(row)->verdict);
}

static void get_counts(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->json = json_boolean(vr_leak_counts(row, view_of(rows)->plan->strict));
}

static void get_because(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	enum vprof_unsearched because = leak_of(row)->because;

	(void)rows;
	value->cell.null = !because;
	value->cell.s = because ? vr_unsearched_name(because) : "";
}

static struct vr_interval interval_of(const struct vr_rows *rows, const void *row)
{
	(void)rows;
	return leak_of(row)->sure;
}

static void get_confidence(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.null = leak_of(row)->confidence < 0;
	value->cell.f = leak_of(row)->confidence;
}

static void get_example(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	uint64_t example = leak_of(row)->example;

	(void)rows;
	value->text = example ? vr_xprintf("0x%" PRIx64, example) : vr_xstrdup("");
}

static void get_owner(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	uint32_t owner = leak_of(row)->owner;

	value->json = owner ? vr_json_frames(rows->ctx->profile->stacks, owner) : json_null();
}

static void get_excuse(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->text = vr_excuse_text(row);
	value->cell.null = !value->text;
}

static void get_change(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	static const char *const change[] = {NULL, "new", "more", "same"};

	(void)rows;
	value->cell.s = change[leak_of(row)->change];
	value->cell.null = !value->cell.s;
}

static void get_fingerprint(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	char print[VR_FINGERPRINT];

	vr_fingerprint(rows->ctx->profile->stacks, leak_of(row)->node, print);
	value->text = vr_xstrdup(print);
}

static void get_site(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	vr_value_site(rows, value, leak_of(row)->node);
}

static void get_frames(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->json = vr_json_frames(rows->ctx->profile->stacks, leak_of(row)->node);
}

/* --- what its live bytes over time say --------------------------------------- */

static const struct vr_growth_site *growth_of(const void *row)
{
	return row;
}

static void get_growth_verdict(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.s = vr_growth_name(growth_of(row)->verdict);
}

static void get_reason(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.s = vr_growth_reason(row);
}

static void get_per(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)row;
	value->cell.s = view_of(rows)->growth->by_iteration ? "iteration" : "second";
}

static void get_doubling(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.null = !(growth_of(row)->doubling > 0);
	value->cell.f = growth_of(row)->doubling;
}

static void get_more(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.null = !(growth_of(row)->more > 0);
	value->cell.f = growth_of(row)->more;
}

static void get_stay(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.null = !growth_of(row)->queue;
	value->cell.f = growth_of(row)->stay;
}

static void get_old_ns(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.u = growth_of(row)->ages_known ? growth_of(row)->old_ns : 0;
}

static void get_old_blocks(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.u = growth_of(row)->ages_known ? growth_of(row)->old_blocks : 0;
}

static void get_old_freed(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.u = growth_of(row)->ages_known ? growth_of(row)->old_freed : 0;
}

#define GROWTH(member) VR_MEMBER(struct vr_growth_site, member)

static const struct vr_field growth_fields[] = {
    {"verdict", "", VR_TEXT, VR_IN_JSON, .get = get_growth_verdict},
    {"reason", "", VR_TEXT, VR_IN_JSON, .get = get_reason},
    {"per", "", VR_TEXT, VR_IN_JSON, .get = get_per},
    {"slope", "", VR_NUMBER, VR_IN_JSON, GROWTH(slope)},
    {"slope_low", "", VR_NUMBER, VR_IN_JSON, GROWTH(low)},
    {"slope_high", "", VR_NUMBER, VR_IN_JSON, GROWTH(high)},
    {"p", "", VR_NUMBER, VR_IN_JSON, GROWTH(p)},
    {"doubling", "", VR_NUMBER, VR_IN_JSON, .get = get_doubling},
    {"more", "", VR_NUMBER, VR_IN_JSON, .get = get_more},
    {"steps", "", VR_COUNT, VR_IN_JSON, GROWTH(steps)},
    {"stay", "", VR_NUMBER, VR_IN_JSON, .get = get_stay},
    {"since_ns", "", VR_NS, VR_IN_JSON, GROWTH(since_ns)},
    {"floor_bytes", "", VR_BYTES, VR_IN_JSON, GROWTH(floor_bytes)},
    {"old_ns", "", VR_NS, VR_IN_JSON, .get = get_old_ns},
    {"old_blocks", "", VR_COUNT, VR_IN_JSON, .get = get_old_blocks},
    {"old_freed", "", VR_COUNT, VR_IN_JSON, .get = get_old_freed},
};

/* [[t_ns, bytes], ...] */
static json_t *series_json(const struct vr_growth *growth, const struct vr_growth_site *site)
{
	json_t *series = json_array();

	for (uint32_t i = site->first; i < growth->points; i++) {
		json_t *point = json_array();

		json_array_append_new(point, vr_json_u64(growth->t_ns[i]));
		json_array_append_new(point, vr_json_u64(site->bytes[i]));
		json_array_append_new(series, point);
	}
	return series;
}

static void get_growth(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_leak *leak = row;

	value->cell.null = !leak->growth;
	if (!leak->growth)
		return;
	value->json = vr_json_fields(rows, VR_FIELDS(growth_fields), leak->growth);
	json_object_set_new(value->json, "series",
			    leak->verdict == VR_GROWING
				? series_json(view_of(rows)->growth, leak->growth)
				: json_array());
}

/* --- a leak ------------------------------------------------------------------ */

#define LEAK(member) VR_MEMBER(struct vr_leak, member)

const struct vr_field vr_leak_fields[] = {
    {"rank", "#", VR_COUNT, VR_IN_TABLE, .get = vr_get_rank},
    {"verdict", "verdict", VR_TEXT, VR_IN_ALL, .get = get_verdict},
    {"leak", "", VR_TEXT, VR_IN_JSON, .get = get_counts},
    {"because", "", VR_TEXT, VR_IN_JSON, .get = get_because},
    {"bytes", "bytes", VR_BYTES, VR_IN_ALL, LEAK(bytes)},
    {"blocks", "blocks", VR_COUNT, VR_IN_ALL, LEAK(blocks)},
    {"allocs", "of", VR_COUNT, VR_IN_ALL, LEAK(allocs)},
    VR_INTERVAL_FIELDS("bytes", VR_IN_DATA, interval_of),
    {"confidence", "", VR_NUMBER, VR_IN_JSON, .get = get_confidence},
    {"first_ns", "", VR_NS, VR_IN_JSON, LEAK(first_ns)},
    {"last_ns", "", VR_NS, VR_IN_JSON, LEAK(last_ns)},
    {"oldest_ns", "oldest", VR_NS, VR_IN_ALL, LEAK(oldest_ns), .yields = 1},
    {"newest_ns", "newest", VR_NS, VR_IN_ALL, LEAK(newest_ns), .yields = 2},
    {"site", "site", VR_TEXT, VR_IN_COLUMNS, .get = get_site, .elastic = VR_CAPTIONS},
    {"example", "", VR_TEXT, VR_IN_JSON, .get = get_example},
    {"owner", "", VR_TEXT, VR_IN_JSON, .get = get_owner},
    {"growth", "", VR_TEXT, VR_IN_JSON, .get = get_growth},
    {"excuse", "", VR_TEXT, VR_IN_JSON, .get = get_excuse},
    {"baseline", "", VR_TEXT, VR_IN_JSON, .get = get_change},
    {"fingerprint", "", VR_TEXT, VR_IN_JSON, .get = get_fingerprint},
    {"frames", "", VR_TEXT, VR_IN_JSON, .get = get_frames},
};
const size_t vr_leak_fields_count = sizeof(vr_leak_fields) / sizeof(vr_leak_fields[0]);

/* --- a verdict --------------------------------------------------------------- */

static void get_sum_verdict(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_leak_sum *sum = row;

	value->cell.s = vr_verdict_name((enum vr_verdict)(sum - view_of(rows)->leaks->sum));
}

#define SUM(member) VR_MEMBER(struct vr_leak_sum, member)

const struct vr_field vr_leak_sum_fields[] = {
    {"verdict", "verdict", VR_TEXT, VR_IN_TABLE, .get = get_sum_verdict},
    {"bytes", "bytes", VR_BYTES, VR_IN_TABLE | VR_IN_JSON, SUM(bytes)},
    {"blocks", "blocks", VR_COUNT, VR_IN_TABLE | VR_IN_JSON, SUM(blocks)},
    {"sites", "sites", VR_COUNT, VR_IN_TABLE | VR_IN_JSON, SUM(sites)},
};
const size_t vr_leak_sum_fields_count = sizeof(vr_leak_sum_fields) / sizeof(vr_leak_sum_fields[0]);
