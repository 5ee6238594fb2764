/* Packages of split debug information (.dwp): which part of each section belongs to a
 * unit.  libdw before 0.191 does not read them.  Part of sym_split. */
#ifndef VR_SYM_PACKAGE_H
#define VR_SYM_PACKAGE_H

#include <libelf.h>
#include <stdint.h>

#include "symbols/sym_image.h"

/* A split unit's part of each section; of a file of one unit (.dwo) all. */
struct vr_parts {
	struct vr_bytes info, abbrev, offsets, ranges;
	struct vr_bytes strings; /* of all units */
};

/* Finds the unit with that id in the package's index.
 * Returns 1; 0 when it is not there, or the file is no package or a damaged one. */
int vr_package_find(Elf *elf, uint64_t id, struct vr_parts *parts);

/* What a file with one unit has. */
void vr_package_whole(Elf *elf, struct vr_parts *parts);

#endif
