/* Ring files with locks taken in different orders. */
#ifndef MKORDERS_H
#define MKORDERS_H

#include "mkwaits.h"

static inline struct vprof_order_lock mk_order_lock(uint64_t address, uint32_t node)
{
	return (struct vprof_order_lock){
	    .address = address, .node = node, .place = VPROF_LOCK_ELSEWHERE};
}

/* A thread has one lock and takes another, 100 ms after its start and up to 800. */
static inline struct vprof_order *mk_order(struct mkprof *mk, uint32_t thread, uint64_t has,
					   uint64_t takes, uint64_t count)
{
	struct vprof_order *row =
	    mk_some_row(mk, VPROF_SEC_ORDERS, sizeof(struct vprof_order), NULL);

	*row = (struct vprof_order){
	    .thread = thread,
	    .count = count,
	    .first_ns = 100 * MK_MS,
	    .last_ns = 800 * MK_MS,
	    .taken = mk_order_lock(takes, 4),
	    .held = {mk_order_lock(has, 6)},
	};
	return row;
}

/* A lock in a block that node 6 allocated, at 8 in it. */
static inline void mk_in_block(struct vprof_order_lock *lock)
{
	lock->place = VPROF_LOCK_IN_BLOCK;
	lock->site = 6;
	lock->offset = 8;
	lock->born_ns = 50 * MK_MS;
}

/* Of main and worker: app+0x1010 and app+0x1050 in both orders, 12 times and once; two blocks
 * of one site in both orders, and another two; and, under the gate app+0x1080, what is none. */
static inline struct mkprof mk_orders(void)
{
	struct mkprof mk = mk_normal();

	mk_order(&mk, 1, 0x401010, 0x401050, 12);
	mk_order(&mk, 2, 0x401050, 0x401010, 1)->held[0].flags = VPROF_ORDER_GUESSED;
	for (uint64_t block = 0x9000; block <= 0xa000; block += 0x1000) {
		struct vprof_order *there = mk_order(&mk, 1, block, block + 0x100, 3);
		struct vprof_order *back = mk_order(&mk, 2, block + 0x100, block, 4);

		mk_in_block(&there->taken);
		mk_in_block(&there->held[0]);
		mk_in_block(&back->taken);
		mk_in_block(&back->held[0]);
	}
	mk_order(&mk, 1, 0x4010c0, 0x4010e0, 5)->held[1] = mk_order_lock(0x401080, 3);
	mk_order(&mk, 2, 0x4010e0, 0x4010c0, 5)->held[1] = mk_order_lock(0x401080, 3);
	mk_order(&mk, 0, 0, 0, 2); /* found no row */
	return mk;
}

#endif
