/* One ELF object of the profile: is the file on this machine still the one
 * that ran, and what does it say about an address? */
#ifndef VR_SYM_OBJECT_H
#define VR_SYM_OBJECT_H

#include <stddef.h>
#include <stdint.h>

#include "symbols/sym_search.h"
#include "symbols/sym_shared.h"
#include "symbols/sym_state.h"

/* Copies what the profile knows; opens nothing.  NULL when memory ran out. */
struct vr_object *vr_object_new(const struct vr_sym_module *module);

/* Is it the object of that module, wherever it was mapped? */
int vr_object_is(const struct vr_object *object, const struct vr_sym_module *module);

/* Opens the file and its debug file, once; sets object->state.
 *   search, names  must outlive the object */
void vr_object_open(struct vr_object *object, struct vr_search *search, struct vr_names *names);

/* Places of ELF address `offset`, as vr_dwarf_find(), from DWARF or else from
 * the symbol table; a PLT stub is called "function@plt".  Returns 0 where nothing is known. */
size_t vr_object_find(struct vr_object *object, uint64_t offset, int inlines,
		      struct vr_source_place place[VR_PLACES_MAX]);

/* Linkage name of the variable that holds ELF address `offset`, which is *into
 * bytes from its start; NULL where none is known.  The object was opened. */
const char *vr_object_variable(const struct vr_object *object, uint64_t offset, uint64_t *into);

/* Copies code or data of the file at ELF address `offset`; returns how many bytes there were.
 * The object was opened. */
size_t vr_object_bytes(const struct vr_object *object, uint64_t offset, uint8_t *out, size_t len);

/* Calls each() with the linkage names of all its functions, or its variables, once a symbol.  The
 * object was opened. */
void vr_object_names(const struct vr_object *object, int variables, vr_each_name *each, void *arg);

/* What is missing of its debug information, for the user; NULL: nothing that is known of.
 * Complete once addresses were looked up.  free() it. */
char *vr_object_note(const struct vr_object *object);

/* Accepts NULL. */
void vr_object_free(struct vr_object *object);

#endif
