#include "track/count.h"
#include "base/clock.h"
#include "base/private_heap.h"
#include "base/service.h"
#include "base/sys.h"
#include "ring/tables.h"
#include "thread/threads.h"

#include <string.h>

#define FIRST_SLOTS 256u /* power of two */

/* --- the table: in the service ------------------------------------------------- */

static uint64_t where_of(uint64_t address, uint64_t exact)
{
	const struct vp_module *module = address ? vp_module_find(address) : NULL;
	uint64_t id = module ? module->id : VPROF_MODULE_UNKNOWN;

	return address ? (address & VPROF_WHERE_ADDRESS) | exact | id << VPROF_WHERE_MODULE_SHIFT
		       : 0;
}

static struct vp_count_table *new_table(uint64_t slots)
{
	struct vp_count_table *table = vp_sys_map(sizeof(*table) + slots * sizeof(table->slot[0]));

	if (table)
		table->mask = slots - 1;
	return table;
}

/* Beneath a handler of a signal somebody may be looking: the row is stored last. */
static struct vp_count_slot *put(struct vp_count_table *table, const struct vp_count_slot *slot)
{
	uint64_t at = vp_count_hash(slot->function, slot->caller);
	struct vp_count_slot *to;

	while (table->slot[at & table->mask].row)
		at++;
	to = &table->slot[at & table->mask];
	to->function = slot->function;
	to->caller = slot->caller;
	to->of = slot->of;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	to->row = slot->row;
	table->used++;
	return to;
}

static int still_there(uint64_t where)
{
	return !where || vp_module_holds((uint32_t)(where >> VPROF_WHERE_MODULE_SHIFT),
					 where & VPROF_WHERE_ADDRESS);
}

/* Another table of so many slots; without what is another object's by now. */
static int copy_table(struct vp_counts *counts, uint64_t slots, int all)
{
	struct vp_count_table *table = new_table(slots), *old = counts->table;

	if (!table)
		return 0;
	for (uint64_t i = 0; old && i <= old->mask; i++) {
		const struct vp_count_slot *slot = &old->slot[i];

		if (slot->row &&
		    (all || (still_there(slot->row->where) && still_there(slot->row->caller))))
			put(table, slot);
	}
	table->older = old;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	counts->table = table;
	return 1;
}

static struct vp_counts *new_counts(struct vp_thread *thread)
{
	struct vp_counts *counts = vp_sys_map(sizeof(*counts));

	if (!counts)
		return NULL;
	counts->gone = vp_modules_gone;
	counts->lo = thread->stack.lo;
	counts->hi = thread->stack.hi;
	if (!copy_table(counts, FIRST_SLOTS, 1)) {
		vp_sys_unmap(counts, sizeof(*counts));
		return NULL;
	}
	thread->slot[VP_SLOT_COUNTS] = counts;
	return counts;
}

/* Under this caller a function is in the table once, for all of its callers. */
#define ANY_CALLER (~0ull)

static struct vp_counted *new_counted(struct vp_counts *counts, const struct vp_count_slot *slot)
{
	struct vp_counted *counted = vp_private_get(sizeof(*counted));
	uint32_t id;

	if (!counted)
		return NULL;
	counted->row = vp_table_add(VPROF_SEC_DURATIONS, &id);
	if (counted->row) {
		counted->row->thread = slot->row->thread;
		/* Pairs with a reader of the file. */
		__atomic_store_n(&counted->row->where, slot->row->where, __ATOMIC_RELEASE);
	}
	counted->next = counts->counted;
	counts->counted = counted;
	put(counts->table, &(struct vp_count_slot){slot->function, ANY_CALLER, slot->row, counted});
	return counted;
}

static struct vp_counted *counted_of(struct vp_counts *counts, const struct vp_count_slot *slot)
{
	const struct vp_count_slot *any = vp_count_find(counts->table, slot->function, ANY_CALLER);

	return any ? any->of : new_counted(counts, slot);
}

static struct vprof_count *new_row(uint32_t thread, const struct vp_count_slot *slot,
				   enum vprof_count_how how)
{
	struct vprof_count *row;
	uint32_t id;

	row = vp_table_add(VPROF_SEC_COUNTS, &id);
	if (!row)
		return NULL;
	row->caller = where_of(slot->caller, 0);
	row->thread = thread;
	row->how = (uint16_t)how;
	/* Pairs with a reader of the file, to which a row without it is none. */
	__atomic_store_n(&row->where, where_of(slot->function, VPROF_WHERE_EXACT),
			 __ATOMIC_RELEASE);
	return row;
}

void vp_counts_place(uint64_t function, enum vprof_count_how how)
{
	const struct vp_count_slot slot = {.function = function};

	new_row(0, &slot, how);
}

static const struct vp_count_slot *
find_or_add(struct vp_thread *thread, const struct vp_count_slot *wanted, enum vprof_count_how how)
{
	struct vp_counts *counts = thread->slot[VP_SLOT_COUNTS];
	struct vp_count_slot slot = *wanted, *found;

	found = vp_count_find(counts->table, slot.function, slot.caller);
	if (found)
		return found;
	/* Two at a time: the second is that of all callers. */
	if ((counts->table->used + 2) * 4 > counts->table->mask * 3 &&
	    !copy_table(counts, (counts->table->mask + 1) * 2, 1))
		return NULL;
	slot.row = new_row(thread->row_id, &slot, how);
	if (!slot.row)
		return NULL;
	slot.of = how == VPROF_COUNT_INSTRUMENT ? counted_of(counts, &slot) : NULL;
	return put(counts->table, &slot);
}

static void count_pending(struct vp_thread *thread)
{
	struct vp_counts *counts = thread->slot[VP_SLOT_COUNTS];

	for (uint32_t i = 0; i < counts->pending; i++) {
		const struct vp_count_wanted *one = &counts->wanted[i];
		const struct vp_count_slot slot = {one->function, one->caller, NULL, NULL};
		const struct vp_count_slot *found = find_or_add(thread, &slot, one->how);

		if (found)
			found->row->calls++;
		else
			vp_lost(VPROF_LOST_COUNTS, 1);
	}
	counts->pending = 0;
}

/* In the service: no handler of a signal comes between. */
struct request {
	struct vp_thread *thread;
	struct vp_count_slot wanted;
	enum vprof_count_how how;
	const struct vp_count_slot *slot; /* NULL: there is no room */
};

static void serve(void *arg)
{
	struct request *request = arg;
	struct vp_thread *thread = request->thread;
	struct vp_counts *counts = thread->slot[VP_SLOT_COUNTS];
	uint32_t gone = __atomic_load_n(&vp_modules_gone, __ATOMIC_ACQUIRE);

	if (!counts)
		counts = new_counts(thread);
	if (!counts)
		return;
	if (counts->gone != gone && copy_table(counts, counts->table->mask + 1, 0))
		counts->gone = gone;
	count_pending(thread);
	if (request->wanted.function)
		request->slot = find_or_add(thread, &request->wanted, request->how);
}

/* Amid our own work: the thread's table may be half changed, and locks of ours be held. */
static void postpone(uint64_t function, uint64_t caller, enum vprof_count_how how)
{
	struct vp_thread *thread = vp_tls.self;
	struct vp_counts *counts = thread > VP_TLS_ENDED ? thread->slot[VP_SLOT_COUNTS] : NULL;
	uint32_t at = VP_COUNT_PENDING;

	/* In one instruction, as the next handler may come at any. */
	if (counts && counts->pending < VP_COUNT_PENDING) {
		at = 1;
		__asm__("xaddl %0, %1" : "+r"(at), "+m"(counts->pending));
	}
	if (at < VP_COUNT_PENDING)
		counts->wanted[at] = (struct vp_count_wanted){function, caller, how};
	else
		vp_lost(VPROF_LOST_COUNTS, 1);
}

const struct vp_count_slot *vp_count_slow(uint64_t function, uint64_t caller,
					  enum vprof_count_how how)
{
	struct request request = {.wanted = {function, caller, NULL, NULL}, .how = how};
	struct vp_inside inside;

	if (!vp_inside_try(&inside)) {
		postpone(function, caller, how);
		return NULL;
	}
	request.thread = vp_thread_self();
	if (request.thread)
		vp_service(serve, &request);
	if (!request.slot)
		vp_lost(VPROF_LOST_COUNTS, 1);
	vp_inside_end(inside);
	return request.slot;
}

/* --- ends ---------------------------------------------------------------------- */

static void count_late(struct vp_thread *thread)
{
	struct request request = {.thread = thread};

	vp_service(serve, &request);
}

static void give_back(void *arg)
{
	struct vp_counts *counts = arg;
	struct vp_count_table *table = counts->table, *older;
	struct vp_counted *counted = counts->counted, *next;

	for (; table; table = older) {
		older = table->older;
		vp_sys_unmap(table, sizeof(*table) + (table->mask + 1) * sizeof(table->slot[0]));
	}
	for (; counted; counted = next) {
		next = counted->next;
		vp_private_put(counted);
	}
	if (counts->frame)
		vp_sys_unmap(counts->frame, VP_COUNT_FRAMES * sizeof(*counts->frame));
	vp_sys_unmap(counts, sizeof(*counts));
}

void vp_counts_thread_end(struct vp_thread *thread)
{
	struct vp_counts *counts = thread->slot[VP_SLOT_COUNTS];

	if (!counts)
		return;
	if (counts->pending)
		count_late(thread);
	thread->slot[VP_SLOT_COUNTS] = NULL;
	vp_service(give_back, counts);
}

/* What the thread that ends the process is in, ends with it. */
void vp_counts_finish(int ending)
{
	struct vp_thread *thread = vp_tls.self;
	struct vp_counts *counts = thread > VP_TLS_ENDED ? thread->slot[VP_SLOT_COUNTS] : NULL;

	if (!ending)
		return;
	vp_control.counts = 0;
	if (counts && counts->pending)
		count_late(thread);
	if (counts)
		vp_count_leave_all(counts, vp_clock_now());
}
