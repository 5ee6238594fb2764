/* heap --kind resident */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/units.h"
#include "cli/xalloc.h"
#include "model/maps.h"
#include "model/run.h"
#include "output/out.h"
#include "text/fields.h"
#include "text/json.h"
#include "text/names.h"
#include "text/notes.h"
#include "text/print.h"
#include "text/resident.h"
#include "text/sites.h"
#include "verbs/heap.h"

/* --- kinds at one moment ----------------------------------------------------- */
struct kind_row {
	uint32_t kind;
	uint64_t resident_bytes, mapped_bytes, swapped_bytes, huge_bytes;
	double percent;
};

static void get_kind(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct kind_row *kind = row;

	(void)rows;
	value->cell.s = vr_resident_kind_name(kind->kind);
}

static void get_note(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct kind_row *kind = row;

	value->text = vr_resident_kind_text(rows->model, kind->kind);
}

#define KIND(member) VR_MEMBER(struct kind_row, member)
static const struct vr_field kind_fields[] = {
    {"kind", "kind", VR_TEXT, VR_IN_ALL, .get = get_kind},
    {"resident_bytes", "resident", VR_BYTES, VR_IN_ALL, KIND(resident_bytes)},
    {"percent", "%", VR_PERCENT, VR_IN_ALL, KIND(percent)},
    {"mapped_bytes", "mapped", VR_BYTES, VR_IN_ALL, KIND(mapped_bytes)},
    {"huge_bytes", "", VR_BYTES, VR_IN_DATA, KIND(huge_bytes)},
    {"swapped_bytes", "", VR_BYTES, VR_IN_DATA, KIND(swapped_bytes)},
    {"note", "what", VR_TEXT, VR_IN_COLUMNS, .get = get_note, .elastic = VR_KEEP_START},
};

/* Returns how many kinds there is anything of, the largest first. */
static size_t find_kinds(const struct vr_resident *resident,
			 struct kind_row out[VPROF_RESIDENT_KINDS])
{
	struct kind_row all[VPROF_RESIDENT_KINDS] = {{0}};
	size_t count = 0;

	for (size_t i = 0; i < resident->n_rows; i++) {
		const struct vprof_resident *row = &resident->row[i];

		all[row->kind].mapped_bytes += row->mapped_bytes;
		all[row->kind].swapped_bytes += row->swapped_bytes;
		all[row->kind].huge_bytes += row->huge_bytes;
	}
	for (uint32_t kind = 0; kind < VPROF_RESIDENT_KINDS; kind++) {
		struct kind_row row = all[kind];
		size_t at = count;

		row.kind = kind;
		row.resident_bytes = resident->account.resident[kind];
		row.percent = vr_percent(row.resident_bytes, resident->sum);
		if (!row.resident_bytes && !row.mapped_bytes)
			continue;
		for (; at > 0 && out[at - 1].resident_bytes < row.resident_bytes; at--)
			out[at] = out[at - 1];
		out[at] = row;
		count++;
	}
	return count;
}

/* --- mappings ------------------------------------------------------------------ */
static void get_row_kind(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vprof_resident *mapping = row;

	(void)rows;
	value->cell.s = vr_resident_kind_name(mapping->kind);
}

static const char *file_of(const struct vr_rows *rows, const struct vprof_resident *mapping)
{
	return vr_file_string(rows->ctx->profile->file, mapping->name);
}

/* The call path that mapped it, the file, or neither. */
static void get_whose(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vprof_resident *mapping = row;
	const char *file = file_of(rows, mapping);
	const char *slash = strrchr(file, '/');

	if (mapping->node != VPROF_NODE_ROOT)
		vr_value_site(rows, value, mapping->node);
	else if (rows->ctx->format != VR_FORMAT_TABLE || rows->ctx->profile->select.full_names)
		vr_value_caption(rows, value, (struct vr_caption){.function = file});
	else
		vr_value_caption(rows, value,
				 (struct vr_caption){.function = slash ? slash + 1 : file});
}

static void get_file(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->cell.s = file_of(rows, row);
}

static void get_frames(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vprof_resident *mapping = row;

	value->json = vr_json_frames(rows->ctx->profile->stacks, mapping->node);
}

#define MAPPING(member) VR_MEMBER(struct vprof_resident, member)
static const struct vr_field mapping_fields[] = {
    {"kind", "kind", VR_TEXT, VR_IN_ALL, .get = get_row_kind},
    {"resident_bytes", "resident", VR_BYTES, VR_IN_ALL, MAPPING(resident_bytes)},
    {"mapped_bytes", "mapped", VR_BYTES, VR_IN_ALL, MAPPING(mapped_bytes)},
    {"huge_bytes", "huge", VR_BYTES, VR_IN_ALL, MAPPING(huge_bytes), .yields = 2},
    {"swapped_bytes", "", VR_BYTES, VR_IN_DATA, MAPPING(swapped_bytes)},
    {"hugetlb_bytes", "", VR_BYTES, VR_IN_DATA, MAPPING(hugetlb_bytes)},
    {"mappings", "pieces", VR_COUNT, VR_IN_ALL, MAPPING(mappings), .yields = 1},
    {"whose", "file, or who mapped it", VR_TEXT, VR_IN_COLUMNS, .get = get_whose,
     .elastic = VR_CAPTIONS},
    {"file", "", VR_TEXT, VR_IN_JSON, .get = get_file},
    {"frames", "", VR_TEXT, VR_IN_JSON, .get = get_frames},
};

/* --- over time ------------------------------------------------------------------- */
static void get_gap(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.u = vr_account_gap(row);
}

static void get_sum(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.u = vr_account_sum(row);
}

/* Two columns for four, which would not fit. */
static void get_program(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vprof_account *account = row;

	(void)rows;
	value->cell.u =
	    account->resident[VPROF_RESIDENT_CODE] + account->resident[VPROF_RESIDENT_DATA];
}

static void get_mapped(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vprof_account *account = row;

	(void)rows;
	value->cell.u =
	    account->resident[VPROF_RESIDENT_FILES] + account->resident[VPROF_RESIDENT_SHARED];
}

#define ACCOUNT(member) VR_MEMBER(struct vprof_account, member)
#define ACCOUNT_KIND(key, kind, where)                                                             \
	{                                                                                          \
		key, key, VR_BYTES, where, ACCOUNT(resident[VPROF_RESIDENT_##kind])                \
	}
static const struct vr_field account_fields[] = {
    {"t_ns", "time", VR_SECONDS, VR_IN_ALL, ACCOUNT(t_ns)},
    {"rss", "", VR_BYTES, VR_IN_DATA, ACCOUNT(rss)},
    {"resident", "resident", VR_BYTES, VR_IN_ALL, .get = get_sum},
    ACCOUNT_KIND("malloc", MALLOC, VR_IN_ALL),
    {"heap_live", "live", VR_BYTES, VR_IN_ALL, ACCOUNT(heap_live)},
    {"malloc_beyond_live", "", VR_BYTES, VR_IN_DATA, .get = get_gap},
    ACCOUNT_KIND("mmap", MMAP, VR_IN_ALL),
    {"mmap_live", "", VR_BYTES, VR_IN_DATA, ACCOUNT(map_live)},
    {"program", "program", VR_BYTES, VR_IN_TABLE, .get = get_program},
    {"mapped", "mapped", VR_BYTES, VR_IN_TABLE, .get = get_mapped},
    ACCOUNT_KIND("code", CODE, VR_IN_DATA),
    ACCOUNT_KIND("data", DATA, VR_IN_DATA),
    ACCOUNT_KIND("files", FILES, VR_IN_DATA),
    ACCOUNT_KIND("shared", SHARED, VR_IN_DATA),
    ACCOUNT_KIND("stacks", STACKS, VR_IN_ALL),
    ACCOUNT_KIND("profiler", PROFILER, VR_IN_DATA),
    ACCOUNT_KIND("other", OTHER, VR_IN_DATA),
    {"swapped_bytes", "", VR_BYTES, VR_IN_DATA, ACCOUNT(swapped_bytes)},
    {"hugetlb_bytes", "", VR_BYTES, VR_IN_DATA, ACCOUNT(hugetlb_bytes)},
    {"pieces", "", VR_COUNT, VR_IN_DATA, ACCOUNT(mappings)},
    {"cost_ns", "", VR_NS, VR_IN_DATA, ACCOUNT(cost_ns)},
};

/* --- printing ---------------------------------------------------------------------- */
/* A few moments are enough for people: the first, the last and those between. */
#define MOMENTS 12u

static void print_accounts(const struct vr_rows *rows)
{
	const struct vr_file *file = rows->ctx->profile->file;
	int all = rows->ctx->format == VR_FORMAT_CSV || file->n_accounts <= MOMENTS;
	uint32_t count = all ? file->n_accounts : MOMENTS;
	struct vr_sheet *sheet = vr_sheet_new(rows, VR_FIELDS(account_fields));

	for (uint32_t i = 0; i < count; i++) {
		uint32_t at =
		    count > 1 ? (uint32_t)((uint64_t)i * (file->n_accounts - 1) / (count - 1)) : 0;

		vr_sheet_row(sheet, &file->account[at]);
	}
	vr_sheet_print(sheet);
}

static void print_kinds(const struct vr_rows *rows)
{
	struct kind_row kind[VPROF_RESIDENT_KINDS];
	size_t count = find_kinds(rows->model, kind);
	struct vr_sheet *sheet = vr_sheet_new(rows, VR_FIELDS(kind_fields));

	for (size_t i = 0; i < count; i++)
		vr_sheet_row(sheet, &kind[i]);
	vr_sheet_print(sheet);
}

static void print_mappings(const struct vr_rows *rows)
{
	const struct vr_resident *resident = rows->model;
	size_t count = resident->n_rows < rows->ctx->limit ? resident->n_rows : rows->ctx->limit;
	struct vr_site_row *site = vr_xcalloc(count + 1, sizeof(*site));

	for (size_t i = 0; i < count; i++)
		site[i] = (struct vr_site_row){&resident->row[i], resident->row[i].node};
	vr_sites_print(rows, VR_FIELDS(mapping_fields), site, count);
	vr_print_more(rows->ctx, count, resident->n_rows, "mappings");
	free(site);
}

static void print(const struct vr_rows *rows)
{
	const struct vr_resident *resident = rows->model;
	struct vr_context *ctx = rows->ctx;
	const struct vr_file *file = ctx->profile->file;
	char a[VR_UNIT_MAX], b[VR_UNIT_MAX], c[VR_UNIT_MAX];

	fprintf(ctx->out,
		"   %s resident at %s, the most of %" PRIu32 " reading%s (they took %s)\n\n",
		vr_format_bytes(a, resident->sum), vr_format_ns(b, resident->account.t_ns),
		file->header.accounts, file->header.accounts == 1 ? "" : "s",
		vr_format_ns(c, resident->cost_ns));
	print_kinds(rows);
	fputs("\nBy file, and by who mapped it\n", ctx->out);
	print_mappings(rows);
	fputs("\nOver time (mapped: files and shared memory; CSV and JSON have all kinds)\n",
	      ctx->out);
	print_accounts(rows);
}

static json_t *moment_json(const struct vr_rows *rows)
{
	const struct vr_resident *resident = rows->model;
	struct kind_row kind[VPROF_RESIDENT_KINDS];
	json_t *root = json_object(), *kinds = json_array(), *mappings = json_array();
	size_t count = find_kinds(resident, kind);

	vr_json_set_fields(root, rows, VR_FIELDS(account_fields), &resident->account);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(kinds,
				      vr_json_fields(rows, VR_FIELDS(kind_fields), &kind[i]));
	for (size_t i = 0; i < resident->n_rows && i < rows->ctx->limit; i++)
		json_array_append_new(
		    mappings, vr_json_fields(rows, VR_FIELDS(mapping_fields), &resident->row[i]));
	json_object_set_new(root, "kinds", kinds);
	json_object_set_new(root, "mappings", mappings);
	return root;
}

/* "peak" and "last", each null where there is none. */
static json_t *to_json(struct vr_context *ctx)
{
	static const struct {
		enum vr_resident_when when;
		const char *name;
	} moments[] = {{VR_RESIDENT_PEAK, "peak"}, {VR_RESIDENT_LAST, "last"}};
	const struct vr_rows plain = {.ctx = ctx};
	const struct vr_file *file = ctx->profile->file;
	json_t *root = json_object(), *accounts = json_array();

	vr_json_set_text(root, "kind", "resident");
	for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
		struct vr_resident *resident = vr_resident_new(ctx->profile, moments[i].when);
		const struct vr_rows rows = {.ctx = ctx, .model = resident};

		json_object_set_new(root, moments[i].name,
				    resident ? moment_json(&rows) : json_null());
		vr_resident_free(resident);
	}
	for (uint32_t i = 0; i < file->n_accounts; i++)
		json_array_append_new(
		    accounts, vr_json_fields(&plain, VR_FIELDS(account_fields), &file->account[i]));
	json_object_set_new(root, "accounts", accounts);
	vr_json_set_u64(root, "cost_ns", file->header.account_cost_ns);
	return root;
}

int vr_heap_resident(struct vr_context *ctx)
{
	struct vr_resident *resident = vr_resident_new(ctx->profile, VR_RESIDENT_PEAK);
	const struct vr_rows rows = {.ctx = ctx, .model = resident};

	if (ctx->format == VR_FORMAT_JSON) {
		ctx->json = to_json(ctx);
	} else if (ctx->format == VR_FORMAT_CSV) {
		print_accounts(&rows);
	} else if (!resident) {
		char *why = vr_resident_none_text(ctx->profile->file);

		fprintf(ctx->out, "   %s\n", why);
		free(why);
	} else {
		print(&rows);
	}
	vr_resident_free(resident);
	return 0;
}
