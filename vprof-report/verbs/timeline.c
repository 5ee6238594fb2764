#include <inttypes.h>
#include <stdlib.h>

#include "cli/units.h"
#include "cli/xalloc.h"
#include "model/run.h"
#include "output/out.h"
#include "pictures/pictures.h"
#include "text/fields.h"
#include "text/json.h"
#include "text/notes.h"
#include "text/print.h"
#include "text/recorded.h"
#include "text/resident.h"
#include "text/shapes.h"
#include "verbs/verb.h"

/* Seconds since the epoch with three decimals, as the CSV of the profiling
 * scripts that this one replaces. */
static void get_timestamp(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vprof_point *point = row;
	uint64_t ms = (rows->ctx->profile->file->header.start_real_ns + point->t_ns) / 1000000;

	if (rows->ctx->format == VR_FORMAT_JSON)
		value->json = json_real((double)ms / 1000.0);
	else
		value->text = vr_xprintf("%" PRIu64 ".%03" PRIu64, ms / 1000, ms % 1000);
}

/* Of one CPU, since the point before. */
static void get_cpu_percent(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vprof_point *point = row;
	int first = point == rows->ctx->profile->file->point;
	uint64_t t0 = first ? 0 : point[-1].t_ns;
	uint64_t cpu0 = first ? 0 : point[-1].cpu_ns;

	if (point->cpu_ns >= cpu0)
		value->cell.f = vr_percent(point->cpu_ns - cpu0, point->t_ns - t0);
	else
		value->cell.f = 0;
}

static void get_uss(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vprof_point *point = row;

	value->cell.null = !point->uss && rows->ctx->format == VR_FORMAT_TABLE;
	value->cell.u = point->uss;
}

/* Of several processes: what they share is in the sum of their resident memory as often as
 * there are processes. */
static int is_tree(const struct vr_rows *rows)
{
	return rows->ctx->profile->file->n_members > 0;
}

static void get_faults(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vprof_point *point = row;

	(void)rows;
	value->cell.u = point->minor_faults + point->major_faults;
}

/* Not known by libraries that did not record mappings. */
static void get_mmap_live(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vprof_point *point = row;

	value->cell.null = !rows->ctx->profile->file->n_maps;
	value->cell.u = point->map_live;
}

#define POINT(member) VR_MEMBER(struct vprof_point, member)

static const struct vr_field point_fields[] = {
    {"timestamp", "", VR_TEXT, VR_IN_DATA, .get = get_timestamp},
    {"t_ns", "time", VR_SECONDS, VR_IN_TABLE | VR_IN_JSON, POINT(t_ns)},
    {"rss", "rss", VR_BYTES, VR_IN_ALL, POINT(rss)},
    {"pss", "pss", VR_BYTES, VR_IN_TABLE, POINT(pss), .applies = is_tree},
    {"vms", "", VR_BYTES, VR_IN_DATA, POINT(vms)},
    {"shared", "", VR_BYTES, VR_IN_DATA, POINT(shared)},
    {"data", "", VR_BYTES, VR_IN_DATA, POINT(data)},
    {"uss", "uss", VR_BYTES, VR_IN_ALL, .get = get_uss},
    {"pss", "", VR_BYTES, VR_IN_DATA, POINT(pss)},
    {"rss_min", "", VR_BYTES, VR_IN_JSON, POINT(rss_min)},
    {"rss_max", "", VR_BYTES, VR_IN_JSON, POINT(rss_max)},
    {"heap_live", "heap", VR_BYTES, VR_IN_ALL, POINT(heap_live)},
    {"heap_min", "", VR_BYTES, VR_IN_JSON, POINT(heap_min)},
    {"heap_max", "", VR_BYTES, VR_IN_JSON, POINT(heap_max)},
    {"heap_blocks", "", VR_COUNT, VR_IN_JSON, POINT(heap_blocks)},
    {"heap_allocated", "allocated", VR_BYTES, VR_IN_ALL, POINT(heap_allocated)},
    {"allocs", "allocs", VR_COUNT, VR_IN_ALL, POINT(allocs)},
    {"frees", "", VR_COUNT, VR_IN_DATA, POINT(frees)},
    {"threads", "threads", VR_COUNT, VR_IN_ALL, POINT(threads)},
    {"cpu_percent", "cpu%", VR_PERCENT, VR_IN_ALL, .get = get_cpu_percent},
    {"cpu_ns", "", VR_NS, VR_IN_JSON, POINT(cpu_ns)},
    {"faults", "faults", VR_COUNT, VR_IN_TABLE, .get = get_faults},
    {"minor_faults", "", VR_COUNT, VR_IN_DATA, POINT(minor_faults)},
    {"major_faults", "", VR_COUNT, VR_IN_DATA, POINT(major_faults)},
    {"switches", "switches", VR_COUNT, VR_IN_ALL, POINT(switches)},
    {"mmap_live", "", VR_BYTES, VR_IN_DATA, .get = get_mmap_live},
};

static void print_points(const struct vr_rows *rows)
{
	const struct vr_file *file = rows->ctx->profile->file;
	struct vr_sheet *sheet = vr_sheet_new(rows, VR_FIELDS(point_fields));
	char step[VR_UNIT_MAX];

	for (uint32_t i = 0; i < file->n_points && vr_sheet_rows(sheet) < rows->ctx->limit; i++)
		if (vr_profile_in_window(rows->ctx->profile, file->point[i].t_ns))
			vr_sheet_row(sheet, &file->point[i]);
	if (rows->ctx->format == VR_FORMAT_TABLE)
		fprintf(rows->ctx->out, "   %" PRIu32 " point%s, one every %s\n\n", file->n_points,
			vr_plural(file->n_points),
			vr_format_ns(step, file->header.timeline_step_ns));
	vr_sheet_print(sheet);
}

/* Above the table; beside CSV, which programs read, on stderr. */
static void print_line(struct vr_context *ctx, const char *before, const char *text)
{
	if (ctx->format == VR_FORMAT_CSV) {
		vr_note(ctx, "%s%s", before, text);
		return;
	}
	fprintf(ctx->out, "   %s", before);
	vr_print_safe(ctx, text);
	fputc('\n', ctx->out);
}

/* Why more is resident than is live: the points are too many to look into each. */
static void print_resident(struct vr_context *ctx)
{
	char *line = vr_resident_line(ctx->profile);

	if (line)
		print_line(ctx, "resident: ", line);
	free(line);
}

static void print_shapes(struct vr_context *ctx, const struct vr_memory *memory)
{
	struct vr_shapes shapes;
	char *recorded = vr_recorded_text(ctx->profile->file);

	if (recorded)
		print_line(ctx, "samples and allocations were recorded for ", recorded);
	free(recorded);
	if (ctx->format == VR_FORMAT_CSV && vr_memory_none(memory))
		return;
	shapes = vr_shapes_text(ctx->profile, memory);
	for (size_t i = 0; i < shapes.count; i++)
		print_line(ctx, "", shapes.line[i]);
	vr_shapes_free(&shapes);
	print_resident(ctx);
}

static json_t *to_json(const struct vr_rows *rows, const struct vr_memory *memory)
{
	struct vr_context *ctx = rows->ctx;
	const struct vr_file *file = ctx->profile->file;
	json_t *root = json_object();
	json_t *points = json_array();

	for (uint32_t i = 0; i < file->n_points && json_array_size(points) < ctx->limit; i++)
		if (vr_profile_in_window(ctx->profile, file->point[i].t_ns))
			json_array_append_new(
			    points, vr_json_fields(rows, VR_FIELDS(point_fields), &file->point[i]));
	vr_json_set_u64(root, "step_ns", file->header.timeline_step_ns);
	json_object_set_new(root, "windows", vr_windows_json(file));
	json_object_set_new(root, "shapes", vr_shapes_json(ctx, memory));
	json_object_set_new(root, "resident", vr_resident_json(ctx->profile));
	json_object_set_new(root, "points", points);
	return root;
}

static int run(struct vr_context *ctx)
{
	struct vr_heap *heap = vr_heap_new(ctx->profile);
	struct vr_growth *growth = vr_growth_judge(ctx->profile, heap);
	const struct vr_rows rows = {.ctx = ctx};
	struct vr_memory memory;
	int ret = 0;

	vr_memory_judge(ctx->profile, heap, growth, &memory);
	if (is_tree(&rows))
		vr_note(ctx, "rss, vms and shared count what processes share once in each; pss "
			     "adds up to what they take together");
	if (ctx->png || ctx->svg) {
		ret = vr_picture_timeline(ctx, &memory, growth);
	} else if (ctx->format == VR_FORMAT_JSON) {
		ctx->json = to_json(&rows, &memory);
	} else if (ctx->format == VR_FORMAT_TABLE) {
		print_shapes(ctx, &memory);
		print_points(&rows);
	} else {
		print_points(&rows);
		print_shapes(ctx, &memory);
	}
	vr_growth_free(growth);
	vr_heap_free(heap);
	return ret;
}

const struct vr_verb vr_verb_timeline = {
    .name = "timeline",
    .summary = "Memory, heap, CPU and faults over time, as CSV",
    .usage = "[FILE...]",
    .detail =
	"Bytes, but for timestamp (seconds since the epoch) and cpu_percent (of one CPU,\n"
	"since the row before). heap_allocated, allocs, frees, faults and switches count\n"
	"from the start of the run. uss and pss are read less often and keep their value.\n"
	"A line says what the resident memory was made of where much of it is not live heap.\n"
	"--tree adds up all processes of the run at common moments: of those that have\n"
	"ended, the counters alone. What they share is in rss once for each of them, in\n"
	"pss once.",
    .options = VR_TAKES(VR_OPT_LIMIT, VR_OPT_FORMAT, VR_OPT_WINDOW, VR_OPT_TREE, VR_OPT_PICTURE,
			VR_OPT_ARGS),
    .format = VR_FORMAT_CSV,
    .begin = vr_picture_begin,
    .no_label = "readings are of the whole process; heap --label K=V --since --until has the heap "
		"over time",
    .run = run,
};
