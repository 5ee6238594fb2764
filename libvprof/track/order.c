#include "track/order.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/glibc.h"
#include "base/held.h"
#include "base/service.h"
#include "base/sys.h"
#include "ring/tables.h"
#include "stack/modules.h"
#include "stack/trie.h"
#include "thread/shards.h"
#include "thread/threads.h"
#include "track/live.h"

#include <pthread.h>
#include <stddef.h>

/* What is known by its hash: rows, and the code that made them. */
#define SLOTS	  65536u /* power of two; half of them are used at most */
#define KNOWN	  1u	 /* slot.row: no row, it has been met */
#define FIRST_ROW 2u
struct slot {
	uint64_t key; /* 0: empty */
	uint32_t row; /* 0: no row yet, KNOWN, or a row's number + FIRST_ROW */
	uint32_t unused;
};
/* Locks that are in rows, and when they were destroyed last. */
#define LOCKS 16384u /* power of two */
#define PROBE 16u
struct lock {
	uint64_t address, gone_ns;
};

static struct tables {
	struct vprof_order *lost; /* the row that counts what found none; NULL: there is none */
	uint32_t used;
	struct slot slot[SLOTS];
	struct lock lock[LOCKS];
} * tables;
static uint64_t world; /* times a lock in a row was destroyed */

int vp_orders_init(void)
{
	if (tables)
		vp_sys_unmap(tables, sizeof(*tables));
	tables = NULL;
	return 0;
}

static struct tables *get_tables(void)
{
	struct tables *now = __atomic_load_n(&tables, __ATOMIC_ACQUIRE), *fresh;
	uint32_t id;

	if (now)
		return now;
	fresh = vp_sys_map(sizeof(*fresh));
	if (!fresh)
		return NULL;
	fresh->lost = vp_table_add(VPROF_SEC_ORDERS, &id);
	if (__atomic_compare_exchange_n(&tables, &now, fresh, 0, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE))
		return fresh;
	vp_sys_unmap(fresh, sizeof(*fresh));
	return now;
}

static void lose(const struct tables *all)
{
	if (all->lost)
		__atomic_fetch_add(&all->lost->count, 1, __ATOMIC_RELAXED);
}

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 32) * 0x9e3779b97f4a7c15u;
	return (x ^ x >> 29) * 0xbf58476d1ce4e5b9u;
}

/* The slot of a key, which is taken for it; NULL: there is none left. */
static struct slot *slot_of(struct tables *all, uint64_t key)
{
	key |= 1;
	for (uint64_t at = key >> 32;; at++) {
		struct slot *slot = &all->slot[at % SLOTS];
		uint64_t there = __atomic_load_n(&slot->key, __ATOMIC_RELAXED);

		if (there == key)
			return slot;
		if (there)
			continue;
		if (__atomic_load_n(&all->used, __ATOMIC_RELAXED) >= SLOTS / 2)
			return NULL;
		if (__atomic_compare_exchange_n(&slot->key, &there, key, 0, __ATOMIC_RELAXED,
						__ATOMIC_RELAXED)) {
			__atomic_fetch_add(&all->used, 1, __ATOMIC_RELAXED);
			return slot;
		}
		if (there == key)
			return slot;
	}
}

/* A lock's entry, made where there is none; NULL: not found, or no room. */
static struct lock *lock_at(struct tables *all, uint64_t address, int make)
{
	uint64_t at = mix(address) >> 40;

	for (uint32_t i = 0; i < PROBE; i++) {
		struct lock *lock = &all->lock[(at + i) % LOCKS];
		uint64_t there = __atomic_load_n(&lock->address, __ATOMIC_RELAXED);

		if (there == address)
			return lock;
		if (!there && !make)
			return NULL;
		if (!there && __atomic_compare_exchange_n(&lock->address, &there, address, 0,
							  __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return lock;
		if (there == address)
			return lock;
	}
	return NULL;
}

void vp_order_destroyed(uint64_t address)
{
	struct tables *all = __atomic_load_n(&tables, __ATOMIC_ACQUIRE);
	struct lock *lock = all ? lock_at(all, address, 0) : NULL;

	if (!lock)
		return;
	__atomic_store_n(&lock->gone_ns, vp_clock_now(), __ATOMIC_RELAXED);
	__atomic_fetch_add(&world, 1, __ATOMIC_RELAXED);
}

/* --- what the locks themselves say ------------------------------------------- */

/* Does the thread hold it?  Of readers and spinning locks only whether somebody does.  It may
 * be gone, where it was given back in a way that is not seen. */
static int is_held(const struct vp_thread *thread, uint64_t entry)
{
	union {
		pthread_mutex_t mutex;
		pthread_rwlock_t rwlock;
		int spin;
	} copy;
	static const size_t bytes[] = {[VPROF_MODE_MUTEX] = sizeof(copy.mutex),
				       [VPROF_MODE_READ] = sizeof(copy.rwlock),
				       [VPROF_MODE_WRITE] = sizeof(copy.rwlock),
				       [VPROF_MODE_SPIN] = sizeof(copy.spin)};
	uint8_t mode = vp_held_mode(entry);

	if (vp_sys_peek(&copy, vp_held_address(entry), bytes[mode]) != bytes[mode])
		return 0;
	switch ((enum vprof_lock_mode)mode) {
	case VPROF_MODE_MUTEX:
		return copy.mutex.__data.__owner == thread->tid;
	case VPROF_MODE_READ:
		return copy.rwlock.__data.__readers >> VP_RWLOCK_READERS != 0;
	case VPROF_MODE_WRITE:
		return copy.rwlock.__data.__cur_writer == thread->tid;
	case VPROF_MODE_SPIN:
		return copy.spin <= 0;
	}
	return 0;
}

static void find_place(struct tables *all, const struct vp_thread *thread,
		       struct vprof_order_lock *lock)
{
	const struct lock *known = lock_at(all, lock->address, 1);
	struct vp_block block;
	uint64_t offset;

	lock->place = VPROF_LOCK_ELSEWHERE;
	if (vp_control.heap == VPROF_HEAP_OFF) {
		lock->place = VPROF_LOCK_UNPLACED;
	} else if (vp_live_find(0, lock->address, &block, &offset)) {
		const struct vprof_site *site = vp_table_row(VPROF_SEC_SITES, block.site);

		lock->place = VPROF_LOCK_IN_BLOCK;
		lock->site = site->node;
		lock->offset = offset <= UINT32_MAX ? (uint32_t)offset : UINT32_MAX;
		lock->born_ns = block.birth_ns;
		if (site->shard == thread->shard->number && !thread->shard->shared)
			lock->flags |= VPROF_ORDER_OWN;
	}
	if (known && known->gone_ns > lock->born_ns)
		lock->born_ns = known->gone_ns;
}

/* --- stacks ------------------------------------------------------------------- */

struct module_of {
	uint64_t address;
	uint32_t id;
};

static void find_module(void *arg)
{
	struct module_of *of = arg;
	const struct vp_module *module = vp_module_find(of->address);

	of->id = module ? module->id : VPROF_MODULE_UNKNOWN;
}

static uint32_t module_of(uint64_t address)
{
	struct module_of of = {address, VPROF_MODULE_UNKNOWN};

	vp_service(find_module, &of);
	return of.id;
}

/* The stack that took a lock, known by where and at which stack pointer that was.  The frames
 * out of there still stand, and are in the stack that was captured last; only where that call
 * has returned do they tell of a later one. */
static uint32_t earlier_stack(const struct vp_thread *thread, const struct vp_held *held,
			      uint16_t *flags)
{
	uint64_t pc = held->pc, sp = held->sp;
	const struct vp_capture *now = &thread->stack.capture;
	uint32_t at = now->depth;
	struct vp_trie_at place;

	if (sp - thread->stack.lo >= thread->stack.hi - thread->stack.lo)
		return vp_trie_child(VP_TRIE_ROOT, pc | (uint64_t)module_of(pc)
							    << VPROF_WHERE_MODULE_SHIFT)
		    .node;
	while (at && now->frame[at].sp < sp)
		at--;
	if (at && now->frame[at].sp == sp)
		at--;
	else
		*flags |= VPROF_ORDER_GUESSED;
	place = (struct vp_trie_at){now->frame[at].hash, now->frame[at].node};
	if (place.node == VPROF_NODE_OVERFLOW)
		return place.node;
	return vp_trie_child(place, pc | (uint64_t)module_of(pc) << VPROF_WHERE_MODULE_SHIFT).node;
}

/* --- rows --------------------------------------------------------------------- */

static struct vprof_order_lock lock_of(uint64_t entry)
{
	return (struct vprof_order_lock){.address = vp_held_address(entry),
					 .mode = vp_held_mode(entry)};
}

static int holds_already(const struct vprof_order *row, uint32_t count, uint64_t address)
{
	for (uint32_t i = 0; i < count; i++)
		if (row->held[i].address == address)
			return 1;
	return 0;
}

/* The locks of a row, without their stacks.  Returns how many are held, 0: it wanted nothing. */
static uint32_t find_locks(struct tables *all, const struct vp_thread *thread,
			   struct vprof_order *row, uint32_t number[VPROF_ORDER_HELD])
{
	uint32_t count = 0;

	row->taken = lock_of(vp_tls.newest.entry);
	for (uint32_t n = 1; n <= vp_tls.older_count && count < VPROF_ORDER_HELD; n++) {
		uint64_t entry = vp_held_before(n)->entry;

		if (vp_held_address(entry) == row->taken.address)
			return 0; /* it had it already */
		if (holds_already(row, count, vp_held_address(entry)) || !is_held(thread, entry))
			continue;
		row->held[count] = lock_of(entry);
		number[count++] = n;
	}
	for (uint32_t i = 0; i < count; i++)
		find_place(all, thread, &row->held[i]);
	if (count)
		find_place(all, thread, &row->taken);
	return count;
}

static uint64_t key_of_lock(const struct vprof_order_lock *lock)
{
	return mix(lock->address ^ (uint64_t)lock->mode << 56) ^ mix(lock->born_ns + 1);
}

struct keys {
	uint64_t row;  /* these locks, this thread */
	uint64_t code; /* these stacks */
};

static struct keys keys_of(const struct vp_thread *thread, const struct vprof_order *row,
			   uint32_t count)
{
	struct keys keys = {mix((uint64_t)row->thread << 32 | thread->orders.epoch),
			    mix(row->taken.node + 1)};

	keys.row = mix(keys.row ^ key_of_lock(&row->taken));
	for (uint32_t i = 0; i < count; i++) {
		keys.row += key_of_lock(&row->held[i]);
		keys.code += mix((uint64_t)row->held[i].node << 32);
	}
	return keys;
}

static void know_module(const struct vprof_order_lock *lock)
{
	if (lock->place != VPROF_LOCK_IN_BLOCK)
		module_of(lock->address);
}

static void add(const struct tables *all, struct slot *slot, const struct vprof_order *fresh)
{
	struct vprof_order *row;
	uint32_t id;

	know_module(&fresh->taken);
	for (uint32_t i = 0; i < VPROF_ORDER_HELD && fresh->held[i].address; i++)
		know_module(&fresh->held[i]);
	row = vp_table_add(VPROF_SEC_ORDERS, &id);
	if (!row) {
		lose(all);
		return;
	}
	row->count = fresh->count;
	row->first_ns = fresh->first_ns;
	row->last_ns = fresh->last_ns;
	row->taken = fresh->taken;
	for (uint32_t i = 0; i < VPROF_ORDER_HELD; i++)
		row->held[i] = fresh->held[i];
	/* Pairs with a reader of the file. */
	__atomic_store_n(&row->thread, fresh->thread, __ATOMIC_RELEASE);
	slot->row = id + FIRST_ROW;
}

/* Enters what the thread has done.  Returns 1 where no such code was known. */
static int enter(struct tables *all, const struct vp_thread *thread,
		 const struct vprof_order *fresh, uint32_t count)
{
	struct keys keys = keys_of(thread, fresh, count);
	struct slot *slot = slot_of(all, keys.row), *code;

	if (!slot) {
		lose(all);
		return 0;
	}
	if (slot->row) { /* of this thread, as its number is in the key */
		struct vprof_order *row = vp_table_row(VPROF_SEC_ORDERS, slot->row - FIRST_ROW);

		__atomic_store_n(&row->count, row->count + fresh->count, __ATOMIC_RELAXED);
		__atomic_store_n(&row->last_ns, fresh->last_ns, __ATOMIC_RELAXED);
		return 0;
	}
	add(all, slot, fresh);
	code = slot_of(all, keys.code);
	return code && !__atomic_exchange_n(&code->row, KNOWN, __ATOMIC_RELAXED);
}

/*   times   since it was noted last, or 1 */
static int note(struct vp_thread *thread, const struct vp_regs *caller, uint64_t times)
{
	struct tables *all = get_tables();
	struct vprof_order row = {.thread = thread->row_id, .count = times};
	uint32_t number[VPROF_ORDER_HELD], count;

	if (!all || !thread->row_id)
		return 0;
	count = find_locks(all, thread, &row, number);
	if (!count)
		return 0;
	row.first_ns = row.last_ns = vp_clock_now();
	row.taken.node = vp_capture_stack(&thread->stack, caller);
	for (uint32_t i = 0; i < count; i++)
		row.held[i].node =
		    earlier_stack(thread, vp_held_before(number[i]), &row.held[i].flags);
	return enter(all, thread, &row, count);
}

/* --- what is looked at -------------------------------------------------------- */

static uint64_t key_of_newest(const struct vp_orders *orders)
{
	uint64_t inner = vp_tls.newest.entry, outer = vp_held_before(1)->entry;

	if (vp_tls.older_count > 1) /* a gate, maybe */
		outer += vp_held_before(2)->entry << 7;
	return ((inner << 19 | inner >> 45) + outer + vp_tls.older_count +
		((uint64_t)orders->epoch << 40 ^ __atomic_load_n(&world, __ATOMIC_RELAXED) << 20)) *
		   0x9e3779b97f4a7c15u |
	       1;
}

/* How often this has been done since it was looked at; 0: it is passed over. */
static inline uint64_t times_due(struct vp_orders *orders)
{
	uint64_t key = key_of_newest(orders), times = 1;
	struct vp_order_seen *seen = &orders->seen[key >> 59];

	if (seen->key == key) {
		if (--seen->left)
			return 0;
		times = seen->every;
		if (seen->every < VP_ORDER_MOST)
			seen->every *= 2;
		seen->left = seen->every;
		return times;
	}
	if (orders->left) {
		orders->left--;
		return 0;
	}
	seen->key = key;
	seen->left = seen->every = VP_ORDER_EVERY;
	return times;
}
_Static_assert(VP_ORDER_SEEN == 1u << (64 - 59), "the top bits choose");

static __attribute__((noinline)) void look(const struct vp_regs *caller, uint64_t times)
{
	struct vp_thread *thread;
	struct vp_inside inside;

	if (!vp_inside_try(&inside))
		return;
	thread = vp_thread_self();
	if (thread && !vp_control.paused) {
		struct vp_orders *orders = &thread->orders;

		if (note(thread, caller, times))
			orders->skip = 0;
		else if (times == 1)
			orders->skip = orders->skip < VP_ORDER_EVERY / 2 ? orders->skip * 2 + 1
									 : VP_ORDER_EVERY - 1;
		orders->left = orders->skip;
	}
	vp_inside_end(inside);
}

void vp_order_taken(const struct vp_regs *caller)
{
	struct vp_thread *thread = vp_tls.self;
	uint64_t times = 1;

	/* What the only thread of a process does comes before all that others do. */
	if (!vp_threads_many || !vp_control.lock_kinds || thread == VP_TLS_ENDED)
		return;
	if (thread && vp_config.locks != VP_LOCKS_ORDER)
		times = times_due(&thread->orders);
	if (times)
		look(caller, times);
}
