#include <inttypes.h>
#include <stdlib.h>

#include "cli/xalloc.h"
#include "text/json.h"
#include "text/lock_names.h"
#include "text/names.h"
#include "verbs/stacks/stacks.h"

static const struct vr_dump_thread *of(const void *row)
{
	return row;
}

static const struct vprof_thread *thread_of(const struct vr_rows *rows, const void *row)
{
	return &rows->ctx->profile->file->thread[of(row)->row->thread];
}

static const char *string_of(const struct vr_rows *rows, uint32_t id)
{
	return vr_file_string(rows->ctx->profile->file, id);
}

char *vr_stacks_target(struct vr_profile *profile, const struct vprof_dump *row)
{
	const char *target = vr_file_string(profile->file, row->target);
	struct vr_lock lock;

	if (*target)
		return vr_xstrdup(target);
	if (vr_dump_lock(profile, row, &lock))
		return vr_lock_text(profile, &lock);
	return NULL;
}

char *vr_stacks_held(struct vr_profile *profile, const struct vprof_dump *row)
{
	char *list = NULL;

	for (size_t i = 0; i < VPROF_DUMP_HELD && row->held[i]; i++) {
		struct vr_lock lock = vr_dump_held(profile, row, row->held[i]);
		char *name = vr_lock_text(profile, &lock);

		list = list ? vr_xappend(list, ", %s", name) : vr_xstrdup(name);
		free(name);
	}
	return list;
}

static void get_tid(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->cell.u = thread_of(rows, row)->tid;
}

static void get_name(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->cell.s = thread_of(rows, row)->name;
}

static void get_state(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	static const char *const name[] = {
	    [VPROF_DUMP_UNKNOWN] = "unknown", [VPROF_DUMP_RUNNING] = "running",
	    [VPROF_DUMP_CALL] = "waits",      [VPROF_DUMP_SYSCALL] = "waits",
	    [VPROF_DUMP_FAULT] = "fault",
	};

	(void)rows;
	value->cell.s =
	    of(row)->row->flags & VPROF_DUMP_STOPPED ? "stopped" : name[of(row)->row->state];
}

static void set_string(const struct vr_rows *rows, uint32_t id, struct vr_value *value)
{
	value->cell.s = string_of(rows, id);
	value->cell.null = !*value->cell.s;
}

static void get_call(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	set_string(rows, of(row)->row->call, value);
}

static void get_wchan(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	set_string(rows, of(row)->row->wchan, value);
}

static void get_hooked(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->json = json_boolean(of(row)->row->state == VPROF_DUMP_CALL);
}

static void set_owned(struct vr_value *value, char *text)
{
	value->text = text ? text : vr_xstrdup("");
	value->cell.null = !text;
}

static void get_target(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	set_owned(value, vr_stacks_target(rows->ctx->profile, of(row)->row));
}

static void get_object(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	uint64_t object = of(row)->row->object;

	(void)rows;
	set_owned(value, object ? vr_xprintf("0x%" PRIx64, object) : NULL);
}

static void get_waited(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.u = vr_dump_waited_ns(of(row)->row);
	value->cell.null = !value->cell.u;
}

static void get_span(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->cell.s = vr_dump_span(rows->ctx->profile, of(row)->row);
	value->cell.null = !*value->cell.s;
}

static void get_span_ns(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.u = vr_dump_span_ns(of(row)->row);
	value->cell.null = !of(row)->row->span;
}

static void get_waits_for(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vr_file *file = rows->ctx->profile->file;
	uint32_t thread = of(row)->row->waits_for;

	value->cell.null = thread == VPROF_NONE;
	if (thread != VPROF_NONE)
		value->cell.u = file->thread[thread].tid;
}

static void get_held(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	set_owned(value, vr_stacks_held(rows->ctx->profile, of(row)->row));
}

static void get_held_list(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	const struct vprof_dump *dump = of(row)->row;

	value->json = json_array();
	for (size_t i = 0; i < VPROF_DUMP_HELD && dump->held[i]; i++) {
		struct vr_lock lock = vr_dump_held(rows->ctx->profile, dump, dump->held[i]);
		char *name = vr_lock_text(rows->ctx->profile, &lock);
		json_t *one = json_object();
		char address[32];

		snprintf(address, sizeof(address), "0x%" PRIx64, dump->held[i]);
		vr_json_set_text(one, "lock", name);
		vr_json_set_text(one, "address", address);
		json_array_append_new(value->json, one);
		free(name);
	}
}

static const void *dump_of(const struct vr_rows *rows, const void *row)
{
	(void)rows;
	return of(row)->row;
}

static void get_yes(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.s = of(row)->row->flags & VPROF_DUMP_IN_CYCLE ? "yes" : "no";
}

static void get_place(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	vr_value_caption(rows, value,
			 vr_responsible_caption(rows->ctx->profile->stacks, of(row)->row->node,
						rows->ctx->strip_dirs));
}

static void get_frames(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	value->json = vr_json_frames(rows->ctx->profile->stacks, of(row)->row->node);
}

#define FLAG(bit) VR_MEMBER(struct vprof_dump, flags), .flag = (bit), .part = dump_of

const struct vr_field vr_stacks_fields[] = {
    {"tid", "", VR_COUNT, VR_IN_DATA, .get = get_tid},
    {"name", "", VR_TEXT, VR_IN_DATA, .get = get_name},
    {"state", "", VR_TEXT, VR_IN_DATA, .get = get_state},
    {"call", "", VR_TEXT, VR_IN_DATA, .get = get_call},
    {"hooked", "", VR_TEXT, VR_IN_JSON, .get = get_hooked},
    {"target", "", VR_TEXT, VR_IN_DATA, .get = get_target},
    {"object", "", VR_TEXT, VR_IN_DATA, .get = get_object},
    {"kernel_function", "", VR_TEXT, VR_IN_DATA, .get = get_wchan},
    {"waited_ns", "", VR_NS, VR_IN_DATA, .get = get_waited},
    {"span", "", VR_TEXT, VR_IN_DATA, .get = get_span},
    {"span_ns", "", VR_NS, VR_IN_DATA, .get = get_span_ns},
    {"waits_for_tid", "", VR_COUNT, VR_IN_DATA, .get = get_waits_for},
    {"holds", "", VR_TEXT, VR_IN_CSV, .get = get_held},
    {"holds", "", VR_TEXT, VR_IN_JSON, .get = get_held_list},
    {"in_deadlock", "", VR_TEXT, VR_IN_CSV, .get = get_yes},
    {"in_deadlock", "", VR_TEXT, VR_IN_JSON, FLAG(VPROF_DUMP_IN_CYCLE)},
    {"idle", "", VR_TEXT, VR_IN_JSON, FLAG(VPROF_DUMP_IDLE)},
    {"guessed", "", VR_TEXT, VR_IN_JSON, FLAG(VPROF_DUMP_GUESSED)},
    {"place", "", VR_TEXT, VR_IN_CSV, .get = get_place},
    {"frames", "", VR_TEXT, VR_IN_JSON, .get = get_frames},
};
const size_t vr_stacks_fields_count = sizeof(vr_stacks_fields) / sizeof(vr_stacks_fields[0]);
