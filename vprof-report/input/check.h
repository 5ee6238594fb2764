/* Row by row validation: every id in range, every time in order. */
#ifndef VR_CHECK_H
#define VR_CHECK_H

#include "input/layout.h"

/* Repairs or empties bad rows of all tables of `file` and notes the damage.
 * All sections but EVENTS have been read. */
void vr_check_tables(struct vr_file *file, const struct vr_layout *layout);

/* Turns ring blocks into file->event, oldest block first.
 *
 *   reserved_after  header.blocks_reserved read after the blocks were: a
 *                   block recycled since then may be half new, half old */
void vr_check_events(struct vr_file *file, const struct vr_layout *layout,
		     const struct vprof_event_block *block, uint32_t blocks,
		     uint64_t reserved_after);

#endif
