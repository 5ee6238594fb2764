#include "track/call_rows.h"
#include "base/sys.h"
#include "ring/tables.h"
#include "track/call_names.h"
#include "track/descriptor.h"

#include <string.h>

#define FIRST_INDEX 64u /* power of two */

struct vp_call_index {
	uint32_t node, kind, label;
	uint32_t row; /* + 1; 0: empty */
};

/* Name of a kind in the file; id + 1, 0: not yet there. */
static uint32_t name_id[VP_CALL_KINDS];

int vp_calls_init(void)
{
	memset(name_id, 0, sizeof(name_id));
	vp_call_names_init();
	return vp_descriptors_init();
}

uint32_t vp_call_name(enum vp_call_kind kind)
{
	uint32_t id = __atomic_load_n(&name_id[kind], __ATOMIC_RELAXED);

	if (id)
		return id - 1;
	id = vp_string_add(vp_call_info[kind].name, strlen(vp_call_info[kind].name));
	if (id != VPROF_NONE)
		__atomic_store_n(&name_id[kind], id + 1, __ATOMIC_RELAXED);
	return id;
}

static struct vp_call_index *place(struct vp_call_index *index, uint32_t mask,
				   const struct vp_call_index *key)
{
	uint64_t h = ((uint64_t)key->node << 8 ^ key->kind ^ (uint64_t)key->label << 40) *
			 0x9e3779b97f4a7c15u >>
		     32;

	while (index[h & mask].row &&
	       (index[h & mask].node != key->node || index[h & mask].kind != key->kind ||
		index[h & mask].label != key->label))
		h++;
	return &index[h & mask];
}

/* Returns 0 without memory: then as it was. */
static int grow(struct vp_calls *calls)
{
	uint32_t room = calls->index ? (calls->mask + 1) * 2 : FIRST_INDEX;
	struct vp_call_index *more = vp_sys_map(room * sizeof(*more));

	if (!more)
		return 0;
	for (uint32_t i = 0; calls->index && i <= calls->mask; i++) {
		const struct vp_call_index *old = &calls->index[i];

		if (old->row)
			*place(more, room - 1, old) = *old;
	}
	if (calls->index)
		vp_sys_unmap(calls->index, (calls->mask + 1) * sizeof(*more));
	calls->index = more;
	calls->mask = room - 1;
	return 1;
}

static struct vprof_call *new_row(const struct vp_call *call, uint32_t node, uint32_t *id)
{
	struct vprof_call *row = vp_table_add(VPROF_SEC_CALLS, id);

	if (!row)
		return NULL;
	row->node = node;
	row->thread = call->thread->row_id;
	row->label = call->thread->label;
	row->class = vp_call_info[call->kind].traits & VP_CALL_CLASS_MASK;
	row->site = call->caller->pc;
	row->target = row->loop = VPROF_NONE;
	row->target_kind = vp_call_info[call->kind].target;
	/* Pairs with a reader of the file, to which a row without a name is none. */
	__atomic_store_n(&row->name, vp_call_name(call->kind), __ATOMIC_RELEASE);
	return row;
}

struct vprof_call *vp_call_row(const struct vp_call *call, uint32_t node, uint32_t *id)
{
	struct vp_calls *calls = &call->thread->calls;
	struct vp_call_index key = {node, call->kind, call->thread->label, 0}, *at;
	struct vprof_call *row;

	if ((!calls->index || calls->used * 4 > (calls->mask + 1) * 3) && !grow(calls) &&
	    (!calls->index || calls->used == calls->mask))
		return NULL;
	at = place(calls->index, calls->mask, &key);
	if (at->row) {
		*id = at->row - 1;
		return vp_table_row(VPROF_SEC_CALLS, *id);
	}
	row = new_row(call, node, id);
	if (row) {
		key.row = *id + 1;
		*at = key;
		calls->used++;
	}
	return row;
}

void vp_calls_thread_end(struct vp_thread *thread)
{
	struct vp_calls *calls = &thread->calls;

	if (calls->index)
		vp_sys_unmap(calls->index, (calls->mask + 1) * sizeof(*calls->index));
	calls->index = NULL;
	calls->used = calls->mask = 0;
	memset(calls->site, 0, sizeof(calls->site));
}
