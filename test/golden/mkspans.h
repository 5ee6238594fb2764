/* A ring file with spans. */
#ifndef MKSPANS_H
#define MKSPANS_H

#include "mkwaits.h"

/* `count` spans that take `ms` together, the longest `max_ns`, all others alike. */
static inline struct vprof_span *mk_span(struct mkprof *mk, const char *name, uint32_t thread,
					 uint64_t count, uint64_t ms, uint64_t max_ns)
{
	uint32_t text = mk_string(mk, name);
	struct vprof_span *row = mk_some_row(mk, VPROF_SEC_SPANS, sizeof(struct vprof_span), NULL);
	uint64_t other = count > 1 ? (ms * MK_MS - max_ns) / (count - 1) : 0;

	*row = (struct vprof_span){
	    .name = text,
	    .thread = thread,
	    .flags = VPROF_SPAN_NAMED,
	    .begun = count,
	    .count = count,
	    .time_ns = ms * MK_MS,
	    .max_ns = max_ns,
	    .max_at_ns = count ? 700 * MK_MS : 0,
	    .first_ns = 50 * MK_MS,
	    .last_ns = count ? 1900 * MK_MS : 0,
	    .since_ns = 1890 * MK_MS,
	};
	if (!count)
		return row;
	row->histogram[vprof_histogram_bucket(max_ns, VPROF_SPAN_UNIT_BITS, VPROF_SPAN_SUB_BITS,
					      VPROF_SPAN_BUCKETS)]++;
	row->histogram[vprof_histogram_bucket(other, VPROF_SPAN_UNIT_BITS, VPROF_SPAN_SUB_BITS,
					      VPROF_SPAN_BUCKETS)] += count - 1;
	return row;
}

/* Of a run of 2 s:
 *   tick    main: 1000 of 400 ms, 150 of them in "decode", the longest 41 ms at C; one is open
 *   decode  main under venue=x, path=tick: 1000 of 150 ms, sizes; worker: 10 of 20 ms
 *   order   across threads: worker began 90, main ended 80; 3 never did
 *   reload  worker: never ended, left 2, too deep 5
 * and what had no row, ends without a beginning. */
static inline struct mkprof mk_spans(void)
{
	struct mkprof mk = mk_normal();
	struct vprof_header *h = mk_header(&mk);
	struct vprof_span *row = mk_span(&mk, "", 0, 7, 14, 5 * MK_MS);

	row->name = row->flags = 0;
	row->since_ns = row->first_ns = row->max_at_ns = 0;
	row->unmatched = 4;
	row = mk_span(&mk, "tick", 1, 1000, 400, 41 * MK_MS);
	row->begun++;
	row->inner_ns = 150 * MK_MS;
	row->node = 4;
	row->stack_ns = 30 * MK_MS;
	row->allocs = 2000;
	row->alloc_bytes = 64000;
	row = mk_span(&mk, "decode", 1, 1000, 150, 2 * MK_MS);
	row->label = mk_string(&mk, "venue=x\npath=tick");
	row->sized = 1000;
	row->size = 500000;
	row->size_min = 10;
	row->size_max = row->size_at_max = 9000;
	row->node = 6;
	row = mk_span(&mk, "decode", 2, 10, 20, 3 * MK_MS);
	row = mk_span(&mk, "order", 1, 80, 1600, 60 * MK_MS);
	row->flags |= VPROF_SPAN_ASYNC;
	row->begun = 0;
	row = mk_span(&mk, "order", 2, 0, 0, 0);
	row->flags |= VPROF_SPAN_ASYNC;
	row->begun = 90;
	row->left = 3;
	row = mk_span(&mk, "reload", 2, 0, 0, 0);
	row->begun = row->left = 2;
	row->deep = 5;
	h->lost[VPROF_LOST_SPANS] = 9;
	return mk;
}

#endif
