#include "track/hooked.h"
#include "base/calls.h"
#include "base/private_heap.h"
#include "base/real.h"
#include "base/service.h"
#include "ring/tables.h"
#include "stack/modules.h"
#include "thread/threads.h"

#include <string.h>

#define TICKS 16u /* of the helper, from one look at the threads to the next */

/* A thread's rows, by function. */
struct rows {
	struct vprof_count *row[VP_HOOKED_COUNT];
};

/* A function: its name, and where in vp_real that behind its hook is. */
struct function {
	const char *name;
	size_t entry;
};

static const struct function counted[VP_HOOKED_COUNT] = {
#define FUNCTION(name) {#name, offsetof(struct vp_real, name)},
    VP_HOOKED_LIST(FUNCTION)
#undef FUNCTION
};

/* Calls that may block: of those that have rows only where they may, nobody counts all. */
static const struct function blocking[] = {
#define REAL(name, result, parameters, arguments, lacking)
#define HOOK_CALL(name, result, parameters, arguments, lacking, traits, target, object, outcome)   \
	{#name, offsetof(struct vp_real, name)},
#define HOOK_CALL_IF(name, result, parameters, arguments, lacking, traits, target, object,         \
		     outcome, when)
#include "base/real.def"
};
#define BLOCKING (sizeof(blocking) / sizeof(blocking[0]))

/* Of this file. */
static uint32_t name_of[VP_HOOKED_COUNT]; /* string ids; 0: none yet */
static uint32_t calls_seen;		  /* rows of CALLS that were looked at ... */
static uint32_t placed[VP_CALL_KINDS];	  /* ... and the names that were in them */
static uint32_t n_placed;
static uint32_t ticks;

int vp_hooked_init(void)
{
	memset(name_of, 0, sizeof(name_of));
	calls_seen = n_placed = ticks = 0;
	return 0;
}

/* What the parent's thread had called is in the parent's file. */
void vp_hooked_fork_child(void)
{
	memset(vp_tls.hooked, 0, sizeof(vp_tls.hooked));
}

static struct vprof_count *new_row(const struct function *function, uint32_t thread, uint32_t name)
{
	uint64_t address = *(const uintptr_t *)((const char *)&vp_real + function->entry);
	const struct vp_module *module = vp_module_find(address);
	struct vprof_count *row;
	uint32_t id;

	row = vp_table_add(VPROF_SEC_COUNTS, &id);
	if (!row)
		return NULL;
	row->thread = thread;
	row->how = VPROF_COUNT_HOOKED;
	row->name = name;
	address = (address & VPROF_WHERE_ADDRESS) | VPROF_WHERE_EXACT |
		  (uint64_t)(module ? module->id : VPROF_MODULE_UNKNOWN)
		      << VPROF_WHERE_MODULE_SHIFT;
	/* Pairs with a reader of the file, to which a row without it is none. */
	__atomic_store_n(&row->where, address, __ATOMIC_RELEASE);
	return row;
}

/* --- a thread's calls: in the service ----------------------------------------- */

static uint32_t name_id(uint32_t which)
{
	if (!name_of[which])
		name_of[which] = vp_string_add(counted[which].name, strlen(counted[which].name));
	return name_of[which];
}

static void write_rows(struct vp_thread *thread, const struct vp_tls *tls)
{
	struct rows *rows = thread->slot[VP_SLOT_HOOKED];

	if (!rows)
		rows = thread->slot[VP_SLOT_HOOKED] = vp_private_get(sizeof(*rows));
	for (uint32_t i = 0; rows && i < VP_HOOKED_COUNT; i++) {
		uint64_t calls = __atomic_load_n(&tls->hooked[i], __ATOMIC_RELAXED);

		if (calls && !rows->row[i])
			rows->row[i] = new_row(&counted[i], thread->row_id, name_id(i));
		if (rows->row[i])
			__atomic_store_n(&rows->row[i]->calls, calls, __ATOMIC_RELAXED);
	}
}

static void write_thread(const struct vp_thread *thread)
{
	/* its rows are ours, under the registry's lock */
	if (thread->busy)
		write_rows((struct vp_thread *)(uintptr_t)thread,
			   (const struct vp_tls *)((const char *)thread->busy -
						   offsetof(struct vp_tls, busy)));
}

/* --- where functions are whose calls have rows in CALLS ------------------------ */

static void place(uint32_t name)
{
	size_t most;
	const char *text = vp_string_at(name, &most);

	for (uint32_t i = 0; i < n_placed; i++)
		if (placed[i] == name)
			return;
	if (!text || n_placed == VP_CALL_KINDS)
		return;
	placed[n_placed++] = name;
	for (uint32_t i = 0; i < BLOCKING; i++)
		if (strncmp(text, blocking[i].name, most) == 0)
			new_row(&blocking[i], 0, name);
}

static void place_calls(void)
{
	uint32_t used = vp_table_used(VPROF_SEC_CALLS);

	for (; calls_seen < used; calls_seen++) {
		const struct vprof_call *row = vp_table_row(VPROF_SEC_CALLS, calls_seen);

		if (row->calls)
			place(__atomic_load_n(&row->name, __ATOMIC_ACQUIRE));
	}
}

static void write_all(void *arg)
{
	(void)arg;
	vp_real_resolve();
	place_calls();
	if (vp_threads_unwatched() && vp_tls.self > VP_TLS_ENDED)
		write_rows(vp_tls.self, &vp_tls);
	else if (!vp_threads_unwatched())
		vp_threads_each(write_thread);
}

/* --- moments ------------------------------------------------------------------- */

void vp_hooked_tick(int last)
{
	if (last || ++ticks % TICKS == 0)
		vp_service(write_all, NULL);
}

void vp_hooked_finish(int ending)
{
	(void)ending;
	vp_service(write_all, NULL);
}

static void end(void *arg)
{
	struct vp_thread *thread = arg;

	write_rows(thread, &vp_tls);
	vp_private_put(thread->slot[VP_SLOT_HOOKED]);
	thread->slot[VP_SLOT_HOOKED] = NULL;
}

void vp_hooked_thread_end(struct vp_thread *thread)
{
	vp_service(end, thread);
}
