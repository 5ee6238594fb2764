/* The rows of a table as its writers see them.  Part of output. */
#ifndef VR_OUT_TABLE_H
#define VR_OUT_TABLE_H

#include "output/out.h"

struct vr_table {
	struct vr_column *column; /* key and title are owned */
	size_t columns;
	struct vr_cell *cell; /* row by row; text is owned */
	size_t rows, room;    /* in rows */
};

#endif
