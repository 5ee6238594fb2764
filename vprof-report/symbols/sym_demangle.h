/* Linkage names to names people read, each demangled once. */
#ifndef VR_SYM_DEMANGLE_H
#define VR_SYM_DEMANGLE_H

#include <stddef.h>

#include "symbols/sym_arena.h"

struct vr_name;

/* Zeroed: empty. */
struct vr_names {
	struct vr_arena arena;
	struct vr_name *slot;
	size_t used, slots;
};

/* The readable form of a linkage name: C++ with its parameters, Rust (legacy
 * and v0) without the hash; anything else unchanged.  Equal names give equal
 * pointers.  Lives until vr_names_free().  Never NULL: where memory ran out
 * it is `linkage` itself. */
const char *vr_names_demangle(struct vr_names *names, const char *linkage);

/* A copy of `text`; equal texts give equal pointers.  Never NULL. */
const char *vr_names_keep(struct vr_names *names, const char *text);

void vr_names_free(struct vr_names *names);

/* Demangles into malloc()ed text; NULL when `linkage` is no mangled name, or
 * one whose readable form is unreasonably long. */
char *vr_demangle(const char *linkage);

#endif
