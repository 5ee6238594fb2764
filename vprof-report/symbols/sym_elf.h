/* Function symbols of one object, from its .symtab, .dynsym or minidebuginfo,
 * whichever libdwfl finds best. */
#ifndef VR_SYM_ELF_H
#define VR_SYM_ELF_H

#include <elfutils/libdwfl.h>
#include <stddef.h>
#include <stdint.h>

#include "symbols/sym_range.h"

/* Zeroed: no symbols. */
struct vr_elf {
	const char **name; /* linkage names, owned by libelf */
	size_t count;
	struct vr_ranges ranges; /* what = index into name */
	int full;		 /* 1: there is more than .dynsym */
};

/* Reads the symbols of `module`, which must outlive `elf`.  May look for a
 * separate debug file.
 *   bounds  of functions, from vr_bounds_load(); not kept
 * Returns 0 (also without any symbol) or -ENOMEM. */
int vr_elf_load(struct vr_elf *elf, Dwfl_Module *module, const struct vr_ranges *bounds);

/* Linkage name of the function at ELF address `offset`, or NULL.  Symbols
 * without a size (hand-written assembly) reach as far as the bounds of the
 * function that begins there.  Without bounds they reach to the next symbol of
 * their section, and are believed only in a full table. */
const char *vr_elf_find(const struct vr_elf *elf, uint64_t offset);

void vr_elf_free(struct vr_elf *elf);

/* The first section called `name`, with its header, or NULL.  Accepts NULL. */
Elf_Scn *vr_elf_section(Elf *elf, const char *name, GElf_Shdr *header);

/* 1 when the object carries exactly this build-id. */
int vr_elf_has_build_id(Elf *elf, const uint8_t *build_id, size_t length);

#endif
