/* Rows of the file's sections: handed out once, found by number, never
 * moved.  Sections grow by whole extents while the file has any left. */
#ifndef VP_RING_TABLES_H
#define VP_RING_TABLES_H

#include "vprof_format.h"

#include <stddef.h>

/* What the library goes by is here; the file has a copy of it, for readers only.
 * Anybody may write to the file: what stands there is never believed. */
struct vp_table {
	uint8_t *extent[VPROF_EXTENTS_MAX];
	uint32_t row_bytes, shift; /* rows of an extent: 1 << shift */
	uint32_t extents_max;	   /* share of the file this section may take */
	uint32_t extents;	   /* it has */
	uint32_t used;		   /* rows handed out */
	uint32_t ready;		   /* rows that have room in the file */
	uint32_t reserved;	   /* bytes of the last extent that have room */
	struct vprof_section *section;
};
extern struct vp_table vp_table[VPROF_SEC_END];

/* Lays out the sections that the trackers want in a fresh file. */
void vp_tables_init(void);
/* Stops (starts) the handing out of extents; returns the extents in use. */
uint32_t vp_tables_freeze(void);
void vp_tables_thaw(void);
/* The same for a while: there is little room left where the file lies. */
void vp_tables_hold(int on);
void vp_tables_fork_child(void);
/* Bytes of the file that have been given blocks. */
uint64_t vp_tables_reserved_bytes(void);
/* How long it must be: all of it, or once it was cut the extents in use. */
uint64_t vp_tables_file_bytes(void);

/* A new zeroed row; its number in *id.  NULL when the section is full.
 * Context: any thread, busy guard held; takes a lock only to add an extent. */
void *vp_table_add(enum vprof_section_kind kind, uint32_t *id);

/* The row with that number, which must have been handed out. */
static inline void *vp_table_row(enum vprof_section_kind kind, uint32_t id)
{
	const struct vp_table *table = &vp_table[kind];

	return table->extent[id >> table->shift] +
	       (size_t)(id & ((1u << table->shift) - 1)) * table->row_bytes;
}

uint32_t vp_table_used(enum vprof_section_kind kind);

/* Only for a section with one writer: takes back rows from `used` on. */
void vp_table_shrink(enum vprof_section_kind kind, uint32_t used);

/* The text of a string, and in *most the bytes it may have: it ends with a NUL
 * unless somebody wrote into the file.  NULL: there is no such string. */
const char *vp_string_at(uint32_t id, size_t *most);

/* Stores a string (cut to what one extent holds).  Returns its id, or
 * VPROF_NONE when there is no room. */
uint32_t vp_string_add(const char *str, size_t len);

/* Counts what could not be recorded. */
void vp_lost(enum vprof_lost reason, uint64_t count);

#endif
