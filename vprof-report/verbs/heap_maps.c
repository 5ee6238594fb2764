/* heap --kind mmap */
#include <inttypes.h>
#include <stdlib.h>

#include "cli/units.h"
#include "cli/xalloc.h"
#include "model/heap.h"
#include "model/maps.h"
#include "output/out.h"
#include "text/fields.h"
#include "text/json.h"
#include "text/names.h"
#include "text/notes.h"
#include "text/print.h"
#include "text/sites.h"
#include "verbs/heap.h"

/* Frames printed under a site: enough to tell two sites apart. */
#define STACK_FRAMES 12u

static const struct vr_maps *maps_of(const struct vr_rows *rows)
{
	return rows->model;
}

static void get_site(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_map_site *site = row;

	vr_value_site(rows, value, site->node);
}

static void get_resident(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_map_site *site = row;

	(void)rows;
	value->cell.null = !site->resident_known;
	value->cell.u = site->resident_bytes;
}

static const struct {
	uint32_t flag;
	const char *word;
} words[] = {
    {VPROF_MAP_ANON, "anonymous"}, {VPROF_MAP_FILE, "file"},	       {VPROF_MAP_SHARED, "shared"},
    {VPROF_MAP_HUGE, "hugetlb"},   {VPROF_MAP_BREAK, "brk"},	       {VPROF_MAP_SEGMENT, "shmat"},
    {VPROF_MAP_MOVED, "mremap"},   {VPROF_MAP_ALLOCATOR, "allocator"},
};
#define WORDS (sizeof(words) / sizeof(words[0]))

static char *what_text(const struct vprof_map *sum)
{
	char *text = vr_xstrdup("");

	for (size_t i = 0; i < WORDS; i++)
		if (sum->flags & words[i].flag)
			text = vr_xappend(text, "%s%s", *text ? " " : "", words[i].word);
	return text;
}

static void get_what_text(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_map_site *site = row;

	(void)rows;
	value->text = what_text(&site->sum);
}

static void get_what(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_map_site *site = row;

	(void)rows;
	value->json = json_array();
	for (size_t i = 0; i < WORDS; i++)
		if (site->sum.flags & words[i].flag)
			json_array_append_new(value->json, json_string(words[i].word));
}

static void get_frames(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_map_site *site = row;

	value->json = vr_json_frames(rows->ctx->profile->stacks, site->node);
}

#define SITE(member)	      VR_MEMBER(struct vr_map_site, member)
#define ADVICE(which, member) VR_MEMBER(struct vr_map_site, sum.member[VPROF_ADVICE_##which])
/* Of a site, and of all together. */
#define SUM_FIELDS(columns, data)                                                                  \
	{"bytes_mapped", "mapped", VR_BYTES, (columns) | (data), SITE(sum.mapped_bytes)},          \
	    {"maps", "maps", VR_COUNT, (columns) | (data), SITE(sum.maps)},                        \
	    {"bytes_unmapped", "", VR_BYTES, data, SITE(sum.unmapped_bytes)},                      \
	    {"live_bytes", "live", VR_BYTES, (columns) | (data), SITE(live_bytes)},                \
	    {"peak_bytes", "peak", VR_BYTES, (columns) | (data), SITE(peak_bytes)},                \
	    {"resident_bytes", "resident", VR_BYTES, (columns) | (data), .get = get_resident},     \
	    {"unmaps", "", VR_COUNT, data, SITE(sum.unmaps)},                                      \
	    {"bytes_released", "", VR_BYTES, data, SITE(sum.released_bytes)},                      \
	    {"madvise_dontneed", "", VR_COUNT, data, ADVICE(DONTNEED, advised)},                   \
	    {"madvise_dontneed_bytes", "", VR_BYTES, data, ADVICE(DONTNEED, advised_bytes)},       \
	    {"madvise_free", "", VR_COUNT, data, ADVICE(FREE, advised)},                           \
	    {"madvise_free_bytes", "", VR_BYTES, data, ADVICE(FREE, advised_bytes)},               \
	    {"madvise_hugepage", "", VR_COUNT, data, ADVICE(HUGE, advised)},                       \
	    {"madvise_hugepage_bytes", "", VR_BYTES, data, ADVICE(HUGE, advised_bytes)},           \
	{                                                                                          \
		"madvise_other", "", VR_COUNT, data, ADVICE(OTHER, advised)                        \
	}

static const struct vr_field site_fields[] = {
    {"rank", "#", VR_COUNT, VR_IN_TABLE, .get = vr_get_rank},
    SUM_FIELDS(VR_IN_COLUMNS, VR_IN_DATA),
    {"what", "", VR_TEXT, VR_IN_CSV, .get = get_what_text},
    {"site", "site", VR_TEXT, VR_IN_COLUMNS, .get = get_site, .elastic = VR_CAPTIONS},
    {"first_ns", "", VR_NS, VR_IN_JSON, SITE(sum.first_ns)},
    {"last_ns", "", VR_NS, VR_IN_JSON, SITE(sum.last_ns)},
    {"what", "", VR_TEXT, VR_IN_JSON, .get = get_what},
    {"frames", "", VR_TEXT, VR_IN_JSON, .get = get_frames},
};

static void get_peak_ns(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)row;
	value->cell.u = rows->ctx->profile->file->header.map_peak_ns;
}

static const struct vr_field total_fields[] = {
    SUM_FIELDS(0, VR_IN_JSON),
    {"peak_ns", "", VR_NS, VR_IN_JSON, .get = get_peak_ns},
};

static void print_header(struct vr_context *ctx, const struct vr_maps *maps)
{
	const struct vr_map_site *all = &maps->all;
	char a[VR_UNIT_MAX], b[VR_UNIT_MAX], c[VR_UNIT_MAX], d[VR_UNIT_MAX];

	fprintf(ctx->out,
		"   mmap, mremap, brk, shmat by the program and its libraries, past malloc\n");
	fprintf(ctx->out, "   %s mapping%s of %s in all, %s unmapped by %s call%s\n",
		vr_format_count(a, all->sum.maps), vr_plural(all->sum.maps),
		vr_format_bytes(b, all->sum.mapped_bytes),
		vr_format_bytes(c, all->sum.unmapped_bytes), vr_format_count(d, all->sum.unmaps),
		vr_plural(all->sum.unmaps));
	fprintf(ctx->out, "   peak %s", vr_format_bytes(a, all->peak_bytes));
	if (ctx->profile->file->header.map_peak_ns)
		fprintf(ctx->out, " at %s",
			vr_format_ns(b, ctx->profile->file->header.map_peak_ns));
	fprintf(ctx->out, "; live at the end %s\n", vr_format_bytes(a, all->live_bytes));
}

static void print_sites(const struct vr_rows *rows, const size_t *order, size_t count)
{
	struct vr_site_row *site = vr_xcalloc(count + 1, sizeof(*site));

	for (size_t i = 0; i < count; i++)
		site[i] = (struct vr_site_row){&maps_of(rows)->site[order[i]],
					       maps_of(rows)->site[order[i]].node};
	vr_sites_print(rows, VR_FIELDS(site_fields), site, count);
	free(site);
}

static void print_advice(struct vr_context *ctx, const struct vprof_map *sum)
{
	static const char *const name[VPROF_ADVICE_COUNT] = {"MADV_DONTNEED", "MADV_FREE",
							     "MADV_HUGEPAGE", "other madvise"};
	char count[VR_UNIT_MAX], bytes[VR_UNIT_MAX];

	for (unsigned i = 0; i < VPROF_ADVICE_COUNT; i++)
		if (sum->advised[i])
			fprintf(ctx->out, "      %s: %s in %s call%s\n", name[i],
				vr_format_bytes(bytes, sum->advised_bytes[i]),
				vr_format_count(count, sum->advised[i]),
				vr_plural(sum->advised[i]));
}

static void print_stacks(struct vr_context *ctx, const struct vr_maps *maps, const size_t *order,
			 size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct vr_map_site *s = &maps->site[order[i]];
		char *what = what_text(&s->sum);
		char a[VR_UNIT_MAX], b[VR_UNIT_MAX];

		fprintf(ctx->out, "\n#%zu ", i + 1);
		if (!s->sum.maps && s->sum.mapped_bytes)
			fprintf(ctx->out, " %s", vr_format_bytes(a, s->sum.mapped_bytes));
		if (s->sum.maps)
			fprintf(ctx->out, " %s in %s mapping%s (%s)",
				vr_format_bytes(a, s->sum.mapped_bytes),
				vr_format_count(b, s->sum.maps), vr_plural(s->sum.maps), what);
		if (s->sum.unmaps)
			fprintf(ctx->out, "%s unmaps %s in %s call%s", s->sum.maps ? ";" : "",
				vr_format_bytes(a, s->sum.released_bytes),
				vr_format_count(b, s->sum.unmaps), vr_plural(s->sum.unmaps));
		fputc('\n', ctx->out);
		free(what);
		print_advice(ctx, &s->sum);
		vr_print_stack(ctx, s->node, "      ", STACK_FRAMES);
	}
}

static json_t *to_json(const struct vr_rows *rows, const size_t *order, size_t count)
{
	const struct vr_maps *maps = rows->model;
	json_t *root = json_object();
	json_t *sites = json_array();

	vr_json_set_text(root, "kind", "mmap");
	json_object_set_new(root, "totals",
			    vr_json_fields(rows, VR_FIELDS(total_fields), &maps->all));
	for (size_t i = 0; i < count; i++)
		json_array_append_new(
		    sites, vr_json_fields(rows, VR_FIELDS(site_fields), &maps->site[order[i]]));
	json_object_set_new(root, "sites", sites);
	return root;
}

/* The keys of the verb, as they are for mappings. */
static enum vr_maps_key key_of(struct vr_context *ctx)
{
	switch ((enum vr_heap_key)ctx->sort) {
	case VR_HEAP_CALLS:
		return VR_MAPS_CALLS;
	case VR_HEAP_LIVE:
		return VR_MAPS_LIVE;
	case VR_HEAP_PEAK:
		return VR_MAPS_PEAK;
	case VR_HEAP_TEMPORARY:
		vr_note(ctx, "mappings are not told by --sort temporary; ordered by bytes");
		return VR_MAPS_BYTES;
	default:
		return VR_MAPS_BYTES;
	}
}

int vr_heap_maps(struct vr_context *ctx)
{
	struct vr_maps *maps = vr_maps_new(ctx->profile);
	const struct vr_rows rows = {.ctx = ctx, .model = maps};
	size_t *order = vr_maps_order(maps, key_of(ctx));
	size_t count = maps->n_sites < ctx->limit ? maps->n_sites : ctx->limit;

	if (ctx->format == VR_FORMAT_JSON) {
		ctx->json = to_json(&rows, order, count);
	} else if (ctx->format == VR_FORMAT_CSV) {
		print_sites(&rows, order, count);
	} else if (!maps->known) {
		fputs("   mappings were not recorded (an older library, or heap=off)\n", ctx->out);
	} else if (!maps->n_sites) {
		vr_print_none(ctx, "nothing was mapped past malloc");
	} else {
		print_header(ctx, maps);
		fputc('\n', ctx->out);
		print_sites(&rows, order, count);
		print_stacks(ctx, maps, order, count);
		vr_print_more(ctx, count, maps->n_sites, "sites");
	}
	vr_warn_symbols(ctx);
	free(order);
	vr_maps_free(maps);
	return 0;
}
