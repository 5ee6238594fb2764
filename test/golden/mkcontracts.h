/* A ring file with loops, calls and locks, and counters as they were at two marks of three. */
#ifndef MKCONTRACTS_H
#define MKCONTRACTS_H

#include "mkloops.h"

static inline uint32_t mk_mark(struct mkprof *mk, const char *name, uint64_t at_ms)
{
	uint32_t id, text = mk_string(mk, name);
	struct vprof_mark *mark = mk_some_row(mk, VPROF_SEC_MARKS, sizeof(struct vprof_mark), &id);

	*mark = (struct vprof_mark){
	    .name = text, .count = 1, .first_ns = at_ms * MK_MS, .last_ns = at_ms * MK_MS};
	return id;
}

static inline void mk_copy(struct mkprof *mk, uint32_t mark, unsigned kind, uint32_t row,
			   uint32_t word, uint32_t words, const uint64_t *value)
{
	struct vprof_copy *copy =
	    mk_some_row(mk, VPROF_SEC_COPIES, sizeof(struct vprof_copy), NULL);

	*copy = (struct vprof_copy){.mark = mark,
				    .kind = (uint16_t)kind,
				    .word = (uint16_t)word,
				    .row = row,
				    .words = words};
	for (uint32_t i = 0; i < words; i++)
		copy->value[i] = value[i];
}
#define MK_COPY(mk, mark, KIND, row, type, field, ...)                                             \
	mk_copy(mk, mark, VPROF_SEC_##KIND, row, offsetof(struct type, field) / 8,                 \
		sizeof((uint64_t[]){__VA_ARGS__}) / 8, (uint64_t[]){__VA_ARGS__})

/* At 400 ms the library's site had allocated 15 times (of 20 in all) and the loop of epoll_wait
 * made 100 iterations; at 1,800 ms site and loop had done all that they did but one. */
static inline void mk_copies(struct mkprof *mk, uint32_t warm, uint32_t cool)
{
	mk_copy(mk, warm, VPROF_SEC_MARKS, warm, 0, 6,
		(uint64_t[]){400 * MK_MS, 401 * MK_MS, 4, 0, 1, 0});
	MK_COPY(mk, warm, SITES, 1, vprof_site, allocs, 15, 1536);
	MK_COPY(mk, warm, LOOPS, 0, vprof_loop, iterations, 100);
	MK_COPY(mk, warm, LOOPS, 0, vprof_loop, max_ns, 1);
	MK_COPY(mk, warm, THREADS, 1, vprof_thread, allocs, 15);
	mk_copy(mk, cool, VPROF_SEC_MARKS, cool, 0, 6,
		(uint64_t[]){1800 * MK_MS, 1801 * MK_MS, 2, 0, 2, 0});
	MK_COPY(mk, cool, SITES, 1, vprof_site, allocs, 19, 2000);
	MK_COPY(mk, cool, LOOPS, 0, vprof_loop, iterations, 110);
}

static inline struct mkprof mk_contracts(void)
{
	struct mkprof mk = mk_loops();
	uint32_t warm = mk_mark(&mk, "warm", 400), cool = mk_mark(&mk, "cool", 1800);
	uint32_t label = mk_string(&mk, "path=tick\nsymbol=XY");
	struct vprof_site *site;

	mk_mark(&mk, "late", 1900); /* without a copy */
	site = mk_site(&mk, 4, 2, 3, 300, 0, 0);
	site->label = label;
	mk_copies(&mk, warm, cool);
	mk_header(&mk)->lost[VPROF_LOST_STALLS] = 0;
	return mk;
}

#endif
