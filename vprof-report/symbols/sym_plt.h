/* The stubs through which an object calls other objects.  They have no symbols;
 * each is named by the function it jumps to.  Part of sym_object. */
#ifndef VR_SYM_PLT_H
#define VR_SYM_PLT_H

#include <libelf.h>
#include <stddef.h>
#include <stdint.h>

#include "symbols/sym_demangle.h"
#include "symbols/sym_elf.h"
#include "symbols/sym_range.h"

/* Zeroed: no stubs. */
struct vr_plt {
	const char **name; /* of every GOT slot that calls go through */
	size_t count, room;
	struct vr_ranges ranges; /* of stubs; what = index into name */
};

/* Finds the stubs of `file`, x86-64 only.
 *   symbols  of the same file: names functions chosen at load time (IFUNC)
 *   names    must outlive `plt`
 * Returns 0 (also without any stub) or -ENOMEM. */
int vr_plt_load(struct vr_plt *plt, Elf *file, const struct vr_elf *symbols,
		struct vr_names *names);

/* Linkage name of the function that the stub at ELF address `offset` calls, or
 * NULL where there is none. */
const char *vr_plt_find(const struct vr_plt *plt, uint64_t offset);

void vr_plt_free(struct vr_plt *plt);

#endif
