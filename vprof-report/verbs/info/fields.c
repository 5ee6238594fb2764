#include "verbs/info/fields.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/xalloc.h"
#include "input/layout.h"
#include "input/status.h"
#include "output/out.h"
#include "symbols/sym.h"
#include "text/counts.h"
#include "text/json.h"
#include "text/names.h"
#include "text/recorded.h"

static const struct vr_file *file_of(const struct vr_rows *rows)
{
	return rows->ctx->profile->file;
}

/* --- sections ---------------------------------------------------------------- */

static const struct vr_section_row *section_row(const void *row)
{
	return row;
}

static const void *section_of(const struct vr_rows *rows, const void *row)
{
	(void)rows;
	return section_row(row)->section;
}

static void get_section(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.s = vr_section_name(section_row(row)->kind);
}

static void get_full(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vprof_section *s = row;

	(void)rows;
	value->cell.f = vr_percent(s->rows_used, (uint64_t)s->extents_used * s->rows_per_extent);
}

#define SECTION(member) VR_MEMBER(struct vprof_section, member), .part = section_of
#define SHOWN		VR_IN_TABLE | VR_IN_JSON

const struct vr_field vr_section_fields[] = {
    {"section", "section", VR_TEXT, VR_IN_TABLE, .get = get_section},
    {"row_bytes", "row", VR_BYTES, SHOWN, SECTION(row_bytes)},
    {"rows", "rows", VR_COUNT, SHOWN, SECTION(rows_used)},
    {"extents", "extents", VR_COUNT, SHOWN, SECTION(extents_used)},
    {"extent_percent", "full%", VR_PERCENT, VR_IN_TABLE, .get = get_full, .part = section_of},
};
const size_t vr_section_fields_count = sizeof(vr_section_fields) / sizeof(vr_section_fields[0]);

static json_t *sections_json(const struct vr_rows *rows)
{
	const struct vprof_header *h = &file_of(rows)->header;
	json_t *sections = json_object();

	for (unsigned i = 1; i < VPROF_SEC_COUNT; i++) {
		struct vr_section_row row = {i, VPROF_HEADER_SECTION(h, i)};

		if (row.section->row_bytes)
			json_object_set_new(
			    sections, vr_section_name(i),
			    vr_json_fields(rows, vr_section_fields, vr_section_fields_count, &row));
	}
	return sections;
}

/* --- modules ----------------------------------------------------------------- */

static const struct vr_module_row *module_row(const void *row)
{
	return row;
}

static const void *module_of(const struct vr_rows *rows, const void *row)
{
	(void)rows;
	return module_row(row)->module;
}

static void get_symbols(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->cell.s =
	    vr_sym_state_text(vr_sym_module_state(rows->ctx->profile->sym, module_row(row)->index));
}

static void get_build_id(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vprof_module *module = row;

	value->text = vr_xcalloc(2 * sizeof(module->build_id) + 1, 1);
	for (uint32_t i = 0; i < module->build_id_bytes; i++)
		sprintf(value->text + 2 * i, "%02x", module->build_id[i]);
	value->cell.null = !module->build_id_bytes && rows->ctx->format == VR_FORMAT_TABLE;
}

#define MODULE(member) VR_MEMBER(struct vprof_module, member), .part = module_of

const struct vr_field vr_module_fields[] = {
    {"symbols", "symbols", VR_TEXT, SHOWN, .get = get_symbols},
    {"start", "start", VR_ADDRESS, SHOWN, MODULE(start)},
    {"end", "", VR_ADDRESS, VR_IN_JSON, MODULE(end)},
    {"load_ns", "", VR_NS, VR_IN_JSON, MODULE(load_ns)},
    {"unload_ns", "", VR_NS, VR_IN_JSON, MODULE(unload_ns)},
    {"build_id", "build-id", VR_TEXT, SHOWN, .get = get_build_id, .part = module_of,
     .elastic = VR_KEEP_START},
    {"path", "module", VR_TEXT, SHOWN, MODULE(path), .elastic = VR_KEEP_END},
};
const size_t vr_module_fields_count = sizeof(vr_module_fields) / sizeof(vr_module_fields[0]);

static json_t *modules_json(const struct vr_rows *rows)
{
	const struct vr_file *file = file_of(rows);
	json_t *modules = json_array();

	for (uint32_t i = 0; i < file->n_modules; i++) {
		struct vr_module_row row = {i, &file->module[i]};

		json_array_append_new(
		    modules, vr_json_fields(rows, vr_module_fields, vr_module_fields_count, &row));
	}
	return modules;
}

/* --- the header -------------------------------------------------------------- */

static const struct vprof_header *header_of(const void *row)
{
	return row;
}

static void get_duration(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)row;
	value->cell.u = vr_file_duration_ns(file_of(rows));
}

static void get_status(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)row;
	value->cell.s = vr_status_name(file_of(rows)->status);
}

static void get_exit_status(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->cell.null = file_of(rows)->status != VR_STATUS_EXITED;
	value->cell.i = header_of(row)->exit_status;
}

static void get_paused(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)row;
	value->cell.u = vr_paused_ns(file_of(rows));
}

static void get_recorded(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)row;
	value->cell.u = vr_recorded_ns(file_of(rows));
}

static void get_windows(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)row;
	value->json = vr_windows_json(file_of(rows));
}

static void get_command(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)row;
	value->text = vr_command_text(file_of(rows), rows->ctx->args);
}

static void get_engine(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.s = vr_engine_name(header_of(row)->engine);
}

static void get_heap_mode(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.s = vr_heap_mode_name(header_of(row)->heap_mode);
}

static void get_not_seen(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	uint32_t roads = header_of(row)->second_roads;

	value->cell.s = roads ? vr_file_string(file_of(rows), roads) : "";
}

static void get_called(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	uint32_t called = header_of(row)->called;

	value->cell.s = called ? vr_file_string(file_of(rows), called) : "";
}

static void get_title(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	uint32_t title = header_of(row)->title;

	value->cell.s = title ? vr_file_string(file_of(rows), title) : "";
}

#define HEADER(member) VR_IN_JSON, VR_MEMBER(struct vprof_header, member)
#define FLAG(bit)      VR_IN_JSON, VR_MEMBER(struct vprof_header, flags), .flag = bit

static const struct vr_field run_fields[] = {
    {"exe", "", VR_TEXT, HEADER(exe)},
    {"called", "", VR_TEXT, VR_IN_JSON, .get = get_called},
    {"title", "", VR_TEXT, VR_IN_JSON, .get = get_title},
    {"cmdline", "", VR_TEXT, VR_IN_JSON, .get = get_command},
    {"cwd", "", VR_TEXT, HEADER(cwd)},
    {"options", "", VR_TEXT, HEADER(options)},
    {"library_version", "", VR_TEXT, HEADER(library_version)},
    {"host", "", VR_TEXT, HEADER(host)},
    {"boot_id", "", VR_TEXT, HEADER(boot_id)},
    {"pid", "", VR_COUNT, HEADER(pid)},
    {"ppid", "", VR_COUNT, HEADER(ppid)},
    {"forked", "", VR_TEXT, FLAG(VPROF_F_FORKED)},
    {"cpu_count", "", VR_COUNT, HEADER(cpu_count)},
    {"start_real_ns", "", VR_NS, HEADER(start_real_ns)},
    {"duration_ns", "", VR_NS, VR_IN_JSON, .get = get_duration},
    {"status", "", VR_TEXT, VR_IN_JSON, .get = get_status},
    {"exit_kind", "", VR_COUNT, HEADER(exit_kind)},
    {"exit_status", "", VR_SBYTES, VR_IN_JSON, .get = get_exit_status},
    {"cpu_ns", "", VR_NS, HEADER(cpu_ns)},
    {"cpu_user_ns", "", VR_NS, HEADER(cpu_user_ns)},
    {"cpu_system_ns", "", VR_NS, HEADER(cpu_system_ns)},
    {"pauses", "", VR_COUNT, HEADER(pauses)},
    {"paused_ns", "", VR_NS, VR_IN_JSON, .get = get_paused},
    {"recorded_ns", "", VR_NS, VR_IN_JSON, .get = get_recorded},
    {"windows", "", VR_TEXT, VR_IN_JSON, .get = get_windows},
    {"asked_delay_ns", "", VR_NS, HEADER(delay_ns)},
    {"asked_duration_ns", "", VR_NS, HEADER(duration_ns)},
};

static const struct vr_field sampling_fields[] = {
    {"engine", "", VR_TEXT, VR_IN_JSON, .get = get_engine},
    {"engine_note", "", VR_TEXT, HEADER(engine_note)},
    {"asked_hz", "", VR_COUNT, HEADER(cpu_hz)},
    {"period_ns", "", VR_NS, HEADER(cpu_period_ns)},
    {"samples", "", VR_COUNT, HEADER(samples)},
    {"samples_expected", "", VR_COUNT, HEADER(samples_expected)},
    {"sampled_ns", "", VR_NS, HEADER(sampled_ns)},
    {"exclude_kernel", "", VR_TEXT, FLAG(VPROF_F_EXCLUDE_KERNEL)},
    {"heap_mode", "", VR_TEXT, VR_IN_JSON, .get = get_heap_mode},
    {"heap_sample_bytes", "", VR_BYTES, HEADER(heap_sample_bytes)},
    {"own_malloc", "", VR_TEXT, FLAG(VPROF_F_OWN_MALLOC)},
    {"operator_new_bypass", "", VR_TEXT, FLAG(VPROF_F_OPERATOR_NEW_BYPASS)},
    {"not_seen", "", VR_TEXT, VR_IN_JSON, .get = get_not_seen},
    {"tick_ms", "", VR_COUNT, HEADER(tick_ms)},
    {"timeline_step_ns", "", VR_NS, HEADER(timeline_step_ns)},
};

/* Said only where there is something to say. */
static const struct vr_field unlike_fields[] = {{"libc_unlike", "", VR_TEXT, HEADER(libc_unlike)}};

#define COST(member) VR_IN_JSON, VR_MEMBER(struct vr_overhead, member)

static const struct vr_field cost_fields[] = {
    {"cpu_ns", "", VR_NS, COST(cpu_ns)},
    {"run_percent", "", VR_PERCENT, COST(run_percent)},
    {"cpu_percent", "", VR_PERCENT, COST(cpu_percent)},
    {"hooks_percent", "", VR_PERCENT, COST(hooks_percent)},
    {"memory_bytes", "", VR_BYTES, COST(memory_bytes)},
    {"heap_bytes", "", VR_BYTES, COST(heap_bytes)},
};

static const struct vr_field unwinding_fields[] = {
    {"unwinds", "", VR_COUNT, HEADER(unwinds)},
    {"rows_learned", "", VR_COUNT, HEADER(rows_learned)},
    {"full_steps", "", VR_COUNT, HEADER(full_steps)},
};

static void get_wrapped(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_history *history = row;

	(void)rows;
	value->json = json_boolean(history->wrapped);
}

#define HISTORY(member) VR_IN_JSON, VR_MEMBER(struct vr_history, member)

static const struct vr_field history_fields[] = {
    {"wrapped", "", VR_TEXT, VR_IN_JSON, .get = get_wrapped},
    {"events_kept", "", VR_COUNT, HISTORY(events_kept)},
    {"events_written", "", VR_COUNT, HISTORY(events_written)},
    {"blocks_overwritten", "", VR_COUNT, HISTORY(blocks_overwritten)},
    {"kept_ns", "", VR_NS, HISTORY(kept_ns)},
    {"lost_ns", "", VR_NS, HISTORY(lost_ns)},
};

static const struct vr_field block_fields[] = {
    {"blocks_reserved", "", VR_COUNT, HEADER(blocks_reserved)},
    {"blocks_capacity", "", VR_COUNT, HEADER(blocks_capacity)},
};

static void get_layers(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->json = json_array();
	for (unsigned i = 0; vr_layer_name(i); i++)
		if (header_of(row)->layers & 1u << i)
			json_array_append_new(value->json, json_string(vr_layer_name(i)));
}

static void get_layers_note(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	uint32_t note = header_of(row)->layers_note;

	value->cell.s = note ? vr_file_string(file_of(rows), note) : "";
}

static void get_stall_auto(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->json = json_boolean(header_of(row)->stall_auto);
}

static const struct vr_field off_cpu_fields[] = {
    {"layers", "", VR_TEXT, VR_IN_JSON, .get = get_layers},
    {"layers_note", "", VR_TEXT, VR_IN_JSON, .get = get_layers_note},
    {"stall_limit_ns", "", VR_NS, HEADER(stall_ns)},
    {"stall_auto", "", VR_TEXT, VR_IN_JSON, .get = get_stall_auto},
    {"hang_limit_ns", "", VR_NS, HEADER(hang_ns)},
    {"stalls", "", VR_COUNT, HEADER(stalls)},
    {"looks", "", VR_COUNT, HEADER(loop_looks)},
    {"late_looks", "", VR_COUNT, HEADER(late_looks)},
    {"frozen", "", VR_COUNT, HEADER(frozen)},
    {"frozen_ns", "", VR_NS, HEADER(frozen_ns)},
    {"dumps", "", VR_COUNT, HEADER(dumps)},
};

static json_t *lost_json(const struct vr_file *file)
{
	json_t *lost = json_object();

	for (unsigned i = 0; i < VPROF_LOST_COUNT; i++)
		if (vr_lost_name(i))
			vr_json_set_u64(lost, vr_lost_name(i), file->header.lost[i]);
	return lost;
}

json_t *vr_info_json(struct vr_context *ctx, const struct vr_cpu *cpu)
{
	const struct vr_rows rows = {.ctx = ctx};
	const struct vprof_header *h = &ctx->profile->file->header;
	const struct vr_overhead cost = vr_overhead(ctx->profile, cpu);
	const struct vr_history history = vr_history(ctx->profile);
	json_t *root = json_object();
	json_t *sampling = vr_json_fields(&rows, VR_FIELDS(sampling_fields), h);
	json_t *own = vr_json_fields(&rows, VR_FIELDS(cost_fields), &cost);
	json_t *kept = vr_json_fields(&rows, VR_FIELDS(history_fields), &history);

	if (h->libc_unlike)
		vr_json_set_fields(sampling, &rows, VR_FIELDS(unlike_fields), h);
	vr_json_set_fields(own, &rows, VR_FIELDS(unwinding_fields), h);
	vr_json_set_fields(kept, &rows, VR_FIELDS(block_fields), h);
	json_object_set_new(root, "run", vr_json_fields(&rows, VR_FIELDS(run_fields), h));
	json_object_set_new(root, "sampling", sampling);
	json_object_set_new(root, "history", kept);
	json_object_set_new(root, "trace", vr_trace_json(ctx->profile->file));
	json_object_set_new(root, "off_cpu",
			    h->layers ? vr_json_fields(&rows, VR_FIELDS(off_cpu_fields), h)
				      : json_null());
	json_object_set_new(root, "lost", lost_json(ctx->profile->file));
	json_object_set_new(root, "own", own);
	json_object_set_new(root, "sections", sections_json(&rows));
	json_object_set_new(root, "modules", modules_json(&rows));
	return root;
}
