/* Functions, inline chains and lines of one object, from its DWARF.
 *
 * Everything is read on demand and indexed once: the units of an object at
 * the first address, the functions of a unit at its first address, the
 * inlined calls of a function at its first address.  No look-up walks the DIE
 * tree of a unit again. */
#ifndef VR_SYM_DWARF_H
#define VR_SYM_DWARF_H

#include <elfutils/libdwfl.h>
#include <stddef.h>
#include <stdint.h>

#include "symbols/sym_demangle.h"
#include "symbols/sym_range.h"
#include "symbols/sym_scope.h"
#include "symbols/sym_split.h"

struct vr_unit;

/* Zeroed: no DWARF. */
struct vr_dwarf {
	Dwarf *dwarf;
	uint64_t bias; /* ELF address minus DWARF address */
	struct vr_names *names;
	struct vr_unit *unit;
	size_t units;
	struct vr_ranges ranges; /* what = index into unit */
	struct vr_scopes scopes;
	struct vr_split_files split;
};

/* One source-level frame; strings live as long as the names and the module. */
struct vr_source_place {
	const char *function; /* NULL where unknown */
	const char *linkage;  /* NULL where none */
	const char *file;     /* NULL where unknown */
	int line;
};

#define VR_PLACES_MAX 128u

/* Opens the DWARF of `module`, which must outlive `dwarf`; looks for a separate
 * debug file where needed.
 *   object     the module's path; beside it and in `directory`, which may be NULL, split
 *              units are looked for.  Both outlive `dwarf`
 *   names      keeps readable names and paths
 * Returns 0 (also without any DWARF: then dwarf->dwarf is NULL) or -ENOMEM. */
int vr_dwarf_open(struct vr_dwarf *dwarf, Dwfl_Module *module, const char *object,
		  const char *directory, struct vr_names *names);

/* Fills place[] for the instruction at ELF address `offset`, innermost inlined
 * function first, the function that exists as code last.
 *   inlines  0: only the function that exists as code, with the line of the
 *            instruction
 * Returns how many places, 1..VR_PLACES_MAX, or 0 where DWARF knows nothing. */
size_t vr_dwarf_find(struct vr_dwarf *dwarf, uint64_t offset, int inlines,
		     struct vr_source_place place[VR_PLACES_MAX]);

void vr_dwarf_close(struct vr_dwarf *dwarf);

#endif
