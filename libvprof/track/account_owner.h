/* Whose the resident memory is.
 *
 * Ours by what we mapped, the program's by track/map_books.h, stacks by the threads that are
 * known, malloc's by the blocks that lie in it; the rest by how it looks. */
#ifndef VP_TRACK_ACCOUNT_OWNER_H
#define VP_TRACK_ACCOUNT_OWNER_H

#include "base/smaps.h"
#include "track/account_rows.h"

#include <stdint.h>

/* Before the first mapping; returns 0 where there is no memory. */
int vp_owner_begin(void);

/* Finds the piece of a mapping that begins at `at` and is all of one owner: kind, call path,
 * file and length.  Mappings, and what is asked of one, come in the order of addresses, or
 * from the start of the mapping again.  Returns its end. */
uint64_t vp_owner_piece(const struct vp_mapping *mapping, uint64_t at,
			struct vp_account_piece *piece);

/* The mapping is done: what follows it may be known by it. */
void vp_owner_passed(const struct vp_mapping *mapping);

void vp_owner_fork_child(void);

/* Context of all: helper. */
#endif
