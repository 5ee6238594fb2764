#include "verbs/locks_where.h"

#include <inttypes.h>

#include "cli/xalloc.h"
#include "model/locks.h"
#include "text/json.h"
#include "text/lock_names.h"

static const struct vr_lock *lock_of(const void *row)
{
	return row;
}

void vr_get_lock_kind(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	(void)rows;
	value->cell.s = vr_lock_kind_name(lock_of(row)->kind);
}

void vr_get_lock_address(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	uint64_t address = lock_of(row)->address;

	(void)rows;
	value->text = address ? vr_xprintf("0x%" PRIx64, address) : vr_xstrdup("");
}

static struct vr_lock_where where_of(const struct vr_rows *rows, const void *row)
{
	return vr_lock_where(rows->ctx->profile, lock_of(row));
}

static void set_text(struct vr_value *value, const char *text)
{
	value->cell.null = !text;
	value->cell.s = text;
}

void vr_get_lock_place(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	struct vr_lock_where where = where_of(rows, row);
	int looked = lock_of(row)->place != VPROF_LOCK_UNPLACED ||
		     rows->ctx->profile->file->header.heap_mode == VPROF_HEAP_OFF;

	/* An older library did not say. */
	set_text(value,
		 where.home == VR_LOCK_UNKNOWN && !looked ? NULL : vr_lock_home_name(where.home));
}

void vr_get_lock_name(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	set_text(value, where_of(rows, row).name);
}

void vr_get_lock_module(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	set_text(value, where_of(rows, row).module);
}

void vr_get_lock_offset(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	struct vr_lock_where where = where_of(rows, row);

	value->cell.null = where.home != VR_LOCK_STATIC && where.home != VR_LOCK_BLOCK;
	value->cell.u = where.offset;
}

void vr_get_lock_site(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	struct vr_lock_where where = where_of(rows, row);

	value->json = where.home == VR_LOCK_BLOCK
			  ? vr_json_frames(rows->ctx->profile->stacks, where.site)
			  : json_null();
}

void vr_get_lock_owner(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	struct vr_lock_where where = where_of(rows, row);
	const struct vprof_thread *thread = &rows->ctx->profile->file->thread[where.thread];

	value->json = json_null();
	if (where.home != VR_LOCK_STACK)
		return;
	value->json = json_object();
	vr_json_set_u64(value->json, "tid", thread->tid);
	vr_json_set_text(value->json, "name", thread->name);
}

void vr_get_lock_lock(const struct vr_rows *rows, const void *row, struct vr_value *value)
{
	vr_value_caption(rows, value, vr_lock_caption(rows->ctx->profile, row));
}
