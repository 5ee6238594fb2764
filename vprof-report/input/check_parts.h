/* The parts of checking tables; others see check.h. */
#ifndef VR_CHECK_PARTS_H
#define VR_CHECK_PARTS_H

#include "input/layout.h"

/* Bad rows of one section; the first one is named. */
struct vr_tally {
	unsigned kind;
	const char *reason;
	uint32_t row, bad;
};

static inline void vr_tally_hit(struct vr_tally *tally, uint32_t row, const char *reason)
{
	if (tally->bad++ == 0) {
		tally->row = row;
		tally->reason = reason;
	}
}

static inline void vr_tally_report(const struct vr_tally *tally, struct vr_file *file,
				   const struct vr_layout *layout)
{
	uint32_t claimed = layout->section[tally->kind].claimed;
	uint32_t rows = layout->section[tally->kind].rows;

	if (tally->bad)
		vr_damage_add(file, vr_section_name(tally->kind), tally->reason,
			      vr_layout_offset(layout, tally->kind, tally->row), rows - tally->bad,
			      claimed);
}

static inline int vr_check_string(const struct vr_file *file, uint32_t id)
{
	return id == VPROF_NONE || vr_file_string(file, id)[0] ||
	       (uint64_t)id * file->string_row_bytes < file->strings_bytes || id == 0;
}

/* --- check_locks.c: LOCKS, BLAME */
void vr_check_locks(struct vr_file *file, const struct vr_layout *layout);

/* --- check_waits.c: CALLS, BOOKS, LOOPS, STALLS, DUMPS */
void vr_check_waits(struct vr_file *file, const struct vr_layout *layout);
/* --- check_heap_times.c: HEAP_TIMES, SITES being checked */
void vr_check_heap_times(struct vr_file *file, const struct vr_layout *layout);

/* --- check_labels.c: LABELS, after LOOPS */
void vr_check_labels(struct vr_file *file, const struct vr_layout *layout);

/* --- check_orders.c: ORDERS, and in THREADS who started and joined whom */
void vr_check_orders(struct vr_file *file, const struct vr_layout *layout);
/* --- check_spans.c: SPANS */
void vr_check_spans(struct vr_file *file, const struct vr_layout *layout);
/* --- check_copies.c: COPIES, the others being checked */
void vr_check_copies(struct vr_file *file, const struct vr_layout *layout);
/* --- check_units.c: UNITS, after LOOPS */
void vr_check_units(struct vr_file *file, const struct vr_layout *layout);

/* --- check_counts.c: COUNTS, DURATIONS */
void vr_check_counts(struct vr_file *file, const struct vr_layout *layout);

#endif
