/* Names of functions that have no linkage name: lambdas, and what only one unit knows. */
#ifndef VR_SYM_SCOPE_H
#define VR_SYM_SCOPE_H

#include <elfutils/libdw.h>

#include "base/map.h"
#include "symbols/sym_demangle.h"

/* Names that were made, by where their functions are declared.  Zeroed: none. */
struct vr_scopes {
	struct vr_map known; /* index into name */
	const char **name;
	size_t count, room;
};

/* "main::<lambda(int)>::operator()" for the function that the DIE is or was inlined from,
 * in a unit of C++; NULL in one of another language. */
const char *vr_scoped_name(struct vr_scopes *scopes, struct vr_names *names, Dwarf_Die *die);
void vr_scopes_free(struct vr_scopes *scopes);

#endif
