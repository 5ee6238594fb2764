#include <inttypes.h>

#include "cli/units.h"
#include "model/run.h"
#include "output/out.h"
#include "pictures/pictures.h"
#include "text/json.h"
#include "text/notes.h"
#include "text/print.h"
#include "text/shapes.h"
#include "verbs/verb.h"

static double cpu_percent(const struct vprof_point *before, const struct vprof_point *point)
{
	uint64_t t0 = before ? before->t_ns : 0;
	uint64_t cpu0 = before ? before->cpu_ns : 0;

	if (point->cpu_ns < cpu0)
		return 0.0;
	return vr_percent(point->cpu_ns - cpu0, point->t_ns - t0);
}

/* Seconds since the epoch with three decimals, as the CSV of the profiling
 * scripts that this one replaces. */
static void timestamp_text(char text[32], const struct vr_profile *profile,
			   const struct vprof_point *point)
{
	uint64_t ms = (profile->file->header.start_real_ns + point->t_ns) / 1000000;

	snprintf(text, 32, "%" PRIu64 ".%03" PRIu64, ms / 1000, ms % 1000);
}

static void print_csv(struct vr_context *ctx)
{
	static const struct vr_column columns[] = {
	    {"timestamp", "", VR_TEXT, 0},
	    {"rss", "", VR_BYTES, 0},
	    {"vms", "", VR_BYTES, 0},
	    {"shared", "", VR_BYTES, 0},
	    {"data", "", VR_BYTES, 0},
	    {"uss", "", VR_BYTES, 0},
	    {"pss", "", VR_BYTES, 0},
	    {"heap_live", "", VR_BYTES, 0},
	    {"heap_allocated", "", VR_BYTES, 0},
	    {"allocs", "", VR_COUNT, 0},
	    {"frees", "", VR_COUNT, 0},
	    {"threads", "", VR_COUNT, 0},
	    {"cpu_percent", "", VR_PERCENT, 0},
	    {"minor_faults", "", VR_COUNT, 0},
	    {"major_faults", "", VR_COUNT, 0},
	    {"switches", "", VR_COUNT, 0},
	};
	const struct vr_file *file = ctx->profile->file;
	struct vr_table *table = vr_table_new(columns, sizeof(columns) / sizeof(columns[0]));

	for (uint32_t i = 0; i < file->points && vr_table_rows(table) < ctx->limit; i++) {
		const struct vprof_point *p = &file->point[i];
		char timestamp[32];

		if (!vr_profile_in_window(ctx->profile, p->t_ns))
			continue;
		timestamp_text(timestamp, ctx->profile, p);
		vr_table_row(table,
			     (const struct vr_cell[]){{.s = timestamp},
						      {.u = p->rss},
						      {.u = p->vms},
						      {.u = p->shared},
						      {.u = p->data},
						      {.u = p->uss},
						      {.u = p->pss},
						      {.u = p->heap_live},
						      {.u = p->heap_allocated},
						      {.u = p->allocs},
						      {.u = p->frees},
						      {.u = p->threads},
						      {.f = cpu_percent(i ? p - 1 : NULL, p)},
						      {.u = p->minor_faults},
						      {.u = p->major_faults},
						      {.u = p->switches}});
	}
	vr_print_table(ctx, table);
}

static void print_table(struct vr_context *ctx)
{
	static const struct vr_column columns[] = {
	    {"t", "time", VR_SECONDS, 0},
	    {"rss", "rss", VR_BYTES, 0},
	    {"uss", "uss", VR_BYTES, 0},
	    {"heap_live", "heap", VR_BYTES, 0},
	    {"heap_allocated", "allocated", VR_BYTES, 0},
	    {"allocs", "allocs", VR_COUNT, 0},
	    {"threads", "threads", VR_COUNT, 0},
	    {"cpu_percent", "cpu%", VR_PERCENT, 0},
	    {"faults", "faults", VR_COUNT, 0},
	    {"switches", "switches", VR_COUNT, 0},
	};
	const struct vr_file *file = ctx->profile->file;
	struct vr_table *table = vr_table_new(columns, sizeof(columns) / sizeof(columns[0]));
	char step[VR_UNIT_MAX];

	for (uint32_t i = 0; i < file->points && vr_table_rows(table) < ctx->limit; i++) {
		const struct vprof_point *p = &file->point[i];

		if (!vr_profile_in_window(ctx->profile, p->t_ns))
			continue;
		vr_table_row(table,
			     (const struct vr_cell[]){{.u = p->t_ns},
						      {.u = p->rss},
						      {.null = !p->uss, .u = p->uss},
						      {.u = p->heap_live},
						      {.u = p->heap_allocated},
						      {.u = p->allocs},
						      {.u = p->threads},
						      {.f = cpu_percent(i ? p - 1 : NULL, p)},
						      {.u = p->minor_faults + p->major_faults},
						      {.u = p->switches}});
	}
	fprintf(ctx->out, "   %" PRIu32 " points, one every %s\n\n", file->points,
		vr_format_ns(step, file->header.timeline_step_ns));
	vr_print_table(ctx, table);
}

static json_t *point_json(struct vr_context *ctx, const struct vprof_point *p,
			  const struct vprof_point *before)
{
	json_t *one = json_object();
	uint64_t real_ns = ctx->profile->file->header.start_real_ns + p->t_ns;

	json_object_set_new(one, "timestamp", json_real((double)(real_ns / 1000000) / 1000.0));
	vr_json_set_u64(one, "t_ns", p->t_ns);
	vr_json_set_u64(one, "rss", p->rss);
	vr_json_set_u64(one, "vms", p->vms);
	vr_json_set_u64(one, "shared", p->shared);
	vr_json_set_u64(one, "data", p->data);
	vr_json_set_u64(one, "uss", p->uss);
	vr_json_set_u64(one, "pss", p->pss);
	vr_json_set_u64(one, "rss_min", p->rss_min);
	vr_json_set_u64(one, "rss_max", p->rss_max);
	vr_json_set_u64(one, "heap_live", p->heap_live);
	vr_json_set_u64(one, "heap_min", p->heap_min);
	vr_json_set_u64(one, "heap_max", p->heap_max);
	vr_json_set_u64(one, "heap_blocks", p->heap_blocks);
	vr_json_set_u64(one, "heap_allocated", p->heap_allocated);
	vr_json_set_u64(one, "allocs", p->allocs);
	vr_json_set_u64(one, "frees", p->frees);
	vr_json_set_u64(one, "threads", p->threads);
	json_object_set_new(one, "cpu_percent", json_real(cpu_percent(before, p)));
	vr_json_set_u64(one, "cpu_ns", p->cpu_ns);
	vr_json_set_u64(one, "minor_faults", p->minor_faults);
	vr_json_set_u64(one, "major_faults", p->major_faults);
	vr_json_set_u64(one, "switches", p->switches);
	return one;
}

/* Above the table; beside CSV, which programs read, on stderr. */
static void print_shapes(struct vr_context *ctx, const struct vr_memory *memory)
{
	size_t count;
	char **text;

	if (ctx->format == VR_FORMAT_CSV && vr_memory_none(memory))
		return;
	text = vr_shapes_text(ctx->profile, memory, &count);
	for (size_t i = 0; i < count; i++) {
		if (ctx->format == VR_FORMAT_CSV) {
			vr_note(ctx, "%s", text[i]);
			continue;
		}
		fputs("   ", ctx->out);
		vr_print_safe(ctx, text[i]);
		fputc('\n', ctx->out);
	}
	vr_shapes_free(text, count);
}

static void print_json(struct vr_context *ctx, const struct vr_memory *memory)
{
	const struct vr_file *file = ctx->profile->file;
	json_t *points = json_array();

	for (uint32_t i = 0; i < file->points && json_array_size(points) < ctx->limit; i++)
		if (vr_profile_in_window(ctx->profile, file->point[i].t_ns))
			json_array_append_new(points, point_json(ctx, &file->point[i],
								 i ? &file->point[i - 1] : NULL));
	ctx->json = json_object();
	vr_json_set_u64(ctx->json, "step_ns", file->header.timeline_step_ns);
	json_object_set_new(ctx->json, "shapes", vr_shapes_json(ctx->profile, memory));
	json_object_set_new(ctx->json, "points", points);
}

static int run(struct vr_context *ctx)
{
	struct vr_heap *heap = vr_heap_new(ctx->profile);
	struct vr_growth *growth = vr_growth_judge(ctx->profile, heap);
	struct vr_memory memory;
	int ret = 0;

	vr_memory_judge(ctx->profile, heap, growth, &memory);
	if (ctx->opts->given & VR_OPT_PICTURE) {
		ret = vr_picture_timeline(ctx, &memory, heap);
	} else if (ctx->format == VR_FORMAT_JSON) {
		print_json(ctx, &memory);
	} else if (ctx->format == VR_FORMAT_TABLE) {
		print_shapes(ctx, &memory);
		print_table(ctx);
	} else {
		print_csv(ctx);
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
    .detail = "Bytes, but for timestamp (seconds since the epoch) and cpu_percent (of one CPU,\n"
	      "since the row before). heap_allocated, allocs, frees, faults and switches count\n"
	      "from the start of the run. uss and pss are read less often and keep their value.",
    .options = VR_OPT_LIMIT | VR_OPT_FORMAT | VR_OPT_WINDOW | VR_OPT_PICTURE,
    .format = VR_FORMAT_CSV,
    .run = run,
};
