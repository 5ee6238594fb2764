/* Units whose debug information lies in other files (-gsplit-dwarf): found by their id in
 * a package (.dwp) beside the program or in files of their own (.dwo), wherever a build
 * was moved to, and put before libdw as units that were never split.  libdw's own search
 * knows files of their own in the places where they were made.  Part of sym_dwarf. */
#ifndef VR_SYM_SPLIT_H
#define VR_SYM_SPLIT_H

#include <elfutils/libdw.h>
#include <stdint.h>

#include "symbols/sym_image.h"
#include "symbols/sym_range.h"

/* Where an object's split units may be. */
struct vr_split_files {
	const char *object;    /* its path */
	const char *debug;     /* path of its debug file, NULL: none */
	const char *directory; /* where the user keeps such files, NULL: nowhere */
	Elf *package;
	int package_tried;
	uint32_t missing; /* units not found */
	char *wanted;	  /* the file of the first of them */
};

/* A unit, once found. */
struct vr_split {
	Dwarf_Die die;
	Dwarf *dwarf;
	Elf *elf;
	void *memory;
	int version;
	uint64_t base;		/* of ranges that name none */
	struct vr_bytes ranges; /* before DWARF 5 they are in the object itself */
	uint64_t ranges_base;
};

/* Finds the unit of a skeleton.  NULL where there is none, which is noted in `files`. */
struct vr_split *vr_split_open(struct vr_split_files *files, Dwarf_Die *skeleton);
void vr_split_close(struct vr_split *split);

void vr_split_files_close(struct vr_split_files *files);

/* Adds the addresses of a DIE, but for those of copies that the linker dropped.
 *   split  the unit it is of, NULL: libdw knows it all
 * Returns 0 or -ENOMEM. */
int vr_die_ranges(const struct vr_split *split, Dwarf_Die *die, struct vr_ranges *ranges,
		  uint32_t what);

#endif
