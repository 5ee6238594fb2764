/* The parts of adding up records; others see merge.h. */
#ifndef VR_MERGE_PARTS_H
#define VR_MERGE_PARTS_H

#include "base/map.h"
#include "cli/xalloc.h"
#include "input/file.h"

/* The readings over time of one member, on the sum's clock. */
struct vr_merge_course {
	struct vprof_point *point;
	uint32_t points;
	uint64_t start_ns, end_ns; /* of the process */
	int goes_on;		   /* it has not ended */
	uint64_t step_ns;
};

struct vr_merge {
	struct vr_file *sum;
	int events;
	size_t string_room, module_room, thread_room, node_room, site_room, cpu_room, lock_room,
	    blame_room, leak_room, mark_room, event_room, member_room, course_room, pid_room,
	    map_room, call_room, book_room, loop_room, stall_room, dump_room, span_room, order_room,
	    count_room, duration_room, unit_room, heap_time_room, label_loop_room;
	struct vr_map string_at, module_at, node_at, map_at;
	struct vr_merge_course *course;
	size_t courses;
	uint32_t shards;
	size_t own_mallocs;		     /* records of programs that define malloc themselves */
	char *suppressions, *roads, *traced; /* of all, NULL: none */

	/* of the record that is being added */
	const struct vr_file *file;
	uint64_t shift_ns;
	uint32_t *node, *module;	/* ids in the sum */
	uint32_t no_object;		/* module of code without one, VPROF_NONE: not met yet */
	uint32_t thread0, lock0, mark0; /* row 1 of THREADS and LOCKS, row 0 of MARKS */
	uint32_t call0, loop0;		/* row 0 of CALLS and LOOPS */
	uint32_t span0;			/* of SPANS, which have row 0 together */
};

/* Appends `row` to an array of the sum. */
#define VR_MERGE_APPEND(merge, array, count, room, row)                                            \
	do {                                                                                       \
		struct vr_file *to_ = (merge)->sum;                                                \
		to_->array =                                                                       \
		    vr_xgrow(to_->array, to_->count, &(merge)->room, sizeof(*to_->array));         \
		to_->array[to_->count++] = (row);                                                  \
	} while (0)

/* A row of THREADS of the record that is being added. */
static inline uint32_t vr_merge_thread(const struct vr_merge *merge, uint32_t thread)
{
	return thread ? merge->thread0 + thread - 1 : 0;
}

/* --- merge_locks.c, merge_maps.c, merge_spans.c, merge_waits.c, merge_counts.c,
 *     merge_heap.c */
void vr_merge_locks(struct vr_merge *merge);
void vr_merge_waits(struct vr_merge *merge);
/* --- merge_units.c: after loops and spans */
void vr_merge_units(struct vr_merge *merge);
void vr_merge_maps(struct vr_merge *merge);
void vr_merge_spans(struct vr_merge *merge);
void vr_merge_counts(struct vr_merge *merge);
/*   site0  row 1 of SITES in the sum */
void vr_merge_heap_times(struct vr_merge *merge, uint32_t site0);

/* --- merge_names.c: strings, modules, nodes */
uint32_t vr_merge_text(struct vr_merge *merge, const char *text);
/* A string of the record that is being added. */
uint32_t vr_merge_string(struct vr_merge *merge, uint32_t id);
void vr_merge_modules(struct vr_merge *merge);
/* Where the sum has what was at this address of the record that is being added. */
uint64_t vr_merge_address(const struct vr_merge *merge, uint64_t address);
/* The same of what NODES and COUNTS call `where`. */
uint64_t vr_merge_where(struct vr_merge *merge, uint64_t where);
void vr_merge_nodes(struct vr_merge *merge);

/* --- merge_time.c: readings over time */
void vr_merge_course(struct vr_merge *merge, struct vr_file *file);
void vr_merge_timeline(struct vr_merge *merge);

#endif
