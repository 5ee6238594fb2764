/* The rows of an account: pieces of mappings of one kind, call path and file as one. */
#ifndef VP_TRACK_ACCOUNT_ROWS_H
#define VP_TRACK_ACCOUNT_ROWS_H

#include "vprof_format.h"

#include <stdint.h>

struct vp_account_piece {
	uint32_t kind;					   /* enum vprof_resident_kind */
	uint32_t node;					   /* of MAPS */
	const char *path;				   /* "": no file */
	uint64_t mapped, resident, swapped, huge, hugetlb; /* bytes */
};

/* Forgets all: a fresh file. */
void vp_account_rows_init(void);

/* Begins an account; returns 0 where there is no memory for it. */
int vp_account_rows_begin(void);
void vp_account_rows_add(const struct vp_account_piece *piece);
/* Writes the rows, over those of the account that is neither `last` nor `peak`, under this
 * number; fills in the sums by kind.  Returns 0 where the file has no room for them. */
int vp_account_rows_end(uint32_t number, uint32_t last, uint32_t peak,
			struct vprof_account *account);

/* Context of all: helper. */
#endif
