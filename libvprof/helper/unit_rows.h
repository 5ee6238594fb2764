/* Rows of UNITS: notes of threads, with what the helper knows of the time they speak of.
 * Context of everything here: helper thread. */
#ifndef VP_HELPER_UNIT_ROWS_H
#define VP_HELPER_UNIT_ROWS_H

#include "thread/unit.h"

/* Of the units of one loop, or one name of spans, of one thread. */
struct vp_unit_rows {
	struct vp_units *units; /* NULL: the thread has ended */
	uint32_t thread;	/* row in THREADS */
	uint32_t sums;		/* row in UNITS */
	uint32_t *row;		/* of each place; VPROF_NONE: it has none yet */
	uint32_t *taken;	/* what sequence its note had when it was read */
	uint64_t written;	/* notes that were seen */
	/* rows of what others did, and the place of whose unit: of the longest */
	uint32_t others[VPROF_UNITS_OTHERS], others_of[VPROF_UNITS_OTHERS], others_count;
	uint64_t hour;
	/* of hours that are over, the oldest first */
	uint32_t hours_first, hours_count;
	uint32_t over[64 * VPROF_UNITS_HOUR];
};

void vp_unit_rows_init(void); /* a fresh file */
/* Places that one more loop can have for units taken by chance. */
uint32_t vp_unit_rows_room(void);

/* `rows->units` is new.  Returns 0 without memory or room in the file. */
int vp_unit_rows_begin(struct vp_unit_rows *rows);

int vp_unit_rows_have_notes(const struct vp_unit_rows *rows);
/* Makes rows of what has ended by until_ns. */
void vp_unit_rows_write(struct vp_unit_rows *rows, uint64_t until_ns, uint64_t now_ns);

#endif
